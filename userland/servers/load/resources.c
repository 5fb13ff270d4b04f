// SPDX-License-Identifier: GPL-2.0-only
/* Open files and ports, see resources.h. */
#include "resources.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>

#include "cleanup.h"

/* Standard streams, epoll sets, output files, /proc. */
#define OTHER_FILES (16 + 2 * OPTIONS_THREADS)

static unsigned long long needed(const struct options *o)
{
	return (unsigned long long)o->connections + o->idle + options_slow_clients(o);
}

static int raise_files(const struct options *o, struct error *err)
{
	unsigned long long need = needed(o) + OTHER_FILES;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return error_errno(err, errno, NULL, "open files");
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (need <= limit.rlim_max)
		return 0;
	return error_set(err, EMFILE,
			 "connections: %llu do not fit into %llu open files (%d are for other "
			 "use): use fewer, or raise the hard limit: ulimit -Hn",
			 needed(o), (unsigned long long)limit.rlim_max, OTHER_FILES);
}

static int check_ports(const struct options *o, struct error *err)
{
	cleanup_fclose FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	unsigned long long first, last, addresses = o->source_count ? o->source_count : 1;

	if (!file || fscanf(file, "%llu %llu", &first, &last) != 2 || last < first)
		return 0;
	if (needed(o) <= (last - first + 1) * addresses)
		return 0;
	return error_set(err, EADDRNOTAVAIL,
			 "connections: %llu do not fit into the %llu ports of %llu address%s: give "
			 "more, as in --source 127.0.0.2-9",
			 needed(o), last - first + 1, addresses, addresses == 1 ? "" : "es");
}

/* Raises the limit of open files to the hard one. Returns 0 or a negative errno. */
int resources_check(const struct options *options, struct error *err)
{
	int ret = raise_files(options, err);

	return ret ? ret : check_ports(options, err);
}

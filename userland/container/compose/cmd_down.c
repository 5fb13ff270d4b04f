// SPDX-License-Identifier: GPL-2.0-only
/* cell compose down: all containers of the project; a network goes with its last one. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../run/run.h"
#include "cleanup.h"
#include "project.h"

/* Those that were made last needed the others: they go first, a service at a time. */
static int delete_all(const struct members *members, const char *patience, struct error *err)
{
	cleanup_free const char **ids = calloc(members->count + 1, sizeof(*ids));
	int ret = ids ? 0 : error_set(err, ENOMEM, "compose: no memory");
	size_t left = members->count;

	while (left && ids) {
		const char *service = members->at[left - 1].service;
		size_t count = 0;
		struct error first;

		while (left && !strcmp(members->at[left - 1].service, service))
			ids[count++] = members->at[--left].id;
		if (members_delete(ids, count, patience, &first) && !ret) {
			*err = first;
			ret = -ECHILD;
		}
	}
	return ret;
}

static int delete_volumes(const struct project *p, struct error *err)
{
	char path[PATH_MAX];
	cleanup_close int dir = -1;
	int ret = run_data("volumes", path, err);

	if (ret)
		return ret;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; !ret && dir >= 0 && i < p->file.volumes.count; i++) {
		char name[256];

		snprintf(name, sizeof(name), "%s_%.128s", p->name, p->file.volumes.at[i]);
		ret = run_remove_tree(dir, name);
		if (ret)
			error_errno(err, -ret, NULL, "down: volume %s/%s", path, name);
	}
	return ret;
}

int compose_down(struct project *p, int argc, char **argv, struct error *err)
{
	static const struct option options[] = {
		{ "time", required_argument, NULL, 't' },
		{ "volumes", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	const char *patience = "10";
	struct members members;
	bool volumes = false;
	int option, ret;

	optind = 1;
	while ((option = getopt_long(argc, argv, "t:v", options, NULL)) != -1) {
		if (option == 'v')
			volumes = true;
		else if (option == 't' && isdigit((unsigned char)optarg[0]))
			patience = optarg;
		else
			return error_set(err, EUSAGE, "down: expected -t SECONDS and -v only");
	}
	if (optind != argc)
		return error_set(err, EUSAGE, "down: %.60s: expected options only", argv[optind]);
	if (volumes && !p->has_file)
		return error_set(err, ENOENT, "down: -v: the file says which volumes there are: give it "
				 "by -f FILE");
	ret = members_find(p->name, &members, err);
	if (ret)
		return ret;
	ret = delete_all(&members, patience, err);
	members_free(&members);
	return ret || !volumes ? ret : delete_volumes(p, err);
}

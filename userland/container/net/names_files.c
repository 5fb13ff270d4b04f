// SPDX-License-Identifier: GPL-2.0-only
/*
 * ROOT/net/hosts/ID and ROOT/net/resolv/ID, see names.h. A container has them mounted, so they are
 * written in place: another file by the same name would not be seen there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "names.h"

#define HOSTS	"hosts"
#define RESOLV	"resolv"
/* Of the host's resolv.conf; it has a line or three. */
#define RESOLV_MAX 65536

static int failed(struct store *store, const char *folder, const char *id, int errnum,
		  struct error *err)
{
	return error_errno(err, errnum, errnum == ENOSPC ? "make room there" : NULL,
			   "network: %s/%s/%.60s", store->path, folder, id);
}

static int open_file(struct store *store, const char *folder, const char *id, int flags)
{
	cleanup_close int in = -1;
	int fd;

	if (flags & O_CREAT && mkdirat(store->folder, folder, 0711) && errno != EEXIST)
		return -errno;
	in = openat(store->folder, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (in < 0)
		return -errno;
	fd = openat(in, id, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | flags, 0644);
	return fd < 0 ? -errno : fd;
}

/* One write, so that who reads meanwhile sees whole lines; then what is left of a longer text goes. */
static int put(struct store *store, const char *folder, const char *id, int flags, const char *text,
	       size_t length, struct error *err)
{
	cleanup_close int fd = open_file(store, folder, id, flags);
	ssize_t done;

	if (fd == -ENOENT && !(flags & O_CREAT))
		return 0;
	if (fd < 0)
		return failed(store, folder, id, -fd, err);
	/* Whatever the umask of the caller: every user of the container reads it. */
	if (flags & O_CREAT && fchmod(fd, 0644))
		return failed(store, folder, id, errno, err);
	done = pwrite(fd, text, length, 0);
	if (done < 0 || ftruncate(fd, (off_t)length))
		return failed(store, folder, id, errno, err);
	return (size_t)done == length ? 0 : failed(store, folder, id, ENOSPC, err);
}

static int put_hosts(struct store *store, const char *id, int flags, struct error *err)
{
	size_t length;
	cleanup_free char *text = names_hosts(&store->ledger, id, &length);

	if (!text)
		return failed(store, HOSTS, id, ENOMEM, err);
	return put(store, HOSTS, id, flags, text, length, err);
}

static size_t read_host(const char *path, char *text)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, RESOLV_MAX);

	return got < 0 ? 0 : (size_t)got;
}

/* The host's stub resolver listens on loopback; where it asks is in a file of its own (resolved). */
static char *resolv_text(const struct net_config *config, size_t *length)
{
	static const char *const paths[] = { "/etc/resolv.conf",
					     "/run/systemd/resolve/resolv.conf" };
	cleanup_free char *host = malloc(RESOLV_MAX);
	char *text = NULL;

	if (!host)
		return NULL;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		size_t size = read_host(paths[i], host);
		unsigned int left;

		free(text);
		text = names_resolv(host, size, config->servers, config->server_count, false,
				    length, &left);
		if (!text || left)
			break;
	}
	return text;
}

static int put_resolv(struct store *store, const char *id, const struct net_config *config,
		      struct error *err)
{
	cleanup_free char *text = NULL;
	size_t length = 0;

	if (config->mode == NET_PRIVATE) {
		text = resolv_text(config, &length);
		if (!text)
			return failed(store, RESOLV, id, ENOMEM, err);
	}
	return put(store, RESOLV, id, O_CREAT, text ? text : "", length, err);
}

int names_refresh(struct store *store, const char *network, struct error *err)
{
	const struct ledger *ledger = &store->ledger;
	int ret = 0;

	for (size_t i = 0; i < ledger->member_count && !ret; i++)
		if (!strcmp(ledger->members[i].network, network))
			ret = put_hosts(store, ledger->members[i].id, 0, err);
	return ret;
}

int names_write(struct store *store, const char *id, const struct net_config *config,
		struct net_result *result, struct error *err)
{
	int ret = put_hosts(store, id, O_CREAT, err);

	if (!ret)
		ret = put_resolv(store, id, config, err);
	for (unsigned int i = 0; config->mode == NET_PRIVATE && i < config->join_count && !ret; i++)
		ret = names_refresh(store, config->joins[i].network, err);
	snprintf(result->hosts, sizeof(result->hosts), "%s/" HOSTS "/%s", store->path, id);
	snprintf(result->resolv_conf, sizeof(result->resolv_conf), "%s/" RESOLV "/%s", store->path,
		 id);
	return ret;
}

static int drop(struct store *store, const char *folder, const char *id, struct error *err)
{
	cleanup_close int in = openat(store->folder, folder,
				      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (in < 0)
		return errno == ENOENT ? 0 : failed(store, folder, id, errno, err);
	if (unlinkat(in, id, 0) && errno != ENOENT)
		return failed(store, folder, id, errno, err);
	/* The last one takes the folder along. */
	unlinkat(store->folder, folder, AT_REMOVEDIR);
	return 0;
}

bool names_kept(const struct store *store, const char *id)
{
	char path[sizeof(RESOLV) + NET_ID_MAX + 1];

	snprintf(path, sizeof(path), HOSTS "/%s", id);
	if (!faccessat(store->folder, path, F_OK, AT_SYMLINK_NOFOLLOW) || errno != ENOENT)
		return true;
	snprintf(path, sizeof(path), RESOLV "/%s", id);
	return !faccessat(store->folder, path, F_OK, AT_SYMLINK_NOFOLLOW) || errno != ENOENT;
}

int names_remove(struct store *store, const char *id, struct error *err)
{
	int ret = drop(store, HOSTS, id, err);

	return ret ? ret : drop(store, RESOLV, id, err);
}

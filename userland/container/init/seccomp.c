// SPDX-License-Identifier: GPL-2.0-only
/*
 * The system call filter: compiled by the parent, installed by the child at the last moment.
 * Called by create.c, exec.c and program.c.
 *
 * libseccomp turns names into numbers for each architecture and writes the program. With podman's
 * 400 names that takes longer than everything else, so the program is kept under the state root by
 * a digest of the rules, and used again.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../path/inroot.h"
#include "../path/proc.h"
#include "cleanup.h"
#include "container.h"

/* Changes with what compile() makes of the same rules. */
#define CACHE_VERSION	2

static uint32_t action_of(int action, unsigned int errnum)
{
	switch (action) {
	case SECCOMP_KILL_PROCESS:
		return SCMP_ACT_KILL_PROCESS;
	case SECCOMP_TRAP:
		return SCMP_ACT_TRAP;
	case SECCOMP_ERRNO:
		return SCMP_ACT_ERRNO(errnum);
	case SECCOMP_TRACE:
		return SCMP_ACT_TRACE(errnum);
	case SECCOMP_ALLOW:
		return SCMP_ACT_ALLOW;
	case SECCOMP_LOG:
		return SCMP_ACT_LOG;
	case SECCOMP_NOTIFY:
		return SCMP_ACT_NOTIFY;
	default:
		return SCMP_ACT_KILL_THREAD;
	}
}

static int add_architectures(scmp_filter_ctx filter, char **names, struct error *err)
{
	for (; names && *names; names++) {
		char lower[32] = "";
		const char *name = strncmp(*names, "SCMP_ARCH_", 10) != 0 ? *names : *names + 10;
		uint32_t arch;
		int ret;

		for (size_t i = 0; name[i] && i < sizeof(lower) - 1; i++)
			lower[i] = (char)tolower((unsigned char)name[i]);
		arch = seccomp_arch_resolve_name(lower);
		if (!arch)
			return error_set(err, EINVAL, ".linux.seccomp.architectures: %.40s: unknown",
					 *names);
		ret = seccomp_arch_add(filter, arch);
		if (ret && ret != -EEXIST)
			return error_errno(err, -ret, NULL, ".linux.seccomp.architectures: %.40s",
					   *names);
	}
	return 0;
}

/*
 * Two conditions on one argument cannot be in one libseccomp rule; they are separate rules then,
 * any of which is enough, as other runtimes read them.
 */
static bool repeats_argument(const struct config_seccomp_rule *rule)
{
	unsigned int seen = 0;

	for (size_t i = 0; i < rule->arg_count; i++) {
		if (seen & 1u << rule->args[i].index)
			return true;
		seen |= 1u << rule->args[i].index;
	}
	return false;
}

static struct scmp_arg_cmp comparison(const struct config_seccomp_arg *arg)
{
	return (struct scmp_arg_cmp){ arg->index, (enum scmp_compare)arg->op, arg->value,
				      arg->value_two };
}

static int add_call(scmp_filter_ctx filter, int number, uint32_t action,
		    const struct config_seccomp_rule *rule)
{
	struct scmp_arg_cmp compare[6];
	bool apart = repeats_argument(rule);
	int ret = 0;

	/* Of six arguments each may be there once, or they are apart, and any number of them. */
	for (size_t i = 0; !ret && i < rule->arg_count; i++) {
		struct scmp_arg_cmp one = comparison(&rule->args[i]);

		if (apart)
			ret = seccomp_rule_add_array(filter, action, number, 1, &one);
		else
			compare[i] = one;
	}
	return apart ? ret
		     : seccomp_rule_add_array(filter, action, number,
					      (unsigned int)rule->arg_count, compare);
}

static int add_rule(scmp_filter_ctx filter, const struct config_seccomp *seccomp,
		    const struct config_seccomp_rule *rule, struct error *err)
{
	uint32_t action = action_of(rule->action, rule->errnum);

	/* libseccomp refuses what changes nothing. */
	if (action == action_of(seccomp->action, seccomp->errnum))
		return 0;
	for (char **name = rule->names; *name; name++) {
		int number = seccomp_syscall_resolve_name(*name), ret;

		/* A name of a newer kernel is none of ours: the default action is its. */
		if (number == __NR_SCMP_ERROR)
			continue;
		ret = add_call(filter, number, action, rule);
		if (ret && ret != -EFAULT && ret != -EEXIST)
			return error_errno(err, -ret, NULL, ".linux.seccomp.syscalls: %.60s", *name);
	}
	return 0;
}

static int read_flags(char **names, unsigned int *flags, struct error *err)
{
	static const struct {
		const char *name;
		unsigned int flag;
	} known[] = {
		{ "SECCOMP_FILTER_FLAG_TSYNC", 0 }, /* there is one thread */
		{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
		{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
		{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 1 << 5 },
	};

	for (; names && *names; names++) {
		size_t i = 0;

		while (i < 4 && strcmp(*names, known[i].name) != 0)
			i++;
		if (i == 4)
			return error_set(err, EINVAL, ".linux.seccomp.flags: %.60s: unknown", *names);
		*flags |= known[i].flag;
	}
	return 0;
}

static int fill(scmp_filter_ctx filter, const struct config_seccomp *seccomp, struct error *err)
{
	int ret = add_architectures(filter, seccomp->architectures, err);

	seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
	/* A tree instead of a list: fewer instructions for each system call. */
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	for (size_t i = 0; !ret && i < seccomp->rule_count; i++)
		ret = add_rule(filter, seccomp, &seccomp->rules[i], err);
	return ret;
}

/* The program as octets, which stay allocated. */
static int take_program(struct container *c, int fd, struct error *err)
{
	struct stat st;
	char *octets;
	size_t used = 0;
	ssize_t n;

	if (fstat(fd, &st) || st.st_size <= 0 || st.st_size % (off_t)sizeof(struct sock_filter) ||
	    st.st_size / (off_t)sizeof(struct sock_filter) > BPF_MAXINSNS)
		return error_set(err, EINVAL, ".linux.seccomp: the program has %lld octets",
				 (long long)st.st_size);
	octets = malloc((size_t)st.st_size);
	while (octets && used < (size_t)st.st_size) {
		n = pread(fd, octets + used, (size_t)st.st_size - used, (off_t)used);
		if (n <= 0)
			break;
		used += (size_t)n;
	}
	if (!octets || used < (size_t)st.st_size) {
		free(octets);
		return error_set(err, EIO, ".linux.seccomp: the program cannot be read");
	}
	c->filter.filter = (struct sock_filter *)octets;
	c->filter.len = (unsigned short)(used / sizeof(struct sock_filter));
	return 0;
}

static int compile(struct container *c, int out, struct error *err)
{
	const struct config_seccomp *seccomp = &c->config.seccomp;
	scmp_filter_ctx filter = seccomp_init(action_of(seccomp->action, seccomp->errnum));
	int ret;

	if (!filter)
		return error_set(err, EINVAL, ".linux.seccomp.defaultAction: cannot be used");
	ret = fill(filter, seccomp, err);
	if (!ret) {
		ret = seccomp_export_bpf(filter, out);
		if (ret)
			error_errno(err, -ret, NULL, ".linux.seccomp");
	}
	seccomp_release(filter);
	return ret;
}

/* FNV-1a, 128 bits: names a file among our own; nobody else can write there. */
static void digest(const char *text, size_t length, char *name, size_t room)
{
	unsigned __int128 hash = ((unsigned __int128)0x6c62272e07bb0142 << 64) | 0x62b821756295c58d;
	unsigned __int128 prime = ((unsigned __int128)1 << 88) | 0x13b;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)text[i]) * prime;
	snprintf(name, room, "%d-%016llx%016llx", CACHE_VERSION,
		 (unsigned long long)(hash >> 64), (unsigned long long)hash);
}

/* The rules as they stand in the configuration; libseccomp's version belongs to it. */
static void cache_name(const struct container *c, char *name, size_t room)
{
	json_object *linux_part = NULL, *rules = NULL;
	const struct scmp_version *version = seccomp_version();
	const char *text = "";
	size_t length = 0, used;

	if (json_object_object_get_ex(c->config.reader.json, "linux", &linux_part) &&
	    json_object_object_get_ex(linux_part, "seccomp", &rules))
		text = json_object_to_json_string_length(rules, JSON_C_TO_STRING_PLAIN, &length);
	digest(text, length, name, room);
	used = strlen(name);
	snprintf(name + used, room - used, "-%u.%u.%u", version->major, version->minor,
		 version->micro);
}

static int open_cached(int folder, const char *name)
{
	struct stat st;
	int fd = folder < 0 ? -1 : inside_open(folder, name, O_RDONLY);

	/* Ours, and nobody else's to write: else it is not believed. */
	if (fd >= 0 && (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
			st.st_mode & 022)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int compile_into_cache(struct container *c, int folder, const char *name, struct error *err)
{
	cleanup_close int fd = -1;
	char temporary[160];
	int ret;

	snprintf(temporary, sizeof(temporary), "%s.%d", name, getpid());
	if (folder >= 0)
		fd = openat(folder, temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		folder = -1;
		fd = (int)syscall(SYS_memfd_create, "seccomp", 1u);
	}
	if (fd < 0)
		return error_errno(err, errno, NULL, ".linux.seccomp: memfd");
	ret = compile(c, fd, err);
	if (!ret)
		ret = take_program(c, fd, err);
	if (folder >= 0 && (ret || renameat(folder, temporary, folder, name)))
		unlinkat(folder, temporary, 0);
	return ret;
}

int seccomp_compile(struct container *c, const char *cache, struct error *err)
{
	cleanup_close int folder = -1, fd = -1;
	struct error ignored;
	char name[128];
	int ret;

	c->filter_flags = 0;
	if (!c->config.seccomp.present)
		return 0;
	ret = read_flags(c->config.seccomp.flags, &c->filter_flags, err);
	if (ret)
		return ret;
	cache_name(c, name, sizeof(name));
	/* path-layer: the host's, below --root */
	if (cache && (!mkdir(cache, 0700) || errno == EEXIST))
		/* path-layer: likewise */
		folder = open(cache, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	fd = open_cached(folder, name);
	if (fd >= 0 && !take_program(c, fd, &ignored))
		return 0;
	return compile_into_cache(c, folder, name, err);
}

/*
 * The supervisor gets the descriptor, with the container's state
 * (config-linux.md#containerprocessstate).
 */
int seccomp_describe(struct container *c, struct error *err)
{
	cleanup_free char *state = c->state_json(c, c->joins ? "running" : "creating");
	const char *metadata = c->config.seccomp.listener_metadata;
	json_object *quoted = json_object_new_string(metadata ? metadata : "");
	int ret = asprintf(&c->described, "{\"ociVersion\":\"1.2.0\",\"fds\":[\"seccompFd\"],"
			   "\"pid\":%d,\"metadata\":%s,\"state\":%s}", proc_own_pid(c->proc),
			   json_object_to_json_string(quoted), state ? state : "{}");

	json_object_put(quoted);
	return ret < 0 ? error_set(err, ENOMEM, ".linux.seccomp.listenerPath: no memory") : 0;
}

int seccomp_install(const struct container *c, struct error *err)
{
	unsigned int flags = c->filter_flags;
	int ret = 0;
	long fd;

	if (c->listener >= 0)
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &c->filter);
	if (fd < 0)
		return error_errno(err, errno,
				   errno == EACCES ? "needs CAP_SYS_ADMIN, or noNewPrivileges" : NULL,
				   ".linux.seccomp: %u instructions", c->filter.len);
	if (c->listener >= 0)
		ret = send_descriptor(c->listener, (int)fd, c->described, strlen(c->described));
	return ret ? error_errno(err, -ret, NULL, ".linux.seccomp.listenerPath") : 0;
}

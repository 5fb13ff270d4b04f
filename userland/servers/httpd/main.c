// SPDX-License-Identifier: GPL-2.0-only
/*
 * httpd: one HTTP service, organised in four ways. This file sets up what all have in common and
 * hands over to one of design_*.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cleanup.h"
#include "control.h"
#include "loops.h"
#include "server.h"
#include "successor.h"

/* Descriptors that are none of connections or files: for wake-ups, the log, restarts, sessions. */
#define OVERHEAD 12

static void print_help(void)
{
	puts("usage: httpd [OPTION]...\n"
	     "Serve HTTP/1.1: static files, /work?us=N, /wait?ms=N, /session, /metrics.\n\n"
	     "  --design DESIGN       sequential, process, thread, event (default)\n"
	     "  --workers N           process, thread: size of the pool (64); event: loops (1)\n"
	     "  --per-connection      process, thread: one for each connection in place of a pool\n"
	     "  --readiness CALL      event: epoll (default), poll, select, io_uring\n"
	     "  --helpers N           event: threads of each loop for /work and /wait (none)\n"
	     "  --pin                 event: a CPU for each loop, with its own connections\n"
	     "  --listen ADDRESS      127.0.0.1:8080, [::1]:8080, several times; port 0: any\n"
	     "  --root DIR            folder to serve (.)\n"
	     "  --header-timeout S    for a request to arrive, in seconds (10)\n"
	     "  --idle-timeout S      between two requests (60)\n"
	     "  --write-timeout S     for the client to take anything of an answer (30)\n"
	     "  --drain-timeout S     for answers under way, at the end (30)\n"
	     "  --max-connections N   at a time; others wait (what ulimit -n allows)\n"
	     "  --access-log FILE     common log format; -: standard output\n"
	     "  --user NAME           who to be once the ports are bound\n"
	     "  --pid-file FILE       where to write the process number\n"
	     "  --register NAME       by which a directory is told where this server is (none)\n"
	     "  --directory ADDRESS   which directory (127.0.0.1:4111)\n"
	     "  --allow-crash         /crash ends the process that serves it\n\n"
	     "  --state FORM          /session is kept by the server, the client, or soft (none)\n"
	     "  --secret-file FILE    client: what cookies are sealed with; made if it is missing\n"
	     "  --store DIR           soft: files of the sessions, perhaps of several servers\n"
	     "  --lease S             soft: for which a copy is used without a look (5)\n"
	     "  --session-timeout S   unused for longer, a session is over (1800)\n"
	     "  --sessions N          server, soft: most (10000)\n"
	     "  --session-bytes N     server, soft: memory for what is in them (16777216)\n\n"
	     "SIGTERM: finish what is under way and end. SIGHUP: the same, with a successor.\n"
	     "httpd(1) has more; userland/servers/README.md says which file to read first.");
}

/* --- who and where we are --- */

static int drop_privileges(const char *name, struct error *err)
{
	cleanup_fclose FILE *users = fopen("/etc/passwd", "re");
	struct passwd *user = NULL;

	/* Not getpwnam(3): a static program has no business in loading libraries. */
	while (users && (user = fgetpwent(users)))
		if (!strcmp(user->pw_name, name))
			break;
	if (!user)
		return error_set(err, ENOENT, "user: %s: /etc/passwd has no such user", name);
	if (user->pw_uid == geteuid())
		return 0;
	if (setgroups(0, NULL) || setresgid(user->pw_gid, user->pw_gid, user->pw_gid) ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid))
		return error_errno(err, errno, "only root can become another user", "user: %s",
				   name);
	return 0;
}

static int write_pid_file(const char *path, struct error *err)
{
	cleanup_fclose FILE *file = fopen(path, "we");

	if (!file || fprintf(file, "%d\n", (int)getpid()) < 0 || fflush(file))
		return error_errno(err, errno, NULL, "pid file: %s", path);
	return 0;
}

/* A successor has written its own number by now. */
static void remove_pid_file(const char *path)
{
	cleanup_fclose FILE *file = fopen(path, "re");
	char line[16];

	if (file && fgets(line, sizeof(line), file) && strtol(line, NULL, 10) == getpid())
		unlink(path);
}

/* --- set up --- */

static unsigned int descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return 1024;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	getrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur > 1000000 ? 1000000 : limit.rlim_cur;
}

/* What there are descriptors for: sockets, and next to them some files. */
static int size_up(struct server *server, struct error *err)
{
	const struct options *o = &server->options;
	unsigned int loops = o->design == DESIGN_EVENT ? 4 * o->workers : 0;
	unsigned int limit = descriptors(), used = 3 + OVERHEAD + loops + server->listeners.count;
	unsigned int files = limit / 8;

	if (server->registration.count)
		used += server->registration.count + 1;
	/* A lock and a file for each that reads a session or writes it. */
	if (o->state == STATE_SOFT && o->design != DESIGN_PROCESS)
		used += 2 * o->workers;
	if (limit < used + files + 4)
		return error_set(err, EMFILE, "descriptors: %u are not enough: ulimit -n %u", limit,
				 used + files + 64);
	server->max_connections = limit - used - files;
	if (o->max_connections && o->max_connections < server->max_connections)
		server->max_connections = o->max_connections;
	return files_open(o->root, files, &server->files, err);
}

static int open_log(struct server *server, struct error *err)
{
	const char *path = server->options.access_log;

	server->log_fd = -1;
	if (!path)
		return 0;
	if (!strcmp(path, "-"))
		server->log_fd = STDOUT_FILENO;
	else
		server->log_fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (server->log_fd < 0)
		return error_errno(err, errno, NULL, "access log: %s", path);
	return 0;
}

static int share_memory(struct server *server, struct error *err)
{
	void *memory = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return error_errno(err, errno, NULL, "shared memory");
	server->shared = memory;
	for (int i = 0; i < COUNTER_SLOTS; i++)
		log_init(&server->shared->logs[i]);
	return 0;
}

/* A table that is of no use to us was that of another command line, or of another httpd. */
static int open_sessions(struct server *server, struct error *err)
{
	struct sessions *sessions = &server->shared->sessions;
	int table = successor_table();
	int ret = sessions_open(sessions, &server->options, table, err);

	if (table < 0 || !ret)
		return ret;
	fprintf(stderr, "httpd: %s: it begins anew\n", err->text);
	close(table);
	return sessions_open(sessions, &server->options, SUCCESSOR_NOTHING, err);
}

static void flush_logs(struct server *server)
{
	for (int i = 0; i < COUNTER_SLOTS; i++)
		log_flush(&server->shared->logs[i], server->log_fd);
}

void server_tick(struct server *server)
{
	struct error err;

	flush_logs(server);
	sessions_tick(&server->shared->sessions);
	if (!control_restart_wanted() || control_draining())
		return;
	if (successor_start(&server->listeners, server->shared->sessions.table_fd, &err))
		fprintf(stderr, "httpd: %s\n", err.text);
	else
		control_drain(true);
}

static int set_up(struct server *server, struct error *err)
{
	const struct options *o = &server->options;
	int ret;

	if (o->readiness == READINESS_IO_URING && completion_possible(err))
		return -ENOSYS;
	ret = listeners_open(&server->listeners, o, err);
	if (!ret)
		ret = open_log(server, err);
	if (!ret)
		ret = share_memory(server, err);
	if (!ret && o->pid_file)
		ret = write_pid_file(o->pid_file, err);
	if (!ret && o->user)
		ret = drop_privileges(o->user, err);
	if (!ret)
		ret = registration_open(&server->registration, o, &server->listeners, err);
	if (!ret)
		ret = open_sessions(server, err);
	if (!ret)
		ret = size_up(server, err);
	if (!ret && control_init(o->drain_ms))
		ret = error_errno(err, errno, NULL, "signals");
	return ret;
}

static int serve(struct server *server, struct error *err)
{
	static int (*const designs[])(struct server *server, struct error *err) = {
		[DESIGN_SEQUENTIAL] = serve_sequential,
		[DESIGN_PROCESS] = serve_process,
		[DESIGN_THREAD] = serve_thread,
		[DESIGN_EVENT] = serve_event,
	};
	int ret;

	ret = set_up(server, err);
	if (ret)
		return ret;
	listeners_announce(&server->listeners);
	successor_ready();
	ret = registration_start(&server->registration, err);
	if (ret)
		return ret;
	ret = designs[server->options.design](server, err);
	if (!ret)
		registration_end(&server->registration);
	flush_logs(server);
	if (server->options.pid_file)
		remove_pid_file(server->options.pid_file);
	return ret;
}

int main(int argc, char **argv)
{
	static struct server server;
	struct error err = { "" };
	int ret;

	successor_prepare(argv);
	ret = options_parse(argc, argv, &server.options, &err);
	if (!ret && server.options.help) {
		print_help();
		return 0;
	}
	if (!ret)
		ret = serve(&server, &err);
	if (ret) {
		fprintf(stderr, "httpd: %s\n", err.text);
		return ret == -EUSAGE ? 2 : 1;
	}
	/* Threads that outlived the drain timeout end here, without a word. */
	fflush(stdout);
	if (control_late())
		_exit(0);
	return 0;
}

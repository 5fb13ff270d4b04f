// SPDX-License-Identifier: GPL-2.0-only
/* The verbs for servers that know nothing of a directory: register, unregister. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "address.h"
#include "asking.h"

/* As env(1) and nohup(1) have it. */
#define STATUS_CANNOT_RUN 126

static int read_claim(const struct asking *ask, char **operands, struct lease_claim *claim,
		      struct error *err)
{
	*claim = (struct lease_claim){
		.version = ask->version ? ask->version : 1,
		.end.protocol = ask->protocol ? ask->protocol : LEASE_TCP,
		.lease = ask->lease_ms,
	};
	memcpy(claim->end.address, ask->address, sizeof(ask->address));
	memcpy(claim->token, ask->token, sizeof(ask->token));
	if (!directory_name(&claim->name, operands[0])) {
		error_set(err, 0, "bad name: %s: letters, digits, and . _ - inside", operands[0]);
		return STATUS_USAGE;
	}
	return address_read_port(operands[1], &claim->end.port, err) ? STATUS_USAGE : 0;
}

/* One claim, one answer. */
static int ask_once(const struct asking *ask, enum protocol_operation operation,
		    const struct lease_claim *claim, struct error *err)
{
	struct protocol_question q = { .operation = operation, .claim = *claim };
	uint8_t buffer[PROTOCOL_MESSAGE_MOST];
	struct protocol_answer a;
	int ret;

	q.claim.stamp = directory_stamp();
	ret = directory_ask(&ask->directory, &q, ask->timeout_ms, buffer, &a, err);
	if (ret || a.status == PROTOCOL_OK)
		return ret;
	return error_set(err, EPERM, "refused: %.*s: %s", claim->name.length, claim->name.text,
			 protocol_status_text(a.status));
}

static int register_once(const struct asking *ask, struct lease_claim *claim, struct error *err)
{
	static const uint8_t none[LEASE_TOKEN_LENGTH];
	int ret;

	if (memcmp(claim->token, none, sizeof(none)) == 0 &&
	    getrandom(claim->token, sizeof(claim->token), 0) != sizeof(claim->token))
		return error_errno(err, errno, NULL, "no random numbers");
	ret = ask_once(ask, PROTOCOL_REGISTER, claim, err);
	if (ret)
		return ret;
	for (int i = 0; i < LEASE_TOKEN_LENGTH; i++)
		printf("%02x", claim->token[i]);
	putchar('\n');
	return 0;
}

static pid_t run(char **command, const sigset_t *mask, struct error *err)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		error_errno(err, errno, NULL, "cannot run %s", command[0]);
	if (pid)
		return pid;
	sigprocmask(SIG_SETMASK, mask, NULL);
	/* A server nobody renews the lease of is of no use to anyone. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() == parent)
		execvp(command[0], command);
	fprintf(stderr, "directory: cannot run: %s: %s\n", command[0], strerror(errno));
	_exit(STATUS_CANNOT_RUN);
}

/* Keep the lease until the command ends; pass signals on to it. Returns its status. */
static int keep(struct directory_client *c, pid_t pid, int signals)
{
	struct pollfd wait[] = { { .fd = directory_client_fd(c), .events = POLLIN },
				 { .fd = signals, .events = POLLIN } };
	struct signalfd_siginfo info;
	int status;

	for (;;) {
		uint64_t now = directory_clock_ms(), due = directory_client_due(c);

		poll(wait, 2, due > now ? (int)(due - now) : 0);
		if (wait[1].revents && read(signals, &info, sizeof(info)) == sizeof(info) &&
		    info.ssi_signo != SIGCHLD)
			kill(pid, info.ssi_signo);
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		directory_client_service(c, directory_clock_ms());
	}
}

static int register_command(const struct asking *ask, const struct lease_claim *claim,
			    char **command, struct error *err)
{
	struct directory_client client;
	sigset_t mask, before;
	int ret, signals;
	pid_t pid;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_BLOCK, &mask, &before);
	signals = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
	if (signals < 0)
		return error_errno(err, errno, NULL, "cannot wait for signals");
	ret = directory_client_open(&client, &ask->directory, claim, err);
	if (!ret) {
		pid = run(command, &before, err);
		ret = pid < 0 ? -EAGAIN : keep(&client, pid, signals);
		directory_client_close(&client);
	}
	close(signals);
	return ret;
}

int verb_register(int argc, char **argv, struct error *err)
{
	struct lease_claim claim;
	struct asking ask;
	int ret = asking_parse(&ask, argc, argv, -1, err);

	if (!ret && argc - optind < 2) {
		error_set(err, 0, "name and port are missing");
		ret = STATUS_USAGE;
	}
	if (!ret)
		ret = read_claim(&ask, argv + optind, &claim, err);
	if (ret)
		return ret;
	if (argc - optind == 2)
		return register_once(&ask, &claim, err);
	optind += 2;
	if (strcmp(argv[optind], "--") == 0)
		optind++;
	if (optind == argc) {
		error_set(err, 0, "the command is missing");
		return STATUS_USAGE;
	}
	return register_command(&ask, &claim, argv + optind, err);
}

int verb_unregister(int argc, char **argv, struct error *err)
{
	struct lease_claim claim;
	struct asking ask;
	int ret = asking_parse(&ask, argc, argv, 2, err);

	if (!ret)
		ret = read_claim(&ask, argv + optind, &claim, err);
	return ret ? ret : ask_once(&ask, PROTOCOL_UNREGISTER, &claim, err);
}

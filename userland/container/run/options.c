// SPDX-License-Identifier: GPL-2.0-only
/* The command line of cell run --image, see run.h. Called by keeper.c. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "run.h"

static int add(struct run_words *words, const char *word, const char *what, struct error *err)
{
	if (words->count == RUN_WORDS)
		return error_set(err, EUSAGE, "%s: %d are allowed", what, RUN_WORDS);
	words->at[words->count++] = word;
	return 0;
}

static int take_env(struct run_options *o, const char *word, struct error *err)
{
	if (!strcspn(word, "="))
		return error_set(err, EUSAGE, "-e %.60s: expected NAME=VALUE, or NAME: as it is here",
				 word);
	return add(&o->env, word, "-e", err);
}

static int take_volume(struct run_options *o, const char *word, struct error *err)
{
	struct run_volume ignored;
	int ret = run_read_volume(word, &ignored, err);

	return ret ? ret : add(&o->volumes, word, "-v", err);
}

static int take_secret(struct run_options *o, const char *word, struct error *err)
{
	struct run_secret ignored;
	int ret = run_read_secret(word, &ignored, err);

	return ret ? ret : add(&o->secrets, word, "--secret", err);
}

static int take_name(struct run_options *o, const char *word, struct error *err)
{
	int ret = id_check(word, err);

	/* It names a host, too, and a network's member. */
	if (ret || strlen(word) > NET_ID_MAX)
		return error_set(err, EUSAGE, "--name %.80s: expected letters, digits and _ + - . "
				 "(not first), at most %d", word, NET_ID_MAX);
	strcpy(o->id, word);
	return 0;
}

enum {
	OPTION_STORE = 256,
	OPTION_NAME,
	OPTION_HOSTNAME,
	OPTION_ENTRYPOINT,
	OPTION_MEMORY,
	OPTION_CPUS,
	OPTION_CPUSET,
	OPTION_PIDS,
	OPTION_READ_ONLY,
	OPTION_RM,
	OPTION_TMPFS,
	OPTION_RESTART,
	OPTION_LABEL,
	OPTION_SECCOMP,
	OPTION_IMAGE,
	OPTION_SECRET,
	OPTION_LOG_OPT,
};

static const struct option options[] = {
	{ "image", required_argument, NULL, OPTION_IMAGE },
	{ "store", required_argument, NULL, OPTION_STORE },
	{ "name", required_argument, NULL, OPTION_NAME },
	{ "hostname", required_argument, NULL, OPTION_HOSTNAME },
	{ "entrypoint", required_argument, NULL, OPTION_ENTRYPOINT },
	{ "env", required_argument, NULL, 'e' },
	{ "volume", required_argument, NULL, 'v' },
	{ "tmpfs", required_argument, NULL, OPTION_TMPFS },
	{ "secret", required_argument, NULL, OPTION_SECRET },
	{ "log-opt", required_argument, NULL, OPTION_LOG_OPT },
	{ "workdir", required_argument, NULL, 'w' },
	{ "user", required_argument, NULL, 'u' },
	{ "memory", required_argument, NULL, OPTION_MEMORY },
	{ "cpus", required_argument, NULL, OPTION_CPUS },
	{ "cpuset", required_argument, NULL, OPTION_CPUSET },
	{ "pids", required_argument, NULL, OPTION_PIDS },
	{ "read-only", no_argument, NULL, OPTION_READ_ONLY },
	{ "rm", no_argument, NULL, OPTION_RM },
	{ "detach", no_argument, NULL, 'd' },
	{ "tty", no_argument, NULL, 't' },
	{ "restart", required_argument, NULL, OPTION_RESTART },
	{ "label", required_argument, NULL, OPTION_LABEL },
	{ "seccomp", required_argument, NULL, OPTION_SECCOMP },
	{ "net", required_argument, NULL, 'N' },
	{ "publish", required_argument, NULL, 'p' },
	{ "sched", required_argument, NULL, 'S' },
	{ NULL, 0, NULL, 0 },
};

static int take_pids(struct run_options *o, const char *word, struct error *err)
{
	char *end;

	o->pids = strtol(word, &end, 10);
	if (isdigit((unsigned char)word[0]) && !*end && o->pids > 0 && o->pids <= 4194304)
		return 0;
	return error_set(err, EUSAGE, "--pids %.40s: expected 1 to 4194304", word);
}

static int take(struct run_options *o, int option, struct error *err)
{
	switch (option) {
	case OPTION_IMAGE:
		if (o->image)
			return error_set(err, EUSAGE, "run: --image: is given twice");
		o->image = optarg;
		return 0;
	case OPTION_STORE:
		o->store = optarg;
		return 0;
	case OPTION_NAME:
		return take_name(o, optarg, err);
	case OPTION_HOSTNAME:
		o->hostname = optarg;
		if (!*optarg || strlen(optarg) > 64)
			return error_set(err, EUSAGE, "--hostname %.80s: expected 1 to 64 characters",
					 optarg);
		return 0;
	case OPTION_ENTRYPOINT:
		o->entrypoint = optarg;
		return 0;
	case 'e':
		return take_env(o, optarg, err);
	case 'v':
		return take_volume(o, optarg, err);
	case OPTION_TMPFS:
		if (optarg[0] != '/')
			return error_set(err, EUSAGE, "--tmpfs %.60s: expected /DESTINATION[:SIZE]",
					 optarg);
		return add(&o->tmpfs, optarg, "--tmpfs", err);
	case OPTION_SECRET:
		return take_secret(o, optarg, err);
	case OPTION_LOG_OPT:
		return run_read_log(optarg, &o->log, err);
	case OPTION_LABEL:
		if (!strcspn(optarg, "=") || !strchr(optarg, '='))
			return error_set(err, EUSAGE, "--label %.60s: expected NAME=VALUE", optarg);
		return add(&o->labels, optarg, "--label", err);
	case 'w':
		o->workdir = optarg;
		if (optarg[0] != '/')
			return error_set(err, EUSAGE, "-w %.60s: expected an absolute path", optarg);
		return 0;
	case 'u':
		o->user = optarg;
		return 0;
	case OPTION_MEMORY:
		return run_read_size("--memory", optarg, &o->memory, err);
	case OPTION_CPUS:
		return run_read_cpus(optarg, &o->cpu_quota, err);
	case OPTION_CPUSET:
		o->cpuset = optarg;
		if (!*optarg || strspn(optarg, "0123456789,-") != strlen(optarg))
			return error_set(err, EUSAGE, "--cpuset %.40s: expected such as 0-1,3", optarg);
		return 0;
	case OPTION_PIDS:
		return take_pids(o, optarg, err);
	case OPTION_SECCOMP:
		o->seccomp = optarg;
		return 0;
	case OPTION_READ_ONLY:
		o->read_only = true;
		return 0;
	case OPTION_RM:
		o->remove = true;
		return 0;
	case 'd':
		o->detach = true;
		return 0;
	case 't':
		o->tty = true;
		return 0;
	case OPTION_RESTART:
		return run_read_restart(optarg, &o->restart, &o->restart_most, err);
	case 'N':
	case 'p':
	case 'S':
		return world_take(&o->world, option, optarg, err);
	default:
		return error_set(err, EUSAGE, "run: see cell --help");
	}
}

static int make_up_id(struct run_options *o, struct error *err)
{
	unsigned char random[6];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return error_errno(err, errno, NULL, "run: getrandom");
	for (size_t i = 0; i < sizeof(random); i++)
		sprintf(o->id + 2 * i, "%02x", random[i]);
	return 0;
}

int run_parse(int argc, char **argv, struct run_options *o, struct error *err)
{
	int option, ret = 0;

	memset(o, 0, sizeof(*o));
	o->log = (struct run_log){ .most = RUN_LOG_SIZE, .files = RUN_LOG_KEPT };
	net_config_init(&o->world.net);
	optind = 1;
	/* Options end at the first word of the command: those after it are the command's. */
	while (!ret && (option = getopt_long(argc, argv, "+e:v:w:u:dtp:", options, NULL)) != -1)
		ret = take(o, option, err);
	if (ret)
		return ret;
	o->command = argv + optind;
	if (o->remove && o->restart != RESTART_NO)
		return error_set(err, EUSAGE, "run: --rm and --restart: one that is removed when it "
				 "ends is not started again: give one of them");
	if (!o->image || !*o->image)
		return error_set(err, EUSAGE, "run: --image: expected NAME[:TAG]: cell images shows "
				 "those that are here");
	return o->id[0] ? 0 : make_up_id(o, err);
}

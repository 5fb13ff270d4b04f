// SPDX-License-Identifier: GPL-2.0-only
/* cell-compose: several containers as one. Here: which file, which project, which verb. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "project.h"

static const char *const file_names[] = { "compose.yaml", "compose.yml", "docker-compose.yaml",
					  "docker-compose.yml" };

static const struct {
	const char *name;
	int (*run)(struct project *p, int argc, char **argv, struct error *err);
	bool needs_file;
	const char *arguments;
	const char *summary;
} verbs[] = {
	{ "up", compose_up, true, "[-d] [--build] [--scale S=N]", "make it as the file says" },
	{ "down", compose_down, false, "[-t SECONDS] [-v]", "remove it; -v: volumes too" },
	{ "ps", compose_ps, false, "[--json]", "its containers" },
	{ "logs", compose_logs, false, "[-f] [SERVICE...]", "what they write" },
	{ "plan", compose_plan, true, "", "the commands that up runs, in their order" },
};

#define COUNT	(sizeof(verbs) / sizeof(verbs[0]))

static void print_help(void)
{
	puts("usage: cell compose [-f FILE] [-p PROJECT] VERB ...\n"
	     "Several containers as one, as a compose file describes them.\n");
	for (size_t i = 0; i < COUNT; i++)
		printf("  %-6s%-30s%s\n", verbs[i].name, verbs[i].arguments, verbs[i].summary);
	puts("\n  -f, --file FILE        compose.yaml, here or in a folder above\n"
	     "  -p, --project NAME     else name: of the file, else the name of its folder\n"
	     "\nOf a service: image, build, command, entrypoint, environment, ports, volumes, tmpfs,\n"
	     "depends_on (service_started, service_healthy, service_completed_successfully), networks,\n"
	     "network_mode, healthcheck, deploy (replicas, resources.limits), scale, restart, labels,\n"
	     "working_dir, user, hostname, read_only, tty, mem_limit, cpus, cpuset, pids_limit, x-sched.");
}

/* Here, or in the nearest folder above that has one. */
static bool search(char path[PATH_MAX])
{
	char folder[PATH_MAX];

	if (!getcwd(folder, sizeof(folder) - 32))
		return false;
	for (;;) {
		char *slash;

		for (size_t i = 0; i < sizeof(file_names) / sizeof(file_names[0]); i++) {
			if (snprintf(path, PATH_MAX, "%s/%s", strcmp(folder, "/") != 0 ? folder : "",
				     file_names[i]) < PATH_MAX && !access(path, F_OK))
				return true;
		}
		slash = strrchr(folder, '/');
		if (!slash || !slash[1])
			return false;
		slash[slash == folder] = '\0';
	}
}

static int read_file(const char *path, char **text, size_t *length, struct error *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n = 1;

	*length = 0;
	*text = malloc(YAML_SIZE + 1);
	if (!*text)
		return error_set(err, ENOMEM, "compose: no memory");
	while (fd >= 0 && n > 0 && *length <= YAML_SIZE) {
		n = read(fd, *text + *length, YAML_SIZE + 1 - *length);
		*length += n > 0 ? (size_t)n : 0;
	}
	return fd < 0 || n < 0 ? error_errno(err, errno, NULL, "%s", path) : 0;
}

static const char *variable(const char *name)
{
	return getenv(name);
}

static int load(struct project *p, const char *given, struct error *err)
{
	cleanup_free char *text = NULL, *whole = NULL;
	const char *name = given ? given : p->path;
	size_t length;
	int ret = read_file(p->path, &text, &length, err);

	if (!ret)
		ret = compose_read(&p->file, name, text, length, variable, err);
	if (ret)
		return ret;
	whole = realpath(p->path, NULL);
	if (!whole)
		return error_errno(err, errno, NULL, "%s", p->path);
	snprintf(p->folder, sizeof(p->folder), "%.*s", (int)(strrchr(whole, '/') - whole), whole);
	p->has_file = true;
	return 0;
}

/* A folder's name as a project's: what does not fit is left out. */
static void name_of_folder(const char *folder, char *name)
{
	const char *slash = strrchr(folder, '/');
	size_t used = 0;

	for (const char *at = slash ? slash + 1 : folder; *at && used < COMPOSE_NAME; at++) {
		char c = (char)tolower((unsigned char)*at);

		if (isalnum((unsigned char)c) || (used && (c == '_' || c == '-')))
			name[used++] = c;
	}
	name[used] = '\0';
}

static int choose_name(struct project *p, const char *given, struct error *err)
{
	char folder[PATH_MAX] = "";

	if (given && !value_is_name(given))
		return error_set(err, EUSAGE, "--project %.80s: expected lower-case letters, digits, _ "
				 "and -", given);
	if (given)
		snprintf(p->name, sizeof(p->name), "%s", given);
	else if (p->file.project)
		snprintf(p->name, sizeof(p->name), "%s", p->file.project);
	else
		name_of_folder(p->has_file ? p->folder : getcwd(folder, sizeof(folder)) ?: "", p->name);
	if (!p->name[0])
		return error_set(err, EUSAGE, "compose: the folder has no name that a project could "
				 "have: give --project NAME");
	return 0;
}

static int run(int argc, char **argv, const char *file, const char *project, struct error *err)
{
	static struct project p;
	size_t i = 0;
	int ret;

	while (i < COUNT && strcmp(verbs[i].name, argv[0]) != 0)
		i++;
	if (i == COUNT)
		return error_set(err, EUSAGE, "%.60s: no such verb: see cell compose --help", argv[0]);
	if (file && strlen(file) >= PATH_MAX)
		return error_set(err, ENAMETOOLONG, "--file: the path is too long");
	if (file)
		strcpy(p.path, file);
	else if (!search(p.path))
		p.path[0] = '\0';
	if (!p.path[0] && verbs[i].needs_file)
		return error_set(err, ENOENT, "%s: there is no compose.yaml, neither here nor above: "
				 "give -f FILE", argv[0]);
	ret = p.path[0] ? load(&p, file, err) : 0;
	/* What is there can be seen, and removed, although the file is broken. */
	if (ret && !verbs[i].needs_file && project && !file)
		ret = 0;
	if (!ret)
		ret = choose_name(&p, project, err);
	if (!ret)
		ret = verbs[i].run(&p, argc, argv, err);
	compose_free(&p.file);
	return ret;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "file", required_argument, NULL, 'f' },
		{ "project", required_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *file = NULL, *project = NULL;
	struct error err = { "" };
	int option, ret;

	/* "cell compose" becomes us with both words. */
	if (argc > 1 && !strcmp(argv[1], "compose")) {
		argc--;
		argv++;
	}
	while ((option = getopt_long(argc, argv, "+f:p:h", options, NULL)) != -1) {
		if (option == 'h') {
			print_help();
			return 0;
		}
		if (option != 'f' && option != 'p')
			return 2;
		*(option == 'f' ? &file : &project) = optarg;
	}
	if (optind == argc) {
		fprintf(stderr, "compose: no verb given: see cell compose --help\n");
		return 2;
	}
	ret = run(argc - optind, argv + optind, file, project, &err);
	if (!ret && (fflush(stdout) || ferror(stdout)))
		ret = error_set(&err, EIO, "standard output: cannot write");
	if (ret >= 0)
		return ret;
	fprintf(stderr, "compose: %s\n", err.text);
	return ret == -EUSAGE ? 2 : 1;
}

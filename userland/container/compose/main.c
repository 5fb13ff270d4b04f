// SPDX-License-Identifier: GPL-2.0-only
/* cell-compose: several containers as one. Here: which file, which project, which verb. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
	puts("usage: cell compose [-f FILE] [-p PROJECT] [--profile NAME]... [--env-file FILE] VERB ...\n"
	     "Several containers as one, as a compose file describes them.\n");
	for (size_t i = 0; i < COUNT; i++)
		printf("  %-6s%-30s%s\n", verbs[i].name, verbs[i].arguments, verbs[i].summary);
	puts("\n  -f, --file FILE        compose.yaml, here or in a folder above\n"
	     "  -p, --project NAME     else name: of the file, else the name of its folder\n"
	     "  --profile NAME         services of that profile, too; COMPOSE_PROFILES=A,B likewise\n"
	     "  --env-file FILE        variables of ${NAME}, in place of .env beside the file\n"
	     "\nOf a service: image, build, command, entrypoint, environment, env_file, ports, volumes,\n"
	     "tmpfs, secrets, depends_on (service_started, service_healthy,\n"
	     "service_completed_successfully; required), profiles, networks, network_mode, healthcheck,\n"
	     "deploy (replicas, resources.limits), scale, restart, labels, working_dir, user, hostname,\n"
	     "read_only, tty, mem_limit, cpus, cpuset, pids_limit, logging (max-size, max-file), x-sched.");
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

/* What is asked for before the verb; dot_env: what .env says. */
static struct {
	const char *file;
	const char *project;
	const char *env_file;
	const char *profiles[COMPOSE_SERVICES];
	size_t profile_count;
} asked;
static struct words dot_env;

/* The caller's count more than those of .env. */
static const char *variable(const char *name)
{
	const char *value = getenv(name);

	for (size_t i = dot_env.count, length = strlen(name); !value && i-- > 0;)
		if (!strncmp(dot_env.at[i], name, length) && dot_env.at[i][length] == '=')
			value = dot_env.at[i] + length + 1;
	return value;
}

/* @path as @name: the words of its lines. -ENOENT: there is no such file. */
static int read_env(struct arena *arena, const char *path, const char *name, struct words *words,
		    struct error *err)
{
	cleanup_free char *text = NULL;
	size_t length;
	int ret = read_file(path, &text, &length, err);

	if (!ret && length > YAML_SIZE)
		ret = error_set(err, EFBIG, "%s: is larger than %d MiB", name, YAML_SIZE >> 20);
	return ret ? ret : compose_read_env(arena, name, text, length, variable, words, err);
}

/* .env beside the compose file, if there is one. */
static int load_dot_env(const struct project *p, struct arena *arena, struct error *err)
{
	char path[PATH_MAX + 8];
	struct words words;
	int ret;

	snprintf(path, sizeof(path), "%s/.env", p->folder);
	if (asked.env_file)
		ret = read_env(arena, asked.env_file, asked.env_file, &words, err);
	else
		ret = read_env(arena, path, ".env", &words, err);
	if (ret)
		return ret == -ENOENT && !asked.env_file ? 0 : ret;
	dot_env = words;
	return 0;
}

static int load_env_files(struct project *p, const char *name, size_t service, struct error *err)
{
	const struct compose_service *s = &p->file.services[service];

	for (size_t i = 0; i < s->env_file_count; i++) {
		const struct compose_env_file *f = &s->env_files[i];
		char path[2 * PATH_MAX];
		struct words words;
		struct error why;
		int ret;

		snprintf(path, sizeof(path), "%s%s%s", f->path[0] == '/' ? "" : p->folder,
			 f->path[0] == '/' ? "" : "/", f->path);
		ret = read_env(&p->file.arena, path, f->path, &words, &why);
		if (ret == -ENOENT && !f->required)
			continue;
		if (ret)
			return error_set(err, -ret, "%.120s:%u:%u: services.%s.env_file: %.250s", name, f->line,
					 f->column, s->name, why.text);
		if (compose_add_env(&p->file, service, &words))
			return error_set(err, ENOMEM, "compose: no memory");
	}
	return 0;
}

/* So that another content makes its containers anew. Whether it is there cell run says. */
static void look_at_secrets(struct project *p)
{
	for (size_t i = 0; i < p->file.secret_count; i++) {
		struct compose_secret *s = &p->file.secrets[i];
		char path[2 * PATH_MAX];
		struct stat st;

		snprintf(path, sizeof(path), "%s%s%s", s->file[0] == '/' ? "" : p->folder,
			 s->file[0] == '/' ? "" : "/", s->file);
		if (!stat(path, &st))
			s->version = arena_print(&p->file.arena, "%lld.%09ld %lld", (long long)st.st_mtim.tv_sec,
						 st.st_mtim.tv_nsec, (long long)st.st_size);
	}
}

static int select_services(struct project *p, const char *name, struct error *err)
{
	const char *list = variable("COMPOSE_PROFILES") ?: "";
	struct words words = { asked.profiles, asked.profile_count };

	while (*list && words.count < COMPOSE_SERVICES) {
		const size_t length = strcspn(list, ",");

		words.at[words.count++] = arena_text(&p->file.arena, list, length) ?: "";
		list += length + (list[length] == ',');
	}
	return compose_select(&p->file, name, &words, err);
}

static int load(struct project *p, const char *given, bool to_run, struct arena *arena,
		struct error *err)
{
	cleanup_free char *text = NULL, *whole = realpath(p->path, NULL);
	const char *name = given ? given : p->path;
	size_t length;
	int ret = read_file(p->path, &text, &length, err);

	if (ret)
		return ret;
	if (!whole)
		return error_errno(err, errno, NULL, "%s", p->path);
	snprintf(p->folder, sizeof(p->folder), "%.*s", (int)(strrchr(whole, '/') - whole), whole);
	ret = load_dot_env(p, arena, err);
	if (!ret)
		ret = compose_read(&p->file, name, text, length, variable, err);
	if (!ret && to_run)
		ret = select_services(p, name, err);
	for (size_t i = 0; !ret && to_run && i < p->file.service_count; i++)
		if (p->file.services[i].enabled)
			ret = load_env_files(p, name, i, err);
	if (ret)
		return ret;
	look_at_secrets(p);
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

static int run(int argc, char **argv, struct error *err)
{
	const char *file = asked.file, *project = asked.project;
	static struct project p;
	struct arena arena = { NULL };
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
	ret = p.path[0] ? load(&p, file, verbs[i].needs_file, &arena, err) : 0;
	/* What is there can be seen, and removed, although the file is broken. */
	if (ret && !verbs[i].needs_file && project && !file)
		ret = 0;
	if (!ret)
		ret = choose_name(&p, project, err);
	if (!ret)
		ret = verbs[i].run(&p, argc, argv, err);
	compose_free(&p.file);
	arena_free(&arena);
	return ret;
}

static int take_profile(const char *name, struct error *err)
{
	if (asked.profile_count == COMPOSE_SERVICES)
		return error_set(err, EUSAGE, "--profile: %d are allowed", COMPOSE_SERVICES);
	asked.profiles[asked.profile_count++] = name;
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "file", required_argument, NULL, 'f' },
		{ "project", required_argument, NULL, 'p' },
		{ "profile", required_argument, NULL, 'P' },
		{ "env-file", required_argument, NULL, 'e' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct error err = { "" };
	int option, ret = 0;

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
		if (option == 'P')
			ret = ret ?: take_profile(optarg, &err);
		else if (option == 'f' || option == 'p' || option == 'e')
			*(option == 'f' ? &asked.file : option == 'p' ? &asked.project : &asked.env_file) = optarg;
		else
			return 2;
	}
	if (!ret && optind == argc) {
		fprintf(stderr, "compose: no verb given: see cell compose --help\n");
		return 2;
	}
	if (!ret)
		ret = run(argc - optind, argv + optind, &err);
	if (!ret && (fflush(stdout) || ferror(stdout)))
		ret = error_set(&err, EIO, "standard output: cannot write");
	if (ret >= 0)
		return ret;
	fprintf(stderr, "compose: %s\n", err.text);
	return ret == -EUSAGE ? 2 : 1;
}

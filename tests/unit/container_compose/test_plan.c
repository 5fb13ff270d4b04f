// SPDX-License-Identifier: GPL-2.0
/* In which order services start, and by which commands. */
#include "file.h"
#include "tap.h"

static struct compose_file file;
static struct error err;
static size_t order[COMPOSE_SERVICES];

static const char *variable(const char *name)
{
	return name[0] == '\0' ? "" : NULL;
}

static void read_it(const char *text)
{
	compose_free(&file);
	CHECK_EQ(compose_read(&file, "f", text, strlen(text), variable, &err), 0);
}

static bool ordered(const char *names)
{
	char text[200] = "";

	for (size_t i = 0; i < file.service_count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? " " : "",
			 file.services[order[i]].name);
	if (strcmp(text, names))
		printf("# %s\n", text);
	return !strcmp(text, names);
}

static bool commands(size_t service, unsigned int number, const char *expected)
{
	static char text[4096];
	struct words words;
	int ret = compose_command(&file, "p", "/folder", service, number, &words, &err);

	text[0] = '\0';
	for (size_t i = 0; !ret && i < words.count; i++)
		if (strncmp(words.at[i], LABEL_CONFIG, strlen(LABEL_CONFIG)))
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? " " : "",
				 words.at[i]);
	if (strcmp(text, expected))
		printf("# %s\n", text);
	return !ret && !strcmp(text, expected);
}

static void without_needs_it_is_the_files_order(void)
{
	read_it("services: {c: {image: x}, a: {image: x}, b: {image: x}}");
	CHECK_EQ(compose_order(&file, "f", order, &err), 0);
	CHECK(ordered("c a b"), "order");
}

static void who_is_needed_comes_first(void)
{
	read_it("services: {a: {image: x, depends_on: [b, d]}, b: {image: x, depends_on: [c]}, "
		"c: {image: x}, d: {image: x, depends_on: [c]}}");
	CHECK_EQ(compose_order(&file, "f", order, &err), 0);
	CHECK(ordered("c b d a"), "order");
}

static void nobody_can_be_first_in_a_circle(void)
{
	read_it("services: {z: {image: x}, a: {image: x, depends_on: [b]}, "
		"b: {image: x, depends_on: [c]}, c: {image: x, depends_on: [a]}}");
	CHECK_EQ(compose_order(&file, "f", order, &err), -40);
	CHECK(!strcmp(err.text, "f:1:27: depends_on: a needs b needs c needs a: nobody can be "
				"first"), "%s", err.text);
	read_it("services: {a: {image: x, depends_on: [a]}}");
	CHECK_EQ(compose_order(&file, "f", order, &err), -40);
}

#define HEAD(name) "run --image x --detach --name p-" name "-1 --label cell.compose.project=p " \
	"--label cell.compose.service=" name " --label"

static void a_command_has_all_that_the_file_says(void)
{
	read_it("services: {a: {image: x, command: [c, d], entrypoint: [e, f], environment: {A: 1}, "
		"ports: ['1:2'], volumes: ['./x:/y', 'v:/z:ro', '/s:/t'], restart: always, user: u, "
		"working_dir: /w, read_only: true, cpus: 2, x-sched: share}}\nvolumes: {v: }");
	CHECK(commands(0, 1, HEAD("a") " --net private:p.default,alias=a -e A=1 -p 1:2 -v /folder/./x:/y "
		       "-v p_v:/z:ro -v /s:/t --cpus 2 --restart always --sched share -w /w -u u "
		       "--read-only --entrypoint e -- f c d"), "%s", err.text);
}

static void networks_are_the_projects(void)
{
	read_it("services: {a: {image: x, networks: {n: {aliases: [m]}, default: }}, "
		"b: {image: x, network_mode: host}}\n"
		"networks: {n: {x-via: veth, ipam: {config: [{subnet: 10.1.2.0/24}]}}}");
	CHECK(commands(0, 1, HEAD("a") " --net private:p.n,via=veth,subnet=10.1.2.0/24,alias=a,alias=m "
		       "--net private:p.default,alias=a --"), "%s", err.text);
	CHECK(commands(1, 1, HEAD("b") " --net host --"), "%s", err.text);
}

static void a_network_that_cannot_be_is_refused_before_anything_starts(void)
{
	struct words words;

	read_it("services: {a: {image: x, networks: [n]}}\n"
		"networks: {n: {ipam: {config: [{subnet: 10.1.2.0}]}}}");
	CHECK_EQ(compose_command(&file, "p", "/", 0, 1, &words, &err), -22);
	CHECK(strstr(err.text, "subnet=10.1.2.0: "), "%s", err.text);
	read_it("services: {a: {image: x}}");
	CHECK_EQ(compose_command(&file, "a-project-with-a-long-name", "/", 0, 1, &words, &err), -22);
	CHECK(strstr(err.text, "choose a shorter --project"), "%s", err.text);
}

static const char *config_of(const char *text, unsigned int number)
{
	struct words words;

	read_it(text);
	CHECK_EQ(compose_command(&file, "p", "/", 0, number, &words, &err), 0);
	for (size_t i = 0; i < words.count; i++)
		if (!strncmp(words.at[i], LABEL_CONFIG "=", strlen(LABEL_CONFIG) + 1))
			return words.at[i] + strlen(LABEL_CONFIG) + 1;
	return "";
}

static void a_change_shows_in_the_digest(void)
{
	char one[40], two[40];

	snprintf(one, sizeof(one), "%s", config_of("services: {a: {image: x}}", 1));
	snprintf(two, sizeof(two), "%s", config_of("services: {a: {image: x}}", 1));
	CHECK(strlen(one) == 16 && !strcmp(one, two), "%s %s", one, two);
	snprintf(two, sizeof(two), "%s", config_of("services: {a: {image: y}}", 1));
	CHECK(strcmp(one, two), "%s", one);
	/* Where one word ends is part of it. */
	snprintf(one, sizeof(one), "%s", config_of("services: {a: {image: x, command: [ab, c]}}", 1));
	snprintf(two, sizeof(two), "%s", config_of("services: {a: {image: x, command: [a, bc]}}", 1));
	CHECK(strcmp(one, two), "%s", one);
}

static void env_files_come_before_the_environment(void)
{
	const char *lines[] = { "A=file", "B=file" };
	const struct words words = { lines, 2 }, more = { lines + 1, 1 };

	read_it("services: {a: {image: x, env_file: [f, g], environment: {A: 1}}}");
	CHECK_EQ(compose_add_env(&file, 0, &words), 0);
	CHECK_EQ(compose_add_env(&file, 0, &more), 0);
	CHECK(commands(0, 1, HEAD("a") " --net private:p.default,alias=a -e A=file -e B=file -e B=file -e A=1 "
		       "--"), "%s", err.text);
}

static void secrets_logs_and_an_empty_entrypoint_arrive(void)
{
	read_it("services: {a: {image: x, secrets: [s, {source: t, target: k, mode: 0400}], entrypoint: [], "
		"logging: {options: {max-size: 1m}}, command: c}}\nsecrets: {s: {file: ./s}, t: {file: /t}}");
	CHECK(commands(0, 1, HEAD("a") " --net private:p.default,alias=a "
		       "--secret /folder/./s:/run/secrets/s:0444 --secret /t:/run/secrets/k:0400 "
		       "--log-opt max-size=1m --entrypoint  -- c"), "%s", err.text);
}

static void another_content_of_a_secret_shows_in_the_digest(void)
{
	static const char text[] = "services: {a: {image: x, secrets: [s]}}\nsecrets: {s: {file: s}}";
	struct words words;
	char one[80], two[80];

	snprintf(one, sizeof(one), "%s", config_of(text, 1));
	read_it(text);
	file.secrets[0].version = "2";
	CHECK_EQ(compose_command(&file, "p", "/", 0, 1, &words, &err), 0);
	two[0] = '\0';
	for (size_t i = 0; i < words.count; i++)
		if (!strncmp(words.at[i], LABEL_CONFIG "=", strlen(LABEL_CONFIG) + 1))
			snprintf(two, sizeof(two), "%s", words.at[i] + strlen(LABEL_CONFIG) + 1);
	CHECK(strlen(two) == 16 && strcmp(one, two), "%s %s", one, two);
}

static void what_is_built_has_a_name(void)
{
	read_it("services: {a: {build: .}}");
	CHECK(!strcmp(compose_image(&file, "p", 0), "localhost/p-a:latest"), "image");
}

int main(void)
{
	RUN(without_needs_it_is_the_files_order);
	RUN(who_is_needed_comes_first);
	RUN(nobody_can_be_first_in_a_circle);
	RUN(a_command_has_all_that_the_file_says);
	RUN(networks_are_the_projects);
	RUN(a_network_that_cannot_be_is_refused_before_anything_starts);
	RUN(a_change_shows_in_the_digest);
	RUN(env_files_come_before_the_environment);
	RUN(secrets_logs_and_an_empty_entrypoint_arrive);
	RUN(another_content_of_a_secret_shows_in_the_digest);
	RUN(what_is_built_has_a_name);
	compose_free(&file);
	return tap_done();
}

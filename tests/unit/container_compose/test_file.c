// SPDX-License-Identifier: GPL-2.0
/* What a compose file says, and where it is wrong. */
#include "file.h"
#include "tap.h"

static struct compose_file file;
static struct error err;

static const char *variable(const char *name)
{
	return !strcmp(name, "SET") ? "value" : !strcmp(name, "EMPTY") ? "" : NULL;
}

static int parse(const char *text)
{
	compose_free(&file);
	err.text[0] = '\0';
	return compose_read(&file, "f", text, strlen(text), variable, &err);
}

static bool is(const struct words *words, const char *joined)
{
	char text[400] = "";

	for (size_t i = 0; i < words->count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? "|" : "",
			 words->at[i]);
	if (strcmp(text, joined))
		printf("# %s\n", text);
	return !strcmp(text, joined);
}

static void one_service(void)
{
	const struct compose_service *s = file.services;

	CHECK_EQ(parse("services:\n  web:\n    image: box\n"), 0);
	CHECK_EQ(file.service_count, 1);
	CHECK(!strcmp(s->name, "web") && !strcmp(s->image, "box"), "%s", err.text);
	CHECK_EQ(s->replicas, 1);
	CHECK_EQ(s->line, 2);
	CHECK_EQ(s->column, 3);
}

static void commands_are_taken_apart_as_a_shell_does(void)
{
	CHECK_EQ(parse("services: {a: {image: x, command: \"run  'a b' \\\"c d\\\" e\\\\ f ''\"}}"), 0);
	CHECK(is(&file.services->command, "run|a b|c d|e f|"), "%s", err.text);
	CHECK_EQ(parse("services: {a: {image: x, command: [run, 'a b']}}"), 0);
	CHECK(is(&file.services->command, "run|a b"), "%s", err.text);
	CHECK_EQ(parse("services: {a: {image: x, command: \"it's\"}}"), -22);
	CHECK(strstr(err.text, "f:1:35: services.a.command: a ' is not closed"), "%s", err.text);
}

static void environments_are_lists_or_maps(void)
{
	CHECK_EQ(parse("services: {a: {image: x, environment: [A=1, B]}}"), 0);
	CHECK(is(&file.services->env, "A=1|B"), "%s", err.text);
	CHECK_EQ(parse("services: {a: {image: x, environment: {A: 1, B: , C: 'x=y', D: true}}}"), 0);
	CHECK(is(&file.services->env, "A=1|B|C=x=y|D=true"), "%s", err.text);
}

static void variables(void)
{
	CHECK_EQ(parse("services: {a: {image: \"${SET}-$SET-${NOT:-else}-${EMPTY:-else}-${EMPTY-else}-$$x-"
		       "${NOT}\"}}"), 0);
	CHECK(!strcmp(file.services->image, "value-value-else-else--$x-"), "%s", file.services->image);
	CHECK_EQ(parse("services: {a: {image: \"${NOT:?say which}\"}}"), -22);
	CHECK(strstr(err.text, "services.a.image: ${NOT}: is not set: say which"), "%s", err.text);
	CHECK_EQ(parse("services: {a: {image: \"a$\"}}"), -22);
	CHECK_EQ(parse("services: {a: {image: \"${}\"}}"), -22);
	CHECK_EQ(parse("services: {a: {image: \"${SET\"}}"), -22);
}

static void anchors_and_merges(void)
{
	CHECK_EQ(parse("x-base: &base {image: x, restart: always}\n"
		       "services:\n  a: {<<: *base, restart: 'no'}\n  b: *base\n"), 0);
	CHECK(!strcmp(file.services[0].restart, "no") && !strcmp(file.services[1].restart, "always"),
	      "%s", err.text);
	CHECK_EQ(parse("services: &a {a: *a}"), -22);
	CHECK(strstr(err.text, "no value before this one has that anchor"), "%s", err.text);
}

static void health(void)
{
	const struct compose_health *h = &file.services->health;

	CHECK_EQ(parse("services: {a: {image: x, healthcheck: {test: [CMD, a, b], interval: 1m30s, "
		       "timeout: 500ms, retries: 5}}}"), 0);
	CHECK(is(&h->test, "a|b"), "%s", err.text);
	CHECK_EQ(h->interval_ms, 90000);
	CHECK_EQ(h->timeout_ms, 500);
	CHECK_EQ(h->retries, 5);
	CHECK_EQ(parse("services: {a: {image: x, healthcheck: {test: exit 0}}}"), 0);
	CHECK(is(&h->test, "/bin/sh|-c|exit 0"), "%s", err.text);
	CHECK_EQ(parse("services: {a: {image: x, healthcheck: {test: [NONE]}}}"), 0);
	CHECK_EQ(h->test.count, 0);
}

static void limits(void)
{
	const struct compose_service *s = file.services;

	CHECK_EQ(parse("services: {a: {image: x, mem_limit: 1g, deploy: {replicas: 3, resources: "
		       "{limits: {cpus: '0.5', memory: 64M, pids: 7}}}, x-sched: 'share:300'}}"), 0);
	CHECK(!strcmp(s->memory, "64M") && !strcmp(s->cpus, "0.5") && !strcmp(s->pids, "7"), "%s",
	      err.text);
	CHECK_EQ(s->replicas, 3);
	CHECK(!strcmp(s->sched, "share:300"), "%s", err.text);
}

/* Text, and what the message begins with. */
static const struct {
	const char *text;
	const char *says;
} wrong[] = {
	{ "", "f:1:1: is empty: expected services:" },
	{ "a", "f:1:1: expected a map with services" },
	{ "services:", "f:1:1: services: expected a map of 1 to 64 services" },
	{ "services: {}", "f:1:11: services: expected a map of 1 to 64 services" },
	{ "services: [a]", "f:1:11: services: expected a map: it is a list" },
	{ "services:\n  a:\n    image: x\n    imagee: y\n", "f:4:5: services.a: imagee is not understood: "
	  "there are image, build" },
	{ "service: {}", "f:1:1: service is not understood: there are name, version, services" },
	{ "services: {a: x}", "f:1:15: services.a: expected a map with image or build" },
	{ "services: {a: {}}", "f:1:12: services.a: has neither image nor build" },
	{ "services: {A: {image: x}}", "f:1:12: services.A: A: a service's name has lower-case" },
	{ "services: {a: {image: [x]}}", "f:1:23: services.a.image: expected a text: it is a list" },
	{ "services: {a: {image: x}, a: {image: y}}", "f:1:27: a: is there already, in line 1" },
	{ "services: {a: {image: x, ports: [80]}}", "f:1:34: services.a.ports: -p: 80: " },
	{ "services: {a: {image: x, ports: ['1:1', '1:1']}}", "f:1:33: services.a.ports: " },
	{ "services: {a: {image: x, ports: ['1:1'], scale: 2}}",
	  "f:1:33: services.a.ports: 2 containers" },
	{ "services: {a: {image: x, volumes: [v:/x]}}", "f:1:12: services.a.volumes: v: is not in the "
	  "file's volumes; a folder is written ./v" },
	{ "services: {a: {image: x, volumes: [v]}}", "f:1:36: services.a.volumes: -v v: expected" },
	{ "services: {a: {image: x, depends_on: [b]}}",
	  "f:1:39: services.a.depends_on: b: there is no such" },
	{ "services: {a: {image: x, depends_on: {b: {condition: service_healthy}}}, b: {image: x}}",
	  "f:1:39: services.a.depends_on: b: has no healthcheck" },
	{ "services: {a: {image: x, depends_on: {b: {condition: up}}}}",
	  "f:1:54: services.a.depends_on: up: "
	  "expected service_started" },
	{ "services: {a: {image: x, networks: [n]}}",
	  "f:1:37: services.a.networks: n: is not in the file's" },
	{ "services: {a: {image: x, network_mode: bridge}}",
	  "f:1:40: services.a.network_mode: bridge: expected" },
	{ "services: {a: {image: x, restart: often}}",
	  "f:1:35: services.a.restart: --restart often: expected" },
	{ "services: {a: {image: x, read_only: 1}}",
	  "f:1:37: services.a.read_only: expected true or false" },
	{ "services: {a: {image: x, scale: 101}}",
	  "f:1:33: services.a.scale: expected a number from 0 to 100" },
	{ "services: {a: {image: x, mem_limit: much}}",
	  "f:1:15: services.a: memory much: expected a size" },
	{ "services: {a: {image: x, healthcheck: {interval: 1s}}}",
	  "f:1:39: services.a.healthcheck: expected "
	  "test: [CMD" },
	{ "services: {a: {image: x, healthcheck: {test: a, interval: 5}}}", "f:1:59: services.a.interval: "
	  "expected a time of at most a day" },
	{ "services: {a: {image: x, x-sched: fair}}",
	  "f:1:35: services.a.x-sched: --sched: fair: expected" },
	{ "services: {a: {image: x, environment: ['=1']}}",
	  "f:1:39: services.a.environment: expected NAME=VALUE" },
	{ "networks: {n: {driver: overlay}}\nservices: {a: {image: x}}",
	  "f:1:24: networks: driver overlay: "
	  "expected bridge" },
	{ "name: A b\nservices: {a: {image: x}}", "f:1:7: name: A b: expected lower-case" },
	{ "services:\n\ta: 1\n", "f:2:1: found character that cannot start any token" },
	{ "services: {a: {image: x}\n", "f:2:1: did not find expected" },
	{ "services: {a: {image: x}}\n---\nservices: {}\n", "f:2:1: a second document begins" },
	{ "services: {[a]: x}", "f:1:12: a key was expected" },
};

static void what_is_wrong_is_told_with_its_place(void)
{
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		CHECK_EQ(parse(wrong[i].text), -22);
		CHECK(!strncmp(err.text, wrong[i].says, strlen(wrong[i].says)), "%s\n# gives %s",
		      wrong[i].text, err.text);
	}
}

static void bounds(void)
{
	static char text[70000 * 2];
	size_t used = 0;

	for (int i = 0; i < 100; i++)
		used += (size_t)sprintf(text + used, "[");
	CHECK_EQ(parse(text), -22);
	CHECK(strstr(err.text, "nested too deeply"), "%s", err.text);
	used = (size_t)sprintf(text, "[");
	for (int i = 0; i < 66000; i++)
		used += (size_t)sprintf(text + used, "a,");
	sprintf(text + used, "a]");
	CHECK_EQ(parse(text), -27);
	CHECK_EQ(parse("services: {a: {image: \"\\0x\"}}"), -22);
	CHECK_EQ(parse("services: {a: {image: \xff}}"), -22);
	CHECK(strstr(err.text, "expected UTF-8"), "%s", err.text);
}

int main(void)
{
	RUN(one_service);
	RUN(commands_are_taken_apart_as_a_shell_does);
	RUN(environments_are_lists_or_maps);
	RUN(variables);
	RUN(anchors_and_merges);
	RUN(health);
	RUN(limits);
	RUN(what_is_wrong_is_told_with_its_place);
	RUN(bounds);
	compose_free(&file);
	return tap_done();
}

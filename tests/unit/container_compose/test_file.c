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
	/* A name alone has the value that it has here, .env included. */
	CHECK_EQ(parse("services: {a: {image: x, environment: [SET, NOT], labels: [SET]}}"), 0);
	CHECK(is(&file.services->env, "SET=value|NOT"), "%s", err.text);
	CHECK(is(&file.services->labels, "SET"), "%s", err.text);
}

static void variables(void)
{
	CHECK_EQ(parse("services: {a: {image: \"${SET}-$SET-${NOT:-else}-${EMPTY:-else}-${EMPTY-else}-$$x-"
		       "${NOT}\"}}"), 0);
	CHECK(!strcmp(file.services->image, "value-value-else-else--$x-"), "%s", file.services->image);
	CHECK_EQ(parse("services: {a: {image: \"${NOT:?say which}\"}}"), -22);
	CHECK(strstr(err.text, "services.a.image: ${NOT}: is not set: say which"), "%s", err.text);
	CHECK_EQ(parse("services: {a: {image: \"${SET:+yes}-${SET+yes}-${EMPTY+yes}-${EMPTY:+no}-${NOT+no}-"
		       "${NOT:-${ALSO-${SET}}}-${NOT:-a$${b}\"}}"), 0);
	CHECK(!strcmp(file.services->image, "yes-yes-yes---value-a${b"), "%s", file.services->image);
	CHECK_EQ(parse("services: {a: {image: \"${EMPTY?no}x\"}}"), 0);
	CHECK_EQ(parse("services: {a: {image: \"${EMPTY:?is empty}\"}}"), -22);
	CHECK_EQ(parse("services: {a: {image: \"${NOT?not}\"}}"), -22);
	CHECK(strstr(err.text, "services.a.image: ${NOT}: is not set: not"), "%s", err.text);
	CHECK_EQ(parse("services: {a: {image: \"a$\"}}"), -22);
	CHECK_EQ(parse("services: {a: {image: \"${A:}\"}}"), -22);
	CHECK_EQ(parse("services: {a: {image: \"${A!x}\"}}"), -22);
	CHECK_EQ(parse("services: {a: {image: \"${A:-${B}\"}}"), -22);
	CHECK_EQ(parse("services: {a: {image: \"${}\"}}"), -22);
	CHECK_EQ(parse("services: {a: {image: \"${SET\"}}"), -22);
}

static void variables_have_a_depth(void)
{
	CHECK_EQ(parse("services: {a: {image: \"${A-${A-${A-${A-${A-${A-${A-${A-x}}}}}}}}\"}}"), 0);
	CHECK(!strcmp(file.services->image, "x"), "%s", file.services->image);
	CHECK_EQ(parse("services: {a: {image: \"${A-${A-${A-${A-${A-${A-${A-${A-${A-x}}}}}}}}}\"}}"), -22);
	CHECK(strstr(err.text, "nested too deeply"), "%s", err.text);
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
	CHECK_EQ(h->interval_ms, 30000);
	CHECK_EQ(h->timeout_ms, 30000);
	CHECK_EQ(h->start_ms, 0);
	CHECK_EQ(h->retries, 3);
	CHECK_EQ(parse("services: {a: {image: x, healthcheck: {test: x, start_period: 1h, start_interval: 1s}}}"),
		 0);
	CHECK_EQ(h->start_ms, 3600000);
	CHECK_EQ(h->eager_ms, 1000);
	CHECK_EQ(parse("services: {a: {image: x, healthcheck: {test: [NONE]}}}"), 0);
	CHECK_EQ(h->test.count, 0);
	CHECK_EQ(parse("services: {a: {image: x, healthcheck: {disable: true}}}"), 0);
	CHECK_EQ(h->test.count, 0);
	CHECK_EQ(parse("services: {a: {image: x, healthcheck: {test: x, disable: true}}}"), 0);
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

static void long_ports_are_short_ones(void)
{
	const struct compose_service *s = file.services;

	CHECK_EQ(parse("services: {a: {image: x, ports: ['1:2', {target: 80, published: '8080'}, "
		       "{target: 53, published: 5353, protocol: udp, host_ip: 127.0.0.1, mode: host}]}}"), 0);
	CHECK(is(&s->ports, "1:2|8080:80|127.0.0.1:5353:53/udp"), "%s", err.text);
}

static void long_volumes_are_short_ones(void)
{
	const struct compose_service *s = file.services;

	CHECK_EQ(parse("services: {a: {image: x, tmpfs: [/t], volumes: ['./a:/b', "
		       "{type: bind, source: src, target: /s, read_only: true, bind: {create_host_path: false}}, "
		       "{type: tmpfs, target: /m, tmpfs: {size: 64m}}, {type: tmpfs, target: /n}, "
		       "{type: volume, source: v, target: /v}]}}\nvolumes: {v: }"), 0);
	CHECK(is(&s->volumes, "./a:/b|./src:/s:ro|v:/v"), "%s", err.text);
	CHECK(is(&s->tmpfs, "/t|/m:64m|/n"), "%s", err.text);
}

static void env_files_are_one_or_several(void)
{
	const struct compose_service *s = file.services;

	CHECK_EQ(parse("services: {a: {image: x, env_file: '${SET}.env'}}"), 0);
	CHECK_EQ(s->env_file_count, 1);
	CHECK(!strcmp(s->env_files[0].path, "value.env") && s->env_files[0].required, "%s",
	      s->env_files[0].path);
	CHECK_EQ(parse("services:\n  a:\n    image: x\n    env_file:\n      - one\n"
		       "      - {path: two, required: false}\n"), 0);
	CHECK_EQ(s->env_file_count, 2);
	CHECK(!strcmp(s->env_files[1].path, "two") && !s->env_files[1].required, "%s", "two");
	CHECK_EQ(s->env_files[1].line, 6);
	CHECK_EQ(s->env_files[1].column, 9);
}

static void secrets_have_a_place_and_a_mode(void)
{
	const struct compose_service *s = file.services;

	CHECK_EQ(parse("services: {a: {image: x, secrets: [s.1, {source: t, target: key, mode: 0440}, "
		       "{source: t, target: /etc/key, mode: '0o400'}]}}\n"
		       "secrets: {t: {file: ./t}, s.1: {file: /s}}"), 0);
	CHECK_EQ(s->grant_count, 3);
	CHECK(!strcmp(s->grants[0].target, "/run/secrets/s.1") && s->grants[0].index == 1, "%s", err.text);
	CHECK_EQ(s->grants[0].mode, 0444);
	CHECK(!strcmp(s->grants[1].target, "/run/secrets/key") && !s->grants[1].index, "%s", err.text);
	CHECK_EQ(s->grants[1].mode, 0440);
	CHECK(!strcmp(s->grants[2].target, "/etc/key"), "%s", s->grants[2].target);
	CHECK_EQ(s->grants[2].mode, 0400);
}

static int choose(const char *one, const char *two)
{
	const char *names[] = { one, two };
	const struct words profiles = { names, !!one + !!two };

	return compose_select(&file, "f", &profiles, &err);
}

static bool wanted(const char *names)
{
	char text[100] = "";

	for (size_t i = 0; i < file.service_count; i++)
		if (file.services[i].enabled)
			strcat(text, file.services[i].name);
	if (strcmp(text, names))
		printf("# %s\n", text);
	return !strcmp(text, names);
}

static void a_profile_brings_its_services(void)
{
	CHECK_EQ(parse("services: {a: {image: x}, b: {image: x, profiles: [p]}, "
		       "c: {image: x, profiles: [p, q]}}"), 0);
	CHECK_EQ(choose(NULL, NULL), 0);
	CHECK(wanted("a"), "none");
	CHECK_EQ(choose("q", NULL), 0);
	CHECK(wanted("ac"), "q");
	CHECK_EQ(choose("r", "p"), 0);
	CHECK(wanted("abc"), "p");
	CHECK_EQ(choose("*", NULL), 0);
	CHECK(wanted("abc"), "all");
}

static void who_is_needed_has_to_be_wanted(void)
{
	CHECK_EQ(parse("services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, profiles: [p]}\n"), 0);
	CHECK_EQ(choose("p", NULL), 0);
	CHECK_EQ(choose(NULL, NULL), -22);
	CHECK(strstr(err.text, "f:2:30: services.a.depends_on: b: is in the profile p, which is not "
			       "wanted") == err.text, "%s", err.text);
	CHECK_EQ(parse("services: {a: {image: x, depends_on: {b: {required: false}, c: {required: false}, d: }}, "
		       "b: {image: x, profiles: [p]}, d: {image: x}}"), 0);
	CHECK_EQ(choose(NULL, NULL), 0);
	CHECK_EQ(file.services->need_count, 1);
	CHECK(!strcmp(file.services->needs[0].service, "d") && file.services->needs[0].index == 2, "d");
}

static void logs_have_bounds(void)
{
	CHECK_EQ(parse("services: {a: {image: x, logging: {driver: json-file, "
		       "options: {max-size: 10m, max-file: '3'}}}}"), 0);
	CHECK(is(&file.services->log, "max-size=10m|max-file=3"), "%s", err.text);
	CHECK_EQ(parse("services: {a: {image: x, logging: {driver: local}}}"), 0);
	CHECK_EQ(file.services->log.count, 0);
}

static void an_empty_entrypoint_is_one(void)
{
	CHECK_EQ(parse("services: {a: {image: x, entrypoint: [], command: [c]}}"), 0);
	CHECK(file.services->has_entrypoint && !file.services->entrypoint.count, "[]");
	CHECK_EQ(parse("services: {a: {image: x, entrypoint: ''}}"), 0);
	CHECK(file.services->has_entrypoint, "''");
	CHECK_EQ(parse("services: {a: {image: x, entrypoint: }}"), 0);
	CHECK(!file.services->has_entrypoint, "nothing");
	CHECK_EQ(parse("services: {a: {image: x, entrypoint: \"sh -c 'a b'\"}}"), 0);
	CHECK(is(&file.services->entrypoint, "sh|-c|a b"), "%s", err.text);
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
	{ "services: {a: {image: x, command: []}}", "f:1:35: services.a.command: has no words" },
	{ "services: {a: {image: x, ports: [{target: 80}]}}", "f:1:34: services.a.ports: expected published" },
	{ "services: {a: {image: x, ports: [{published: 80}]}}",
	  "f:1:34: services.a.ports: expected target" },
	{ "services: {a: {image: x, ports: [{target: 80, published: 1, host: 1}]}}",
	  "f:1:61: services.a: host is not understood: there are target, published, host_ip" },
	{ "services: {a: {image: x, ports: [{target: 80, published: x}]}}",
	  "f:1:34: services.a.ports: -p: x:80: the host's port" },
	{ "services: {a: {image: x, ports: [{target: 8, published: 8, mode: x}]}}",
	  "f:1:66: services.a.ports: mode x: expected host or ingress" },
	{ "services: {a: {image: x, ports: [[1]]}}", "f:1:34: services.a.ports: expected a text or a map" },
	{ "services: {a: {image: x, volumes: [{source: a, target: /b}]}}",
	  "f:1:36: services.a.volumes: expected type: bind, volume or tmpfs" },
	{ "services: {a: {image: x, volumes: [{type: npipe, source: a, target: /b}]}}",
	  "f:1:43: services.a.volumes: expected type" },
	{ "services: {a: {image: x, volumes: [{type: bind, source: a, target: b}]}}",
	  "f:1:68: services.a.volumes: expected target: an absolute path" },
	{ "services: {a: {image: x, volumes: [{type: bind, target: /b}]}}",
	  "f:1:36: services.a.volumes: expected source: a folder" },
	{ "services: {a: {image: x, volumes: [{type: bind, source: 'a:b', target: /b}]}}",
	  "f:1:57: services.a.source: \"a:b\": expected a path without a colon" },
	{ "services: {a: {image: x, volumes: [{type: bind, source: a, target: /b, tmpfs: {}}]}}",
	  "f:1:79: services.a.volumes: tmpfs: goes with type: tmpfs" },
	{ "services: {a: {image: x, volumes: [{type: bind, source: a, target: /b, bind: {create_host_path: "
	  "true}}]}}", "f:1:97: services.a.volumes: create_host_path: expected false" },
	{ "services: {a: {image: x, volumes: [{type: volume, source: v, target: /b}]}}",
	  "f:1:12: services.a.volumes: v: is not in the file's volumes" },
	{ "services: {a: {image: x, volumes: [{type: volume, source: ./v, target: /b}]}}",
	  "f:1:59: services.a.volumes: expected source: a name" },
	{ "services: {a: {image: x, volumes: [{type: tmpfs, target: /b, tmpfs: {size: x}}]}}",
	  "f:1:76: services.a.volumes: size x: expected a size" },
	{ "services: {a: {image: x, volumes: [{type: tmpfs, source: a, target: /b}]}}",
	  "f:1:36: services.a.volumes: type: tmpfs has neither" },
	{ "services: {a: {image: x, env_file: {path: a}}}",
	  "f:1:36: services.a.env_file: expected a file or a list" },
	{ "services: {a: {image: x, env_file: [{required: true}]}}",
	  "f:1:37: services.a.env_file: expected the path" },
	{ "services: {a: {image: x, env_file: [{path: a, format: raw}]}}",
	  "f:1:47: services.a: format is not understood: there are path, required" },
	{ "services: {a: {image: x, secrets: [s]}}",
	  "f:1:36: services.a.secrets: s: is not in the file's secrets" },
	{ "services: {a: {image: x, secrets: s}}", "f:1:35: services.a.secrets: expected a list" },
	{ "services: {a: {image: x, secrets: [{target: s}]}}",
	  "f:1:36: services.a.secrets: expected source" },
	{ "services: {a: {image: x, secrets: [{source: s, mode: 440}]}}\nsecrets: {s: {file: s}}",
	  "f:1:54: services.a.secrets: mode 440: expected octal" },
	{ "services: {a: {image: x, secrets: [{source: s, uid: 1}]}}\nsecrets: {s: {file: s}}",
	  "f:1:48: services.a: uid is not understood: there are source, target, mode" },
	{ "services: {a: {image: x, secrets: [s, s]}}\nsecrets: {s: {file: s}}",
	  "f:1:39: services.a.secrets: /run/secrets/s: has a secret already" },
	{ "secrets: {s: {external: true}}\nservices: {a: {image: x}}",
	  "f:1:15: external is not understood: there are file" },
	{ "secrets: {s: }\nservices: {a: {image: x}}", "f:1:14: secrets: s: expected {file: PATH}" },
	{ "secrets: {../s: {file: a}}\nservices: {a: {image: x}}", "f:1:11: secrets: ../s: expected letters" },
	{ "services: {a: {image: x, profiles: [-a]}}", "f:1:36: services.a.profiles: -a: expected letters" },
	{ "services: {a: {image: x, logging: {driver: syslog}}}",
	  "f:1:44: services.a.logging: driver syslog: expected json-file" },
	{ "services: {a: {image: x, logging: {options: {max-size: 1}}}}",
	  "f:1:56: services.a.logging: --log-opt max-size=1: expected a size of at least 1024" },
	{ "services: {a: {image: x, logging: {options: {compress: 'true'}}}}",
	  "f:1:56: services.a.logging: --log-opt compress=true: expected max-size" },
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
	RUN(variables_have_a_depth);
	RUN(long_ports_are_short_ones);
	RUN(long_volumes_are_short_ones);
	RUN(env_files_are_one_or_several);
	RUN(secrets_have_a_place_and_a_mode);
	RUN(a_profile_brings_its_services);
	RUN(who_is_needed_has_to_be_wanted);
	RUN(logs_have_bounds);
	RUN(an_empty_entrypoint_is_one);
	RUN(what_is_wrong_is_told_with_its_place);
	RUN(bounds);
	compose_free(&file);
	return tap_done();
}

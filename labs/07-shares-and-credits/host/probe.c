// SPDX-License-Identifier: GPL-2.0
/*
 * The core of credit_sched in the simulator of tests/unit, one command a line.
 * checks.py and `labs/try` write the lines; this program knows no right from wrong.
 *
 *	stdin					stdout
 *	pool share slot=5000 cpus=1
 *	group a weight=100
 *	group b weight=300 burst=30000		(times are in us, if not said otherwise)
 *	task a					runs whenever it may
 *	task b run=4000 sleep=16000
 *	run 1000000
 *	used a					6 used 840000000	(ns)
 *
 * An answer begins with the number of the question's line, from 1. The simulator
 * checks the rules S1 to S7 of csched.h at each step; the first that does not hold
 * ends the program.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "labs/grading/host/crash.h"
#include "sim.h"

#define LINE		256
#define TRACE_MAX	4096

static struct sim sim;
static bool begun;
static struct csched_group *named[26];
static unsigned long line;
/* Where answers go. The simulator's printf() goes to @said. */
static FILE *answers;
static char *said;
static size_t said_size;

static _Noreturn void broken(const char *why)
{
	fprintf(stderr, "probe: line %lu: %s\n", line, why);
	exit(2);
}

/* The last thing the simulator has said is what does not hold. */
void sim_failed(void)
{
	char *last;

	fflush(stdout);
	while (said_size && said[said_size - 1] == '\n')
		said[--said_size] = '\0';
	last = strrchr(said, '#');
	fprintf(stderr, "found: %s\n", last ? last + 2 : said);
	fflush(answers);
	exit(5);
}

/* --- words of a line --- */

static char *rest;

static char *word(void)
{
	return strtok_r(NULL, " \n", &rest);
}

static u64 number(const char *text)
{
	char *end;
	u64 n;

	if (!text)
		broken("a number is missing");
	n = strtoull(text, &end, 10);
	if (*end || end == text)
		broken("not a number");
	return n;
}

/* @options is "name=" after "name=", each with its place in @values. */
static void options(const char *const *names, u64 *values)
{
	char *text;

	while ((text = word())) {
		char *value = strchr(text, '=');
		int i = 0;

		if (!value)
			broken("write NAME=NUMBER");
		*value++ = '\0';
		while (names[i] && strcmp(names[i], text))
			i++;
		if (!names[i])
			broken("no such option");
		values[i] = number(value);
	}
}

static int letter(void)
{
	char *text = word();

	if (!text || text[0] < 'a' || text[0] > 'z' || text[1])
		broken("a group's name is a letter");
	return text[0] - 'a';
}

static struct csched_group *group(void)
{
	struct csched_group *g = named[letter()];

	if (!g)
		broken("no such group");
	return g;
}

/* --- commands --- */

static void new_pool(void)
{
	static const char *const names[] = { "slot", "cpus", "seed", "tick", "sampled", "park",
					     "ratelimit", NULL };
	const struct csched_policy *policy = csched_policy_by_name(word() ?: "");
	struct csched_params params = csched_default_params;
	/* A minimal slot now and then would blur the picture: none unless asked for. */
	u64 n[] = { 5000, 1, 0, 10000, 0, 10000000, 500 };

	if (!policy)
		broken("there are share, lottery and credit");
	options(names, n);
	params.slot = n[0] * US;
	params.seed = n[2];
	params.tick = n[3] * US;
	if (params.period < params.tick)
		params.period = params.tick;
	params.sampled = n[4];
	params.park_max = n[5] * US;
	params.ratelimit = n[6] * US;
	if (csched_params_check(&params) || !n[1] || n[1] > 8)
		broken("no pool can be so");
	memset(named, 0, sizeof(named));
	sim_init(&sim, policy, &params, n[1]);
	begun = true;
}

static void new_group(bool set)
{
	static const char *const names[] = { "weight", "cap", "burst", NULL };
	int which = letter();
	struct csched_group *g = named[which];
	u64 n[] = { 100, 0, 30000 };
	struct csched_attr attr;

	if (!g == set)
		broken(set ? "no such group" : "there is one already");
	if (set) {
		n[0] = g->attr.weight;
		n[1] = g->attr.cap;
		n[2] = g->attr.burst / US;
	}
	options(names, n);
	attr = (struct csched_attr){ .weight = n[0], .cap = n[1], .burst = n[2] * US };
	if (csched_attr_check(&sim.pool, &attr))
		broken("no group can be so");
	if (set)
		sim_group_set(&sim, g, n[0], n[1], n[2] * US);
	else
		named[which] = sim_group(&sim, n[0], n[1], n[2] * US);
}

static void new_task(void)
{
	static const char *const names[] = { "run", "sleep", "deaf", NULL };
	struct csched_group *g = group();
	u64 n[] = { 0, 0, 0 };
	struct sim_task *t;

	options(names, n);
	if (!n[0] != !n[1])
		broken("run and sleep come together");
	t = sim_task(&sim, g, n[0] ? n[0] * US : SIM_FOREVER, n[1] * US);
	t->deaf = n[2];
	/* O4 takes no account of deaf tasks; this keeps it from looking. */
	if (t->deaf)
		sim.kernel = 1;
	/* It counts from its second turn on. */
	t->woke = SIM_NEVER;
}

static void end_tasks(struct csched_group *g)
{
	int i;

	for (i = 0; i < SIM_TASKS; i++)
		if (sim.tasks[i].used && sim.tasks[i].core.group == g)
			sim_exit(&sim, &sim.tasks[i]);
}

/* --- questions --- */

/* Who runs, at each of so many moments: a letter, or '-' if nobody does. */
static void ask_trace(u64 n, u64 apart)
{
	static char text[TRACE_MAX + 1];
	u64 i;

	if (!n || n > TRACE_MAX || !apart)
		broken("trace COUNT US");
	for (i = 0; i < n; i++) {
		int k, g;

		sim_run(&sim, sim.now + apart * US);
		text[i] = '-';
		for (k = 0; k < SIM_TASKS; k++)
			for (g = 0; g < 26; g++)
				if (sim.tasks[k].used && sim.tasks[k].executing &&
				    sim.tasks[k].core.group == named[g])
					text[i] = 'a' + g;
	}
	text[n] = '\0';
	fprintf(answers, "%lu trace %s\n", line, text);
}

static void ask_ran(const struct csched_group *g, u64 n)
{
	int i;

	for (i = 0; i < SIM_TASKS; i++) {
		struct sim_task *t = &sim.tasks[i];

		if (!t->used || t->core.group != g || n--)
			continue;
		fprintf(answers, "%lu ran %llu\n", line,
			t->ran + (t->executing ? sim.now - t->from : 0));
		return;
	}
	broken("no such task");
}

/* The longest that a task of the group has waited after it woke, since it was asked last. */
static void ask_wake(const struct csched_group *g)
{
	u64 worst = 0;
	int i;

	for (i = 0; i < SIM_TASKS; i++) {
		struct sim_task *t = &sim.tasks[i];

		if (!t->used || t->core.group != g)
			continue;
		worst = t->worst_wake > worst ? t->worst_wake : worst;
		t->worst_wake = 0;
	}
	fprintf(answers, "%lu wake %llu\n", line, worst);
}

static void ask_show(const struct csched_group *g)
{
	static const char *const standing[] = { "BOOST", "UNDER", "OVER" };

	csched_lag_update(&sim.pool);
	fprintf(answers, "%lu lag=%lld credit=%lld earned=%llu spent=%llu discarded=%llu boosts=%llu "
		"slots=%llu standing=%s throttled=%d\n", line, g->lag, g->credit, g->earned,
		g->spent, g->discarded, g->boosts, g->slots, standing[csched_standing(g)],
		g->throttled);
}

/* Must a group with this lag and due run rather than another? All in ns; one CPU. */
static void ask_before(void)
{
	struct csched_group g[2] = { { .pool = &sim.pool }, { .pool = &sim.pool } };
	int i;

	for (i = 0; i < 2; i++) {
		char *text = word();

		g[i].lag = text ? strtoll(text, NULL, 10) : 0;
		g[i].due = number(word());
		g[i].active = true;
	}
	fprintf(answers, "%lu %s\n", line, csched_due_before(&g[0], &g[1]) ? "yes" : "no");
}

static void ask(char *text)
{
	char *verb = strtok_r(text, " \n", &rest);

	if (!verb || verb[0] == '#')
		return;
	if (!strcmp(verb, "pool")) {
		new_pool();
		return;
	}
	if (!begun)
		broken("no pool yet");
	if (!strcmp(verb, "group")) {
		new_group(false);
	} else if (!strcmp(verb, "set")) {
		new_group(true);
	} else if (!strcmp(verb, "task")) {
		new_task();
	} else if (!strcmp(verb, "exit")) {
		end_tasks(group());
	} else if (!strcmp(verb, "phase")) {
		sim.wake_phase = true;
	} else if (!strcmp(verb, "obey")) {
		sim.obey = number(word()) * US;
	} else if (!strcmp(verb, "run")) {
		sim_run(&sim, sim.now + number(word()) * US);
	} else if (!strcmp(verb, "charge")) {
		struct csched_group *g = group();

		csched_lag_charge(g, number(word()));
	} else if (!strcmp(verb, "trace")) {
		u64 n = number(word());

		ask_trace(n, number(word()));
	} else if (!strcmp(verb, "used")) {
		fprintf(answers, "%lu used %llu\n", line, sim_used(&sim, group()));
	} else if (!strcmp(verb, "ran")) {
		struct csched_group *g = group();

		ask_ran(g, number(word()));
	} else if (!strcmp(verb, "wake")) {
		ask_wake(group());
	} else if (!strcmp(verb, "show")) {
		ask_show(group());
	} else if (!strcmp(verb, "lost")) {
		fprintf(answers, "%lu lost %llu\n", line, sim.lost);
	} else if (!strcmp(verb, "before")) {
		ask_before();
	} else {
		broken("unknown verb");
	}
}

int main(void)
{
	static char text[LINE];

	report_crashes();
	answers = stdout;
	/* What has been answered before a crash has been answered. */
	setvbuf(answers, NULL, _IOLBF, 8192);
	stdout = open_memstream(&said, &said_size);
	if (!stdout)
		return 2;
	while (fgets(text, sizeof(text), stdin)) {
		line++;
		ask(text);
	}
	return 0;
}

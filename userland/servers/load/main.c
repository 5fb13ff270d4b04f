// SPDX-License-Identifier: GPL-2.0-only
/*
 * load: requests for an HTTP server, and how it bears them.
 *
 * Reading order: counts.h says what a request can come to; loop.h, loop.c and client.c make
 * requests; schedule.h, histogram.h and response.h are what they stand on; series.c and
 * report.c tell. This file starts the loops, and looks at the server's processes.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "cpus.h"
#include "loop.h"
#include "process.h"
#include "report.h"
#include "resources.h"

/* The body of dripping clients, if --body says nothing. */
#define DRIP_BODY_SIZE 1000

static atomic_bool stop;

static void on_signal(int signal)
{
	(void)signal;
	atomic_store(&stop, true);
}

static void print_help(void)
{
	puts("usage: load [OPTION]... http://127.0.0.1:8080/path\n"
	     "Send requests to an HTTP server and report how it bears them.\n\n"
	     "how many, how long:\n"
	     "  --connections N        clients, each with one connection at a time (10)\n"
	     "  --duration TIME        length of the measured window (10s)\n"
	     "  --warmup TIME          before it, not measured (0)\n"
	     "  --requests N           so many and no more\n"
	     "  --rate R               open loop: R requests a second, whatever the server does\n"
	     "  --close                one request a connection\n"
	     "  --timeout TIME         for one answer (10s)\n"
	     "  --threads N            loops, each in a thread of its own (1)\n"
	     "  --pin                  a CPU for each of them\n"
	     "  --source ADDRESS,...   connect from these, such as 127.0.0.2-9\n"
	     "what is asked, what is expected:\n"
	     "  --method METHOD        GET, or POST if there is a body\n"
	     "  --header 'NAME: VALUE' may be repeated\n"
	     "  --body N|@FILE         N bytes, or a file\n"
	     "  --expect STATUS        anything else is an error (2xx)\n"
	     "  --check TEXT           the body has to contain it\n"
	     "besides, connections that are a burden:\n"
	     "  --idle N               hold N idle ones; --idle-after-request: each asks once\n"
	     "  --drip BYTES/MS        clients that send so slowly; --drip-in head|body\n"
	     "  --slow-read BYTES      clients that read so much a second\n"
	     "  --slow N               how many of each of these (10)\n"
	     "what is told:\n"
	     "  --pid PID,...          the server's CPU time a request; or --pids-of NAME\n"
	     "  --json FILE|-          all of it; --per-client: served counts of each\n"
	     "  --csv FILE             requests, errors and latency of every 100 ms\n\n"
	     "load(1) has examples, the keys of --json, and exit statuses.");
}

static void *loop_thread(void *loop)
{
	loop_run(loop);
	return NULL;
}

/* What dripping and slowly reading clients send. */
static int make_slow_request(struct run *run, struct error *err)
{
	const struct options *o = run->options;
	bool body = o->drip == DRIP_BODY;
	size_t size = o->body || !body ? o->body : DRIP_BODY_SIZE;
	const char *method = body && !strcmp(o->method, "GET") ? "POST" : o->method;
	int ret = request_make(o, method, size, false, &run->slow_request, err);

	run->slow_head = body ? run->slow_request.head : 0;
	return ret;
}

static int prepare(struct run *run, struct error *err)
{
	const struct options *o = run->options;
	int ret;

	ret = request_make(o, o->method, o->body, o->close, &run->request, err);
	if (!ret)
		ret = request_make(o, o->method, o->body, false, &run->idle_request, err);
	if (!ret)
		ret = make_slow_request(run, err);
	if (o->check)
		search_begin(&run->search, o->check);
	return ret;
}

static void set_times(struct run *run)
{
	const struct options *o = run->options;

	run->begin = clock_now();
	run->measure = run->begin + o->warmup;
	run->end = o->timed ? run->measure + o->duration : NEVER;
}

/* Ends early if a signal comes: the loops end as well. */
static void sleep_until(uint64_t moment)
{
	struct timespec until = { (time_t)(moment / NS_PER_S), (long)(moment % NS_PER_S) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static void sum_up(struct report *report, const struct loop *loops)
{
	const struct options *o = report->options;

	for (unsigned int i = 0; i < o->threads; i++) {
		const struct loop *loop = &loops[i];
		double window = loop->window ? (double)loop->window : 1;
		double cpu = 100 * (double)loop->cpu / window;
		double starved = 100 * (double)loop->starved / window;

		counts_merge(&report->counts, &loop->counts);
		histogram_merge(&report->latency, &loop->latency);
		histogram_merge(&report->service, o->rate ? &loop->service : &loop->latency);
		histogram_merge(&report->late, &loop->late);
		report->cpu_percent = cpu > report->cpu_percent ? cpu : report->cpu_percent;
		report->starved_percent =
			starved > report->starved_percent ? starved : report->starved_percent;
		for (size_t k = 0; k < loop->clients; k++)
			report->served[report->clients++] = loop->connections[k].served;
	}
}

/* The window: as long as it was to be, or until the user, or the last answer, ended it. */
static double window_seconds(const struct run *run, const struct report *report,
			     const struct loop *loops)
{
	uint64_t end = loops[0].end;

	if (report->options->requests && report->counts.last &&
	    (end == NEVER || report->counts.last < end))
		end = report->counts.last;
	if (end == NEVER)
		end = loops[0].now;
	return end > run->measure ? (double)(end - run->measure) / 1e9 : 0;
}

static int fill_fairness(struct report *report, struct error *err)
{
	cleanup_free uint64_t *sorted = NULL;
	size_t size = report->clients * sizeof(*sorted);

	sorted = malloc(size);
	if (!sorted)
		return error_errno(err, ENOMEM, NULL, "report");
	memcpy(sorted, report->served, size);
	report->fairness = fairness_of(sorted, report->clients);
	return 0;
}

static int find_pids(struct options *o, struct error *err)
{
	struct processes sample;
	int ret = 0;

	if (o->pids_of)
		ret = process_find(o->pids_of, o->pids, OPTIONS_PIDS, &o->pid_count, err);
	if (ret || !o->pid_count)
		return ret;
	ret = process_sample(o->pids, o->pid_count, &sample, err);
	free(sample.processes);
	return ret;
}

/*
 * Runs all loops, and looks at the server when their window begins and when they are done: before
 * they close their connections, since threads that the server has for those end with them.
 */
static int run_loops(struct run *run, struct loop *loops, struct report *report, struct error *err)
{
	const struct options *o = run->options;
	struct processes before = { .count = 0 }, after = { .count = 0 };
	pthread_t threads[OPTIONS_THREADS];
	pthread_attr_t attributes;
	int ret = 0;

	pthread_attr_init(&attributes);
	pthread_barrier_init(&run->barrier, NULL, o->threads + 1);
	for (unsigned int i = 0; i < o->threads; i++) {
		if ((o->pin && cpus_pin(&attributes, cpus_nth(i))) ||
		    pthread_create(&threads[i], &attributes, loop_thread, &loops[i])) {
			/* Those that have begun would wait for it for ever. */
			fprintf(stderr, "load: threads: %u: cannot be started: use fewer\n",
				o->threads);
			exit(1);
		}
	}
	pthread_attr_destroy(&attributes);
	pthread_barrier_wait(&run->barrier);
	if (o->pid_count && !o->warmup)
		ret = process_sample(o->pids, o->pid_count, &before, err);
	run->failed = run->failed || ret;
	set_times(run);
	pthread_barrier_wait(&run->barrier);
	if (o->pid_count && o->warmup) {
		sleep_until(run->measure);
		ret = process_sample(o->pids, o->pid_count, &before, err);
	}
	pthread_barrier_wait(&run->barrier);
	if (!ret && o->pid_count)
		ret = process_sample(o->pids, o->pid_count, &after, err);
	pthread_barrier_wait(&run->barrier);
	for (unsigned int i = 0; i < o->threads; i++)
		pthread_join(threads[i], NULL);
	for (unsigned int i = 0; i < o->threads; i++)
		if (loops[i].err.text[0])
			ret = error_set(err, ECONNREFUSED, "%s", loops[i].err.text);
	if (!ret && o->pid_count) {
		report->usage = process_usage(&before, &after);
		report->has_usage = true;
	}
	free(before.processes);
	free(after.processes);
	return ret;
}

static int make_loops(struct run *run, struct loop *loops, struct error *err)
{
	int ret = 0;

	for (unsigned int i = 0; !ret && i < run->options->threads; i++)
		ret = loop_make(&loops[i], run, i, err);
	return ret;
}

static int measure(struct run *run, struct loop *loops, struct report *report, struct error *err)
{
	const struct options *o = run->options;
	struct error ignored;
	int ret;

	ret = series_open(&run->series, o->csv, isatty(STDERR_FILENO), o->threads, o->warmup, err);
	if (!ret)
		ret = make_loops(run, loops, err);
	if (!ret)
		ret = run_loops(run, loops, report, err);
	if (series_close(&run->series, ret ? &ignored : err) && !ret)
		ret = -EIO;
	if (ret)
		return ret;
	sum_up(report, loops);
	report->seconds = window_seconds(run, report, loops);
	report->interrupted = atomic_load(&stop);
	return fill_fairness(report, err);
}

/* Standard output gets the JSON or the text, not both. */
static int tell(const struct report *report, FILE *json, struct error *err)
{
	if (json != stdout)
		report_text(report, stdout);
	if (json)
		report_json(report, json);
	if (json && (fflush(json) || ferror(json)))
		return error_set(err, EIO, "json: %s: cannot write", report->options->json);
	if (fflush(stdout) || ferror(stdout))
		return error_set(err, EIO, "standard output: cannot write");
	if (!report->counts.answered)
		return error_set(err, EIO, "%s: not one request was answered",
				 report->options->authority);
	return 0;
}

static int open_json(const char *path, FILE **json, struct error *err)
{
	*json = NULL;
	if (!path)
		return 0;
	*json = strcmp(path, "-") ? fopen(path, "we") : stdout;
	return *json ? 0 : error_errno(err, errno, NULL, "json: %s", path);
}

static void catch_signals(void)
{
	struct sigaction end = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND };

	sigaction(SIGINT, &end, NULL);
	sigaction(SIGTERM, &end, NULL);
}

/* Everything that may be refused is asked before the server sees the first connection. */
static int load(struct options *options, struct report *report, struct loop *loops,
		struct error *err)
{
	struct run run = { .options = options, .stop = &stop };
	FILE *json = NULL;
	int ret;

	ret = resources_check(options, err);
	if (!ret)
		ret = find_pids(options, err);
	if (!ret)
		ret = prepare(&run, err);
	if (!ret)
		ret = open_json(options->json, &json, err);
	if (!ret) {
		catch_signals();
		ret = measure(&run, loops, report, err);
	}
	if (!ret)
		ret = tell(report, json, err);
	if (json && json != stdout)
		fclose(json);
	free(run.request.bytes);
	free(run.idle_request.bytes);
	free(run.slow_request.bytes);
	return ret;
}

/* With what has to be on the heap: the histograms of loops and report are large. */
static int load_on_heap(struct options *options, struct error *err)
{
	struct report *report = calloc(1, sizeof(*report));
	struct loop *loops = calloc(options->threads, sizeof(*loops));
	uint64_t *served = calloc(options->connections, sizeof(*served));
	int ret;

	if (report && loops && served) {
		report->options = options;
		report->served = served;
		for (unsigned int i = 0; i < options->threads; i++)
			loops[i].epoll = -1;
		ret = load(options, report, loops, err);
		for (unsigned int i = 0; i < options->threads; i++)
			loop_free(&loops[i]);
	} else {
		ret = error_errno(err, ENOMEM, "give fewer --connections", "load");
	}
	free(served);
	free(loops);
	free(report);
	return ret;
}

int main(int argc, char **argv)
{
	struct error err = { "" };
	struct options options;
	int ret = options_parse(argc, argv, &options, &err);

	if (!ret && options.help) {
		print_help();
		return 0;
	}
	if (!ret && options.version) {
		puts("load (VirtLab) " VMM_VERSION);
		return 0;
	}
	if (!ret)
		ret = load_on_heap(&options, &err);
	if (!ret)
		return 0;
	fprintf(stderr, "load: %s\n", err.text);
	return ret == -EUSAGE ? 2 : 1;
}

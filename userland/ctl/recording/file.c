// SPDX-License-Identifier: GPL-2.0-only
/*
 * A recording as a file (.csched), for this machine's byte order:
 *
 *	struct header | groups x struct csched_ioc_group | events x struct csched_event
 *
 * The file may come from anybody: recording_parse() believes nothing. Called by
 * cmd_trace.c and cmd_plot.c; fuzzed by tests/fuzz/csched.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "recording.h"

#define MAGIC "csched\n1"
#define FILE_GROUPS_MAX 65536

struct header {
	char magic[8];
	uint32_t group_size;
	uint32_t event_size;
	uint32_t groups;
	uint32_t cpus;
	uint64_t events;
	uint64_t begin_ns;
	uint64_t end_ns;
	uint64_t lost;
};

/* Returns 0 or a negative errno; nothing of it is explained, the caller knows the file's name. */
int recording_write(const struct recording *r, FILE *out)
{
	struct header header = {
		.magic = MAGIC,
		.group_size = sizeof(struct csched_ioc_group),
		.event_size = sizeof(struct csched_event),
		.groups = (uint32_t)r->groups.count,
		.cpus = r->cpus,
		.events = r->count,
		.begin_ns = r->begin_ns,
		.end_ns = r->end_ns,
		.lost = r->lost,
	};

	if (fwrite(&header, sizeof(header), 1, out) != 1 ||
	    fwrite(r->groups.at, sizeof(*r->groups.at), r->groups.count, out) != r->groups.count ||
	    fwrite(r->events, sizeof(*r->events), r->count, out) != r->count)
		return -EIO;
	return 0;
}

static int check_header(const struct header *h, size_t size, struct error *err)
{
	size_t left;

	if (memcmp(h->magic, MAGIC, sizeof(h->magic)) != 0)
		return error_set(err, EINVAL,
				 "recording: not one: csched trace -o FILE.csched makes one");
	if (h->group_size != sizeof(struct csched_ioc_group) ||
	    h->event_size != sizeof(struct csched_event))
		return error_set(err, EINVAL,
				 "recording: made by another version of csched: record again");
	if (h->groups > FILE_GROUPS_MAX || h->events > EVENTS_MAX || !h->cpus || h->cpus > CPUS_MAX)
		return error_set(err, EINVAL,
				 "recording: damaged: %u groups, %" PRIu64
				 " events, %u CPUs cannot be",
				 h->groups, h->events, h->cpus);
	left = size - sizeof(*h);
	if (left !=
	    h->groups * sizeof(struct csched_ioc_group) + h->events * sizeof(struct csched_event))
		return error_set(err, EINVAL,
				 "recording: damaged: %zu bytes are left for %u groups and %" PRIu64
				 " events",
				 left, h->groups, h->events);
	if (h->end_ns < h->begin_ns || h->end_ns > INT64_MAX)
		return error_set(err, EINVAL, "recording: damaged: it ends before it begins");
	return 0;
}

static int check_group(const struct csched_ioc_group *g, uint32_t after, struct error *err)
{
	if (!memchr(g->name, '\0', sizeof(g->name)) || !memchr(g->policy, '\0', sizeof(g->policy)))
		return error_set(err, EINVAL, "recording: damaged: a name of group %u does not end",
				 g->id);
	if (g->id <= after)
		return error_set(err, EINVAL, "recording: damaged: group %u comes after group %u",
				 g->id, after);
	return 0;
}

static int check_event(const struct recording *r, size_t i, struct error *err)
{
	const struct csched_event *e = &r->events[i];
	const char *what = NULL;

	if (e->type > CSCHED_EVENT_HOLDS && e->type != EVENT_SAMPLE)
		what = "its type is unknown";
	else if (e->standing > CSCHED_STANDING_OVER)
		what = "the group's standing is unknown";
	else if (e->cpu >= r->cpus)
		what = "there is no such CPU";
	else if (e->time_ns < r->begin_ns || e->time_ns > r->end_ns)
		what = "it is not of this time";
	else if (i && e->time_ns < e[-1].time_ns)
		what = "it is before the one before it";
	else if (e->used_ns > INT64_MAX)
		what = "nobody can have run for so long";
	if (what)
		return error_set(err, EINVAL, "recording: damaged: event %zu: %s", i, what);
	return 0;
}

static int copy_groups(const uint8_t *data, size_t count, struct recording *r, struct error *err)
{
	uint32_t last = 0;
	int ret = 0;

	for (size_t i = 0; i < count && !ret; i++) {
		struct csched_ioc_group g;

		memcpy(&g, data + i * sizeof(g), sizeof(g));
		ret = check_group(&g, last, err);
		if (!ret)
			ret = recording_meet(r, &g, err);
		last = g.id;
	}
	return ret;
}

static int copy_events(const uint8_t *data, size_t count, struct recording *r, struct error *err)
{
	struct csched_event *events = recording_reserve(r, count, err);
	int ret = 0;

	if (!events)
		return -ENOMEM;
	memcpy(events, data, count * sizeof(*events));
	r->count = count;
	for (size_t i = 0; i < count && !ret; i++)
		ret = check_event(r, i, err);
	return ret;
}

/* Returns 0, and then @r is to be freed; or a negative errno. */
int recording_parse(const void *data, size_t size, struct recording *r, struct error *err)
{
	const uint8_t *at = data;
	struct header header;
	int ret;

	*r = (struct recording){ .count = 0 };
	if (size < sizeof(header))
		return error_set(err, EINVAL, "recording: too short to be one");
	memcpy(&header, at, sizeof(header));
	ret = check_header(&header, size, err);
	if (ret)
		return ret;
	r->begin_ns = header.begin_ns;
	r->end_ns = header.end_ns;
	r->cpus = header.cpus;
	r->lost = header.lost;
	at += sizeof(header);
	ret = copy_groups(at, header.groups, r, err);
	at += header.groups * sizeof(struct csched_ioc_group);
	if (!ret)
		ret = copy_events(at, header.events, r, err);
	if (!ret)
		ret = recording_finish(r, err);
	if (ret)
		recording_free(r);
	return ret;
}

/* The same, from the file at @path. */
int recording_load(const char *path, struct recording *r, struct error *err)
{
	cleanup_fclose FILE *file = fopen(path, "re");
	cleanup_free void *data = NULL;
	size_t most = sizeof(struct header) + FILE_GROUPS_MAX * sizeof(struct csched_ioc_group) +
		      EVENTS_MAX * sizeof(struct csched_event);
	struct stat info;
	struct error why;
	int ret;

	if (!file || fstat(fileno(file), &info))
		return error_errno(err, errno, NULL, "open: %s", path);
	if (!S_ISREG(info.st_mode) || (size_t)info.st_size > most)
		return error_set(err, EINVAL,
				 "%s: not a recording: csched trace -o FILE.csched makes one",
				 path);
	data = malloc((size_t)info.st_size + 1);
	if (!data)
		return error_set(err, ENOMEM, "%s: out of memory", path);
	if (fread(data, 1, (size_t)info.st_size, file) != (size_t)info.st_size)
		return error_errno(err, EIO, NULL, "read: %s", path);
	ret = recording_parse(data, (size_t)info.st_size, r, &why);
	return ret ? error_set(err, -ret, "%s: %s", path, why.text) : 0;
}

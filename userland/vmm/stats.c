// SPDX-License-Identifier: GPL-2.0-only
/* Collecting and printing statistics, see stats.h. Called by cmd_run.c. */
#include "stats.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>

#include "cleanup.h"

/* Bounds what the kernel may claim; KVM has about 80 descriptors of 48 bytes names. */
#define MAX_NAME_SIZE	256

/* The names of shadowpt.h: for people, and as JSON keys. */
#define SPT_X(sym, name) name,
static const char *const exit_titles[] = { SPT_EXIT_REASONS(SPT_X) };
static const char *const event_titles[] = { SPT_EVENTS(SPT_X) };
#undef SPT_X
#define SPT_X(sym, name) #sym,
static const char *const exit_keys[] = { SPT_EXIT_REASONS(SPT_X) };
static const char *const event_keys[] = { SPT_EVENTS(SPT_X) };
#undef SPT_X

void stats_begin(struct stats *stats)
{
	*stats = (struct stats){ 0 };
	clock_gettime(CLOCK_MONOTONIC, &stats->began);
}

/* Read all of @size bytes at @offset of a statistics fd. */
static bool read_exactly(int fd, void *data, size_t size, uint64_t offset)
{
	return pread(fd, data, size, offset) == (ssize_t)size;
}

/*
 * KVM's binary statistics of a VM or a vCPU (api.rst, 4.133): a header, an
 * array of descriptors, an array of 64-bit values. Histograms are left out. A
 * kernel without them leaves @counters empty.
 */
static int read_kvm_counters(int fd, struct counters *counters, struct error *err)
{
	cleanup_close int stats_fd = ioctl(fd, KVM_GET_STATS_FD, NULL);
	union {
		struct kvm_stats_desc desc;
		char room[sizeof(struct kvm_stats_desc) + MAX_NAME_SIZE];
	} memory;
	const struct kvm_stats_desc *desc = &memory.desc;
	struct kvm_stats_header header;
	size_t desc_size;

	if (stats_fd < 0)
		return errno == ENOTTY || errno == EINVAL ? 0 :
		       error_errno(err, errno, NULL, "cannot read KVM statistics");
	if (!read_exactly(stats_fd, &header, sizeof(header), 0) ||
	    header.name_size > MAX_NAME_SIZE || header.num_desc > 4096)
		return error_set(err, EPROTO, "cannot read KVM statistics: bad header");
	desc_size = sizeof(struct kvm_stats_desc) + header.name_size;

	for (uint32_t i = 0; i < header.num_desc && counters->count < STATS_MAX_COUNTERS; i++) {
		struct counter *counter = &counters->list[counters->count];
		uint32_t type;

		if (!read_exactly(stats_fd, &memory, desc_size, header.desc_offset + i * desc_size))
			return error_set(err, EPROTO,
					 "cannot read KVM statistics: bad descriptor %u", i);
		type = desc->flags & KVM_STATS_TYPE_MASK;
		if (desc->size != 1 || type == KVM_STATS_TYPE_LINEAR_HIST ||
		    type == KVM_STATS_TYPE_LOG_HIST)
			continue;
		if (!read_exactly(stats_fd, &counter->value, sizeof(counter->value),
				  header.data_offset + desc->offset))
			return error_set(err, EPROTO, "cannot read KVM statistics: bad value %u",
					 i);
		snprintf(counter->name, sizeof(counter->name), "%.*s", (int)header.name_size,
			 desc->name);
		counters->count++;
	}
	return 0;
}

int stats_read(struct stats *stats, struct machine *machine, struct error *err)
{
	struct timespec now;
	int ret;

	clock_gettime(CLOCK_MONOTONIC, &now);
	stats->seconds =
		now.tv_sec - stats->began.tv_sec + (now.tv_nsec - stats->began.tv_nsec) * 1e-9;
	stats->accel = machine->kvm.path;
	stats->is_shadowpt = machine->kvm.is_shadowpt;
	memcpy(stats->user_exits, machine->user_exits, sizeof(stats->user_exits));
	if (stats->is_shadowpt)
		return kvm_get_shadow_stats(&machine->kvm, &stats->shadow, err);
	ret = read_kvm_counters(machine->kvm.vm_fd, &stats->kvm_vm, err);
	if (ret < 0)
		return ret;
	return read_kvm_counters(machine->kvm.vcpu_fd, &stats->kvm_vcpu, err);
}

static void print_row(const char *name, uint64_t value, FILE *out)
{
	if (value)
		fprintf(out, "  %-32s %12" PRIu64 "\n", name, value);
}

static void print_counters(const char *title, const struct counters *counters, FILE *out)
{
	if (counters->count == 0)
		return;
	fprintf(out, "%s\n", title);
	for (unsigned int i = 0; i < counters->count; i++)
		print_row(counters->list[i].name, counters->list[i].value, out);
}

static const char *user_exit_title(uint32_t reason)
{
	return user_exit_name(reason) ? user_exit_name(reason) : "other";
}

void stats_print(const struct stats *stats, FILE *out)
{
	fprintf(out, "%s, %.3f s", stats->accel, stats->seconds);
	if (stats->is_shadowpt)
		fprintf(out, ", strategy %s, shadow pages %u now, %u at most, limit %u",
			strategy_name(stats->shadow.strategy), stats->shadow.shadow_pages,
			stats->shadow.shadow_pages_peak, stats->shadow.shadow_pages_max);
	fprintf(out, "\nexits to vmm\n");
	for (uint32_t i = 0; i < MACHINE_EXIT_REASONS; i++)
		print_row(user_exit_title(i), stats->user_exits[i], out);
	if (stats->is_shadowpt) {
		fprintf(out, "exits from the guest\n");
		for (unsigned int i = 0; i < SPT_EXIT_NR; i++)
			print_row(exit_titles[i], stats->shadow.exits[i], out);
		fprintf(out, "MMU events\n");
		for (unsigned int i = 0; i < SPT_EV_NR; i++)
			print_row(event_titles[i], stats->shadow.events[i], out);
	}
	print_counters("KVM, vCPU", &stats->kvm_vcpu, out);
	print_counters("KVM, VM", &stats->kvm_vm, out);
}

/* @text as a JSON string; bytes above 0x7f pass as they are. */
static void print_json_string(const char *text, FILE *out)
{
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else if ((unsigned char)*text < 0x20)
			fprintf(out, "\\u%04x", *text);
		else
			putc(*text, out);
	}
	putc('"', out);
}

static void print_json_counters(const char *key, const struct counters *counters, FILE *out)
{
	fprintf(out, ",\n  \"%s\": {", key);
	for (unsigned int i = 0; i < counters->count; i++) {
		fprintf(out, "%s\n    ", i ? "," : "");
		print_json_string(counters->list[i].name, out);
		fprintf(out, ": %" PRIu64, counters->list[i].value);
	}
	fprintf(out, "\n  }");
}

static void print_json_shadow(const struct spt_stats *shadow, FILE *out)
{
	fprintf(out,
		",\n  \"strategy\": \"%s\",\n"
		"  \"shadow_pages\": { \"now\": %u, \"peak\": %u, \"max\": %u },\n  \"exits\": {",
		strategy_name(shadow->strategy), shadow->shadow_pages, shadow->shadow_pages_peak,
		shadow->shadow_pages_max);
	for (unsigned int i = 0; i < SPT_EXIT_NR; i++)
		fprintf(out, "%s\n    \"%s\": %llu", i ? "," : "", exit_keys[i],
			(unsigned long long)shadow->exits[i]);
	fprintf(out, "\n  },\n  \"events\": {");
	for (unsigned int i = 0; i < SPT_EV_NR; i++)
		fprintf(out, "%s\n    \"%s\": %llu", i ? "," : "", event_keys[i],
			(unsigned long long)shadow->events[i]);
	fprintf(out, "\n  }");
}

void stats_print_json(const struct stats *stats, const struct run_result *result, int status,
		      FILE *out)
{
	static const char *const end_keys[RUN_END_NR] = {
		[RUN_EXIT] = "exit", [RUN_STOP] = "stop", [RUN_HALT] = "halt",
		[RUN_SHUTDOWN] = "shutdown", [RUN_MMIO] = "mmio",
		[RUN_INTERNAL_ERROR] = "internal_error", [RUN_FAIL_ENTRY] = "fail_entry",
		[RUN_UNKNOWN] = "unknown", [RUN_TIMEOUT] = "timeout", [RUN_SIGNAL] = "signal",
	};
	const char *separator = "";
	uint64_t other = 0;

	fprintf(out, "{\n  \"accel\": ");
	print_json_string(stats->accel, out);
	fprintf(out,
		",\n  \"end\": \"%s\",\n  \"status\": %d,\n  \"detail\": ", end_keys[result->end],
		status);
	print_json_string(result->detail, out);
	fprintf(out, ",\n  \"seconds\": %.6f,\n  \"user_exits\": {", stats->seconds);
	for (uint32_t i = 0; i < MACHINE_EXIT_REASONS; i++) {
		if (!user_exit_name(i)) {
			other += stats->user_exits[i];
			continue;
		}
		fprintf(out, "%s\n    \"%s\": %" PRIu64, separator, user_exit_name(i),
			stats->user_exits[i]);
		separator = ",";
	}
	fprintf(out, ",\n    \"OTHER\": %" PRIu64 "\n  }", other);
	if (stats->is_shadowpt) {
		print_json_shadow(&stats->shadow, out);
	} else {
		print_json_counters("kvm_vcpu", &stats->kvm_vcpu, out);
		print_json_counters("kvm_vm", &stats->kvm_vm, out);
	}
	fprintf(out, "\n}\n");
}

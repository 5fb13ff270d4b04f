// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoints, read through tracefs as anybody would: a guest whose every step is
 * known, and the lines that it must leave. Only for shadowpt; needs root.
 */
#include <fcntl.h>
#include <sys/mount.h>

#include "machine.h"

#define TRACEFS	"/sys/kernel/tracing/"

static bool file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

static void trace_start(void)
{
	if (access(TRACEFS "trace", F_OK))
		mount("nodev", "/sys/kernel/tracing", "tracefs", 0, NULL);
	CHECK(file_write(TRACEFS "events/shadowpt/enable", "1"), "tracefs: %s", strerror(errno));
	CHECK(file_write(TRACEFS "trace", "\n"), "tracefs: %s", strerror(errno));
	CHECK(file_write(TRACEFS "tracing_on", "1"), "tracefs: %s", strerror(errno));
}

static char text[1 << 20];

static void trace_stop(void)
{
	int fd;
	size_t len = 0;
	ssize_t n;

	CHECK(file_write(TRACEFS "events/shadowpt/enable", "0"), "tracefs: %s", strerror(errno));
	fd = open(TRACEFS "trace", O_RDONLY);
	CHECK(fd >= 0, "tracefs: %s", strerror(errno));
	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += n;
	text[len] = 0;
	close(fd);
}

/* Fail unless a line of the trace holds @event and @fields. */
static void expect_line(const char *event, const char *fields)
{
	char want[256], copy[512];
	const char *line, *end;

	snprintf(want, sizeof(want), "%s: %s", event, fields);
	if (strstr(text, want))
		return;
	printf("# wanted: %s\n# there was:\n", want);
	for (line = text; *line; line = *end ? end + 1 : end) {
		end = strchrnul(line, '\n');
		snprintf(copy, sizeof(copy), "%.*s", (int)(end - line), line);
		if (strstr(copy, event))
			printf("#   %s\n", strstr(copy, event));
	}
	FAIL("%s did not come, or with other fields", event);
}

/*
 * Reads the page at DATA, has its entry name the next page, invalidates, reads again,
 * takes the entry away, invalidates, halts.
 */
GUEST(story,
	"mov 0x30000, %rax\n"			/* 0 */
	"movq $0x31003, 0x4180\n"		/* 8: the entry of DATA */
	"invlpg 0x30000\n"			/* 20 */
	"mov 0x30000, %rbx\n"			/* 28 */
	"movq $0, 0x4180\n"			/* 36 */
	"invlpg 0x30000\n"			/* 48 */
	"out %al, $0x42\n"			/* 56 */
	"hlt");					/* 58 */

static void tell_story(struct machine *m)
{
	machine_init(m);
	mem_write(m, DATA, 0xaaaa);
	mem_write(m, DATA + PAGE, 0xbbbb);
	LOAD(m, story);
	trace_start();
	expect_exit(m, KVM_EXIT_IO);
	expect_halt(m);
	trace_stop();
	CHECK_EQ(regs_get(m).rax, 0xaaaa);
	CHECK_EQ(regs_get(m).rbx, 0xbbbb);
}

static void exit_tells_rip_and_reason(void)
{
	char fields[128];
	struct machine m;

	tell_story(&m);
	snprintf(fields, sizeof(fields), "rip 0x%llx reason %d code 0x4e info1 0x", CODE, SPT_EXIT_PF);
	expect_line("spt_exit", fields);
	snprintf(fields, sizeof(fields), "rip 0x%llx reason %d code 0x79", CODE + 20,
		 SPT_EXIT_INVLPG);
	expect_line("spt_exit", fields);
	snprintf(fields, sizeof(fields), "rip 0x%llx reason %d code 0x7b info1 0x42", CODE + 56,
		 SPT_EXIT_IO);
	expect_line("spt_exit", fields);
	snprintf(fields, sizeof(fields), "rip 0x%llx reason %d code 0x78", CODE + 58, SPT_EXIT_HLT);
	expect_line("spt_exit", fields);
}

static void fill_tells_both_addresses(void)
{
	struct machine m;

	tell_story(&m);
	expect_line("spt_fill", "gva 0x30000 gpa 0x30000 guest level 1 access 0x");
	expect_line("spt_fill", "gva 0x20000 gpa 0x20000 guest level 1 access 0x");
	if (paging == SPT_STRATEGY_VTLB)
		expect_line("spt_fill", "gva 0x30000 gpa 0x31000 guest level 1 access 0x");
}

static void pt_write_tells_address_and_length(void)
{
	struct machine m;

	tell_story(&m);
	if (paging == SPT_STRATEGY_VTLB) {
		CHECK(!strstr(text, "spt_pt_write:"), "vtlb traps no write");
		return;
	}
	expect_line("spt_pt_write", "gpa 0x4180 len 8 emulated");
}

static void sync_tells_which_entry_followed(void)
{
	struct machine m;

	tell_story(&m);
	if (paging == SPT_STRATEGY_VTLB) {
		CHECK(!strstr(text, "spt_sync:"), "vtlb synchronises nothing");
		return;
	}
	expect_line("spt_sync", "gfn 0x4 level 1 index 48 spte 0x");
}

static void zap_tells_which_entry_went(void)
{
	struct machine m;

	tell_story(&m);
	expect_line("spt_zap", "gfn 0x4 level 1 index 48 spte 0x");
	CHECK(strstr(strstr(text, "spt_zap:"), "-> 0x0"), "it is still there");
}

int main(int argc, char **argv)
{
	selftest_init(argc, argv);
	if (!on_shadowpt()) {
		printf("1..0 # SKIP only for shadowpt\n");
		return KSFT_SKIP;
	}
	if (paging == SPT_STRATEGY_DEFAULT)
		paging = SPT_STRATEGY_TRAP;
	RUN(exit_tells_rip_and_reason);
	RUN(fill_tells_both_addresses);
	RUN(pt_write_tells_address_and_length);
	RUN(sync_tells_which_entry_followed);
	RUN(zap_tells_which_entry_went);
	return tap_done();
}

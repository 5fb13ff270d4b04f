// SPDX-License-Identifier: GPL-2.0
/* Log lines, the metrics page, and what is queued to be sent. */
#include <fcntl.h>
#include <unistd.h>

#include "tap.h"
#include "access_log.h"
#include "exchange.h"
#include "metrics.h"

static size_t read_pipe(int fd, char *text, size_t size)
{
	ssize_t n = read(fd, text, size - 1);

	text[n < 0 ? 0 : n] = '\0';
	return n < 0 ? 0 : n;
}

static void a_log_line_is_that_of_the_common_log_format(void)
{
	static struct log_buffer log;
	struct log_line line = {
		"127.0.0.1", 784111777, HTTP_TEXT("GET /\"\\\n\xff HTTP/1.1"), 200, 12
	};
	char text[8192];
	int ends[2];

	CHECK(!pipe(ends), "pipe");
	log_init(&log);
	log_add(&log, ends[1], &line);
	line = (struct log_line){ "::1", 0, HTTP_TEXT(""), 400, 0 };
	log_add(&log, ends[1], &line);
	log_flush(&log, ends[1]);
	read_pipe(ends[0], text, sizeof(text));
	CHECK(!strcmp(text, "127.0.0.1 - - [06/Nov/1994:08:49:37 +0000] \"GET /\\x22\\x5c\\x0a\\xff HTTP/1.1\" 200 12\n"
			    "::1 - - [01/Jan/1970:00:00:00 +0000] \"-\" 400 -\n"), "%s", text);
	close(ends[0]);
	close(ends[1]);
}

/* However long they are: what goes out in one write is whole lines. */
static void lines_are_never_cut(void)
{
	static struct log_buffer log;
	char request[9000], text[LOG_BUFFER + 1];
	uint64_t state = tap_seed();
	unsigned int lines = 0, seen = 0;
	int ends[2];

	CHECK(!pipe2(ends, O_NONBLOCK), "pipe");
	log_init(&log);
	memset(request, 0xff, sizeof(request));
	for (int i = 0; i < 2000; i++) {
		struct log_line line = { "127.0.0.1", i, { request, tap_next(&state) % sizeof(request) }, 200, i };
		size_t written;

		log_add(&log, ends[1], &line);
		lines++;
		written = read_pipe(ends[0], text, sizeof(text));
		CHECK(!written || text[written - 1] == '\n', "the last line is cut");
		for (char *c = text; *c; c++)
			seen += *c == '\n';
	}
	log_flush(&log, ends[1]);
	read_pipe(ends[0], text, sizeof(text));
	for (char *c = text; *c; c++)
		seen += *c == '\n';
	CHECK_EQ(seen, lines);
	close(ends[0]);
	close(ends[1]);
}

static void all_counters_at_once_fit_on_the_page(void)
{
	static struct counters slots[COUNTER_SLOTS];
	static char page[METRICS_MOST];
	struct http_writer w;

	memset(slots, 0x11, sizeof(slots));
	http_writer_init(&w, page, sizeof(page));
	metrics_write(slots, &w);
	CHECK(!w.failed, "METRICS_MOST is too small");
}

static void what_is_sent_in_pieces_is_all_sent(void)
{
	static struct exchange x;
	struct file *file = calloc(1, sizeof(*file) + 5000);
	uint64_t state = tap_seed();

	*file = (struct file){ .refs = 1, .fd = -1, .size = 5000, .path = strdup("/x") };
	exchange_init(&x);
	for (int round = 0; round < 500; round++) {
		uint64_t left = 0;

		while (!exchange_full(&x)) {
			uint64_t length = tap_next(&state) % 3000;

			memset(x.text + x.text_used, 'h', 100);
			exchange_put_text(&x, 100);
			exchange_put_file(&x, file, tap_next(&state) % 2000, length);
			left += 100 + length;
		}
		while (left) {
			uint64_t part = tap_next(&state) % left + 1;

			CHECK(exchange_pending(&x), "%llu octets are missing", (unsigned long long)left);
			exchange_sent(&x, part);
			left -= part;
		}
		CHECK(!exchange_pending(&x), "more is sent than was queued");
		CHECK_EQ(file->refs, 1);
	}
	exchange_put_file(&x, file, 0, 5000);
	CHECK_EQ(file->refs, 2);
	exchange_end(&x);
	CHECK_EQ(file->refs, 1);
	file_put(file);
}

int main(void)
{
	RUN(a_log_line_is_that_of_the_common_log_format);
	RUN(lines_are_never_cut);
	RUN(all_counters_at_once_fit_on_the_page);
	RUN(what_is_sent_in_pieces_is_all_sent);
	return tap_done();
}

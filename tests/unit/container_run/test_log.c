// SPDX-License-Identifier: GPL-2.0
/* The log of a detached container: where one file ends and the next begins, and what is kept. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run.h"
#include "tap.h"

static char folder[] = "/tmp/test_log.XXXXXX";
static struct log_writer w;
static struct error err;

static void empty(void)
{
	DIR *entries = opendir(folder);
	struct dirent *entry;

	while ((entry = readdir(entries)))
		unlinkat(dirfd(entries), entry->d_name, 0);
	closedir(entries);
}

static void begin(uint64_t most, unsigned int files)
{
	if (w.fd >= 0)
		close(w.fd);
	empty();
	w = (struct log_writer){ .dir = open(folder, O_RDONLY | O_DIRECTORY), .fd = -1,
				 .bounds = { most, files } };
	CHECK(w.dir >= 0, "%s", folder);
}

/* What a file holds; "gone" if it is not there. */
static const char *file(unsigned int number)
{
	static char text[400000];
	char name[24];
	ssize_t n;
	int fd;

	snprintf(name, sizeof(name), "log.%u", number);
	fd = openat(w.dir, name, O_RDONLY);
	if (fd < 0)
		return "gone";
	n = read(fd, text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = '\0';
	close(fd);
	return text;
}

static void put(const char *text)
{
	log_put(&w, text, strlen(text));
}

#define HOLDS(number, text)	CHECK(!strcmp(file(number), text), "log.%d: \"%s\"", number, file(number))

static void a_file_ends_with_a_whole_line(void)
{
	begin(10, 3);
	put("one\ntwo\nthree\n");
	HOLDS(1, "one\ntwo\n");
	HOLDS(2, "three\n");
	put("fou");
	HOLDS(2, "three\nfou");
	/* It has begun there: it ends there. */
	put("rteen\nx\n");
	HOLDS(2, "three\nfourteen\n");
	HOLDS(3, "x\n");
}

static void one_that_is_just_full_is_full(void)
{
	begin(4, 3);
	put("abc\n");
	HOLDS(1, "abc\n");
	HOLDS(2, "gone");
	put("\n");
	HOLDS(1, "abc\n");
	HOLDS(2, "\n");
	begin(5, 3);
	put("a\nbcd");
	HOLDS(1, "a\nbcd");
	HOLDS(2, "gone");
}

static void the_oldest_goes(void)
{
	begin(4, 2);
	put("1\n22\n333\n4444\n");
	HOLDS(1, "gone");
	HOLDS(2, "gone");
	HOLDS(3, "333\n");
	HOLDS(4, "4444\n");
	begin(4, 1);
	put("1\n22\n333\n");
	HOLDS(2, "gone");
	HOLDS(3, "333\n");
}

static void a_line_may_exceed_the_bound_by_as_much_again(void)
{
	begin(4, 9);
	put("12345678\n");
	HOLDS(1, "12345678");
	HOLDS(2, "\n");
	begin(4, 9);
	put("1234567\nx");
	HOLDS(1, "1234567\n");
	HOLDS(2, "x");
}

static void a_line_without_end_is_bounded_too(void)
{
	static char endless[300000];
	struct stat st;

	memset(endless, 'x', sizeof(endless) - 1);
	begin(100000, 2);
	put(endless);
	CHECK(!fstatat(w.dir, "log.1", &st, 0), "log.1");
	CHECK_EQ(st.st_size, 100000 + 65536);
	CHECK(!fstatat(w.dir, "log.2", &st, 0), "log.2");
	CHECK_EQ(st.st_size, 299999 - 165536);
}

/* Cut into pieces at random, with files enough, it is what was written. */
static void nothing_is_lost(void)
{
	static char all[30000], got[40000];
	uint64_t state = tap_seed();
	size_t used = 0;

	for (size_t i = 0; i < sizeof(all) - 1; i++)
		all[i] = tap_next(&state) % 20 ? (char)('a' + tap_next(&state) % 26) : '\n';
	begin(1024, 1000);
	for (size_t at = 0, n; at < sizeof(all) - 1; at += n) {
		n = tap_next(&state) % 3000;
		n = n < sizeof(all) - 1 - at ? n : sizeof(all) - 1 - at;
		log_put(&w, all + at, n);
	}
	got[0] = '\0';
	for (unsigned int i = 1; i <= w.number; i++) {
		const char *text = file(i);
		size_t length = strlen(text);

		CHECK(i == w.number || text[length - 1] == '\n', "log.%u ends within a line", i);
		memcpy(got + used, text, length + 1);
		used += length;
	}
	CHECK(!strcmp(got, all), "another text of %zu octets", used);
	CHECK(w.number > 25, "%u files", w.number);
}

/* A full disk holds nobody up. */
static void what_was_lost_is_told(void)
{
	struct rlimit before, none;

	begin(1000, 3);
	put("one\npart");
	getrlimit(RLIMIT_FSIZE, &before);
	none = (struct rlimit){ 8, before.rlim_max };
	setrlimit(RLIMIT_FSIZE, &none);
	signal(SIGXFSZ, SIG_IGN);
	put("lost\n");
	put("lost too\n");
	setrlimit(RLIMIT_FSIZE, &before);
	HOLDS(1, "one\npart");
	put("back\n");
	HOLDS(1, "one\npart\ncell: warning: log: 14 octets could not be written\nback\n");
}

static const char *copied(struct log_reader *r)
{
	static char text[1000];
	int out = open("/tmp", O_RDWR | O_TMPFILE, 0600);
	ssize_t n;

	CHECK_EQ(log_copy(r, out, &err), 0);
	n = pread(out, text, sizeof(text) - 1, 0);
	text[n < 0 ? 0 : n] = '\0';
	close(out);
	return text;
}

static void it_is_read_from_the_oldest_on(void)
{
	struct log_reader r = LOG_UNREAD;
	const char *got;

	begin(4, 2);
	CHECK_EQ(log_open(&r, folder, &err), -2);
	log_close(&r);
	put("1\n22\n333\n4444\n");
	CHECK_EQ(log_open(&r, folder, &err), 0);
	got = copied(&r);
	CHECK(!strcmp(got, "333\n4444\n"), "%s", got);
	put("5\n66\n");
	got = copied(&r);
	CHECK(!strcmp(got, "5\n66\n"), "%s", got);
	/* One that it has open it reads to its end, although it is gone. */
	put("7\n");
	put("888\n");
	put("999\n");
	HOLDS(5, "gone");
	got = copied(&r);
	CHECK(!strcmp(got, "888\n999\n") || !strcmp(got, "7\n888\n999\n"), "%s", got);
	log_close(&r);
}

static void numbers_are_not_words(void)
{
	struct log_reader r = LOG_UNREAD;

	/* The tenth comes behind the ninth; log.pipe is none of them. */
	begin(2, 20);
	for (char c = 'a'; c < 'a' + 12; c++)
		put((char[]){ c, '\n', '\0' });
	close(openat(w.dir, "log.pipe", O_CREAT | O_WRONLY, 0600));
	CHECK_EQ(log_open(&r, folder, &err), 0);
	CHECK(!strcmp(copied(&r), "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\n"), "order");
	log_close(&r);
}

int main(void)
{
	if (!mkdtemp(folder))
		return 1;
	w = LOG_NONE;
	RUN(a_file_ends_with_a_whole_line);
	RUN(one_that_is_just_full_is_full);
	RUN(the_oldest_goes);
	RUN(a_line_may_exceed_the_bound_by_as_much_again);
	RUN(a_line_without_end_is_bounded_too);
	RUN(nothing_is_lost);
	RUN(what_was_lost_is_told);
	RUN(it_is_read_from_the_oldest_on);
	RUN(numbers_are_not_words);
	empty();
	rmdir(folder);
	return tap_done();
}

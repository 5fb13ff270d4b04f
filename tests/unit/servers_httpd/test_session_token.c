// SPDX-License-Identifier: GPL-2.0
/* Sealed sessions, and the file with what they are sealed with. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"
#include "session_requests.h"
#include "session_token.h"

#define NOW 1000

static struct session_secret secret, other;
static struct session s, back;
static char token[SESSION_TOKEN_MOST + 1];

static enum session_token read_token(const char *at, size_t length)
{
	char *copy = malloc(length ? length : 1);
	enum session_token verdict;

	memcpy(copy, at, length);
	back.length = 1;
	verdict = session_token_read(&secret, NOW, (struct http_text){ copy, length }, &back);
	free(copy);
	return verdict;
}

static void sizes_of_all_kinds_come_back(void)
{
	static char value[SESSION_MOST];

	for (size_t n = 0; n + 5 <= SESSION_TOKEN_DATA; n += n < 70 ? 1 : 283) {
		size_t length;

		memset(value, 'v', n);
		s.length = 0;
		apply(&s, put_change("k", value));
		length = session_token_write(&secret, NOW + 1, &s, token);
		CHECK(length <= SESSION_TOKEN_MOST && length == strlen(token), "%zu", length);
		CHECK_EQ(http_span(text(token), HTTP_COOKIE_OCTET), length);
		CHECK_EQ(read_token(token, length), SESSION_TOKEN_SOUND);
		CHECK(back.length == s.length && !memcmp(back.data, s.data, s.length), "%zu came back otherwise", n);
	}
	memset(value, 'v', SESSION_TOKEN_DATA - 5);
	s.length = 0;
	apply(&s, put_change("k", value));
	CHECK_EQ(session_token_write(&secret, NOW + 1, &s, token), SESSION_TOKEN_MOST);
	CHECK_EQ(read_token(token, SESSION_TOKEN_MOST), SESSION_TOKEN_SOUND);
}

/* What Python's hmac and base64 make of the same: the seal is HMAC-SHA-256, over all of it. */
static void rfc2104_the_seal_is_that_of_others(void)
{
	s.length = 0;
	apply(&s, put_change("a", "hello"));
	session_token_write(&secret, NOW, &s, token);
	CHECK(!strcmp(token, "AQAAAAAAAAPoAQEABWFoZWxsb7XnCsBlX1_qU3gS7ejru6Iyrt9Zab0XvAl6LJ9WOHIs"), "%s", token);
}

static size_t sealed(int64_t end)
{
	s.length = 0;
	apply(&s, put_change("a", "hello"));
	return session_token_write(&secret, end, &s, token);
}

static void it_ends_when_it_says(void)
{
	CHECK_EQ(read_token(token, sealed(NOW + 1)), SESSION_TOKEN_SOUND);
	CHECK_EQ(read_token(token, sealed(NOW)), SESSION_TOKEN_OVER);
	CHECK_EQ(read_token(token, sealed(0)), SESSION_TOKEN_OVER);
	CHECK_EQ(read_token(token, sealed(-1)), SESSION_TOKEN_OVER);
}

static void each_bit_counts(void)
{
	size_t length = sealed(NOW + 100);

	for (size_t n = 0; n < 8 * length; n++) {
		token[n / 8] ^= 1 << n % 8;
		CHECK(read_token(token, length) == SESSION_TOKEN_FORGED, "bit %zu does not", n);
		token[n / 8] ^= 1 << n % 8;
	}
	CHECK_EQ(read_token(token, length), SESSION_TOKEN_SOUND);
}

static void each_length_but_its_own_is_wrong(void)
{
	size_t length = sealed(NOW + 100);
	static char longer[3 * SESSION_TOKEN_MOST];

	for (size_t n = 0; n < length; n++)
		CHECK(read_token(token, n) == SESSION_TOKEN_FORGED, "cut at %zu", n);
	memset(longer, 'A', sizeof(longer));
	memcpy(longer, token, length);
	for (size_t n = length + 1; n < length + 9; n++)
		CHECK(read_token(longer, n) == SESSION_TOKEN_FORGED, "%zu more", n - length);
	CHECK_EQ(read_token(longer, sizeof(longer)), SESSION_TOKEN_FORGED);
	memcpy(longer + length, "=", 1);
	CHECK_EQ(read_token(longer, length + 1), SESSION_TOKEN_FORGED);
	memcpy(longer + length, "\n", 1);
	CHECK_EQ(read_token(longer, length + 1), SESSION_TOKEN_FORGED);
}

static void a_seal_of_somebody_else_is_none(void)
{
	s.length = 0;
	CHECK_EQ(read_token(token, session_token_write(&other, NOW + 1, &s, token)), SESSION_TOKEN_FORGED);
}

/* The form of another version, or of other records, under our seal. */
static void what_we_sealed_in_another_form_is_over(void)
{
	s.length = 3;
	memcpy(s.data, "\1\1\0", 3);
	CHECK_EQ(read_token(token, session_token_write(&secret, NOW + 1, &s, token)), SESSION_TOKEN_OVER);
}

/* --- the file --- */

static char path[] = "/tmp/httpd-secret-XXXXXX";
static struct error err;

static int open_secret(struct session_secret *to)
{
	err.text[0] = '\0';
	return session_secret_open(path, to, &err);
}

static void put_secret(const char *what, mode_t mode)
{
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || write(fd, what, strlen(what)) != (ssize_t)strlen(what) || fchmod(fd, mode))
		abort();
	close(fd);
}

static void a_secret_is_made_once(void)
{
	struct session_secret first, second;
	struct stat file;

	unlink(path);
	CHECK(!open_secret(&first), "%s", err.text);
	CHECK(!stat(path, &file), "there is no file");
	CHECK_EQ(file.st_mode & 07777, 0600);
	CHECK(!open_secret(&second), "%s", err.text);
	CHECK(!memcmp(&first, &second, sizeof(first)), "another one");
	unlink(path);
	CHECK(!open_secret(&second), "%s", err.text);
	CHECK(memcmp(&first, &second, sizeof(first)) != 0, "it is always the same");
}

static void a_secret_that_is_none_is_refused(void)
{
	char digits[80];

	memset(digits, 'a', sizeof(digits));
	digits[64] = '\0';
	put_secret(digits, 0600);
	CHECK(!open_secret(&other), "%s", err.text);
	put_secret(digits, 0640);
	CHECK(open_secret(&other) && strstr(err.text, "chmod 600"), "others may read it: %s", err.text);
	digits[63] = '\0';
	put_secret(digits, 0600);
	CHECK(open_secret(&other) && err.text[0], "one digit is missing");
	digits[63] = 'a';
	digits[64] = 'a';
	digits[65] = '\0';
	put_secret(digits, 0600);
	CHECK(open_secret(&other) && err.text[0], "one digit too many");
	digits[64] = '\0';
	digits[5] = 'g';
	put_secret(digits, 0600);
	CHECK(open_secret(&other) && err.text[0], "no digit");
	put_secret("", 0600);
	CHECK(open_secret(&other) && err.text[0], "empty");
	unlink(path);
	CHECK(!mkdir(path, 0700), "mkdir");
	CHECK(open_secret(&other) && strstr(err.text, path), "a folder: %s", err.text);
	rmdir(path);
}

int main(void)
{
	int fd = mkstemp(path);

	close(fd);
	for (int i = 0; i < SESSION_SECRET; i++)
		secret.octets[i] = i;
	RUN(sizes_of_all_kinds_come_back);
	RUN(rfc2104_the_seal_is_that_of_others);
	RUN(it_ends_when_it_says);
	RUN(each_bit_counts);
	RUN(each_length_but_its_own_is_wrong);
	RUN(a_seal_of_somebody_else_is_none);
	RUN(what_we_sealed_in_another_form_is_over);
	RUN(a_secret_is_made_once);
	RUN(a_secret_that_is_none_is_refused);
	unlink(path);
	return tap_done();
}

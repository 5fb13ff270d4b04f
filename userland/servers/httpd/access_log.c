// SPDX-License-Identifier: GPL-2.0-only
/* Lines of the access log, see access_log.h. */
#include "access_log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Octets of a request line that are shown. */
#define REQUEST_SHOWN 960

void log_init(struct log_buffer *log)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&log->lock, &attributes);
	pthread_mutexattr_destroy(&attributes);
	log->length = 0;
}

/* A line is added before it is counted in @length, so a death in between leaves none half. */
static void lock(struct log_buffer *log)
{
	if (pthread_mutex_lock(&log->lock) == EOWNERDEAD)
		pthread_mutex_consistent(&log->lock);
}

static void write_out(struct log_buffer *log, int fd)
{
	ssize_t n;

	do
		n = write(fd, log->text, log->length);
	while (n < 0 && errno == EINTR);
	/* A log that cannot be written must not stop the service: these lines are lost. */
	log->length = 0;
}

/* "06/Nov/1994:08:49:37 +0000" */
static size_t write_time(char *out, size_t size, int64_t time)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t seconds = time;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	return snprintf(out, size, "%02d/%.3s/%04d:%02d:%02d:%02d +0000", tm.tm_mday,
			months + (size_t)3 * tm.tm_mon, tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
			tm.tm_sec);
}

/* Nobody writes lines of his own, or moves the cursor of who reads them. */
static size_t write_escaped(char *out, struct http_text text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.length && i < REQUEST_SHOWN; i++) {
		unsigned char c = text.at[i];

		if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
			n += sprintf(out + n, "\\x%02x", c);
		else
			out[n++] = c;
	}
	return n;
}

static size_t write_line(char *out, const struct log_line *line)
{
	size_t n = sprintf(out, "%.48s - - [", line->host);

	n += write_time(out + n, 40, line->time);
	n += sprintf(out + n, "] \"");
	if (line->request.length)
		n += write_escaped(out + n, line->request);
	else
		out[n++] = '-';
	n += sprintf(out + n, "\" %u ", line->status);
	return n + sprintf(out + n, line->octets ? "%llu\n" : "-\n",
			   (unsigned long long)line->octets);
}

void log_add(struct log_buffer *log, int fd, const struct log_line *line)
{
	char text[LOG_BUFFER]; /* 4 * REQUEST_SHOWN, and less than 150 around it */
	size_t length;

	if (fd < 0)
		return;
	length = write_line(text, line);
	lock(log);
	if (length > sizeof(log->text) - log->length)
		write_out(log, fd);
	memcpy(log->text + log->length, text, length);
	log->length += length;
	pthread_mutex_unlock(&log->lock);
}

void log_flush(struct log_buffer *log, int fd)
{
	if (fd < 0)
		return;
	lock(log);
	if (log->length)
		write_out(log, fd);
	pthread_mutex_unlock(&log->lock);
}

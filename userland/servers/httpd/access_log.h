/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The access log, in the common log format. Lines gather in a buffer of whoever serves, and
 * go out with one write(2) of whole lines, so that no line is ever cut by another's. Buffers
 * lie in shared memory: the main process writes them out once a second, also what a worker
 * said before it died.
 */
#ifndef VIRTLAB_HTTPD_ACCESS_LOG_H
#define VIRTLAB_HTTPD_ACCESS_LOG_H

#include <pthread.h>

#include "../http/text.h"

/* PIPE_BUF: so many octets are written in one piece to a pipe too. */
#define LOG_BUFFER 4096

/**
 * struct log_buffer - lines that wait
 * @lock: between its owner and who writes it out; survives the death of either
 * @length: octets that wait
 * @text: the lines
 */
struct log_buffer {
	pthread_mutex_t lock;
	unsigned int length;
	char text[LOG_BUFFER];
};

/**
 * struct log_line - one answer
 * @host: whose request, as text
 * @time: seconds since 1970
 * @request: the request line, as it came; empty if there was none that could be read
 * @status: of the answer
 * @octets: of its content
 */
struct log_line {
	const char *host;
	int64_t time;
	struct http_text request;
	unsigned int status;
	uint64_t octets;
};

/**
 * log_init() - an empty buffer
 * @log: in memory that all who use it share
 */
void log_init(struct log_buffer *log);

/**
 * log_add() - one more line
 * @log: buffer
 * @fd: of the log, written to if the line does not fit any more; -1: there is none
 * @line: what to say
 */
void log_add(struct log_buffer *log, int fd, const struct log_line *line);

/**
 * log_flush() - write out what waits
 * @log: buffer
 * @fd: of the log
 */
void log_flush(struct log_buffer *log, int fd);

#endif

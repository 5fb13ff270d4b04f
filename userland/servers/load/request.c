// SPDX-License-Identifier: GPL-2.0-only
/* Writes a request down, see request.h. */
#include "request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cleanup.h"

static int read_file(const char *path, char **content, size_t *size, struct error *err)
{
	cleanup_fclose FILE *file = fopen(path, "re");
	cleanup_free char *bytes = NULL;

	if (!file)
		return error_errno(err, errno, NULL, "body: %s", path);
	bytes = malloc(OPTIONS_BODY_MAX + 1);
	if (!bytes)
		return error_errno(err, ENOMEM, NULL, "body: %s", path);
	*size = fread(bytes, 1, OPTIONS_BODY_MAX + 1, file);
	if (ferror(file))
		return error_errno(err, errno, NULL, "body: %s", path);
	if (*size > OPTIONS_BODY_MAX)
		return error_set(err, EFBIG, "body: %s: more than %u bytes", path,
				 OPTIONS_BODY_MAX);
	*content = bytes;
	bytes = NULL;
	return 0;
}

static bool names_host(const struct options *options)
{
	for (unsigned int i = 0; i < options->header_count; i++)
		if (!strncasecmp(options->headers[i], "Host:", 5))
			return true;
	return false;
}

static void write_head(FILE *out, const struct options *options, const char *method, size_t body,
		       bool close)
{
	fprintf(out, "%s %s HTTP/1.1\r\n", method, options->target);
	if (!names_host(options))
		fprintf(out, "Host: %s\r\n", options->authority);
	for (unsigned int i = 0; i < options->header_count; i++)
		fprintf(out, "%s\r\n", options->headers[i]);
	if (body || !strcmp(method, "POST") || !strcmp(method, "PUT"))
		fprintf(out, "Content-Length: %zu\r\n", body);
	if (close)
		fputs("Connection: close\r\n", out);
	fputs("\r\n", out);
}

static bool is_idempotent(const char *method)
{
	static const char *const methods[] = { "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE" };

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (!strcmp(method, methods[i]))
			return true;
	return false;
}

/*
 * The body is the file that @options names, or @body letters x. Returns 0 or a negative
 * errno; the caller frees the bytes.
 */
int request_make(const struct options *options, const char *method, size_t body, bool close,
		 struct request *request, struct error *err)
{
	cleanup_free char *content = NULL;
	size_t size = 0;
	FILE *out;
	int ret;

	*request = (struct request){
		.to_head = !strcmp(method, "HEAD"),
		.idempotent = is_idempotent(method),
	};
	if (options->body_file) {
		ret = read_file(options->body_file, &content, &body, err);
		if (ret)
			return ret;
	}
	out = open_memstream(&request->bytes, &size);
	if (!out)
		return error_errno(err, errno, NULL, "request");
	write_head(out, options, method, body, close);
	fflush(out);
	request->head = size;
	if (content)
		fwrite(content, 1, body, out);
	for (size_t i = 0; !content && i < body; i++)
		putc('x', out);
	if (fclose(out))
		return error_errno(err, ENOMEM, NULL, "request");
	request->size = size;
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/* A small table, see media_types.h. */
#include "media_types.h"

#include <string.h>
#include <strings.h>

static const struct {
	const char *suffix;
	struct http_text type;
} types[] = {
#define T(suffix, type) { suffix, { type, sizeof(type) - 1 } }
	T("html", "text/html; charset=utf-8"),
	T("htm", "text/html; charset=utf-8"),
	T("css", "text/css; charset=utf-8"),
	T("js", "text/javascript; charset=utf-8"),
	T("mjs", "text/javascript; charset=utf-8"),
	T("txt", "text/plain; charset=utf-8"),
	T("md", "text/markdown; charset=utf-8"),
	T("csv", "text/csv; charset=utf-8"),
	T("json", "application/json"),
	T("xml", "application/xml"),
	T("pdf", "application/pdf"),
	T("wasm", "application/wasm"),
	T("gz", "application/gzip"),
	T("zip", "application/zip"),
	T("svg", "image/svg+xml"),
	T("png", "image/png"),
	T("jpg", "image/jpeg"),
	T("jpeg", "image/jpeg"),
	T("gif", "image/gif"),
	T("webp", "image/webp"),
	T("ico", "image/x-icon"),
	T("mp4", "video/mp4"),
	T("woff2", "font/woff2"),
#undef T
};

struct http_text media_type(const char *path)
{
	const char *name = strrchr(path, '/'), *dot;

	name = name ? name + 1 : path;
	dot = strrchr(name, '.');
	if (!*name)
		dot = ".html";
	for (size_t i = 0; dot && i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcasecmp(dot + 1, types[i].suffix))
			return types[i].type;
	return HTTP_TEXT("application/octet-stream");
}

// SPDX-License-Identifier: GPL-2.0-only
/* Sizes, ids, names and paths as people write them. Called by the verbs. */
#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "image_tool.h"

char *size_text(int64_t octets, char out[SIZE_TEXT])
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	double value = (double)octets;
	size_t unit = 0;

	while (value >= 999.5 && unit < 4) {
		value /= 1000;
		unit++;
	}
	snprintf(out, SIZE_TEXT, "%.*f %s", unit && value < 99.95 ? 1 : 0, value, units[unit]);
	return out;
}

int parse_size(const char *text, const char *what, int64_t *octets, struct error *err)
{
	static const char units[] = "KMGT";
	unsigned long long value;
	const char *unit;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
	if (isdigit((unsigned char)text[0]) && !errno && (!*end || (unit && !end[1]))) {
		int shift = unit ? 10 * (int)(unit - units + 1) : 0;

		if (value && value <= (unsigned long long)INT64_MAX >> shift) {
			*octets = (int64_t)(value << shift);
			return 0;
		}
	}
	return error_set(err, EUSAGE, "%s: \"%.40s\": not a size: write 512M or 10G", what, text);
}

char *short_id(const struct digest *digest, char out[DIGEST_HEX])
{
	digest_hex(digest, out);
	out[12] = '\0';
	return out;
}

char *printable(char *text)
{
	for (char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 127)
			*at = '?';
	return text;
}

int64_t layers_size(const struct manifest *manifest)
{
	int64_t sum = 0;

	for (size_t i = 0; i < manifest->layers.count; i++)
		if (__builtin_add_overflow(sum, manifest->layers.at[i].size, &sum))
			return INT64_MAX;
	return sum;
}

int only_store(int argc, char **argv, int least, int most, const char *usage, const char **path,
	       struct error *err)
{
	static const struct option options[] = { STORE_OPTION, { NULL, 0, NULL, 0 } };
	int ret, option;

	*path = NULL;
	while ((ret = next_option(argc, argv, "", options, &option, err)) > 0)
		*path = optarg;
	if (ret)
		return ret;
	if (argc - optind < least || argc - optind > most)
		return error_set(err, EUSAGE, "%s: %s: write cell-image %s %s", argv[0],
				 argc - optind < least ? "something is missing" : "too many words",
				 argv[0], usage);
	return 0;
}

int own_name(const char *text, char out[REFERENCE_TEXT], struct error *err)
{
	struct reference reference;
	int ret = reference_parse(text, strlen(text), &reference, err);

	if (!ret && reference.has_digest)
		ret = error_set(err, EINVAL, "image name: \"%.120s\": a digest cannot be given to an "
				"image, it has one", text);
	if (ret)
		return ret;
	reference_complete(&reference, REFERENCE_LOCAL);
	reference_text(&reference, out);
	return 0;
}

int open_above(const char *path, char last[NAME_MAX + 1], struct error *err)
{
	size_t length = strlen(path), start;
	char above[PATH_MAX];
	int fd;

	while (length > 1 && path[length - 1] == '/')
		length--;
	for (start = length; start && path[start - 1] != '/'; start--)
		;
	if (!length || start == length || length - start > NAME_MAX || start >= sizeof(above) ||
	    !strcmp(path + start, ".") || !strcmp(path + start, ".."))
		return error_set(err, EINVAL, "%s: is no name for a folder that is to be made", path);
	snprintf(last, NAME_MAX + 1, "%.*s", (int)(length - start), path + start);
	snprintf(above, sizeof(above), "%.*s", start ? (int)start : 1, start ? path : ".");
	fd = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 ? fd : error_errno(err, errno, NULL, "%s", above);
}

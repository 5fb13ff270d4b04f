// SPDX-License-Identifier: GPL-2.0-only
/* JSON from strangers, see document.h. Called by the readers of manifest.c and image_config.c. */
#include "document.h"

#include <errno.h>
#include <string.h>

static const char *type_text(enum json_type type)
{
	switch (type) {
	case json_type_object:
		return "an object";
	case json_type_array:
		return "an array";
	case json_type_string:
		return "a string";
	case json_type_int:
		return "an integer";
	case json_type_boolean:
		return "true or false";
	default:
		return "a number or null";
	}
}

int document_parse(const char *data, size_t length, const char *what, json_object **root,
		   struct error *err)
{
	struct json_tokener *tokener;
	enum json_tokener_error failed;
	json_object *read;
	size_t end;

	*root = NULL;
	if (length > DOCUMENT_MAX)
		return error_set(err, EFBIG, "%s: %zu octets: more than %d are not read", what,
				 length, DOCUMENT_MAX);
	tokener = json_tokener_new_ex(DOCUMENT_DEPTH);
	if (!tokener)
		return error_set(err, ENOMEM, "%s: out of memory", what);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	read = json_tokener_parse_ex(tokener, data, (int)length);
	failed = json_tokener_get_error(tokener);
	end = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);
	/* A number may go on, an object may not: so "continue" means it was cut off. */
	if (failed == json_tokener_continue)
		return error_set(err, EINVAL, "%s: ends in the middle of the JSON", what);
	if (failed != json_tokener_success) {
		json_object_put(read);
		return error_set(err, EINVAL, "%s: octet %zu: not JSON: %s", what, end,
				 json_tokener_error_desc(failed));
	}
	while (end < length && strchr(" \t\r\n", data[end]) && data[end])
		end++;
	if (end < length || !json_object_is_type(read, json_type_object)) {
		json_object_put(read);
		return error_set(err, EINVAL, end < length ? "%s: octet %zu: text after the JSON"
							   : "%s: not an object", what, end);
	}
	*root = read;
	return 0;
}

int document_get(json_object *object, const char *path, const char *key, enum json_type type,
		 json_object **value, struct error *err)
{
	*value = NULL;
	if (!json_object_object_get_ex(object, key, value) || !*value)
		return 0;
	if (json_object_is_type(*value, type))
		return 0;
	*value = NULL;
	return error_set(err, EINVAL, "%s%s%s: is to be %s", path, path[0] ? "." : "", key,
			 type_text(type));
}

int document_need(json_object *object, const char *path, const char *key, enum json_type type,
		  json_object **value, struct error *err)
{
	int ret = document_get(object, path, key, type, value, err);

	if (!ret && !*value)
		ret = error_set(err, EINVAL, "%s%s%s: is missing: it is to be %s", path,
				path[0] ? "." : "", key, type_text(type));
	return ret;
}

int document_digest(json_object *object, const char *path, const char *key, struct digest *digest,
		    struct error *err)
{
	json_object *value;
	int ret = document_need(object, path, key, json_type_string, &value, err);

	if (ret)
		return ret;
	if (!digest_parse(json_object_get_string(value),
			  (size_t)json_object_get_string_len(value), digest))
		return error_set(err, EINVAL, "%s%s%s: \"%.80s\": is to be sha256: and 64 hex digits",
				 path, path[0] ? "." : "", key, json_object_get_string(value));
	return 0;
}

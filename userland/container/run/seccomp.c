// SPDX-License-Identifier: GPL-2.0-only
/*
 * The seccomp filter of a container that was made from an image: a profile in the form of
 * containers-common (Debian ships the default one as data), from which the rules are taken that its
 * capabilities, the machine and the kernel ask for. Called by bundle.c.
 *
 *	"includes": {"caps": [...], "arches": [...], "minKernel": "4.8"}	only if all of it holds
 *	"excludes": likewise							not if any of it holds
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "run.h"

#if defined(__x86_64__)
#define MACHINE	"amd64"
#define NATIVE	"SCMP_ARCH_X86_64"
#elif defined(__aarch64__)
#define MACHINE	"arm64"
#define NATIVE	"SCMP_ARCH_AARCH64"
#else
#define MACHINE	""
#define NATIVE	""
#endif

static json_object *member(json_object *json, const char *key, json_type type)
{
	json_object *value;

	return json_object_object_get_ex(json, key, &value) && json_object_is_type(value, type)
		       ? value : NULL;
}

static size_t length_of(json_object *array)
{
	return array ? json_object_array_length(array) : 0;
}

static const char *text_at(json_object *array, size_t i)
{
	return json_object_get_string(json_object_array_get_idx(array, i)) ?: "";
}

static bool has_text(json_object *array, const char *text)
{
	for (size_t i = 0; i < length_of(array); i++)
		if (!strcmp(text_at(array, i), text))
			return true;
	return false;
}

/* Is this kernel at least that one, as in "4.8"? */
static bool kernel_is(const char *least)
{
	unsigned int major, minor, want_major, want_minor;
	struct utsname name;

	if (uname(&name) || sscanf(name.release, "%u.%u", &major, &minor) != 2 ||
	    sscanf(least, "%u.%u", &want_major, &want_minor) != 2)
		return false;
	return major > want_major || (major == want_major && minor >= want_minor);
}

static bool is_wanted(json_object *rule, json_object *capabilities)
{
	json_object *in = member(rule, "includes", json_type_object);
	json_object *out = member(rule, "excludes", json_type_object);
	json_object *list, *least;

	list = in ? member(in, "caps", json_type_array) : NULL;
	for (size_t i = 0; i < length_of(list); i++)
		if (!has_text(capabilities, text_at(list, i)))
			return false;
	list = in ? member(in, "arches", json_type_array) : NULL;
	if (length_of(list) && !has_text(list, MACHINE))
		return false;
	least = in ? member(in, "minKernel", json_type_string) : NULL;
	if (least && !kernel_is(json_object_get_string(least)))
		return false;
	list = out ? member(out, "caps", json_type_array) : NULL;
	for (size_t i = 0; i < length_of(list); i++)
		if (has_text(capabilities, text_at(list, i)))
			return false;
	if (has_text(out ? member(out, "arches", json_type_array) : NULL, MACHINE))
		return false;
	least = out ? member(out, "minKernel", json_type_string) : NULL;
	return !least || !kernel_is(json_object_get_string(least));
}

/* The runtime's rule: without what chose it. */
static json_object *plain_rule(json_object *rule)
{
	static const char *const keys[] = { "names", "action", "errnoRet", "args" };
	json_object *made = json_object_new_object(), *value;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (json_object_object_get_ex(rule, keys[i], &value) && value)
			json_object_object_add(made, keys[i], json_object_get(value));
	return made;
}

/* The machine's own system calls, and those of the 32-bit programs it runs. */
static json_object *architectures(json_object *profile)
{
	json_object *map = member(profile, "archMap", json_type_array), *list, *sub, *name;
	json_object *given = member(profile, "architectures", json_type_array);

	if (!map)
		return given ? json_object_get(given) : NULL;
	list = json_object_new_array();
	for (size_t i = 0; i < length_of(map); i++) {
		json_object *entry = json_object_array_get_idx(map, i);

		name = member(entry, "architecture", json_type_string);
		if (!name || strcmp(json_object_get_string(name), NATIVE) != 0)
			continue;
		json_object_array_add(list, json_object_get(name));
		sub = member(entry, "subArchitectures", json_type_array);
		for (size_t k = 0; k < length_of(sub); k++)
			json_object_array_add(list, json_object_get(json_object_array_get_idx(sub, k)));
	}
	return list;
}

int run_seccomp(const char *path, json_object *capabilities, json_object **filter,
		struct error *err)
{
	json_object *profile, *from, *to, *value, *list;

	*filter = NULL;
	/* A host that has no default profile is no reason not to run; one that was named is. */
	if (!path && access(SECCOMP_DEFAULT, R_OK))
		return 0;
	if (path && !strcmp(path, "unconfined"))
		return 0;
	path = path ?: SECCOMP_DEFAULT;
	if (access(path, R_OK))
		return error_errno(err, errno, "give a profile, or unconfined", "--seccomp %s", path);
	profile = json_object_from_file(path);
	from = profile ? member(profile, "syscalls", json_type_array) : NULL;
	if (!from || !member(profile, "defaultAction", json_type_string)) {
		json_object_put(profile);
		return error_set(err, EINVAL, "--seccomp %s: expected JSON with defaultAction and "
				 "syscalls", path);
	}
	*filter = json_object_new_object();
	json_object_object_get_ex(profile, "defaultAction", &value);
	json_object_object_add(*filter, "defaultAction", json_object_get(value));
	value = member(profile, "defaultErrnoRet", json_type_int);
	if (value)
		json_object_object_add(*filter, "defaultErrnoRet", json_object_get(value));
	list = architectures(profile);
	if (length_of(list))
		json_object_object_add(*filter, "architectures", list);
	else
		json_object_put(list);
	to = json_object_new_array();
	for (size_t i = 0; i < length_of(from); i++)
		if (is_wanted(json_object_array_get_idx(from, i), capabilities))
			json_object_array_add(to, plain_rule(json_object_array_get_idx(from, i)));
	json_object_object_add(*filter, "syscalls", to);
	json_object_put(profile);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * ROOT/.run/ID: that a container was made by cell run --image, and what is to be removed with it.
 * See run.h. ROOT is ours alone (0700), so what is written here is believed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "run.h"

/* Its keeper removes a network and groups after the program is dead. */
#define KEEPER_MS	15000

static int open_records(bool make, struct error *err)
{
	int fd;

	if (cell_root(err) < 0)
		return cell.root;
	if (make && mkdirat(cell.root, ".run", 0700) && errno != EEXIST)
		return error_errno(err, errno, NULL, "run: make %s/.run", cell.root_path);
	fd = openat(cell.root, ".run", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 ? fd : error_errno(err, errno, NULL, "run: %s/.run", cell.root_path);
}

int record_make(const struct run_options *o, struct run_record *record, struct error *err)
{
	cleanup_close int records = open_records(true, err);

	record->dir = -1;
	if (records < 0)
		return records;
	if (!faccessat(cell.root, o->id, F_OK, AT_SYMLINK_NOFOLLOW) ||
	    (mkdirat(records, o->id, 0700) && errno == EEXIST))
		return error_set(err, EEXIST, "container %s: already exists: choose another --name, or "
				 "cell delete it", o->id);
	record->dir = openat(records, o->id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (record->dir < 0 || flock(record->dir, LOCK_EX | LOCK_NB))
		return error_errno(err, errno, NULL, "run: %s/.run/%s", cell.root_path, o->id);
	snprintf(record->image, sizeof(record->image), "%s", o->image);
	return record_write(record, err);
}

static int write_file(int dir, const char *name, const char *text)
{
	char temporary[32];
	cleanup_close int fd = -1;

	snprintf(temporary, sizeof(temporary), "%s.new", name);
	fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) ||
	    renameat(dir, temporary, dir, name))
		return -errno;
	return 0;
}

int record_write(const struct run_record *record, struct error *err)
{
	json_object *json = json_object_new_object();
	int ret;

	json_object_object_add(json, "folder", json_object_new_string(record->folder));
	json_object_object_add(json, "tree", json_object_new_string(record->tree));
	json_object_object_add(json, "image", json_object_new_string(record->image));
	json_object_object_add(json, "keeper", json_object_new_int(getpid()));
	ret = write_file(record->dir, "record.json",
			 json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN));
	json_object_put(json);
	return ret ? error_errno(err, -ret, NULL, "run: record") : 0;
}

static void take_text(json_object *json, const char *key, char *text, size_t size)
{
	json_object *value;

	if (json_object_object_get_ex(json, key, &value) && json_object_get_string(value))
		snprintf(text, size, "%s", json_object_get_string(value));
}

int record_read(const char *id, struct run_record *record, struct error *err)
{
	cleanup_close int records = -1, file = -1;
	json_object *json;

	*record = (struct run_record){ .dir = -1 };
	if (id_check(id, err) || cell_root(err) < 0)
		return -EINVAL;
	records = openat(cell.root, ".run", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	record->dir = records < 0 ? -1 : openat(records, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
						O_CLOEXEC);
	if (record->dir < 0)
		return errno == ENOENT ? error_set(err, ENOENT, "container %s: was not made from an "
						   "image: see cell list", id)
				       : error_errno(err, errno, NULL, "run: record of %s", id);
	/* One whose keeper was killed at once has none yet: then there is nothing to remove. */
	file = openat(record->dir, "record.json", O_RDONLY | O_CLOEXEC);
	json = file < 0 ? NULL : json_object_from_fd(file);
	take_text(json, "folder", record->folder, sizeof(record->folder));
	take_text(json, "tree", record->tree, sizeof(record->tree));
	take_text(json, "image", record->image, sizeof(record->image));
	json_object_put(json);
	return 0;
}

void record_end(const char *id)
{
	struct run_record record;
	struct error ignored;

	if (!record_read(id, &record, &ignored))
		write_file(record.dir, "ending", "");
	cleanup_fd(&record.dir);
}

bool record_ending(const struct run_record *record)
{
	return !faccessat(record->dir, "ending", F_OK, 0);
}

void record_exit(const struct run_record *record, int status)
{
	char text[16];

	snprintf(text, sizeof(text), "%d\n", status);
	write_file(record->dir, "exit", text);
}

int record_status(const struct run_record *record)
{
	cleanup_close int fd = openat(record->dir, "exit", O_RDONLY | O_CLOEXEC);
	char text[16] = "";

	return fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 ? atoi(text) : -1;
}

bool record_kept(const struct run_record *record, int wait_ms)
{
	const struct timespec pause = { .tv_nsec = 5000000 };

	while (flock(record->dir, LOCK_EX | LOCK_NB)) {
		if (wait_ms <= 0)
			return true;
		nanosleep(&pause, NULL);
		wait_ms -= 5;
	}
	flock(record->dir, LOCK_UN);
	return false;
}

int record_remove(const char *id, bool held, struct error *err)
{
	static const char *const files[] = { "ending", "ending.new", "exit", "exit.new",
					     "record.json.new", "record.json" };
	cleanup_close int records = -1;
	struct run_record record;
	int ret = record_read(id, &record, err);

	if (ret) {
		cleanup_fd(&record.dir);
		return ret == -ENOENT ? 0 : ret;
	}
	if (!held && record_kept(&record, KEEPER_MS))
		ret = error_set(err, EBUSY, "delete: container %s: the cell that keeps it does not "
				"end", id);
	/* While it was waited for it may have gone on to make its folder. */
	cleanup_fd(&record.dir);
	if (!ret)
		ret = record_read(id, &record, err);
	if (ret == -ENOENT)
		return 0;
	if (!ret && record.folder[0])
		ret = run_folder_remove(record.folder, err);
	records = ret ? -1 : open_records(false, err);
	for (size_t i = 0; !ret && i < sizeof(files) / sizeof(files[0]); i++)
		unlinkat(record.dir, files[i], 0);
	cleanup_fd(&record.dir);
	if (!ret && records >= 0 && unlinkat(records, id, AT_REMOVEDIR) && errno != ENOENT)
		ret = error_errno(err, errno, NULL, "delete: %s/.run/%s", cell.root_path, id);
	return ret;
}

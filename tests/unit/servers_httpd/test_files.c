// SPDX-License-Identifier: GPL-2.0
/* The file cache, on a folder of its own. Time is what the test says it is. */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"
#include "files.h"

static char root[] = "/tmp/httpd-files-XXXXXX";
static struct files *files;

static void put(const char *name, const char *text, size_t length)
{
	char path[256], fresh[300];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	snprintf(fresh, sizeof(fresh), "%s.new%d", path, gettid());
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || write(fd, text, length) != (ssize_t)length || close(fd) || rename(fresh, path))
		abort();
}

static void put_large(const char *name)
{
	static char text[FILE_SMALL + 1];

	put(name, text, sizeof(text));
}

static unsigned int open_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned int n = 0;

	while (readdir(folder))
		n++;
	closedir(folder);
	return n;
}

static void begin(unsigned int descriptors)
{
	struct error err;

	CHECK(!files_open(root, descriptors, &files, &err), "%s", err.text);
}

static void small_ones_are_in_memory_and_large_ones_open(void)
{
	struct file *small, *large;

	begin(10);
	put("small", "abc", 3);
	put_large("large");
	CHECK_EQ(files_get(files, "/small", 0, &small), 200);
	CHECK_EQ(files_get(files, "/large", 0, &large), 200);
	CHECK(small->fd < 0 && !memcmp(small->content, "abc", 3), "not in memory");
	CHECK(large->fd >= 0, "not open");
	CHECK_EQ(large->size, FILE_SMALL + 1);
	file_put(small);
	file_put(large);
	files_close(files);
}

static void a_second_time_it_is_the_same_one(void)
{
	struct file *first, *second;

	begin(10);
	put("same", "abc", 3);
	CHECK_EQ(files_get(files, "/same", 0, &first), 200);
	CHECK_EQ(files_get(files, "/same", 5000, &second), 200);
	CHECK(first == second, "opened twice");
	file_put(first);
	file_put(second);
	files_close(files);
}

static void a_change_is_seen_a_second_later_and_not_before(void)
{
	struct file *old, *held, *fresh;

	begin(10);
	put("changing", "old", 3);
	CHECK_EQ(files_get(files, "/changing", 0, &old), 200);
	put("changing", "newer", 5);
	CHECK_EQ(files_get(files, "/changing", 999, &held), 200);
	CHECK(held == old, "asked sooner than once a second");
	CHECK_EQ(files_get(files, "/changing", 1000, &fresh), 200);
	CHECK(fresh != old && fresh->size == 5, "the change was not seen");
	CHECK(!memcmp(old->content, "old", 3), "an answer under way lost its file");
	file_put(old);
	file_put(held);
	file_put(fresh);
	files_close(files);
}

static void what_is_gone_is_gone(void)
{
	char path[256];
	struct file *file;

	begin(10);
	put("gone", "x", 1);
	CHECK_EQ(files_get(files, "/gone", 0, &file), 200);
	file_put(file);
	snprintf(path, sizeof(path), "%s/gone", root);
	unlink(path);
	CHECK_EQ(files_get(files, "/gone", 1000, &file), 404);
	files_close(files);
}

static void no_more_descriptors_are_kept_than_were_granted(void)
{
	unsigned int before = open_descriptors();
	struct file *file;
	char name[32];

	begin(3);
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "/large%d", i);
		put_large(name + 1);
		CHECK_EQ(files_get(files, name, 0, &file), 200);
		file_put(file);
	}
	CHECK(open_descriptors() <= before + 1 + 3, "%u are open", open_descriptors() - before);
	files_close(files);
	CHECK_EQ(open_descriptors(), before);
}

static void many_files_do_not_fill_it_for_ever(void)
{
	struct file *file;
	char name[32];

	begin(10);
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "/small?%d", i);
		put(name + 1, name, strlen(name));
		CHECK_EQ(files_get(files, name, i, &file), 200);
		CHECK(!memcmp(file->content, name, strlen(name)), "%s has the content of another", name);
		file_put(file);
	}
	files_close(files);
}

static void what_is_no_file_says_so(void)
{
	char path[256];
	struct file *file;

	begin(10);
	snprintf(path, sizeof(path), "%s/folder", root);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/fifo", root);
	mkfifo(path, 0644);
	CHECK_EQ(files_get(files, "/folder", 0, &file), 301);
	CHECK_EQ(files_get(files, "/folder/", 0, &file), 404);
	CHECK_EQ(files_get(files, "/fifo", 0, &file), 403);
	CHECK_EQ(files_get(files, "/nothing", 0, &file), 404);
	put("folder/index.html", "index", 5);
	CHECK_EQ(files_get(files, "/folder/", 2000, &file), 200);
	CHECK(!memcmp(file->type.at, "text/html", 9), "its type is that of the folder");
	file_put(file);
	files_close(files);
}

static void links_may_lead_around_but_not_out(void)
{
	char path[256];
	struct file *file;

	begin(10);
	put("target", "x", 1);
	snprintf(path, sizeof(path), "%s/in", root);
	CHECK(!symlink("target", path), "symlink");
	snprintf(path, sizeof(path), "%s/out", root);
	CHECK(!symlink("../../etc/passwd", path), "symlink");
	snprintf(path, sizeof(path), "%s/absolute", root);
	CHECK(!symlink("/etc/passwd", path), "symlink");
	CHECK_EQ(files_get(files, "/in", 0, &file), 200);
	file_put(file);
	CHECK_EQ(files_get(files, "/out", 0, &file), 404);
	CHECK_EQ(files_get(files, "/absolute", 0, &file), 404);
	CHECK_EQ(files_get(files, "/../../etc/passwd", 0, &file), 404);

	/* A name that meant a file and then leads out: asked again, it is refused. */
	put("turned", "x", 1);
	CHECK_EQ(files_get(files, "/turned", 0, &file), 200);
	file_put(file);
	snprintf(path, sizeof(path), "%s/turned", root);
	unlink(path);
	CHECK(!symlink("/etc/passwd", path), "symlink");
	CHECK_EQ(files_get(files, "/turned", 1000, &file), 404);
	files_close(files);
}

static void *ask(void *argument)
{
	uint64_t state = (uintptr_t)argument;

	for (int i = 0; i < 3000; i++) {
		char name[32];
		struct file *file;

		snprintf(name, sizeof(name), "/shared%u", (unsigned int)(tap_next(&state) % 8));
		if (tap_next(&state) % 50 == 0)
			put(name + 1, name, strlen(name));
		if (files_get(files, name, i * 100, &file) != 200)
			continue;
		if (memcmp(file->content, name, strlen(name)) != 0)
			abort();
		file_put(file);
	}
	return NULL;
}

static void four_threads_agree(void)
{
	pthread_t threads[4];

	begin(10);
	for (uintptr_t i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, ask, (void *)(i + 1));
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	files_close(files);
}

int main(void)
{
	char command[64];
	int ret;

	if (!mkdtemp(root))
		return 1;
	RUN(small_ones_are_in_memory_and_large_ones_open);
	RUN(a_second_time_it_is_the_same_one);
	RUN(a_change_is_seen_a_second_later_and_not_before);
	RUN(what_is_gone_is_gone);
	RUN(no_more_descriptors_are_kept_than_were_granted);
	RUN(many_files_do_not_fill_it_for_ever);
	RUN(what_is_no_file_says_so);
	RUN(links_may_lead_around_but_not_out);
	RUN(four_threads_agree);
	ret = tap_done();
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command) ? 1 : ret;
}

/*
 * channel.c - the ports over which the guest speaks to the launcher.
 *
 * QEMU's virtio serial device carries one named port per channel. The serial console (ttyS0)
 * is not one of them: it belongs to the kernel's log alone.
 */
#define _GNU_SOURCE
#include "guest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PORTS "/sys/class/virtio-ports"

static const char *const names[CHANNELS] = {
	[CHANNEL_CONTROL] = "virtlab.control", [CHANNEL_STDOUT] = "virtlab.stdout",
	[CHANNEL_STDERR] = "virtlab.stderr",   [CHANNEL_OUT] = "virtlab.out",
	[CHANNEL_LOG] = "virtlab.log",
};

static int fds[CHANNELS] = { -1, -1, -1, -1, -1 };
static unsigned long long sent[CHANNELS];

/* Reads the name that QEMU gave to a port. Returns false if it has none yet. */
static bool port_name(const char *port, char *name, size_t size)
{
	char path[300];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), PORTS "/%s/name", port);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, name, size - 1);
	close(fd);
	if (n <= 0)
		return false;
	name[n] = '\0';
	name[strcspn(name, "\n")] = '\0';
	return true;
}

/* Opens the ports that are there and still closed. Returns how many are missing. */
static int open_ports(void)
{
	char name[64], path[300];
	int missing = 0;
	struct dirent *entry;
	DIR *dir = opendir(PORTS);

	if (!dir)
		return CHANNELS;
	while ((entry = readdir(dir))) {
		if (!port_name(entry->d_name, name, sizeof(name)))
			continue;
		for (int c = 0; c < CHANNELS; c++) {
			if (fds[c] >= 0 || strcmp(name, names[c]))
				continue;
			snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
			fds[c] = open(path, (c == CHANNEL_CONTROL ? O_RDWR : O_WRONLY) | O_CLOEXEC);
		}
	}
	closedir(dir);
	for (int c = 0; c < CHANNELS; c++)
		missing += fds[c] < 0;
	return missing;
}

/* Opens all channels; the device announces its ports one by one after the driver's start. */
void channels_open(void)
{
	for (int tries = 0; tries < 3000; tries++) {
		if (open_ports() == 0)
			return;
		usleep(10 * 1000);
	}
	trouble("ports did not appear: %s: is virtio_console loaded?", PORTS);
}

/* Sends `len` bytes, waiting as long as the host does not take them. */
void channel_write(enum channel c, const void *data, size_t len)
{
	if (fds[c] >= 0 && write_all(fds[c], data, len) == 0)
		sent[c] += len;
}

/*
 * Tells the host how much was sent, and waits until it has it all if `wait` is set. A write
 * to a port returns when the bytes are queued; those still queued when QEMU exits are lost.
 * Where QEMU writes to files nothing is ever queued, and no answer comes that could arrive
 * at a different instruction each time.
 */
void channels_settle(bool wait)
{
	char answer;

	/* the log's channel is used at boot only, and that may have been another machine's life */
	for (int c = CHANNEL_STDOUT; c < CHANNEL_LOG; c++)
		channel_print(CHANNEL_CONTROL, "sent %s %llu\n",
			      names[c] + strlen("virtlab."), sent[c]);
	channel_print(CHANNEL_CONTROL, "settled\n");
	while (wait && read(fds[CHANNEL_CONTROL], &answer, 1) != 1)
		;
}

void channel_print(enum channel c, const char *format, ...)
{
	char text[1024];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n > 0)
		channel_write(c, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

/*
 * Sends what the kernel has logged so far, which a quiet console did not show, in the
 * console's own format. A record reads "level,sequence,microseconds,flags;text\n" and may be
 * followed by " KEY=value" lines (Documentation/ABI/testing/dev-kmsg).
 */
void channel_boot_log(void)
{
	char record[8192], *text;
	unsigned long long usec;
	ssize_t n;
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return;
	while ((n = read(fd, record, sizeof(record) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		if (n < 0)
			continue;
		record[n] = '\0';
		text = strchr(record, ';');
		if (!text || sscanf(record, "%*u,%*u,%llu", &usec) != 1)
			continue;
		text++;
		text[strcspn(text, "\n")] = '\0';
		channel_print(CHANNEL_LOG, "[%5llu.%06llu] %s\n",
			      usec / 1000000, usec % 1000000, text);
	}
	close(fd);
}

/*
 * guest.h - what the parts of the course VM's init share.
 *
 * init.c owns the order of things, channel.c the ports to the host, job.c the command
 * that the launcher asked for, archive.c the way /out travels back.
 */
#ifndef COURSEVM_GUEST_H
#define COURSEVM_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

/* The job disk is mounted here; the launcher lays it out (coursevm/vm/job.py). */
#define JOB_DIR "/run/job"
#define OUT_DIR "/out"

/* Values written to the isa-debug-exit port; QEMU exits with (value << 1) | 1. */
#define EXIT_PORT 0xf4
#define EXIT_FINISHED 0x2a
#define EXIT_TROUBLE 0x2b

/* Ports of the virtio serial device, guest to host; control also back. */
enum channel {
	CHANNEL_CONTROL,
	CHANNEL_STDOUT,
	CHANNEL_STDERR,
	CHANNEL_OUT,
	CHANNEL_LOG,
	CHANNELS,
};

struct job {
	char **argv;
	char **envp;
	char cwd[256];
	bool interactive;
	bool settle;
	unsigned short rows, cols;
	unsigned long delay_us;
	time_t epoch;
	char entropy[65];
};

void channels_open(void);
void channel_write(enum channel c, const void *data, size_t len);
void channel_print(enum channel c, const char *format, ...) __attribute__((format(printf, 2, 3)));
void channel_boot_log(void);
void channels_settle(bool wait);

void job_wait_for_disk(const char *device);
void job_read(struct job *job);
int job_run(const struct job *job);

int archive_send(const char *root);

void trouble(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void kernel_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void leave(unsigned int value) __attribute__((noreturn));
int write_all(int fd, const void *data, size_t len);
int write_file(const char *path, const char *text);

#endif

/*
 * job.c - the one command of a run: found on the job disk, run, listened to, buried.
 *
 * The job disk is an ext4 file system that the launcher makes for every run:
 *
 *	job/argv	the command, each word ended by NUL
 *	job/environ	its environment, likewise
 *	job/settings	lines "key value": cwd, settle, interactive, rows, cols, delay_us; of a
 *			restored machine also epoch and entropy
 *	tree/		what appears at /virtlab
 *	put/		what is copied over the root directory
 *
 * A machine that waits to become a snapshot has an empty disk; the disk of a restored machine
 * has other contents than it had before, hence the polling and the care about caches.
 */
#define _GNU_SOURCE
#include "guest.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/random.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXT4_MAGIC_OFFSET (1024 + 56)
#define EXT4_MAGIC 0xef53

/* Returns true if the disk now holds a file system, looking past the kernel's block cache. */
static bool disk_is_filled(int fd)
{
	uint16_t magic = 0;

	ioctl(fd, BLKFLSBUF);
	if (pread(fd, &magic, sizeof(magic), EXT4_MAGIC_OFFSET) != sizeof(magic))
		return false;
	return le16toh(magic) == EXT4_MAGIC;
}

void job_wait_for_disk(const char *device)
{
	int fd = open(device, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		trouble("job disk cannot be opened: %s: %s", device, strerror(errno));
	while (!disk_is_filled(fd))
		usleep(20 * 1000);
	close(fd);
}

/* Reads a whole small file. The caller frees the NUL-terminated result. */
static char *read_file(const char *path, size_t *len)
{
	size_t used = 0, room = 1 << 16;
	char *text = malloc(room + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0 || !text)
		trouble("job cannot be read: %s: %s", path, strerror(errno));
	while ((n = read(fd, text + used, room - used)) > 0) {
		used += n;
		if (used == room) {
			room *= 2;
			text = realloc(text, room + 1);
			if (!text)
				trouble("job is too large: %s", path);
		}
	}
	if (n < 0)
		trouble("job cannot be read: %s: %s", path, strerror(errno));
	close(fd);
	text[used] = '\0';
	*len = used;
	return text;
}

/* Splits a file of NUL-ended strings into a NULL-ended vector that lives as long as init. */
static char **read_vector(const char *path)
{
	size_t len, count = 0;
	char *text = read_file(path, &len), **vector;

	for (size_t i = 0; i < len; i++)
		count += text[i] == '\0';
	vector = calloc(count + 1, sizeof(*vector));
	if (!vector)
		trouble("job is too large: %s", path);
	for (size_t i = 0; i < count; i++, text += strlen(text) + 1)
		vector[i] = text;
	return vector;
}

void job_read(struct job *job)
{
	size_t len;
	char *settings = read_file(JOB_DIR "/job/settings", &len), *line, *rest = settings;

	*job = (struct job){ .cwd = "/" };
	while ((line = strsep(&rest, "\n"))) {
		char *value = strchr(line, ' ');

		if (!value)
			continue;
		*value++ = '\0';
		if (!strcmp(line, "cwd"))
			snprintf(job->cwd, sizeof(job->cwd), "%s", value);
		else if (!strcmp(line, "interactive"))
			job->interactive = atoi(value);
		else if (!strcmp(line, "settle"))
			job->settle = atoi(value);
		else if (!strcmp(line, "rows"))
			job->rows = atoi(value);
		else if (!strcmp(line, "cols"))
			job->cols = atoi(value);
		else if (!strcmp(line, "delay_us"))
			job->delay_us = strtoul(value, NULL, 10);
		else if (!strcmp(line, "epoch"))
			job->epoch = strtoll(value, NULL, 10);
		else if (!strcmp(line, "entropy"))
			snprintf(job->entropy, sizeof(job->entropy), "%s", value);
	}
	free(settings);
	job->argv = read_vector(JOB_DIR "/job/argv");
	job->envp = read_vector(JOB_DIR "/job/environ");
	if (!job->argv[0])
		trouble("job has no command: " JOB_DIR "/job/argv is empty");
}

/* Waits for one child. Returns its exit status as a shell would give it. */
static int wait_status(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			trouble("child lost: %s", strerror(errno));
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Copies put/ over the root directory with the image's own cp. */
static void place_files(void)
{
	pid_t pid;
	int rc;

	if (access(JOB_DIR "/put", F_OK) < 0)
		return;
	pid = fork();
	if (pid == 0) {
		execl("/bin/cp", "cp", "-a", JOB_DIR "/put/.", "/", (char *)NULL);
		_exit(127);
	}
	rc = pid < 0 ? -1 : wait_status(pid);
	if (rc)
		trouble("files cannot be placed: cp ended with %d", rc);
}

/* A restored machine has the clock and the random state of its snapshot: gives it its own. */
static void refresh(const struct job *job)
{
	struct {
		struct rand_pool_info info;
		unsigned char bytes[32];
	} pool = { .info = { .entropy_count = 256, .buf_size = 32 } };
	struct timespec now = { .tv_sec = job->epoch };
	int fd;

	if (job->epoch)
		clock_settime(CLOCK_REALTIME, &now);
	if (!job->entropy[0])
		return;
	for (int i = 0; i < 32; i++)
		sscanf(job->entropy + 2 * i, "%2hhx", &pool.bytes[i]);
	fd = open("/dev/urandom", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, RNDADDENTROPY, &pool) < 0 || ioctl(fd, RNDRESEEDCRNG) < 0)
		trouble("random state cannot be renewed: %s", strerror(errno));
	close(fd);
}

/*
 * Burns guest time without sleeping. In deterministic mode the seed's share of a timer period
 * spent here moves every later tick to another instruction of the command.
 */
static void spin(unsigned long usec)
{
	struct timespec now, end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_nsec += usec * 1000;
	end.tv_sec += end.tv_nsec / 1000000000;
	end.tv_nsec %= 1000000000;
	do {
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec < end.tv_sec ||
		 (now.tv_sec == end.tv_sec && now.tv_nsec < end.tv_nsec));
}

/* Connects the child's standard streams: a terminal of its own, or nothing and two pipes. */
static void connect_streams(const struct job *job, int out, int err)
{
	if (job->interactive) {
		struct winsize size = { .ws_row = job->rows, .ws_col = job->cols };
		int tty = open("/dev/hvc0", O_RDWR);

		if (tty < 0)
			_exit(126);
		ioctl(tty, TIOCSCTTY, 0);
		ioctl(tty, TIOCSWINSZ, &size);
		dup2(tty, 0);
		dup2(tty, 1);
		dup2(tty, 2);
		if (tty > 2)
			close(tty);
		return;
	}
	dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
	dup2(out, 1);
	dup2(err, 2);
}

/* The child's half of job_run: never returns. 127 and 126 as in a shell. */
static void exec_command(const struct job *job, int out, int err)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	write_file("/proc/self/oom_score_adj", "0");
	connect_streams(job, out, err);
	if (chdir(job->cwd) < 0) {
		dprintf(2, "coursevm: directory cannot be entered: %s: %s\n", job->cwd,
			strerror(errno));
		_exit(126);
	}
	environ = job->envp;
	execvp(job->argv[0], job->argv);
	dprintf(2, "coursevm: command cannot be run: %s: %s\n", job->argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Moves what one pipe holds to its channel. Returns false when the pipe is empty or closed. */
static bool forward(int pipe_fd, enum channel c)
{
	static char buffer[1 << 16];
	ssize_t n = read(pipe_fd, buffer, sizeof(buffer));

	if (n > 0)
		channel_write(c, buffer, n);
	return n > 0;
}

/* Process 1 inherits every orphan. Returns true, with the status, once `pid` itself is gone. */
static bool reap(pid_t pid, int *status)
{
	bool gone = false;
	int wstatus;
	pid_t dead;

	while ((dead = waitpid(-1, &wstatus, WNOHANG)) > 0) {
		if (dead != pid)
			continue;
		*status = WIFSIGNALED(wstatus) ? 128 + WTERMSIG(wstatus) : WEXITSTATUS(wstatus);
		gone = true;
	}
	return gone;
}

/*
 * Forwards output until the command itself has ended and the pipes are empty. Children that
 * it left behind may keep the pipes open for ever: their end is not waited for.
 */
static int attend(pid_t pid, int out, int err, int signals)
{
	struct pollfd fds[3] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = out, .events = POLLIN },
		{ .fd = err, .events = POLLIN },
	};
	struct signalfd_siginfo info;
	int status = 0;

	for (;;) {
		if (poll(fds, 3, -1) < 0 && errno != EINTR)
			trouble("poll failed: %s", strerror(errno));
		if (fds[1].revents && !forward(out, CHANNEL_STDOUT) && (fds[1].revents & POLLHUP))
			fds[1].fd = -1;
		if (fds[2].revents && !forward(err, CHANNEL_STDERR) && (fds[2].revents & POLLHUP))
			fds[2].fd = -1;
		if (fds[0].revents && read(signals, &info, sizeof(info)) > 0 && reap(pid, &status))
			break;
	}
	while (forward(out, CHANNEL_STDOUT) || forward(err, CHANNEL_STDERR))
		;
	return status;
}

/* Names in the kernel log what SIGKILL does not end: its cause is in the kernel. */
static void name_unkillable(void)
{
	char path[64], name[32] = "";
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc && (entry = readdir(proc))) {
		FILE *stat;
		int parent = 0;
		pid_t pid = atoi(entry->d_name);

		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		stat = pid > 1 ? fopen(path, "re") : NULL;
		if (!stat)
			continue;
		/* kernel threads descend from process 2 */
		if (fscanf(stat, "%*d (%31[^)]) %*c %d", name, &parent) == 2 && parent == 1)
			kernel_warning("process cannot be killed: %s (%d)", name, pid);
		fclose(stat);
	}
	if (proc)
		closedir(proc);
}

/* Kills what the command left running, and waits for it, but not for ever. */
static void bury_the_rest(void)
{
	kill(-1, SIGKILL);
	for (int tries = 0; tries < 500; tries++) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid < 0)
			return;
		if (pid == 0)
			usleep(10 * 1000);
	}
	name_unkillable();
}

/*
 * Runs the job's command and returns its exit status, 128 + n if signal n ended it.
 * Nothing of it that can be killed is alive afterwards.
 */
int job_run(const struct job *job)
{
	int out[2], err[2], signals, status;
	sigset_t chld;
	pid_t pid;

	refresh(job);
	place_files();
	mkdir("/virtlab", 0755);
	if (access(JOB_DIR "/tree", F_OK) == 0 &&
	    mount(JOB_DIR "/tree", "/virtlab", NULL, MS_BIND, NULL) < 0)
		trouble("project tree cannot be mounted: /virtlab: %s", strerror(errno));
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	signals = signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		trouble("pipes cannot be made: %s", strerror(errno));
	fcntl(out[0], F_SETPIPE_SZ, 1 << 20);
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(err[0], F_SETFL, O_NONBLOCK);
	spin(job->delay_us);
	channel_print(CHANNEL_CONTROL, "started\n");

	pid = fork();
	if (pid < 0)
		trouble("fork failed: %s", strerror(errno));
	if (pid == 0)
		exec_command(job, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	status = attend(pid, out[0], err[0], signals);

	bury_the_rest();
	return status;
}

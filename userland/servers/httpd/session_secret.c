// SPDX-License-Identifier: GPL-2.0-only
/* The file that the secret is in, see session_token.h. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "session_token.h"

#define DIGITS (2 * SESSION_SECRET)

static int random_digits(char *digits)
{
	uint8_t octets[SESSION_SECRET];

	if (getrandom(octets, sizeof(octets), 0) != sizeof(octets))
		return -errno;
	sodium_bin2hex(digits, DIGITS + 1, octets, sizeof(octets));
	digits[DIGITS] = '\n';
	return 0;
}

/*
 * Under another name first, so that nobody reads half of it. If somebody else was faster, his
 * is taken.
 */
static int make(const char *path, struct error *err)
{
	char fresh[4096], digits[DIGITS + 1];
	cleanup_close int fd = -1;
	int ret = 0;

	if (snprintf(fresh, sizeof(fresh), "%s.%d", path, (int)getpid()) >= (int)sizeof(fresh))
		return error_errno(err, ENAMETOOLONG, NULL, "secret file");
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(err, errno, NULL, "secret file: %s", fresh);
	if (random_digits(digits) || write(fd, digits, sizeof(digits)) != sizeof(digits) ||
	    fsync(fd) || (link(fresh, path) && errno != EEXIST))
		ret = error_errno(err, errno, NULL, "secret file: %s", path);
	unlink(fresh);
	return ret;
}

static int check(int fd, const char *path, struct error *err)
{
	struct stat file;

	if (fstat(fd, &file))
		return error_errno(err, errno, NULL, "secret file: %s", path);
	if (!S_ISREG(file.st_mode))
		return error_set(err, EINVAL, "secret file: %s: not a file", path);
	if (file.st_mode & 077)
		return error_set(err, EPERM,
				 "secret file: %s: others may read or write it: chmod 600 %s, if they "
				 "have not yet; else remove it, and a new one is made",
				 path, path);
	return 0;
}

static int read_secret(int fd, const char *path, struct session_secret *secret, struct error *err)
{
	char text[DIGITS + 2];
	ssize_t n = read(fd, text, sizeof(text));
	size_t length = 0;

	if (n < 0)
		return error_errno(err, errno, NULL, "secret file: %s", path);
	if (n == DIGITS + 1 && text[DIGITS] == '\n')
		n--;
	if (n != DIGITS || sodium_hex2bin(secret->octets, SESSION_SECRET, text, DIGITS, NULL,
					  &length, NULL) || length != SESSION_SECRET)
		return error_set(err, EINVAL,
				 "secret file: %s: not %d hexadecimal digits: remove it, and one that "
				 "is right is made: sessions end by that",
				 path, DIGITS);
	return 0;
}

int session_secret_open(const char *path, struct session_secret *secret, struct error *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int ret = 0;

	if (sodium_init() < 0)
		return error_set(err, EIO, "secret file: libsodium does not start");
	if (fd < 0 && errno == ENOENT) {
		ret = make(path, err);
		if (ret)
			return ret;
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	}
	if (fd < 0)
		return error_errno(err, errno, NULL, "secret file: %s", path);
	ret = check(fd, path, err);
	return ret ? ret : read_secret(fd, path, secret, err);
}

// SPDX-License-Identifier: GPL-2.0-only
/* Terminal modes for the length of a run, see console.h. */
#include "console.h"

#include <unistd.h>

void console_begin(struct console *console, int fd)
{
	struct termios mode;

	*console = (struct console){ .fd = fd };
	if (fd < 0 || !isatty(fd) || tcgetpgrp(fd) != getpgrp() || tcgetattr(fd, &mode) < 0)
		return;
	console->before = mode;
	mode.c_lflag &= ~(ICANON | ECHO);
	mode.c_iflag &= ~ICRNL;
	console->changed = tcsetattr(fd, TCSANOW, &mode) == 0;
}

void console_end(struct console *console)
{
	if (console->changed)
		tcsetattr(console->fd, TCSANOW, &console->before);
	console->changed = false;
}

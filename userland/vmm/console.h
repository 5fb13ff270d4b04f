/* SPDX-License-Identifier: GPL-2.0-only */
/* The terminal around a run: keys reach the guest at once, Ctrl-C stays vmm's. */
#ifndef VMM_CONSOLE_H
#define VMM_CONSOLE_H

#include <stdbool.h>
#include <termios.h>

struct console {
	int fd;
	bool changed;
	struct termios before;
};

/* Does nothing unless @fd is our terminal and we are in its foreground. */
void console_begin(struct console *console, int fd);
void console_end(struct console *console);

#endif

// SPDX-License-Identifier: GPL-2.0-only
/* A verb that shows something live: the terminal it has to itself, and when it is to end. */
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "screen.h"

static volatile sig_atomic_t ended;
static struct termios before;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

void screen_end_on_signals(void)
{
	struct sigaction action = { .sa_handler = end };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

void screen_end(void)
{
	ended = 1;
}

bool screen_ended(void)
{
	return ended;
}

/* Keys come one by one and are not shown. */
bool screen_enter(void)
{
	struct termios raw;

	if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &before))
		return false;
	raw = before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw))
		return false;
	fputs("\033[?1049h\033[?25l", stdout);
	return true;
}

void screen_leave(void)
{
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
	fputs("\033[?25h\033[?1049l", stdout);
	fflush(stdout);
}

void screen_measure(unsigned int *width, unsigned int *height)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_row < 8)
		return;
	*width = size.ws_col < 60 ? 60 : size.ws_col;
	*height = size.ws_row;
}

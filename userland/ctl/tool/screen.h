/* SPDX-License-Identifier: GPL-2.0-only */
/* A verb that shows something live: the terminal it has to itself, and when it is to end. */
#ifndef TOOL_SCREEN_H
#define TOOL_SCREEN_H

#include <stdbool.h>

/* Takes the whole terminal: false if standard input and output are not one. */
bool screen_enter(void);
void screen_leave(void);
/* Columns, 60 or more, and lines; both stay as they are if that is not known, or too little. */
void screen_measure(unsigned int *width, unsigned int *height);

/* SIGINT and SIGTERM ask for the end from now on; so does screen_end(). */
void screen_end_on_signals(void);
void screen_end(void);
bool screen_ended(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Output on the serial port, and the ways to end: what every guest uses. */
#ifndef GUEST_CONSOLE_H
#define GUEST_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../bootinfo.h"

extern const struct boot_info *boot_info;

int guest_main(void);

void print_char(char c);

/* While set, nothing is printed. */
extern bool print_muted;

/* %s %c %u %x (both 64 bits wide), %d (int), %% and a width with leading zeros (%016x). */
void print(const char *format, ...);

/* Word @index of the guest's command line as a decimal number, or @fallback without it. */
uint64_t argument(unsigned int index, uint64_t fallback);

/* End the run; vmm exits with the low byte of @status. */
_Noreturn void guest_exit(int status);

/* Name a moment that `vmm inspect --at` can stop at. */
void stop_point(uint8_t label);

/* Print a message and end with status 99: the guest itself is broken. */
_Noreturn void panic(const char *format, ...);

#endif

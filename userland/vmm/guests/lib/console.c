// SPDX-License-Identifier: GPL-2.0-only
/* A polling 16550 driver, a small print, and the exit and stop ports. */
#include "console.h"

#include <stdarg.h>

#include "cpu.h"

#define LSR		(PORT_SERIAL + 5)
#define FCR		(PORT_SERIAL + 2)
#define LSR_OUTPUT_EMPTY 0x20
#define FIFO_SIZE	16

bool print_muted;

/* Asked once every sixteen bytes: that many fit when the transmitter says it is empty. */
void print_char(char c)
{
	static unsigned int room;
	static bool ready;

	if (print_muted)
		return;
	if (!ready) {
		outb(FCR, 0x01);
		ready = true;
	}
	if (room == 0) {
		while (!(inb(LSR) & LSR_OUTPUT_EMPTY))
			;
		room = FIFO_SIZE;
	}
	outb(PORT_SERIAL, c);
	room--;
}

static void print_number(uint64_t value, unsigned int base, unsigned int width, bool zeros)
{
	char digits[24];
	unsigned int count = 0;

	do {
		digits[count++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (width > count) {
		print_char(zeros ? '0' : ' ');
		width--;
	}
	while (count)
		print_char(digits[--count]);
}

static void print_args(const char *format, va_list args)
{
	for (; *format; format++) {
		unsigned int width = 0;
		bool zeros = false;
		const char *s;
		int d;

		if (*format != '%') {
			print_char(*format);
			continue;
		}
		format++;
		if (*format == '0')
			zeros = true;
		while (*format >= '0' && *format <= '9')
			width = width * 10 + (*format++ - '0');
		switch (*format) {
		case 's':
			for (s = va_arg(args, const char *); *s; s++)
				print_char(*s);
			break;
		case 'c':
			print_char(va_arg(args, int));
			break;
		case 'd':
			d = va_arg(args, int);
			if (d < 0)
				print_char('-');
			print_number(d < 0 ? -(uint64_t)d : (uint64_t)d, 10, width, zeros);
			break;
		case 'u':
			print_number(va_arg(args, uint64_t), 10, width, zeros);
			break;
		case 'x':
			print_number(va_arg(args, uint64_t), 16, width, zeros);
			break;
		default:
			print_char(*format);
		}
	}
}

void print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_args(format, args);
	va_end(args);
}

uint64_t argument(unsigned int index, uint64_t fallback)
{
	const char *text;
	uint64_t value = 0;

	if (index >= boot_info->argc)
		return fallback;
	text = boot_info->strings + boot_info->argv[index];
	for (const char *c = text; *c; c++) {
		if (*c < '0' || *c > '9')
			panic("argument is not a number: %s", text);
		value = value * 10 + (*c - '0');
	}
	return value;
}

void guest_exit(int status)
{
	outb(PORT_EXIT, status);
	for (;;)
		asm volatile("cli; hlt");
}

void stop_point(uint8_t label)
{
	outb(PORT_STOP, label);
}

void panic(const char *format, ...)
{
	va_list args;

	print_muted = false;
	print("Bail out! ");
	va_start(args, format);
	print_args(format, args);
	va_end(args);
	print("\n");
	guest_exit(99);
}

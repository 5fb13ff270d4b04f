// SPDX-License-Identifier: GPL-2.0-only
/*
 * The console: as much of a 16550 UART as a polling driver needs. No
 * interrupts, no modem, no rate: what is written appears at once.
 *
 *	offset	read			write
 *	0	RBR next input byte	THR output byte
 *	  DLAB=1: divisor, low		(stored, without effect)
 *	1	IER			IER
 *	  DLAB=1: divisor, high
 *	2	IIR: none pending,	FCR
 *		  FIFO on or off
 *	3	LCR (bit 7: DLAB)	LCR
 *	4	MCR			MCR (bit 4: loopback is not offered)
 *	5	LSR: bit 0 input ready, bits 5, 6 output empty
 *	6	MSR: carrier, clear to send
 *	7	scratch			scratch
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../bootinfo.h"
#include "../interrupt.h"
#include "device.h"

#define LSR_INPUT_READY		0x01
#define LSR_OUTPUT_EMPTY	0x60
#define LCR_DLAB		0x80

struct serial {
	uint8_t ier, fcr, lcr, mcr, scratch;
	uint8_t divisor[2];
	uint8_t input;
	bool input_ready;
	bool input_ended;
};

static int serial_open(struct device *dev, struct error *err)
{
	struct serial *serial = calloc(1, sizeof(*serial));

	if (!serial)
		return error_errno(err, ENOMEM, NULL, "cannot make the serial port");
	serial->input_ended = dev->bus->console_in < 0;
	dev->state = serial;
	return 0;
}

static void serial_close(struct device *dev)
{
	free(dev->state);
}

/* Fetch a byte of input if there is one now; never waits. */
static void poll_input(struct device *dev, struct serial *serial)
{
	struct pollfd poller = { .fd = dev->bus->console_in, .events = POLLIN };
	ssize_t got;

	if (serial->input_ready || serial->input_ended || poll(&poller, 1, 0) <= 0)
		return;
	got = read(dev->bus->console_in, &serial->input, 1);
	if (got == 1)
		serial->input_ready = true;
	else if (got == 0 || errno != EINTR)
		serial->input_ended = true;
}

static void put(struct device *dev, uint8_t byte)
{
	struct pollfd poller = { .fd = dev->bus->console_out, .events = POLLOUT };

	while (write(dev->bus->console_out, &byte, 1) != 1) {
		/* A reader that stopped reading must not keep Ctrl-C or --timeout waiting. */
		if (interrupt_pending() != INTERRUPT_NONE)
			return;
		if (errno == EINTR ||
		    (errno == EAGAIN && (poll(&poller, 1, -1) >= 0 || errno == EINTR)))
			continue;
		dev->bus->request = BUS_FAILED;
		error_errno(&dev->bus->error, errno, NULL,
			    "cannot write the guest's console output");
		return;
	}
}

static uint32_t serial_read(struct device *dev, uint16_t offset, unsigned int size)
{
	struct serial *serial = dev->state;
	bool dlab = serial->lcr & LCR_DLAB;

	(void)size;
	switch (offset) {
	case 0:
		if (dlab)
			return serial->divisor[0];
		poll_input(dev, serial);
		serial->input_ready = false;
		return serial->input;
	case 1:
		return dlab ? serial->divisor[1] : serial->ier;
	case 2:
		return 0x01 | (serial->fcr & 1 ? 0xc0 : 0);
	case 3:
		return serial->lcr;
	case 4:
		return serial->mcr;
	case 5:
		poll_input(dev, serial);
		return LSR_OUTPUT_EMPTY | (serial->input_ready ? LSR_INPUT_READY : 0);
	case 6:
		return 0xb0;
	default:
		return serial->scratch;
	}
}

static void serial_write(struct device *dev, uint16_t offset, uint32_t value, unsigned int size)
{
	struct serial *serial = dev->state;
	bool dlab = serial->lcr & LCR_DLAB;

	(void)size;
	switch (offset) {
	case 0:
		if (dlab)
			serial->divisor[0] = value;
		else
			put(dev, value);
		break;
	case 1:
		if (dlab)
			serial->divisor[1] = value;
		else
			serial->ier = value & 0x0f;
		break;
	case 2:
		serial->fcr = value;
		break;
	case 3:
		serial->lcr = value;
		break;
	case 4:
		serial->mcr = value & 0x1f;
		break;
	case 7:
		serial->scratch = value;
		break;
	}
}

const struct device_ops serial_device = {
	.name = "serial",
	.port = PORT_SERIAL,
	.ports = 8,
	.open = serial_open,
	.read = serial_read,
	.write = serial_write,
	.close = serial_close,
};

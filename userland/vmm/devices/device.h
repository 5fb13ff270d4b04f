/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The port-I/O bus and what a device on it looks like. A device is one file:
 * it defines one struct device_ops, and bus.c lists it in its table.
 */
#ifndef VMM_DEVICE_H
#define VMM_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

/* What a device may ask of the machine; the machine looks after every access. */
enum bus_request {
	BUS_NONE,
	BUS_EXIT,	/* end the run; value: exit status */
	BUS_STOP,	/* a place to inspect; value: label */
	BUS_FAILED,	/* the device cannot go on; error is set */
};

struct bus;

struct device {
	const struct device_ops *ops;
	struct bus *bus;
	void *state;
};

/*
 * @port, @ports: the range the device answers
 * @open: allocate dev->state, if it has any (may be NULL)
 * @read, @write: one access of @size 1, 2 or 4 bytes at @port + @offset; may be
 *	NULL: reads then give all ones, writes go nowhere, as on a PC
 * @close: undo @open (may be NULL)
 */
struct device_ops {
	const char *name;
	uint16_t port;
	uint16_t ports;
	int (*open)(struct device *dev, struct error *err);
	uint32_t (*read)(struct device *dev, uint16_t offset, unsigned int size);
	void (*write)(struct device *dev, uint16_t offset, uint32_t value, unsigned int size);
	void (*close)(struct device *dev);
};

#define BUS_MAX_DEVICES	8

struct bus {
	struct device devices[BUS_MAX_DEVICES];
	unsigned int count;
	int console_in;			/* -1: the guest never gets input */
	int console_out;
	enum bus_request request;
	uint32_t value;
	struct error error;
};

extern const struct device_ops serial_device;
extern const struct device_ops exit_device;
extern const struct device_ops stop_device;

/* Open every device of the table in bus.c. */
int bus_open(struct bus *bus, int console_in, int console_out, struct error *err);
void bus_close(struct bus *bus);

/* One port access by the guest. @data holds @size bytes, read from or written to. */
void bus_access(struct bus *bus, bool write, uint16_t port, void *data, unsigned int size);

#endif

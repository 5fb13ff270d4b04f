// SPDX-License-Identifier: GPL-2.0-only
/* The port-I/O bus: hands each access of the guest to the device that owns the port. */
#include <string.h>

#include "device.h"

static const struct device_ops *const device_table[] = {
	&serial_device,
	&exit_device,
	&stop_device,
};

_Static_assert(sizeof(device_table) / sizeof(device_table[0]) <= BUS_MAX_DEVICES,
	       "raise BUS_MAX_DEVICES");

int bus_open(struct bus *bus, int console_in, int console_out, struct error *err)
{
	*bus = (struct bus){ .console_in = console_in, .console_out = console_out };
	for (size_t i = 0; i < sizeof(device_table) / sizeof(device_table[0]); i++) {
		struct device *dev = &bus->devices[bus->count];
		int ret;

		*dev = (struct device){ .ops = device_table[i], .bus = bus };
		ret = dev->ops->open ? dev->ops->open(dev, err) : 0;
		if (ret < 0) {
			bus_close(bus);
			return ret;
		}
		bus->count++;
	}
	return 0;
}

void bus_close(struct bus *bus)
{
	while (bus->count > 0) {
		struct device *dev = &bus->devices[--bus->count];

		if (dev->ops->close)
			dev->ops->close(dev);
	}
}

static struct device *device_at(struct bus *bus, uint16_t port)
{
	for (unsigned int i = 0; i < bus->count; i++) {
		const struct device_ops *ops = bus->devices[i].ops;

		if (port >= ops->port && port - ops->port < ops->ports)
			return &bus->devices[i];
	}
	return NULL;
}

void bus_access(struct bus *bus, bool write, uint16_t port, void *data, unsigned int size)
{
	struct device *dev = device_at(bus, port);
	uint32_t value = 0xffffffff;

	if (write) {
		value = 0;
		memcpy(&value, data, size);
		if (dev && dev->ops->write)
			dev->ops->write(dev, port - dev->ops->port, value, size);
		return;
	}
	if (dev && dev->ops->read)
		value = dev->ops->read(dev, port - dev->ops->port, size);
	memcpy(data, &value, size);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stop port, by which a guest names the moments worth looking at:
 *
 *	offset 0, write: "here is label N"; `vmm inspect --at N` stops, `vmm run` goes on
 */
#include "../bootinfo.h"
#include "device.h"

static void stop_write(struct device *dev, uint16_t offset, uint32_t value, unsigned int size)
{
	(void)offset;
	(void)size;
	dev->bus->request = BUS_STOP;
	dev->bus->value = value & 0xff;
}

const struct device_ops stop_device = {
	.name = "stop",
	.port = PORT_STOP,
	.ports = 1,
	.write = stop_write,
};

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The exit port, as QEMU's isa-debug-exit but without its doubling:
 *
 *	offset 0, write: the run ends, the low byte becomes vmm's exit status
 */
#include "../bootinfo.h"
#include "device.h"

static void exit_write(struct device *dev, uint16_t offset, uint32_t value, unsigned int size)
{
	(void)offset;
	(void)size;
	dev->bus->request = BUS_EXIT;
	dev->bus->value = value & 0xff;
}

const struct device_ops exit_device = {
	.name = "exit",
	.port = PORT_EXIT,
	.ports = 1,
	.write = exit_write,
};

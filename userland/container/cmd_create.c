// SPDX-License-Identifier: GPL-2.0-only
/* cell create: a container that waits for `start`. */
#include "cell.h"
#include "cleanup.h"

int cmd_create(int argc, char **argv, struct error *err)
{
	static struct container c = CONTAINER_NONE;
	struct create_options options;
	int ret = create_parse(argc, argv, false, &options, err);

	if (!ret)
		ret = container_make(&options, &c, err);
	if (ret)
		return ret;
	ret = container_go(&c, false, err);
	if (ret)
		container_unmake(&c);
	return ret;
}

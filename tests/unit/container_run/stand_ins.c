// SPDX-License-Identifier: GPL-2.0
/* What options.c calls in files that need a kernel: the same rules, from where they are kept. */
#include <errno.h>
#include <string.h>

#include "run.h"

int world_take(struct world_options *world, int option, const char *word, struct error *err)
{
	if (option == 'S')
		return schedule_parse(word, &world->schedule, err);
	if (option == 'p')
		return net_parse_port(&world->net, word, err);
	return net_parse_network(&world->net, word, world->nets++, err);
}

int id_check(const char *id, struct error *err)
{
	return *id && *id != '.' && !strchr(id, '/') ? 0 : error_set(err, EINVAL, "id");
}

// SPDX-License-Identifier: GPL-2.0-only
/* Fuzz target for config.json: refused with a message that names the file, or read within bounds. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check(const struct config *config)
{
	if (config->has_process) {
		must(config->process.cwd && config->process.cwd[0] == '/');
		must(!config->process.args || config->process.args[0]);
		for (size_t i = 0; i < config->process.rlimit_count; i++)
			must(config->process.rlimits[i].soft <= config->process.rlimits[i].hard);
	}
	must(config->rootfs != NULL);
	for (size_t i = 0; i < config->mount_count; i++)
		must(config->mounts[i].destination && config->mounts[i].type);
	for (size_t i = 0; i < config->device_count; i++)
		must(config->devices[i].path != NULL);
	for (int kind = 0; kind < HOOK_KINDS; kind++)
		for (size_t i = 0; i < config->hooks.count[kind]; i++)
			must(config->hooks.list[kind][i].path[0] == '/');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config config;
	struct error err = { "" };

	if (!config_read(&config, "config.json", (const char *)data, size, &err))
		check(&config);
	else
		must(!strncmp(err.text, "config.json: ", 13) && err.text[13]);
	config_free(&config);
	return 0;
}

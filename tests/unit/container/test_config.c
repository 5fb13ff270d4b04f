// SPDX-License-Identifier: GPL-2.0
/* config.json: what is read of it, what its absence means, and the place that a refusal names. */
#include "config.h"
#include "tap.h"

#define BARE	"{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"r\"},"
#define HEAD	BARE "\"linux\":{\"namespaces\":[{\"type\":\"mount\"}]},"
#define PROCESS	"\"process\":{\"cwd\":\"/\",\"args\":[\"a\"]"

static struct config config;
static struct error err;

static int reads(const char *text)
{
	err.text[0] = '\0';
	return config_read(&config, "c.json", text, strlen(text), &err);
}

static void refuses(const char *text, const char *place)
{
	CHECK_EQ(reads(text), -22);
	CHECK(!strncmp(err.text, "c.json: ", 8) && strstr(err.text, place), "%s", err.text);
	config_free(&config);
}

static void absent_parts_have_the_values_of_the_specification(void)
{
	CHECK_EQ(reads(HEAD PROCESS "}}"), 0);
	CHECK(config.has_process && !strcmp(config.process.args[0], "a"), "%s", err.text);
	CHECK_EQ(config.process.uid, 0);
	CHECK_EQ(config.process.umask, -1);
	CHECK_EQ(config.process.oom_score_adj, CONFIG_UNSET);
	CHECK(!config.process.terminal && !config.readonly && !config.hostname, "false");
	CHECK_EQ(config.namespaces.listed, 1 << NS_MOUNT);
	CHECK_EQ(config.mount_count, 0);
	config_free(&config);
}

static void capabilities_are_bits_and_an_unknown_one_is_left_out(void)
{
	CHECK_EQ(reads(HEAD PROCESS ",\"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"CAP_FLY\","
		       "\"CAP_KILL\"],\"ambient\":[]}}}"), 0);
	CHECK_EQ(config.process.capabilities[CAPS_BOUNDING], 1 | 1 << 5);
	CHECK_EQ(config.process.capabilities[CAPS_AMBIENT], 0);
	CHECK(!strcmp(config.process.unknown_capability, "CAP_FLY"), "remembered");
	config_free(&config);
	CHECK_EQ(config_capability("cap_bpf"), 39);
	CHECK_EQ(config_capability("CHECKPOINT_RESTORE"), 40);
	CHECK_EQ(config_capability("CAP_"), -1);
	CHECK(!config_capability_name(41), "there is none");
}

static void the_place_of_a_mistake_is_named(void)
{
	refuses("", "");
	refuses("[]", "object");
	refuses(HEAD "\"process\":[]}", ".process");
	refuses(HEAD PROCESS ",\"user\":{\"uid\":-1}}}", ".process.user.uid");
	refuses(HEAD PROCESS ",\"user\":{\"uid\":4294967296}}}", ".process.user.uid");
	refuses(HEAD PROCESS ",\"env\":[\"x\"]}}", ".process.env");
	refuses(HEAD PROCESS ",\"oomScoreAdj\":1001}}", ".process.oomScoreAdj");
	refuses(HEAD PROCESS ",\"capabilities\":{\"ambient\":[5]}}}",
		".process.capabilities.ambient[0]");
	refuses(BARE "\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pid\"}]}}",
		".linux.namespaces[1]");
	refuses(BARE "\"linux\":{\"resources\":{\"pids\":{\"limit\":\"1\"}}}}",
		".linux.resources.pids.limit");
	refuses("{\"ociVersion\":\"2.0.0\",\"root\":{\"path\":\"r\"}}", ".ociVersion");
	refuses("{\"ociVersion\":\"1.0.0\"}", ".root");
}

static void one_mistake_is_told_of_two(void)
{
	refuses(HEAD PROCESS ",\"oomScoreAdj\":1001,\"noNewPrivileges\":1}}", ".process.noNewPrivileges");
}

static void namespaces_are_new_or_joined(void)
{
	CHECK_EQ(reads(BARE "\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"pid\"},"
		       "{\"type\":\"network\",\"path\":\"/proc/1/ns/net\"}]}}"), 0);
	CHECK_EQ(config.namespaces.listed, 1 << NS_MOUNT | 1 << NS_PID | 1 << NS_NETWORK);
	CHECK(!config.namespaces.path[NS_PID], "new");
	CHECK(!strcmp(config.namespaces.path[NS_NETWORK], "/proc/1/ns/net"), "joined");
	config_free(&config);
}

static void depth_has_a_bound(void)
{
	static char text[4096];

	memset(text, '[', sizeof(text) - 1);
	CHECK(reads(text) < 0, "refused");
	config_free(&config);
}

int main(void)
{
	RUN(absent_parts_have_the_values_of_the_specification);
	RUN(capabilities_are_bits_and_an_unknown_one_is_left_out);
	RUN(the_place_of_a_mistake_is_named);
	RUN(one_mistake_is_told_of_two);
	RUN(namespaces_are_new_or_joined);
	RUN(depth_has_a_bound);
	return tap_done();
}

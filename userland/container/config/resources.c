// SPDX-License-Identifier: GPL-2.0-only
/* The property linux.resources (config-linux.md#control-groups). Called by linux.c and `update`. */
#include <string.h>

#include "config.h"

void config_resources_unset(struct config_resources *r)
{
	memset(r, 0, sizeof(*r));
	r->memory_limit = r->memory_reservation = r->memory_swap = CONFIG_UNSET;
	r->memory_kernel = r->memory_kernel_tcp = r->memory_swappiness = CONFIG_UNSET;
	r->cpu_shares = r->cpu_quota = r->cpu_burst = r->cpu_period = CONFIG_UNSET;
	r->cpu_realtime_runtime = r->cpu_realtime_period = r->cpu_idle = CONFIG_UNSET;
	r->pids_limit = r->io_weight = r->network_class = CONFIG_UNSET;
}

static int64_t limit(const struct node *at, const char *key)
{
	return node_int(at, key, -1, INT64_MAX, CONFIG_UNSET);
}

static int64_t positive(const struct node *at, const char *key)
{
	return node_int(at, key, 0, INT64_MAX, CONFIG_UNSET);
}

static void read_memory(const struct node *at, struct config_resources *r)
{
	struct node o = node_object(at, "memory");

	r->memory_limit = limit(&o, "limit");
	r->memory_reservation = limit(&o, "reservation");
	r->memory_swap = limit(&o, "swap");
	r->memory_kernel = limit(&o, "kernel");
	r->memory_kernel_tcp = limit(&o, "kernelTCP");
	r->memory_swappiness = node_int(&o, "swappiness", 0, 100, CONFIG_UNSET);
	r->disable_oom_killer = node_bool(&o, "disableOOMKiller", false);
	if (r->memory_limit > 0 && r->memory_swap > 0 && r->memory_swap < r->memory_limit)
		node_bad(&o, "swap", "is memory and swap together: it must not be below limit");
}

static void read_cpu(const struct node *at, struct config_resources *r)
{
	struct node o = node_object(at, "cpu");

	r->cpu_shares = node_int(&o, "shares", 0, 262144, CONFIG_UNSET);
	r->cpu_quota = limit(&o, "quota");
	r->cpu_burst = positive(&o, "burst");
	r->cpu_period = node_int(&o, "period", 0, 1000000, CONFIG_UNSET);
	r->cpu_realtime_runtime = limit(&o, "realtimeRuntime");
	r->cpu_realtime_period = positive(&o, "realtimePeriod");
	r->cpu_idle = node_int(&o, "idle", 0, 1, CONFIG_UNSET);
	r->cpus = node_string(&o, "cpus", NULL);
	r->mems = node_string(&o, "mems", NULL);
}

static void read_io_devices(const struct node *at, const char *key, const char *value_key,
			    uint64_t most, struct config_io_device **devices, size_t *count)
{
	size_t length;
	struct node array = node_array(at, key, &length);

	if (!length)
		return;
	*devices = reader_alloc(at->reader, length, sizeof(**devices));
	for (size_t i = 0; *devices && i < length; i++) {
		struct node item = node_item(&array, i);

		(*devices)[i].major = (uint32_t)node_need_u64(&item, "major", 0xfff);
		(*devices)[i].minor = (uint32_t)node_need_u64(&item, "minor", 0xfffff);
		(*devices)[i].value = node_u64(&item, value_key, most, 0);
		*count = i + 1;
	}
}

static void read_io(const struct node *at, struct config_resources *r)
{
	static const char *const keys[IO_LIMITS] = {
		"throttleReadBpsDevice", "throttleWriteBpsDevice",
		"throttleReadIOPSDevice", "throttleWriteIOPSDevice",
	};
	struct node o = node_object(at, "blockIO");

	r->io_weight = node_int(&o, "weight", 0, 1000, CONFIG_UNSET);
	read_io_devices(&o, "weightDevice", "weight", 1000, &r->io_weights, &r->io_weight_count);
	for (int i = 0; i < IO_LIMITS; i++)
		read_io_devices(&o, keys[i], "rate", INT64_MAX, &r->io_limits[i],
				&r->io_limit_count[i]);
}

static void read_huge(const struct node *at, struct config_resources *r)
{
	size_t length;
	struct node array = node_array(at, "hugepageLimits", &length);

	if (!length)
		return;
	r->huge = reader_alloc(at->reader, length, sizeof(*r->huge));
	for (size_t i = 0; r->huge && i < length; i++) {
		struct node item = node_item(&array, i);
		const char *size = node_need_string(&item, "pageSize");
		size_t digits = strspn(size, "0123456789");

		/* It becomes part of a file's name. */
		if (!digits || digits > 8 ||
		    (strcmp(size + digits, "KB") != 0 && strcmp(size + digits, "MB") != 0 &&
		     strcmp(size + digits, "GB") != 0))
			node_bad(&item, "pageSize", "expected such as 2MB: it is \"%.20s\"", size);
		r->huge[i] = (struct config_huge){ size, node_need_u64(&item, "limit", INT64_MAX) };
		r->huge_count = i + 1;
	}
}

static void read_network(const struct node *at, struct config_resources *r)
{
	struct node o = node_object(at, "network");
	size_t length;
	struct node array = node_array(&o, "priorities", &length);

	r->network_class = node_int(&o, "classID", 0, UINT32_MAX, CONFIG_UNSET);
	if (!length)
		return;
	r->network_priorities = reader_alloc(at->reader, length, sizeof(struct config_priority));
	for (size_t i = 0; r->network_priorities && i < length; i++) {
		struct node item = node_item(&array, i);

		r->network_priorities[i].name = node_need_string(&item, "name");
		r->network_priorities[i].priority =
			(uint32_t)node_need_u64(&item, "priority", UINT32_MAX);
		r->network_priority_count = i + 1;
	}
}

static unsigned int read_access(const struct node *at)
{
	const char *text = node_string(at, "access", "rwm");
	unsigned int access = 0;

	for (const char *c = text; *c; c++) {
		if (*c == 'r')
			access |= CONFIG_DEVICE_READ;
		else if (*c == 'w')
			access |= CONFIG_DEVICE_WRITE;
		else if (*c == 'm')
			access |= CONFIG_DEVICE_MKNOD;
		else
			node_bad(at, "access", "expected of r, w and m: it is \"%.20s\"", text);
	}
	return access;
}

static void read_device_rules(const struct node *at, struct config_resources *r)
{
	size_t length;
	struct node array = node_array(at, "devices", &length);

	if (!length)
		return;
	r->devices = reader_alloc(at->reader, length, sizeof(*r->devices));
	for (size_t i = 0; r->devices && i < length; i++) {
		struct node item = node_item(&array, i);
		struct config_device_rule *rule = &r->devices[i];
		const char *type = node_string(&item, "type", "a");

		if (!type[0])
			type = "a";
		rule->allow = node_bool(&item, "allow", false);
		if (strlen(type) != 1 || !strchr("abcu", type[0]))
			node_bad(&item, "type", "expected a, b or c: it is \"%.20s\"", type);
		rule->type = type[0] == 'u' ? 'c' : type[0];
		rule->major = node_int(&item, "major", -1, 0xfff, -1);
		rule->minor = node_int(&item, "minor", -1, 0xfffff, -1);
		rule->access = read_access(&item);
		r->device_count = i + 1;
	}
}

/* config-linux.md#unified: file names of cgroup v2, so nothing that leads elsewhere. */
static void read_unified(const struct node *at, struct config_resources *r)
{
	struct node o = node_object(at, "unified");
	size_t n = o.value ? (size_t)json_object_object_length(o.value) : 0;

	if (!n)
		return;
	r->unified = reader_alloc(at->reader, n, sizeof(*r->unified));
	if (!r->unified)
		return;
	json_object_object_foreach(o.value, name, value) {
		(void)value;
		if (!strchr(name, '.') || strchr(name, '/') || strlen(name) > 100 || name[0] == '.')
			node_bad(&o, name, "expected a file of a cgroup, such as memory.high");
		r->unified[r->unified_count++] =
			(struct config_pair){ name, node_string(&o, name, "") };
	}
}

void config_read_resources(const struct node *at, struct config_resources *r)
{
	struct node pids = node_object(at, "pids");

	read_memory(at, r);
	read_cpu(at, r);
	r->pids_limit = limit(&pids, "limit");
	read_io(at, r);
	read_huge(at, r);
	read_network(at, r);
	read_device_rules(at, r);
	read_unified(at, r);
}

// SPDX-License-Identifier: GPL-2.0-only
/* The property linux.seccomp (config-linux.md#seccomp). Called by linux.c. */
#include <errno.h>

#include "config.h"

/* In the order of enum config_seccomp_action; SCMP_ACT_KILL is the thread's, as in the kernel. */
static const char *const actions[] = {
	"SCMP_ACT_KILL_THREAD", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP", "SCMP_ACT_ERRNO",
	"SCMP_ACT_TRACE", "SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY", "SCMP_ACT_KILL", NULL,
};

/* In the order of enum scmp_compare, whose first is number 1. */
static const char *const ops[] = {
	"SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ",
	"SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ", NULL,
};

static int read_action(const struct node *at, const char *key)
{
	int action;

	node_need_string(at, key);
	action = node_choice(at, key, actions, SECCOMP_ERRNO);
	return action > SECCOMP_NOTIFY ? SECCOMP_KILL_THREAD : action;
}

static void read_args(const struct node *at, struct config_seccomp_rule *rule)
{
	size_t count;
	struct node array = node_array(at, "args", &count);

	if (!count)
		return;
	rule->args = reader_alloc(at->reader, count, sizeof(*rule->args));
	for (size_t i = 0; rule->args && i < count; i++) {
		struct node item = node_item(&array, i);
		struct config_seccomp_arg *arg = &rule->args[i];

		arg->index = (unsigned int)node_need_u64(&item, "index", 5);
		arg->value = node_need_u64(&item, "value", UINT64_MAX);
		arg->value_two = node_u64(&item, "valueTwo", UINT64_MAX, 0);
		node_need_string(&item, "op");
		arg->op = node_choice(&item, "op", ops, 0) + 1;
		rule->arg_count = i + 1;
	}
}

static void read_rule(const struct node *at, struct config_seccomp_rule *rule)
{
	rule->names = node_strings(at, "names");
	if (!rule->names || !rule->names[0])
		node_bad(at, "names", "is missing: expected names of system calls");
	rule->action = read_action(at, "action");
	rule->errnum = (unsigned int)node_u64(at, "errnoRet", 4095, EPERM);
	read_args(at, rule);
}

void config_read_seccomp(const struct node *at, struct config_seccomp *seccomp)
{
	size_t count;
	struct node array;

	if (!at->value)
		return;
	seccomp->present = true;
	seccomp->action = read_action(at, "defaultAction");
	seccomp->errnum = (unsigned int)node_u64(at, "defaultErrnoRet", 4095, EPERM);
	seccomp->architectures = node_strings(at, "architectures");
	seccomp->flags = node_strings(at, "flags");
	seccomp->listener_path = node_string(at, "listenerPath", NULL);
	seccomp->listener_metadata = node_string(at, "listenerMetadata", NULL);
	array = node_array(at, "syscalls", &count);
	if (!count)
		return;
	seccomp->rules = reader_alloc(at->reader, count, sizeof(*seccomp->rules));
	for (size_t i = 0; seccomp->rules && i < count; i++) {
		struct node item = node_item(&array, i);

		read_rule(&item, &seccomp->rules[i]);
		seccomp->rule_count = i + 1;
	}
}

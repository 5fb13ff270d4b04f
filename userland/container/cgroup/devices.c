// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which devices a container may use: lines in v1's devices.allow and devices.deny, a BPF program
 * on the group in v2 (BPF_PROG_TYPE_CGROUP_DEVICE). Called by create.c.
 *
 * The program's context has the access in the upper and the type in the lower half of its first
 * word, then major and minor. Rules are tried from the last to the first: the last that matches
 * counts. A rule for "r" and "w" matches a request for both only if both are in it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cgroup.h"
#include "cleanup.h"

/* The longest that the kernel took before 5.2 from those without CAP_BPF is enough for 500 rules. */
#define PROGRAM_MAX	4096

#define RWM (CONFIG_DEVICE_READ | CONFIG_DEVICE_WRITE | CONFIG_DEVICE_MKNOD)

const struct config_device_rule device_defaults[] = {
	{ -1, -1, CONFIG_DEVICE_MKNOD, 'c', true },
	{ -1, -1, CONFIG_DEVICE_MKNOD, 'b', true },
	{ 1, 3, RWM, 'c', true },	/* null */
	{ 1, 5, RWM, 'c', true },	/* zero */
	{ 1, 7, RWM, 'c', true },	/* full */
	{ 1, 8, RWM, 'c', true },	/* random */
	{ 1, 9, RWM, 'c', true },	/* urandom */
	{ 5, 0, RWM, 'c', true },	/* tty */
	{ 5, 1, RWM, 'c', true },	/* console */
	{ 5, 2, RWM, 'c', true },	/* ptmx */
	{ 136, -1, RWM, 'c', true },	/* pts */
};
const size_t device_default_count = sizeof(device_defaults) / sizeof(device_defaults[0]);

struct assembly {
	struct bpf_insn *at;
	size_t used;
	size_t room;
};

static void emit(struct assembly *a, struct bpf_insn insn)
{
	if (a->used < a->room)
		a->at[a->used] = insn;
	a->used++;
}

static void load(struct assembly *a, int reg, size_t offset)
{
	emit(a, (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = (uint8_t)reg,
				   .src_reg = BPF_REG_1, .off = (int16_t)offset });
}

/* Arithmetic on 32 bits with a constant. */
static void compute(struct assembly *a, int op, int reg, int32_t value)
{
	emit(a, (struct bpf_insn){ .code = (uint8_t)(BPF_ALU | op | BPF_K),
				   .dst_reg = (uint8_t)reg, .imm = value });
}

static void answer(struct assembly *a, bool allow)
{
	compute(a, BPF_MOV, BPF_REG_0, allow);
	emit(a, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}

/* Registers 2 to 5: type, access, major, minor. How far to jump is known when the rule is done. */
static void one_rule(struct assembly *a, const struct config_device_rule *rule)
{
	size_t jumps[4], count = 0;

	if (rule->type != 'a') {
		jumps[count++] = a->used;
		emit(a, (struct bpf_insn){ .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = BPF_REG_2,
					   .imm = rule->type == 'c' ? BPF_DEVCG_DEV_CHAR
								    : BPF_DEVCG_DEV_BLOCK });
	}
	if (rule->access != RWM) {
		emit(a, (struct bpf_insn){ .code = BPF_ALU | BPF_MOV | BPF_X, .dst_reg = BPF_REG_0,
					   .src_reg = BPF_REG_3 });
		compute(a, BPF_AND, BPF_REG_0, (int32_t)rule->access);
		/* An allowing rule must hold all of the request, a denying one some of it. */
		jumps[count++] = a->used;
		emit(a, rule->allow ? (struct bpf_insn){ .code = BPF_JMP | BPF_JNE | BPF_X,
							 .dst_reg = BPF_REG_0,
							 .src_reg = BPF_REG_3 }
				    : (struct bpf_insn){ .code = BPF_JMP | BPF_JEQ | BPF_K,
							 .dst_reg = BPF_REG_0 });
	}
	if (rule->major >= 0) {
		jumps[count++] = a->used;
		emit(a, (struct bpf_insn){ .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = BPF_REG_4,
					   .imm = (int32_t)rule->major });
	}
	if (rule->minor >= 0) {
		jumps[count++] = a->used;
		emit(a, (struct bpf_insn){ .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = BPF_REG_5,
					   .imm = (int32_t)rule->minor });
	}
	answer(a, rule->allow);
	for (size_t i = 0; i < count; i++)
		if (jumps[i] < a->room)
			a->at[jumps[i]].off = (int16_t)(a->used - jumps[i] - 1);
}

static bool matches_all(const struct config_device_rule *rule)
{
	return rule->type == 'a' && rule->access == RWM && rule->major < 0 && rule->minor < 0;
}

int device_program(const struct config_device_rule *rules, size_t count, struct bpf_insn *program,
		   size_t room)
{
	struct assembly a = { program, 0, room };
	size_t i = count;

	load(&a, BPF_REG_2, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	load(&a, BPF_REG_4, offsetof(struct bpf_cgroup_dev_ctx, major));
	load(&a, BPF_REG_5, offsetof(struct bpf_cgroup_dev_ctx, minor));
	emit(&a, (struct bpf_insn){ .code = BPF_ALU | BPF_MOV | BPF_X, .dst_reg = BPF_REG_3,
				    .src_reg = BPF_REG_2 });
	compute(&a, BPF_RSH, BPF_REG_3, 16);
	compute(&a, BPF_AND, BPF_REG_2, 0xffff);
	for (size_t k = device_default_count; k--;)
		one_rule(&a, &device_defaults[k]);
	/* What follows a rule for everything is never reached, and the verifier refuses that. */
	while (i && !matches_all(&rules[i - 1]))
		one_rule(&a, &rules[--i]);
	answer(&a, i ? rules[i - 1].allow : true);
	return a.used > room ? -E2BIG : (int)a.used;
}

static int load_program(const struct bpf_insn *program, size_t count)
{
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uint64_t)(uintptr_t)program,
		.insn_cnt = (uint32_t)count,
		.license = (uint64_t)(uintptr_t)"GPL",
	};
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	long fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));

	/* Before 5.11 programs count as locked memory. Best effort: not every root may raise it. */
	if (fd < 0 && errno == EPERM && !setrlimit(RLIMIT_MEMLOCK, &all))
		fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	return fd < 0 ? -errno : (int)fd;
}

/* The one that is there, when limits are changed; 0: none. */
static int attached_program(int dir)
{
	uint32_t id = 0;
	union bpf_attr query = {
		.query = { .target_fd = (uint32_t)dir, .attach_type = BPF_CGROUP_DEVICE,
			   .prog_ids = (uint64_t)(uintptr_t)&id, .prog_cnt = 1 },
	};
	union bpf_attr by_id;

	if (syscall(SYS_bpf, BPF_PROG_QUERY, &query, sizeof(query)) || !query.query.prog_cnt)
		return -1;
	memset(&by_id, 0, sizeof(by_id));
	by_id.prog_id = id;
	return (int)syscall(SYS_bpf, BPF_PROG_GET_FD_BY_ID, &by_id, sizeof(by_id));
}

static int attach_program(int group, int program)
{
	/* A group of the bpf system call must be a real descriptor, not O_PATH. */
	cleanup_close int dir = openat(group, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int before = -1;
	union bpf_attr attr = {
		.target_fd = (uint32_t)dir,
		.attach_bpf_fd = (uint32_t)program,
		.attach_type = BPF_CGROUP_DEVICE,
		.attach_flags = BPF_F_ALLOW_MULTI,
	};

	if (dir < 0)
		return -errno;
	before = attached_program(dir);
	if (before >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)before;
	}
	return syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof(attr)) ? -errno : 0;
}

static int apply_v2(int dir, const struct config_resources *r, struct error *err)
{
	struct bpf_insn program[PROGRAM_MAX];
	cleanup_close int fd = -1;
	int count = device_program(r->devices, r->device_count, program, PROGRAM_MAX), ret;

	if (count < 0)
		return error_set(err, E2BIG, ".linux.resources.devices: has too many rules: %zu",
				 r->device_count);
	fd = load_program(program, (size_t)count);
	ret = fd < 0 ? fd : attach_program(dir, fd);
	if (ret)
		return error_errno(err, -ret, "needs CAP_BPF and CAP_NET_ADMIN, or CAP_SYS_ADMIN",
				   "cgroup: device rules: bpf");
	return 0;
}

static int write_rule(int dir, const struct config_device_rule *rule, struct error *err)
{
	char text[64], major[16] = "*", minor[16] = "*";
	int ret;

	if (rule->major >= 0)
		snprintf(major, sizeof(major), "%d", (int)rule->major);
	if (rule->minor >= 0)
		snprintf(minor, sizeof(minor), "%d", (int)rule->minor);
	snprintf(text, sizeof(text), "%c %s:%s %s%s%s", rule->type, major, minor,
		 rule->access & CONFIG_DEVICE_READ ? "r" : "",
		 rule->access & CONFIG_DEVICE_WRITE ? "w" : "",
		 rule->access & CONFIG_DEVICE_MKNOD ? "m" : "");
	/* "a" stands alone and means everything. */
	ret = cgroup_write(dir, rule->allow ? "devices.allow" : "devices.deny",
			   rule->type == 'a' ? "a" : text);
	return ret ? error_errno(err, -ret, NULL, "cgroup: device rule \"%s\"", text) : 0;
}

int cgroups_apply_devices(struct cgroups *groups, const struct config_resources *r,
			  struct error *err)
{
	struct cgroup_hierarchy *h = cgroups_with(groups, CG_DEVICES);
	int ret = 0;

	if (!r->device_count)
		return 0;
	if (!h || h->dir < 0)
		return error_set(err, EOPNOTSUPP, "cgroup: device rules: this host has no group "
				 "for us that could hold them: mount cgroup2, or v1's devices");
	if (h->v2)
		return apply_v2(h->dir, r, err);
	for (size_t i = 0; !ret && i < r->device_count; i++)
		ret = write_rule(h->dir, &r->devices[i], err);
	for (size_t i = 0; !ret && i < device_default_count; i++)
		ret = write_rule(h->dir, &device_defaults[i], err);
	return ret;
}

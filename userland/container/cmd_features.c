// SPDX-License-Identifier: GPL-2.0-only
/* cell features: what this runtime can do, as JSON (features.md). */
#include <seccomp.h>
#include <stdio.h>

#include "cell.h"

static void print_list(const char *name, const char *const *words, const char *end)
{
	printf("\"%s\":[", name);
	for (size_t i = 0; words[i]; i++)
		printf("%s\"%s\"", i ? "," : "", words[i]);
	printf("]%s", end);
}

static void print_capabilities(void)
{
	const char *name;

	fputs("\"capabilities\":[", stdout);
	for (unsigned int i = 0; (name = config_capability_name(i)); i++)
		printf("%s\"CAP_%s\"", i ? "," : "", name);
	fputs("],", stdout);
}

static void print_seccomp(void)
{
	static const char *const actions[] = {
		"SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS",
		"SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE",
		"SCMP_ACT_TRAP", NULL,
	};
	static const char *const operators[] = {
		"SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT",
		"SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE", NULL,
	};
	static const char *const archs[] = {
		"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM", "SCMP_ARCH_RISCV64", "SCMP_ARCH_X32",
		"SCMP_ARCH_X86", "SCMP_ARCH_X86_64", NULL,
	};
	static const char *const flags[] = {
		"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
		"SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", NULL,
	};

	fputs("\"seccomp\":{\"enabled\":true,", stdout);
	print_list("actions", actions, ",");
	print_list("operators", operators, ",");
	print_list("archs", archs, ",");
	print_list("knownFlags", flags, ",");
	print_list("supportedFlags", flags, "},");
}

int cmd_features(int argc, char **argv, struct error *err)
{
	static const char *const hooks[] = {
		"prestart", "createRuntime", "createContainer", "startContainer", "poststart",
		"poststop", NULL,
	};
	static const char *const options[] = {
		"atime", "bind", "defaults", "dev", "diratime", "exec", "idmap", "noatime", "nodev",
		"nodiratime", "noexec", "norelatime", "nostrictatime", "nosuid", "nosymfollow",
		"private", "ratime", "rbind", "rdev", "rdiratime", "relatime", "rexec", "ridmap",
		"rnoatime", "rnodev", "rnodiratime", "rnoexec", "rnorelatime", "rnostrictatime",
		"rnosuid", "rnosymfollow", "ro", "rprivate", "rrelatime", "rro", "rrw", "rshared",
		"rslave", "rstrictatime", "rsuid", "rsymfollow", "runbindable", "rw", "shared",
		"slave", "strictatime", "suid", "symfollow", "tmpcopyup", "unbindable", NULL,
	};
	const struct scmp_version *version = seccomp_version();

	if (argc != 1)
		return error_set(err, EUSAGE, "%s: takes no arguments", argv[0]);
	fputs("{\"ociVersionMin\":\"1.0.0\",\"ociVersionMax\":\"" CELL_SPEC "\",", stdout);
	print_list("hooks", hooks, ",");
	print_list("mountOptions", options, ",\"linux\":{");
	print_list("namespaces", config_namespace_names, ",");
	print_capabilities();
	fputs("\"cgroup\":{\"v1\":true,\"v2\":true,\"systemd\":false,\"systemdUser\":false,"
	      "\"rdma\":false},", stdout);
	print_seccomp();
	fputs("\"apparmor\":{\"enabled\":true},\"selinux\":{\"enabled\":true},"
	      "\"intelRdt\":{\"enabled\":false},"
	      "\"mountExtensions\":{\"idmap\":{\"enabled\":true}}},", stdout);
	printf("\"annotations\":{\"io.github.seccomp.libseccomp.version\":\"%u.%u.%u\"}}\n",
	       version->major, version->minor, version->micro);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * What root in the box may do: the five sets of capabilities (capabilities(7)), and no way to more.
 * main.c calls this in process 1, when all that needs the others is done.
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "box.h"

void caps_words(uint64_t keep, uint32_t words[2])
{
	/* lab 06 step 4 begin: 41 capabilities, 32 bits; skeleton: (void)keep; words[0] = words[1] = ~0U; */
	words[0] = (uint32_t)keep;
	words[1] = (uint32_t)(keep >> 32);
	/* lab 06 step 4 end */
}

/* What execve() may ever give. Root gets all of it then, whatever he had before. */
static int drop_bounding(uint64_t keep)
{
	/* lab 06 step 4 begin: one by one, as many as the kernel knows; skeleton: (void)keep; return 0; */
	for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++) {
		if (cap < 64 && keep >> cap & 1)
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))
			return trouble(errno, "cannot drop capability %lu", cap);
	}
	return 0;
	/* lab 06 step 4 end */
}

/* What this process has now; inherited is nothing: it would outlast a change of user. */
static int set_own(uint64_t keep)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {};
	uint32_t words[2];

	caps_words(keep, words);
	/* lab 06 step 4 begin: effective and permitted, two words each; skeleton: (void)header; (void)data; return 0; */
	for (int i = 0; i < 2; i++) {
		data[i].effective = words[i];
		data[i].permitted = words[i];
	}
	if (syscall(SYS_capset, &header, data))
		return trouble(errno, "cannot set capabilities");
	return 0;
	/* lab 06 step 4 end */
}

int caps_drop(uint64_t keep)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
		return trouble(errno, "cannot clear the ambient capabilities");
	/* lab 06 step 4 begin: in which order?; skeleton: return 0; */
	/* dropping needs CAP_SETPCAP, which may be among those that go */
	if (drop_bounding(keep) || set_own(keep))
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return trouble(errno, "cannot forbid new privileges");
	return 0;
	/* lab 06 step 4 end */
}

// SPDX-License-Identifier: GPL-2.0-only
/* A container that is there: its groups and its status. Called by the verbs. */
#include "cell.h"

int container_groups(const struct state *state, struct cgroups *groups, struct error *err)
{
	int ret = cgroups_find(groups, err);

	if (!ret)
		ret = cgroups_open(groups, state->cgroup, err);
	groups->made = state->cgroup_made;
	return ret;
}

enum status container_status(const struct state *state)
{
	struct cgroups groups = CGROUPS_NONE;
	struct error ignored;
	bool frozen;

	if (state->pid < 0)
		return STATUS_CREATING;
	if (!state_alive(state))
		return STATUS_STOPPED;
	frozen = !container_groups(state, &groups, &ignored) && cgroups_frozen(&groups);
	cgroups_close(&groups);
	if (frozen)
		return STATUS_PAUSED;
	return state_waits(cell.root, state->id) ? STATUS_CREATED : STATUS_RUNNING;
}

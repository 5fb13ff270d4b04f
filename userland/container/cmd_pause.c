// SPDX-License-Identifier: GPL-2.0-only
/* cell pause and cell resume: all processes of a container are frozen, and thawed. */
#include <errno.h>

#include "cell.h"

static int freeze(int argc, char **argv, bool pause, struct error *err)
{
	struct cgroups groups = CGROUPS_NONE;
	struct state state;
	enum status status;
	int ret;

	if (argc != 2)
		return error_set(err, EUSAGE, "%s: expected one container id: cell %s ID", argv[0],
				 argv[0]);
	if (cell_root(err) < 0)
		return cell.root;
	ret = state_read(cell.root, argv[1], &state, err);
	if (ret)
		return ret;
	status = container_status(&state);
	if (status != (pause ? STATUS_RUNNING : STATUS_PAUSED) &&
	    !(pause && status == STATUS_CREATED))
		ret = error_set(err, EINVAL, "%s: container %s: is %s, not %s", argv[0], argv[1],
				status_names[status], pause ? "running" : "paused");
	if (!ret)
		ret = container_groups(&state, &groups, err);
	if (!ret)
		ret = cgroups_freeze(&groups, pause, err);
	cgroups_close(&groups);
	state_free(&state);
	return ret;
}

int cmd_pause(int argc, char **argv, struct error *err)
{
	return freeze(argc, argv, true, err);
}

int cmd_resume(int argc, char **argv, struct error *err)
{
	return freeze(argc, argv, false, err);
}

// SPDX-License-Identifier: GPL-2.0-only
/* cell wait: until a container that was made from an image has ended, and how. */
#include <stdio.h>
#include <unistd.h>

#include "cell.h"
#include "cleanup.h"
#include "run/run.h"

int cmd_wait(int argc, char **argv, struct error *err)
{
	struct run_record record = { .dir = -1 };
	int ret, status;

	if (argc != 2)
		return error_set(err, EUSAGE, "wait: expected a container id: cell wait ID");
	ret = record_read(argv[1], &record, err);
	if (ret)
		return ret;
	while (record_kept(&record, 1000))
		;
	status = record_status(&record);
	cleanup_fd(&record.dir);
	if (status < 0)
		return error_set(err, 1, "wait: container %s: nobody saw it end: the cell that kept it "
				 "was killed", argv[1]);
	printf("%d\n", status);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* The verbs of vmm, a file each: cmd_*.c. Each parses its arguments, returns an exit status. */
#ifndef VMM_VERBS_H
#define VMM_VERBS_H

int cmd_run(int argc, char **argv);
int cmd_inspect(int argc, char **argv);

#endif

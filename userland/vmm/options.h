/* SPDX-License-Identifier: GPL-2.0-only */
/* Command-line options that more than one verb takes. */
#ifndef VMM_OPTIONS_H
#define VMM_OPTIONS_H

#include <getopt.h>

#include "machine.h"

#define STATUS_USAGE	2
#define STATUS_FAILED	125

/* Values for getopt_long, above every character; a verb's own start at OPTION_OWN. */
enum {
	OPTION_ACCEL = 256,
	OPTION_PAGING,
	OPTION_MEM,
	OPTION_TIMEOUT,
	OPTION_HELP,
	OPTION_OWN,
};

#define MACHINE_OPTIONS							\
	{ "accel", required_argument, NULL, OPTION_ACCEL },		\
	{ "paging", required_argument, NULL, OPTION_PAGING },		\
	{ "mem", required_argument, NULL, OPTION_MEM },			\
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },		\
	{ "help", no_argument, NULL, OPTION_HELP }

#define MACHINE_OPTIONS_HELP						\
	"  --accel DEVICE     " SHADOWPT_DEVICE " or " KVM_DEVICE " (default: the first that exists)\n"	\
	"  --paging STRATEGY  vtlb or trap: how " SHADOWPT_DEVICE " keeps its shadow tables\n"	\
	"  --mem SIZE         guest memory, as 64M or 1G (default 64M, 2M to 3G)\n"	\
	"  --timeout SECONDS  end the guest after that time\n"

/* The machine without options. */
struct machine_config machine_defaults(void);

/*
 * Take one option that getopt_long returned. Returns 0; -EINVAL with @err set
 * when the value is bad; -ENOENT when it is not one of MACHINE_OPTIONS.
 */
int machine_option(struct machine_config *config, int option, const char *value,
		   struct error *err);

/* Take IMAGE and the guest's words from what getopt left. */
int machine_operands(struct machine_config *config, int argc, char **argv, struct error *err);

/* Print "vmm: " and the message, or with the hint to see --help; returns the status. */
int usage_error(const char *verb, const struct error *err);

#endif

// SPDX-License-Identifier: GPL-2.0-only
/* cell list: all containers under the state root. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cell.h"
#include "cleanup.h"

enum form {
	FORM_TABLE,
	FORM_JSON,
	FORM_IDS,
};

static void print_one(const struct state *state, enum form form, bool first)
{
	enum status status = container_status(state);

	if (form == FORM_IDS) {
		puts(state->id);
	} else if (form == FORM_TABLE) {
		printf("%-36s %-8d %-9s %-30.30s %s\n", state->id,
		       status == STATUS_STOPPED ? 0 : state->pid, status_names[status],
		       state->created, state->bundle);
	} else {
		cleanup_free char *text = state_json(state, CELL_SPEC, status_names[status],
						     status == STATUS_STOPPED ? 0 : state->pid);

		printf("%s%s", first ? "" : ",", text ? text : "{}");
	}
}

static void print_all(DIR *entries, enum form form)
{
	struct dirent *entry;
	bool first = true;

	if (form == FORM_TABLE)
		printf("%-36s %-8s %-9s %-30s %s\n", "ID", "PID", "STATUS", "CREATED", "BUNDLE");
	if (form == FORM_JSON)
		putchar('[');
	while ((entry = readdir(entries))) {
		struct state state;
		struct error ignored;

		if (entry->d_name[0] == '.')
			continue;
		/* One that goes away meanwhile is none. */
		if (!state_read(cell.root, entry->d_name, &state, &ignored)) {
			print_one(&state, form, first);
			first = false;
		}
		state_free(&state);
	}
	if (form == FORM_JSON)
		puts("]");
}

int cmd_list(int argc, char **argv, struct error *err)
{
	static const struct option options[] = {
		{ "format", required_argument, NULL, 'f' },
		{ "quiet", no_argument, NULL, 'q' },
		{ NULL, 0, NULL, 0 },
	};
	enum form form = FORM_TABLE;
	DIR *entries;
	int option;

	optind = 1;
	while ((option = getopt_long(argc, argv, "f:q", options, NULL)) != -1) {
		if (option == 'q')
			form = FORM_IDS;
		else if (option == 'f' && !strcmp(optarg, "json"))
			form = FORM_JSON;
		else if (option == 'f' && strcmp(optarg, "table") != 0)
			return error_set(err, EUSAGE, "list: --format %s: expected table or json",
					 optarg);
		else if (option != 'f')
			return error_set(err, EUSAGE, "list: see cell --help");
	}
	if (cell_root(err) < 0)
		return cell.root;
	entries = fdopendir(openat(cell.root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (!entries)
		return error_errno(err, errno, NULL, "state: %s", cell.root_path);
	print_all(entries, form);
	closedir(entries);
	return 0;
}

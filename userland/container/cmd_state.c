// SPDX-License-Identifier: GPL-2.0-only
/* cell state: one container as JSON (runtime.md#query-state). */
#include <json-c/json.h>
#include <stdio.h>

#include "cell.h"
#include "cleanup.h"

int cmd_state(int argc, char **argv, struct error *err)
{
	cleanup_free char *text = NULL;
	json_object *object;
	struct state state;
	enum status status;
	int ret;

	if (argc != 2)
		return error_set(err, EUSAGE, "state: expected one container id: cell state ID");
	if (cell_root(err) < 0)
		return cell.root;
	ret = state_read(cell.root, argv[1], &state, err);
	if (ret)
		return ret;
	status = container_status(&state);
	text = state_json(&state, CELL_SPEC, status_names[status],
			  status == STATUS_STOPPED ? 0 : state.pid);
	object = json_tokener_parse(text);
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_SPACED |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
	state_free(&state);
	return 0;
}

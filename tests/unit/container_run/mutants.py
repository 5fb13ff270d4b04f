# SPDX-License-Identifier: GPL-2.0
"""Ways to break a container's log and words of cell run that their unit tests must notice. See ../mutate.py."""

TREE = "userland"

LOG = "container/run/log.c"
READ = "container/run/log_read.c"
WORDS = "container/run/words.c"

MUTANTS = [
    ("full_is_overfull", LOG, "if (length <= room)", "if (length < room)"),
    ("room_without_bound", LOG, "w->size < most ? most - w->size : 0;\n\tconst char *end;",
     "most;\n\tconst char *end;"),
    ("line_is_cut", LOG, "end = room ? memrchr(data, '\\n', room) : NULL;", "end = room ? data + room - 1 : NULL;"),
    ("line_moves_on", LOG, "if (!w->inside_line && w->size)", "if (w->size)"),
    ("line_never_begins_the_next", LOG, "if (!w->inside_line && w->size)\n\t\treturn 0;", ""),
    ("endless_line", LOG, "return length < room ? length : room;", "return length;"),
    ("line_of_a_small_bound", LOG, "most < LOG_LINE ? most : LOG_LINE", "LOG_LINE"),
    ("behind_the_line", LOG, "length = (size_t)(end - data) + 1;\n\treturn", ";\n\treturn"),
    ("oldest_stays", LOG, "unlinkat(w->dir, name, 0);", ";"),
    ("one_file_too_few", LOG, "\"log.%u\", w->number - w->bounds.files", "\"log.%u\", w->number - w->bounds.files + 1"),
    ("size_goes_on", LOG, "w->size = 0;\n", ""),
    ("lines_end_nowhere", LOG, "w->inside_line = data[-1] != '\\n';", ""),
    ("loss_is_not_counted", LOG, "w->lost += length;\n\t\t\treturn false;", "return false;"),
    ("loss_is_not_told", LOG, "if (w->lost)\n\t\t\ttell_lost(w);", ""),
    ("order_of_names", READ, "found > number && (!least || found < least)", "found > number && !least"),
    ("latest_first", READ, "found < least", "found > least"),
    ("pipe_is_a_file", READ, "if (!*end && found > number", "if (found + 1 > number"),
    ("secret_mode_decimal", WORDS, "strtoul(mode + 1, NULL, 8)", "strtoul(mode + 1, NULL, 10)"),
    ("secret_mode_setuid", WORDS, "s->mode > 0777)", "0)"),
    ("log_files_0", WORDS, " || !value || value > RUN_LOG_FILES", " || value > RUN_LOG_FILES"),
    ("log_files_101", WORDS, "value > RUN_LOG_FILES", "value > RUN_LOG_FILES + 1"),
    ("log_files_rest", WORDS, "end == text || *end || !value", "end == text || !value"),
    ("log_size_least", WORDS, " || size < RUN_LOG_LEAST", ""),
]

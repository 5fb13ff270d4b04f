/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers and durations as people write them, and back; text for JSON. */
#ifndef TOOL_VALUES_H
#define TOOL_VALUES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "error.h"

int parse_number(const char *text, const char *what, uint64_t most, uint64_t *value,
		 struct error *err);
int parse_duration(const char *text, const char *what, uint64_t *ns, struct error *err);
int parse_seconds(const char *text, const char *what, uint64_t *ns, struct error *err);
void format_duration(char *text, size_t size, int64_t ns);
void format_short(char *text, size_t size, uint64_t ns);
void print_json_string(FILE *out, const char *text);

#endif

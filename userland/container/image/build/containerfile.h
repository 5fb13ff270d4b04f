/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A Containerfile, read: statements in their order, with what each one's form is. The language is
 * that of the Dockerfile reference (docs.docker.com/reference/dockerfile) without ONBUILD and
 * here-documents; variables are replaced later, when their values are known (words.h).
 */
#ifndef CELL_IMAGE_BUILD_CONTAINERFILE_H
#define CELL_IMAGE_BUILD_CONTAINERFILE_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "error.h"

/* Octets of a file, statements in it, and flags of one; more is no Containerfile. */
#define CONTAINERFILE_MAX (1 << 20)
#define CONTAINERFILE_STATEMENTS 4096
#define CONTAINERFILE_FLAGS 16

enum instruction {
	INSTRUCTION_ADD,
	INSTRUCTION_ARG,
	INSTRUCTION_CMD,
	INSTRUCTION_COPY,
	INSTRUCTION_ENTRYPOINT,
	INSTRUCTION_ENV,
	INSTRUCTION_EXPOSE,
	INSTRUCTION_FROM,
	INSTRUCTION_HEALTHCHECK,
	INSTRUCTION_LABEL,
	INSTRUCTION_MAINTAINER,
	INSTRUCTION_RUN,
	INSTRUCTION_SHELL,
	INSTRUCTION_STOPSIGNAL,
	INSTRUCTION_USER,
	INSTRUCTION_VOLUME,
	INSTRUCTION_WORKDIR,
	INSTRUCTION_COUNT,
};

/**
 * struct statement - one instruction
 * @kind: which
 * @line: where it begins, from 1
 * @flags: its --name=value words, without the dashes
 * @flag_count: of @flags
 * @text: what follows, lines joined, no space at either end; never NULL
 * @list: what follows, if it is a JSON array of strings; NULL: it is not
 */
struct statement {
	enum instruction kind;
	unsigned int line;
	char *flags[CONTAINERFILE_FLAGS];
	size_t flag_count;
	char *text;
	json_object *list;
};

/**
 * struct containerfile - all statements
 * @name: for messages; the caller's
 * @escape: '\\', or '`' by a directive
 * @at: the statements
 * @count: of @at
 */
struct containerfile {
	const char *name;
	char escape;
	struct statement *at;
	size_t count;
};

/**
 * containerfile_parse() - read a Containerfile
 * @data: text, need not end with a NUL
 * @length: of @data, octets
 * @name: of the file, kept for messages
 * @file: the caller's to free if it returns 0
 * @err: the line, what is wrong there, and what was expected
 *
 * Checked here is all that does not depend on values: the words of each instruction and their
 * number, its flags, and that FROM comes first.
 *
 * Return: 0, -EINVAL, -EFBIG or -ENOMEM.
 */
int containerfile_parse(const char *data, size_t length, const char *name,
			struct containerfile *file, struct error *err);
void containerfile_free(struct containerfile *file);

#define cleanup_containerfile __attribute__((cleanup(containerfile_free)))

const char *instruction_name(enum instruction kind);

/* The value of a flag, "" if it has none; NULL: it is not there. */
const char *statement_flag(const struct statement *statement, const char *name);

/* An error at a statement: "Containerfile:3: COPY: ...". */
int statement_error(const struct containerfile *file, const struct statement *statement,
		    int errnum, struct error *err, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

#endif

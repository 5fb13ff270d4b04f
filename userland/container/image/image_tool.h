/* SPDX-License-Identifier: GPL-2.0-only */
/* cell-image: its verbs, one file each, and what several of them use. */
#ifndef CELL_IMAGE_IMAGE_TOOL_H
#define CELL_IMAGE_IMAGE_TOOL_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "error.h"
#include "layer/unpack.h"
#include "options.h"
#include "store/store.h"

/* Every verb has --store DIR. */
#define STORE_OPTION { "store", required_argument, NULL, 'S' }

/* Octets for people: "27.1 MB", as registries show them. */
#define SIZE_TEXT 24
char *size_text(int64_t octets, char out[SIZE_TEXT]);

/* "10G", "512M", "4096": octets. */
int parse_size(const char *text, const char *what, int64_t *octets, struct error *err);

/* The first 12 hex digits. */
char *short_id(const struct digest *digest, char out[DIGEST_HEX]);

/* What strangers wrote, such as a name in an archive, has no say on the terminal: "?" instead. */
char *printable(char *text);

/* What layers have, compressed. */
int64_t layers_size(const struct manifest *manifest);

/* Options of a verb that has no other than --store, and operands: between @least and @most. */
int only_store(int argc, char **argv, int least, int most, const char *usage, const char **path,
	       struct error *err);

/* A name as it is kept: complete, of this host unless it says otherwise. */
int own_name(const char *text, char out[REFERENCE_TEXT], struct error *err);

/* Opens the folder above @path, sets @last to its last component. An fd or a negative errno. */
int open_above(const char *path, char last[NAME_MAX + 1], struct error *err);

int cmd_base(int argc, char **argv, struct error *err);
int cmd_build(int argc, char **argv, struct error *err);
int cmd_history(int argc, char **argv, struct error *err);
int cmd_images(int argc, char **argv, struct error *err);
int cmd_inspect(int argc, char **argv, struct error *err);
int cmd_load(int argc, char **argv, struct error *err);
int cmd_mount(int argc, char **argv, struct error *err);
int cmd_prune(int argc, char **argv, struct error *err);
int cmd_pull(int argc, char **argv, struct error *err);
int cmd_push(int argc, char **argv, struct error *err);
int cmd_rmi(int argc, char **argv, struct error *err);
int cmd_save(int argc, char **argv, struct error *err);
int cmd_tag(int argc, char **argv, struct error *err);
int cmd_umount(int argc, char **argv, struct error *err);
int cmd_unpack(int argc, char **argv, struct error *err);
int cmd_verify(int argc, char **argv, struct error *err);

#endif

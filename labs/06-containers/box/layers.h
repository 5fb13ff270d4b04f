/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An image: layers, each a tar file that says what it adds to those below it, and what it takes away
 * (OCI image-spec, layer.md). layers.c makes of them what overlayfs takes for layers.
 */
#ifndef LAB_LAYERS_H
#define LAB_LAYERS_H

#include <stdbool.h>
#include <stddef.h>

#define LAYERS_MOST 64

struct box;

/**
 * struct layers - names, lowest first
 * @image: the folder where `layers` is, and the tar files that it names
 */
struct layers {
	const char *image;
	char *names[LAYERS_MOST];
	size_t count;
};

/**
 * enum layer_entry - what a name in a layer means
 * @LAYER_FILE: what it says
 * @LAYER_WHITEOUT: something of that name in the layers below is hidden
 * @LAYER_OPAQUE: all that the layers below have in this folder is hidden
 * @LAYER_REFUSED: it can mean no good
 */
enum layer_entry { LAYER_FILE, LAYER_WHITEOUT, LAYER_OPAQUE, LAYER_REFUSED };

/**
 * layer_classify() - the meaning of the last part of an entry's path
 * @name: that part; no '/' in it
 * @hidden: of a whiteout: the name that is hidden, within @name; else NULL
 */
enum layer_entry layer_classify(const char *name, const char **hidden);

/* layer_whiteout(), layer_opaque() - do it, in the folder @at of a layer. Return: 0, or -errno. */
int layer_whiteout(int at, const char *name);
int layer_opaque(int at);

/**
 * layers_options() - the text for mount(2) that puts layers on each other
 * @folder: where the layers are, each in a folder of its name, and upper and work
 *
 * Return: false if @size octets are not enough.
 */
bool layers_options(const struct layers *layers, const char *folder, char *text, size_t size);

/* layers_unpack() - the box's layers as folders. Return: 0, or -1 after trouble(). */
int layers_unpack(struct box *box);

/* layers_remove() - removes the box's folder. Return: 0, or -1 after trouble(). */
int layers_remove(const struct box *box);

/**
 * tar_unpack() - takes a tar file apart (POSIX ustar; long names as GNU tar writes them)
 * @fd: the file
 * @at: an empty folder
 * @base: owner ids are counted from here; those of @count and more are refused
 *
 * Calls layer_classify() for each entry's name, and layer_whiteout() and layer_opaque() as that says.
 *
 * Return: 0, or -1 after trouble(): @name, the entry and what is wrong.
 */
int tar_unpack(int fd, const char *name, int at, unsigned int base, unsigned int count);

#endif /* LAB_LAYERS_H */

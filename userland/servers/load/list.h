/* SPDX-License-Identifier: GPL-2.0-only */
/* A ring of links that are part of what they link. */
#ifndef LOAD_LIST_H
#define LOAD_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct link {
	struct link *next, *prev;
};

static inline void list_init(struct link *list)
{
	list->next = list;
	list->prev = list;
}

static inline bool list_empty(const struct link *list)
{
	return list->next == list;
}

static inline void list_append(struct link *list, struct link *link)
{
	link->prev = list->prev;
	link->next = list;
	list->prev->next = link;
	list->prev = link;
}

/* Harmless for one that is in no list, as long as list_init() saw it. */
static inline void list_remove(struct link *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
	list_init(link);
}

#endif

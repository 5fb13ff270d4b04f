/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames that are sent from where they lie: what held.c offers to ring.c, and what the two decided.
 *
 *	area	|........| headers | payload					|......
 *			     |copied	 |referenced, page by page
 *			     v		 v
 *	sk_buff		 [ linear ]  [ frag ][ frag ] ...
 *
 * Invariants:
 * H1	What any layer takes for headers is in the copy: only TCP straight after IPv4 or IPv6 is
 *	referenced. Whoever writes to the area in the meantime changes payload, and nothing else.
 * H2	The area's own reference to a page is the only one that is not a frame's: the mapping is
 *	VM_PFNMAP, so neither page tables nor direct input and output take any.
 * H3	So a frame is held as long as one of its pages has another reference than the area's,
 *	whoever has it: a socket, a pipe, a packet tap, segments made of it.
 * H4	Nobody tells us when the last one goes; so nothing of ours has to be there then. Frames may
 *	outlive the rings, the file and the module: their pages are freed with them.
 * H5	At most half of the descriptors are held. Frames beyond that are copied, so that a socket
 *	that nobody reads does not stop the card.
 */
#ifndef VNIC_HELD_H
#define VNIC_HELD_H

#include <linux/skbuff.h>
#include <linux/types.h>

struct page;

/* Shorter ones are copied: that costs less than counting references. */
#define VNIC_HELD_MIN	(2 * PAGE_SIZE)

/**
 * struct vnic_held_frame - one
 * @offset: of its descriptor
 * @length: likewise
 * @first: page of the area, of those that are referenced
 * @pages: how many
 */
struct vnic_held_frame {
	u32 offset;
	u32 length;
	u32 first;
	u32 pages;
};

struct sk_buff *vnic_held_skb(struct napi_struct *napi, struct page *const *pages,
			      const char *area, const char *at, size_t len,
			      struct vnic_held_frame *frame);
bool vnic_held_released(const struct vnic_held_frame *frame, struct page *const *pages);

#endif /* VNIC_HELD_H */

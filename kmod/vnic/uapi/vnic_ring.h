/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Rings: a card's frames in shared memory, without a system call for each. For programs that run a
 * guest; everything else is as with read() and write() on the same file.
 *
 *	mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
 *
 *	0		rx_offset	tx_offset	area_offset
 *	+---------------+---------------+---------------+----------------------------
 *	| vnic_ring_page| descriptors	| descriptors	| area: buffers, the program's
 *	+---------------+---------------+---------------+ to divide as it likes
 *
 * rx is what the guest receives, tx what it sends. Both work alike. The program posts descriptors,
 * each of which says where a buffer is; the kernel does them in order: it fills them (rx), or sends
 * what is in them (tx). A descriptor is the kernel's from when it is posted until it is done.
 *
 *		 done		    posted
 *		  |		     |
 *	 ---------+------------------+-----------> numbers that wrap around at 2^32;
 *	 the      | the kernel's     | the	    descriptor n is at n modulo the size
 *	 program's		     | program's
 *
 * A frame may be longer than a buffer: all its descriptors but the last have VNIC_RING_MORE. What
 * is before it is as in a read(): a virtio_net_hdr if the card has IFF_VNET_HDR, and so on.
 *
 * Doorbells are rung only if they are heard:
 *
 *	the program	post descriptors; store @posted (release); full barrier;
 *			if @want_kick: VNIC_IOC_KICK
 *	the kernel	do them; store @done (release); full barrier;
 *			if @want_wake: clear it, wake who polls
 *
 * So a program that has nothing to do sets @want_wake, looks at @done once more (after a full
 * barrier), and sleeps in poll(). POLLIN: rx.want_wake is clear; POLLOUT: tx.want_wake is clear.
 * The kernel sets tx.want_kick when it has sent all that was posted, and rx.want_kick when a frame
 * waits for which there is no buffer: the stack above it waits then, and nothing is lost.
 *
 * The mapping has no pages of its own: direct input and output from and to it is EFAULT (O_DIRECT,
 * MSG_ZEROCOPY, vmsplice()); read() and write() are not.
 *
 * Used by kmod/vnic (the provider) and programs that run guests.
 */
#ifndef _UAPI_VNIC_RING_H
#define _UAPI_VNIC_RING_H

#include <linux/types.h>

#include <vnic.h>

#define VNIC_RING_MIN		8
#define VNIC_RING_MAX		4096
#define VNIC_RING_AREA_MAX	(64 << 20)
/* Descriptors of one frame. */
#define VNIC_RING_PIECES	64

/* The frame goes on in the next descriptor. tx: of the program; rx: of the kernel. */
#define VNIC_RING_MORE	1
/*
 * Of the kernel. rx: the buffer is outside of the area, or of no octets. tx: the frame was not
 * sent, for it is none, is outside of the area, has too many pieces, or there is no memory.
 */
#define VNIC_RING_BAD	2

/**
 * struct vnic_ring_descriptor - a buffer
 * @offset: in the area
 * @length: octets; rx: that there is room for, and when it is done: that are used
 * @flags: VNIC_RING_*
 * @reserved: 0
 */
struct vnic_ring_descriptor {
	__u32 offset;
	__u32 length;
	__u32 flags;
	__u32 reserved;
};

/**
 * struct vnic_ring - one direction
 * @posted: the program's: how many descriptors it has posted so far
 * @want_wake: both set it: see above
 * @reserved1: a cache line for each side
 * @done: the kernel's: how many it has done so far
 * @want_kick: the kernel's
 * @reserved2: likewise
 */
struct vnic_ring {
	__u32 posted;
	__u32 want_wake;
	__u32 reserved1[14];
	__u32 done;
	__u32 want_kick;
	__u32 reserved2[14];
};

/**
 * struct vnic_ring_page - the beginning of the mapping
 * @rx: to the guest
 * @tx: from it
 */
struct vnic_ring_page {
	struct vnic_ring rx;
	struct vnic_ring tx;
};

/* The area is that of another file's rings: what one card sent, the other is sent from there. */
#define VNIC_RINGS_SHARE	1
/*
 * Frames may be sent from where they lie instead of being copied: those of one descriptor, which
 * are long, and are TCP. Such a frame is done when nobody has it any more, which may be long after
 * others that were posted later. So descriptors are done in any order: the kernel writes one that
 * is done, @offset and @length as they were posted, into the place that @done passes next; @flags
 * are 0 or VNIC_RING_BAD. At most half of them are not done for this reason, at a time.
 *
 * Until it is done, a buffer belongs to who receives the frame: who writes into it meanwhile
 * changes what arrives, except the first 256 octets, which are copied. Two buffers in one page wait
 * for each other: they had better begin at multiples of the page's size.
 */
#define VNIC_RINGS_IN_PLACE	2

/**
 * struct vnic_ioc_rings - VNIC_IOC_RINGS: make rings
 * @rx_descriptors: a power of 2, VNIC_RING_MIN to VNIC_RING_MAX
 * @tx_descriptors: likewise
 * @area: octets, up to VNIC_RING_AREA_MAX; VNIC_RINGS_SHARE: 0, and returned
 * @flags: VNIC_RINGS_*
 * @bytes: returned: to be mapped
 * @rx_offset: returned
 * @tx_offset: returned
 * @area_offset: returned; VNIC_RINGS_SHARE: in the mapping of the file whose area it is
 * @area_of: VNIC_RINGS_SHARE: that file, which has an area of its own; else 0
 * @reserved: 0
 */
struct vnic_ioc_rings {
	__u32 rx_descriptors;
	__u32 tx_descriptors;
	__u32 area;
	__u32 flags;
	__u32 bytes;
	__u32 rx_offset;
	__u32 tx_offset;
	__u32 area_offset;
	__s32 area_of;
	__u32 reserved[3];
};

#define VNIC_KICK_RX	1
#define VNIC_KICK_TX	2

/*
 * EBADFD: the file has no card; EBUSY: it has rings; EINVAL, ERANGE: a number is not as it should
 * be; EBADF: @area_of is no file of /dev/vnic, or has no area of its own; ENOMEM. They stay until
 * the file is closed, whichever card it has; read() is EBUSY from then.
 */
#define VNIC_IOC_RINGS	_IOWR(VNIC_IOC_MAGIC, 0x40, struct vnic_ioc_rings)
/*
 * By VNIC_KICK_*: descriptors are posted. EBADFD: the file has no card, or no rings; EPROTO: more
 * are posted than there are.
 */
#define VNIC_IOC_KICK	_IO(VNIC_IOC_MAGIC, 0x41)

#endif /* _UAPI_VNIC_RING_H */

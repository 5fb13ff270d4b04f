/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the card share: card.c, tap.c, ring.c, link.c, ethtool.c. The network's half
 * sees shell.h only.
 *
 *	host's stack		   TAP card		      guest's side
 *	ndo_start_xmit() --push--> [fifo of a queue] --pop--> read(), or a ring in shared memory
 *	netif_receive_skb() <----- vnic_tap_input() <-------- write(), or a ring in shared memory
 *
 * A queue is an open file. It is attached to a card (@tap is set), detached from one by
 * TUNSETQUEUE (@detached is set), or on its own: never attached, or its card is gone.
 *
 *		   TUNSETIFF		  TUNSETQUEUE
 *	on its own ---------> attached <-------------> detached
 *	    ^			 | the card dies	  |
 *	    +--------------------+------------------------+
 *
 * Locks, outer first:
 *	RTNL			which queue is where; flags of cards
 *	fifo.consume (BH)	the reader's end
 *	fifo.produce (BH)	the writer's end; the lock of the device's queue is outside of it
 * queue->tap is written under all three: who holds one of them and finds it set may use the card
 * as long as that is held. So may who holds RCU.
 */
#ifndef VNIC_CARD_H
#define VNIC_CARD_H

#include <linux/if_tun.h>
#include <linux/netdevice.h>
#include <linux/spinlock.h>
#include <linux/u64_stats_sync.h>
#include <linux/virtio_net.h>
#include <net/sock.h>

#include "shell.h"

#define VNIC_QUEUES_MAX		256
/* Flows whose queue is remembered; a power of 2. */
#define VNIC_FLOWS		1024
/* The longest frame: a datagram of 65535 octets, and what is before it. */
#define VNIC_FRAME_MAX		(65535 + VLAN_ETH_HLEN)
/* What may be before it: TUNSETVNETHDRSZ. */
#define VNIC_VNET_MAX		256
/* Before a frame, for headers that others put there. */
#define VNIC_HEADROOM		(NET_SKB_PAD + NET_IP_ALIGN)
/* Octets of a long frame that are not in pages: its headers. */
#define VNIC_LINEAR		256
/* Frames that a queue holds. */
#define VNIC_FIFO_MIN		16
#define VNIC_FIFO_DEFAULT	512
#define VNIC_FIFO_MAX		4096

struct vnic_ioc_rings;
struct vnic_rings;
struct vnic_tap;

/**
 * struct vnic_fifo - frames that wait for the reader, in order
 * @slots: those from tail to head are in use, modulo the size
 * @mask: the size, a power of 2, less 1; of @slots and this both locks are held to write them
 * @produce: writer's lock
 * @head: where the next one goes
 * @consume: reader's lock
 * @tail: the oldest one
 * @done: frames taken, and not yet reported to the byte queue limits
 * @done_bytes: likewise
 *
 * Both numbers wrap around.
 */
struct vnic_fifo {
	struct sk_buff **slots;
	u32 mask;
	spinlock_t produce ____cacheline_aligned_in_smp;
	u32 head;
	spinlock_t consume ____cacheline_aligned_in_smp;
	u32 tail;
	unsigned int done;
	unsigned int done_bytes;
};

/**
 * struct vnic_queue_stats - what a queue counts, on each CPU
 * @tx_packets: to the guest
 * @tx_bytes: likewise
 * @tx_stops: times that the queue was full
 * @tx_wakes: times that it was half empty again
 * @rx_packets: from the guest
 * @rx_bytes: likewise
 * @rx_errors: frames that it should not have sent
 * @syncp: of all
 *
 * Written with BHs disabled.
 */
struct vnic_queue_stats {
	u64_stats_t tx_packets;
	u64_stats_t tx_bytes;
	u64_stats_t tx_stops;
	u64_stats_t tx_wakes;
	u64_stats_t rx_packets;
	u64_stats_t rx_bytes;
	u64_stats_t rx_errors;
	struct u64_stats_sync syncp;
};

/**
 * struct vnic_queue - an open /dev/vnic
 * @sk: what frames on their way from the guest are charged to (TUNSETSNDBUF); freed with the last
 *	of them, after a grace period
 * @socket: its wait queue: who reads, writes, polls
 * @fasync: who wants SIGIO
 * @fifo: frames for the guest
 * @tap: the card it is attached to, or NULL
 * @detached: the card it is detached from, or NULL; RTNL
 * @link: in that one's list; RTNL
 * @index: of the slot in @tap, and so of the device's queue; RTNL, and constant while @tap is set
 * @net_cookie: of the namespace that it was opened in, where its cards are made
 * @ifindex: TUNSETIFINDEX; RTNL
 * @stats: counters
 * @rings: shared memory, or NULL; set once, under RTNL; see ring.c
 */
struct vnic_queue {
	struct sock sk;
	struct socket socket;
	struct fasync_struct *fasync;
	struct vnic_fifo fifo;
	struct vnic_tap __rcu *tap;
	struct vnic_tap *detached;
	struct list_head link;
	u16 index;
	u64 net_cookie;
	int ifindex;
	struct vnic_queue_stats __percpu *stats;
	struct vnic_rings *rings;
};

/**
 * struct vnic_tap - a TAP card (netdev_priv)
 * @card: what the network knows; first
 * @flags: IFF_... of <linux/if_tun.h>, as TUNSETIFF has them
 * @vnet_size: octets before each frame, if IFF_VNET_HDR
 * @vnet_le: TUNSETVNETLE
 * @vnet_be: TUNSETVNETBE
 * @persist: it stays when nobody has it open
 * @owner: who else may attach
 * @group: likewise
 * @offload: features that the reader can take (TUNSETOFFLOAD)
 * @sndbuf: TUNSETSNDBUF
 * @fifo_size: of each queue
 * @rx_frames: how many frames of a ring are merged, and handed on, together
 * @queues: attached ones, by slot
 * @active: slots that are in use, the first @actives. Read without a lock by who chooses one,
 *	which may find a slot that has become empty: the frame is lost then
 * @actives: how many
 * @detached: queues; RTNL
 * @detacheds: how many
 * @flows: by hash: the slot by which the guest last sent, plus 1. Two flows may share one
 *
 * What has no rule above is written under RTNL and read under RCU, by READ_ONCE().
 */
struct vnic_tap {
	struct vnic_card card;
	unsigned int flags;
	unsigned int vnet_size;
	bool vnet_le;
	bool vnet_be;
	bool persist;
	kuid_t owner;
	kgid_t group;
	netdev_features_t offload;
	int sndbuf;
	u32 fifo_size;
	u32 rx_frames;
	struct vnic_queue __rcu *queues[VNIC_QUEUES_MAX];
	u16 active[VNIC_QUEUES_MAX];
	unsigned int actives;
	struct list_head detached;
	unsigned int detacheds;
	u16 flows[VNIC_FLOWS];
};

/**
 * struct vnic_format - what is before each frame, as the card's flags say at the moment
 * @pi: struct tun_pi
 * @vnet_size: octets of a virtio_net_hdr, or 0
 * @little_endian: of that
 * @features: what the reader takes: of checksums and segmentation
 * @rx_frames: as the card has it
 */
struct vnic_format {
	bool pi;
	bool little_endian;
	unsigned int vnet_size;
	netdev_features_t features;
	unsigned int rx_frames;
};

/* Counts @n more. BHs are disabled. */
static inline void vnic_count_at(const struct vnic_queue *queue, size_t counter, unsigned long n)
{
	struct vnic_queue_stats *stats = this_cpu_ptr(queue->stats);

	u64_stats_update_begin(&stats->syncp);
	u64_stats_add((u64_stats_t *)((char *)stats + counter), n);
	u64_stats_update_end(&stats->syncp);
}

#define vnic_count(queue, counter, n) \
	vnic_count_at(queue, offsetof(struct vnic_queue_stats, counter), n)

static inline struct vnic_tap *vnic_tap_of(struct vnic_card *card)
{
	return container_of(card, struct vnic_tap, card);
}

/* --- card.c --- */

bool vnic_tap_format(struct vnic_queue *queue, struct vnic_format *format);
struct sk_buff *vnic_queue_peek(struct vnic_queue *queue);
void vnic_queue_advance(struct vnic_queue *queue, struct vnic_tap *tap);
struct sk_buff *vnic_queue_pop(struct vnic_queue *queue);
bool vnic_queue_empty(const struct vnic_queue *queue);
int vnic_tap_input(struct vnic_queue *queue, struct sk_buff *skb,
		   const struct virtio_net_hdr *vnet, struct napi_struct *napi);
void vnic_tap_reject(struct vnic_queue *queue);
int vnic_tap_set_iff(struct vnic_queue *queue, struct net *net, struct ifreq *ifr);
int vnic_tap_set_queue(struct vnic_queue *queue, unsigned int flags);
int vnic_tap_resize(struct vnic_tap *tap, u32 size);
void vnic_queue_leave(struct vnic_queue *queue);

/* --- tap.c --- */

void vnic_queue_notify(struct vnic_queue *queue);
void vnic_queue_notify_room(struct vnic_queue *queue);
int vnic_frame_to_iter(struct sk_buff *skb, const struct vnic_format *format,
		       struct iov_iter *to);
int vnic_frame_headers(const struct vnic_format *format, struct virtio_net_hdr *vnet,
		       struct iov_iter *from);

/* --- ring.c --- */

/* Those of the queue, or NULL. Pairs with vnic_rings_make(). */
static inline struct vnic_rings *vnic_rings_of(const struct vnic_queue *queue)
{
	/* Who sees them sees them made. */
	return smp_load_acquire(&queue->rings);
}

void vnic_rings_fill(struct vnic_queue *queue);
void vnic_rings_enter(struct vnic_queue *queue, struct net_device *dev);
void vnic_rings_leave(struct vnic_queue *queue);
void vnic_rings_free(struct vnic_queue *queue);
int vnic_rings_make(struct vnic_queue *queue, struct vnic_ioc_rings *args,
		    const struct vnic_queue *other);
int vnic_rings_kick(struct vnic_queue *queue, unsigned long which);
__poll_t vnic_rings_poll(struct vnic_rings *rings);
int vnic_rings_mmap(struct vnic_rings *rings, struct vm_area_struct *vma);

/* --- link.c --- */

extern struct rtnl_link_ops vnic_link_ops;
bool vnic_link_is(const struct net_device *dev);
void vnic_link_receive(struct vnic_card *card, struct sk_buff *skb);

/* --- ethtool.c --- */

extern const struct ethtool_ops vnic_tap_ethtool_ops;
extern const struct ethtool_ops vnic_link_ethtool_ops;

#endif /* VNIC_CARD_H */

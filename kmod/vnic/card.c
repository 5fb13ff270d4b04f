// SPDX-License-Identifier: GPL-2.0
/*
 * The network device of a TAP card, and what TAP cards and link cards have in common. Owns which
 * queue is attached to which card, and the frames that wait in the queues.
 *
 * Nothing is lost at a full queue: the device's queue is stopped, the stack keeps what it has (and
 * with it the sockets that it came from), and goes on when the reader has taken half.
 *
 *	head - tail
 *	size	 ------ stop --.	push: store head, stop, smp_mb(), load tail
 *				v
 *	size / 2 ------ wake <-'	pop: store tail, smp_mb(), load whether it is stopped
 *	0
 *
 * The two barriers pair: if both happen at a time, one of the two sees the other.
 */
#include <linux/ethtool.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#include <vnic_ring.h>

#include "card.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/* Frames that are reported to the byte queue limits at a time, unless the queue runs empty. */
#define DONE_BATCH	64

/* Offloads that the reader has to be able to take. */
#define OFFLOADS	(NETIF_F_HW_CSUM | NETIF_F_TSO | NETIF_F_TSO6 | NETIF_F_TSO_ECN | \
			 NETIF_F_GSO_UDP_L4)

/* Flags of TUNSETIFF that a card has. */
#define TAP_FLAGS	(IFF_NO_PI | IFF_ONE_QUEUE | IFF_VNET_HDR | IFF_MULTI_QUEUE | \
			 COMPAT_IFF_BACKPRESSURE)

/* --- the fifo --- */

/* Both locks are held. */
static void fifo_purge(struct vnic_fifo *fifo)
{
	while (fifo->tail != fifo->head)
		kfree_skb(fifo->slots[fifo->tail++ & fifo->mask]);
	fifo->done = 0;
	fifo->done_bytes = 0;
}

/* Returns 0; -ENOMEM; -EBUSY: there are more frames in it. */
static int fifo_resize(struct vnic_fifo *fifo, u32 size)
{
	struct sk_buff **slots;
	int ret = 0;
	u32 i;

	if (fifo->slots && fifo->mask == size - 1)
		return 0;
	slots = kvcalloc(size, sizeof(*slots), GFP_KERNEL_ACCOUNT);
	if (!slots)
		return -ENOMEM;
	spin_lock_bh(&fifo->consume);
	spin_lock(&fifo->produce);
	if (fifo->head - fifo->tail > size) {
		ret = -EBUSY;
	} else {
		for (i = fifo->tail; i != fifo->head; i++)
			slots[i & (size - 1)] = fifo->slots[i & fifo->mask];
		swap(fifo->slots, slots);
		fifo->mask = size - 1;
	}
	spin_unlock(&fifo->produce);
	spin_unlock_bh(&fifo->consume);
	kvfree(slots);
	return ret;
}

/**
 * vnic_queue_empty() - is there nothing for its reader?
 * @queue: queue
 */
bool vnic_queue_empty(const struct vnic_queue *queue)
{
	return READ_ONCE(queue->fifo.head) == READ_ONCE(queue->fifo.tail);
}

/* The card it is attached to. One of the fifo's locks is held, or RTNL. */
static struct vnic_tap *tap_of_queue(const struct vnic_queue *queue)
{
	return rcu_dereference_check(queue->tap, lockdep_is_held(&queue->fifo.consume) ||
				     lockdep_is_held(&queue->fifo.produce) ||
				     lockdep_rtnl_is_held());
}

/* --- to the guest --- */

/* The device's queue has been stopped for it is full. True if that is still so. */
static bool stay_stopped(struct vnic_queue *queue, struct netdev_queue *txq)
{
	struct vnic_fifo *fifo = &queue->fifo;

	netif_tx_stop_queue(txq);
	/* Pairs with vnic_queue_advance(). */
	smp_mb();
	if (fifo->head - READ_ONCE(fifo->tail) <= (fifo->mask + 1) / 2) {
		netif_tx_start_queue(txq);
		return false;
	}
	vnic_count(queue, tx_stops, 1);
	trace_vnic_queue_stop(txq->dev, queue->index, fifo->head - fifo->tail);
	return true;
}

/*
 * Returns 1: taken, and the reader is to be told; 0: taken; -EBUSY: there is no room; -ENODEV: the
 * queue is not @dev's any more.
 */
static int push(struct vnic_queue *queue, struct net_device *dev, struct sk_buff *skb, bool more)
{
	unsigned int index = skb_get_queue_mapping(skb);
	struct netdev_queue *txq = netdev_get_tx_queue(dev, index);
	struct vnic_fifo *fifo = &queue->fifo;
	int ret = -ENODEV;
	u32 used;

	spin_lock(&fifo->produce);
	/* In another slot by now, its octets are another's to count. */
	if (rcu_access_pointer(queue->tap) != netdev_priv(dev) || queue->index != index)
		goto out;
	/* Pairs with vnic_queue_advance(): the slot is free. */
	used = fifo->head - smp_load_acquire(&fifo->tail);
	if (used > fifo->mask && stay_stopped(queue, txq)) {
		ret = -EBUSY;
		goto out;
	}
	/* Before anybody can report it as done. */
	ret = __netdev_tx_sent_queue(txq, skb->len, more);
	skb_tx_timestamp(skb);
	fifo->slots[fifo->head & fifo->mask] = skb;
	/* Pairs with vnic_queue_peek(): who sees the head sees the frame. */
	smp_store_release(&fifo->head, fifo->head + 1);
	if (used == fifo->mask && stay_stopped(queue, txq))
		ret = 1;
out:
	spin_unlock(&fifo->produce);
	return ret;
}

/* BHs are disabled. */
static void tell_reader(struct vnic_queue *queue)
{
	if (vnic_rings_of(queue))
		vnic_rings_fill(queue);
	else
		vnic_queue_notify(queue);
}

static netdev_tx_t tap_start_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct vnic_tap *tap = netdev_priv(dev);
	struct vnic_queue *queue;
	int ret;

	queue = rcu_dereference_bh(tap->queues[skb_get_queue_mapping(skb)]);
	/* It may stay here for long: user space gets its pages back, and conntrack its entries. */
	if (!queue || skb_orphan_frags(skb, GFP_ATOMIC))
		goto drop;
	nf_reset_ct(skb);
	ret = push(queue, dev, skb, netdev_xmit_more());
	if (ret == -EBUSY)
		return NETDEV_TX_BUSY;
	if (ret < 0)
		goto drop;
	if (ret)
		tell_reader(queue);
	return NETDEV_TX_OK;

drop:
	dev_core_stats_tx_dropped_inc(dev);
	kfree_skb(skb);
	/* It was to tell of those before it as well. */
	if (queue)
		tell_reader(queue);
	return NETDEV_TX_OK;
}

/**
 * vnic_queue_peek() - the next frame for its reader
 * @queue: its fifo's consume is held
 *
 * Return: NULL if there is none.
 */
struct sk_buff *vnic_queue_peek(struct vnic_queue *queue)
{
	struct vnic_fifo *fifo = &queue->fifo;

	lockdep_assert_held(&fifo->consume);
	/* Pairs with push(). */
	if (smp_load_acquire(&fifo->head) == fifo->tail)
		return NULL;
	return fifo->slots[fifo->tail & fifo->mask];
}

/**
 * vnic_queue_advance() - take the frame that vnic_queue_peek() returned
 * @queue: its fifo's consume is held
 * @tap: that it is attached to
 *
 * The frame is the caller's then.
 */
void vnic_queue_advance(struct vnic_queue *queue, struct vnic_tap *tap)
{
	struct net_device *dev = tap->card.dev;
	struct netdev_queue *txq = netdev_get_tx_queue(dev, queue->index);
	struct vnic_fifo *fifo = &queue->fifo;
	unsigned int len = fifo->slots[fifo->tail & fifo->mask]->len;
	u32 left;

	fifo->done++;
	fifo->done_bytes += len;
	dev_sw_netstats_tx_add(dev, 1, len);
	vnic_count(queue, tx_packets, 1);
	vnic_count(queue, tx_bytes, len);
	/* Pairs with push(): the slot has been read. */
	smp_store_release(&fifo->tail, fifo->tail + 1);
	/* Pairs with stay_stopped(). */
	smp_mb();
	left = READ_ONCE(fifo->head) - fifo->tail;
	if (!left || fifo->done == DONE_BATCH) {
		netdev_tx_completed_queue(txq, fifo->done, fifo->done_bytes);
		fifo->done = 0;
		fifo->done_bytes = 0;
	}
	if (unlikely(netif_tx_queue_stopped(txq)) && left <= (fifo->mask + 1) / 2) {
		vnic_count(queue, tx_wakes, 1);
		trace_vnic_queue_wake(dev, queue->index, left);
		netif_tx_wake_queue(txq);
	}
}

/**
 * vnic_queue_pop() - take the next frame
 * @queue: queue
 *
 * Return: the frame; NULL if there is none.
 */
struct sk_buff *vnic_queue_pop(struct vnic_queue *queue)
{
	struct sk_buff *skb = NULL;
	struct vnic_tap *tap;

	spin_lock_bh(&queue->fifo.consume);
	tap = tap_of_queue(queue);
	if (tap)
		skb = vnic_queue_peek(queue);
	if (skb)
		vnic_queue_advance(queue, tap);
	spin_unlock_bh(&queue->fifo.consume);
	return skb;
}

/* --- from the guest --- */

static bool little_endian(const struct vnic_tap *tap)
{
	return READ_ONCE(tap->vnet_le) ||
	       (!READ_ONCE(tap->vnet_be) && virtio_legacy_is_little_endian());
}

/**
 * vnic_tap_format() - how frames of the card look to its reader and its writer
 * @queue: queue
 * @format: filled in
 *
 * Return: false if it is attached to none.
 */
bool vnic_tap_format(struct vnic_queue *queue, struct vnic_format *format)
{
	struct vnic_tap *tap;

	rcu_read_lock();
	tap = rcu_dereference(queue->tap);
	if (tap) {
		unsigned int flags = READ_ONCE(tap->flags);

		format->pi = !(flags & IFF_NO_PI);
		format->vnet_size = flags & IFF_VNET_HDR ? READ_ONCE(tap->vnet_size) : 0;
		format->little_endian = little_endian(tap);
		format->features = format->vnet_size ? READ_ONCE(tap->card.dev->features) : 0;
		format->rx_frames = READ_ONCE(tap->rx_frames);
	}
	rcu_read_unlock();
	return tap;
}

/* Both directions of a flow have the same. */
static u16 *flow_of(struct vnic_tap *tap, const struct sk_buff *skb)
{
	return &tap->flows[__skb_get_hash_symmetric(skb) & (VNIC_FLOWS - 1)];
}

/* Answers are to go where the guest has sent by. */
static void remember_flow(struct vnic_tap *tap, const struct sk_buff *skb, u16 index)
{
	u16 *flow;

	if (READ_ONCE(tap->actives) < 2)
		return;
	flow = flow_of(tap, skb);
	if (READ_ONCE(*flow) != index + 1)
		WRITE_ONCE(*flow, index + 1);
}

static u16 tap_select_queue(struct net_device *dev, struct sk_buff *skb,
			    struct net_device *subordinate)
{
	struct vnic_tap *tap = netdev_priv(dev);
	unsigned int actives = READ_ONCE(tap->actives);
	u16 slot;

	if (actives < 2)
		return READ_ONCE(tap->active[0]);
	slot = READ_ONCE(*flow_of(tap, skb));
	if (slot && rcu_access_pointer(tap->queues[slot - 1]))
		return slot - 1;
	return READ_ONCE(tap->active[reciprocal_scale(__skb_get_hash_symmetric(skb), actives)]);
}

/*
 * What the guest says about checksum and segmentation, checked against the frame: nothing of it is
 * trusted. Headers are found as the stack will find them, so that none can lie about another.
 */
static int apply_vnet(struct sk_buff *skb, const struct virtio_net_hdr *vnet, bool little_endian)
{
	u16 start = __virtio16_to_cpu(little_endian, vnet->csum_start);

	/* There is no sum over part of an IP header. Not every kernel checks that. */
	if (vnet->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM && start < ETH_HLEN + sizeof(struct iphdr))
		return -EINVAL;
	return virtio_net_hdr_to_skb(skb, vnet, little_endian);
}

/**
 * vnic_tap_reject() - the guest has sent what is no frame
 * @queue: by this
 */
void vnic_tap_reject(struct vnic_queue *queue)
{
	struct vnic_tap *tap;

	rcu_read_lock_bh();
	tap = rcu_dereference_bh(queue->tap);
	if (tap) {
		vnic_count(queue, rx_errors, 1);
		DEV_STATS_INC(tap->card.dev, rx_errors);
	}
	rcu_read_unlock_bh();
}

/* RCU is held. */
static int input(struct vnic_tap *tap, struct vnic_queue *queue, struct sk_buff *skb,
		 const struct virtio_net_hdr *vnet, struct napi_struct *napi)
{
	struct net_device *dev = tap->card.dev;
	unsigned int len = skb->len;

	if (!(READ_ONCE(dev->flags) & IFF_UP))
		return -EIO;
	skb->dev = dev;
	skb_reset_mac_header(skb);
	skb_set_network_header(skb, ETH_HLEN);
	if (vnet && apply_vnet(skb, vnet, little_endian(tap)))
		return -EINVAL;
	skb->protocol = eth_type_trans(skb, dev);
	skb_reset_network_header(skb);
	skb_probe_transport_header(skb);
	skb_record_rx_queue(skb, queue->index);
	remember_flow(tap, skb, queue->index);
	dev_sw_netstats_rx_add(dev, len);
	vnic_count(queue, rx_packets, 1);
	vnic_count(queue, rx_bytes, len);
	if (napi)
		napi_gro_receive(napi, skb);
	else
		netif_receive_skb(skb);
	return 0;
}

/**
 * vnic_tap_input() - a frame from the guest
 * @queue: that it came by
 * @skb: consumed; data begins with the Ethernet header, which is linear
 * @vnet: what the guest says about it, or NULL
 * @napi: in whose context, or NULL: in the writer's
 *
 * Return: 0; -EBADFD: the queue is attached to no card; -EIO: the device is down; -EINVAL: @vnet
 * and the frame do not agree.
 */
int vnic_tap_input(struct vnic_queue *queue, struct sk_buff *skb,
		   const struct virtio_net_hdr *vnet, struct napi_struct *napi)
{
	struct vnic_tap *tap;
	int ret = -EBADFD;

	local_bh_disable();
	rcu_read_lock();
	tap = rcu_dereference(queue->tap);
	if (tap)
		ret = input(tap, queue, skb, vnet, napi);
	if (ret == -EIO)
		dev_core_stats_rx_dropped_inc(tap->card.dev);
	rcu_read_unlock();
	local_bh_enable();
	if (ret)
		kfree_skb(skb);
	if (ret == -EINVAL)
		vnic_tap_reject(queue);
	return ret;
}

/* --- what a TAP device is --- */

static netdev_features_t tap_fix_features(struct net_device *dev, netdev_features_t features)
{
	struct vnic_tap *tap = netdev_priv(dev);
	netdev_features_t taken = tap->flags & IFF_VNET_HDR ? tap->offload : 0;

	return features & (taken | ~OFFLOADS);
}

/* All queues are on their own, whoever has them open. */
static void tap_uninit(struct net_device *dev)
{
	struct vnic_tap *tap = netdev_priv(dev);
	struct vnic_queue *queue, *next;
	unsigned int i;

	vnic_network_detach(&tap->card);
	for (i = 0; i < VNIC_QUEUES_MAX; i++) {
		queue = rtnl_dereference(tap->queues[i]);
		if (queue)
			vnic_queue_leave(queue);
	}
	list_for_each_entry_safe(queue, next, &tap->detached, link)
		vnic_queue_leave(queue);
}

static const struct net_device_ops tap_ops = {
	.ndo_uninit = tap_uninit,
	.ndo_start_xmit = tap_start_xmit,
	.ndo_select_queue = tap_select_queue,
	.ndo_fix_features = tap_fix_features,
	.ndo_validate_addr = eth_validate_addr,
	.ndo_set_mac_address = eth_mac_addr,
	.ndo_get_stats64 = dev_get_tstats64,
};

static void tap_setup(struct net_device *dev)
{
	struct vnic_tap *tap = netdev_priv(dev);

	ether_setup(dev);
	eth_hw_addr_random(dev);
	tap->card.dev = dev;
	tap->card.tap = true;
	tap->owner = INVALID_UID;
	tap->group = INVALID_GID;
	tap->vnet_size = sizeof(struct virtio_net_hdr);
	tap->sndbuf = INT_MAX;
	tap->fifo_size = VNIC_FIFO_DEFAULT;
	tap->rx_frames = NAPI_POLL_WEIGHT;
	INIT_LIST_HEAD(&tap->detached);
	dev->netdev_ops = &tap_ops;
	dev->ethtool_ops = &vnic_tap_ethtool_ops;
	dev->rtnl_link_ops = &vnic_link_ops;
	dev->needs_free_netdev = true;
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	dev->min_mtu = ETH_MIN_MTU;
	dev->max_mtu = ETH_MAX_MTU - ETH_HLEN;
	/* Frames are kept. */
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	dev->priv_flags |= IFF_LIVE_ADDR_CHANGE;
	dev->hw_features = NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HIGHDMA | OFFLOADS;
	dev->features = dev->hw_features;
	dev->vlan_features = dev->hw_features;
}

/* --- which queue is where; RTNL is held --- */

/* What tap_select_queue() reads, after a slot has changed. */
static void count_actives(struct vnic_tap *tap)
{
	struct net_device *dev = tap->card.dev;
	unsigned int i, n = 0, slots = 0;

	for (i = 0; i < VNIC_QUEUES_MAX; i++) {
		if (!rtnl_dereference(tap->queues[i]))
			continue;
		WRITE_ONCE(tap->active[n++], i);
		slots = i + 1;
	}
	WRITE_ONCE(tap->actives, n);
	if (!n || dev->reg_state > NETREG_REGISTERED)
		return;
	netif_set_real_num_tx_queues(dev, slots);
	/* Frames of a queue that has just left are still on their way. */
	if (slots > dev->real_num_rx_queues)
		netif_set_real_num_rx_queues(dev, slots);
}

static unsigned int free_slot(const struct vnic_tap *tap)
{
	unsigned int i = 0;

	while (i < VNIC_QUEUES_MAX && rtnl_dereference(tap->queues[i]))
		i++;
	return i;
}

static void set_tap(struct vnic_queue *queue, struct vnic_tap *tap)
{
	spin_lock_bh(&queue->fifo.consume);
	spin_lock(&queue->fifo.produce);
	if (!tap)
		fifo_purge(&queue->fifo);
	rcu_assign_pointer(queue->tap, tap);
	spin_unlock(&queue->fifo.produce);
	spin_unlock_bh(&queue->fifo.consume);
}

/* From its list to being on its own. */
static void leave_list(struct vnic_queue *queue)
{
	list_del(&queue->link);
	queue->detached->detacheds--;
	queue->detached = NULL;
}

/* From its slot to being on its own. Frames in it are lost. */
static void leave_slot(struct vnic_queue *queue, struct vnic_tap *tap)
{
	struct net_device *dev = tap->card.dev;
	struct netdev_queue *txq = netdev_get_tx_queue(dev, queue->index);

	RCU_INIT_POINTER(tap->queues[queue->index], NULL);
	set_tap(queue, NULL);
	vnic_rings_leave(queue);
	netdev_tx_reset_queue(txq);
	netif_tx_start_queue(txq);
	count_actives(tap);
	if (!tap->actives)
		netif_carrier_off(dev);
	/* What the stack still has for it is lost as well, rather than waiting for ever. */
	if (dev->reg_state == NETREG_REGISTERED)
		netif_schedule_queue(txq);
	vnic_queue_notify(queue);
}

/* Returns 0; -EBUSY, -E2BIG: there is no free slot; -ENOMEM. */
static int enter_slot(struct vnic_queue *queue, struct vnic_tap *tap)
{
	unsigned int slot = free_slot(tap);
	int ret;

	if (!(tap->flags & IFF_MULTI_QUEUE) && tap->actives)
		return -EBUSY;
	if (tap->actives + tap->detacheds - !!queue->detached >= VNIC_QUEUES_MAX)
		return -E2BIG;
	ret = fifo_resize(&queue->fifo, tap->fifo_size);
	if (ret)
		return ret;
	if (queue->detached)
		leave_list(queue);
	queue->index = slot;
	WRITE_ONCE(queue->sk.sk_sndbuf, tap->sndbuf);
	vnic_rings_enter(queue, tap->card.dev);
	set_tap(queue, tap);
	rcu_assign_pointer(tap->queues[slot], queue);
	count_actives(tap);
	/* For what was posted before nobody kicks any more. */
	if (vnic_rings_of(queue))
		vnic_rings_kick(queue, VNIC_KICK_TX);
	return 0;
}

/**
 * vnic_queue_leave() - it is on its own from now on
 * @queue: in any state. RTNL is held
 *
 * A card that nobody has open then goes, unless it is persistent.
 */
void vnic_queue_leave(struct vnic_queue *queue)
{
	struct vnic_tap *attached = rtnl_dereference(queue->tap);
	struct vnic_tap *tap = attached ? attached : queue->detached;

	if (!tap)
		return;
	if (attached)
		leave_slot(queue, tap);
	else
		leave_list(queue);
	if (!tap->actives && !tap->detacheds && !tap->persist &&
	    tap->card.dev->reg_state == NETREG_REGISTERED)
		unregister_netdevice(tap->card.dev);
}

/* With CAP_NET_ADMIN everybody may; else whom TUNSETOWNER and TUNSETGROUP name, if they do. */
static bool may_attach(const struct vnic_tap *tap)
{
	const struct net *net = dev_net(tap->card.dev);
	bool named = uid_valid(tap->owner) || gid_valid(tap->group);

	if (named && (!uid_valid(tap->owner) || uid_eq(current_euid(), tap->owner)) &&
	    (!gid_valid(tap->group) || in_egroup_p(tap->group)))
		return true;
	return ns_capable(net->user_ns, CAP_NET_ADMIN);
}

/* A card is open for the first time, or again: with these flags. */
static void set_flags(struct vnic_tap *tap, unsigned int flags)
{
	WRITE_ONCE(tap->flags, flags & TAP_FLAGS);
	netdev_update_features(tap->card.dev);
	if (!(flags & IFF_NO_CARRIER))
		netif_carrier_on(tap->card.dev);
}

static int attach_to(struct vnic_queue *queue, struct net_device *dev, unsigned int flags)
{
	struct vnic_card *card = vnic_card_of(dev);
	struct vnic_tap *tap;
	int ret;

	if (flags & IFF_TUN_EXCL)
		return -EBUSY;
	if (!card || !card->tap)
		return -EINVAL;
	tap = vnic_tap_of(card);
	if ((flags ^ tap->flags) & IFF_MULTI_QUEUE)
		return -EINVAL;
	if (!may_attach(tap))
		return -EPERM;
	ret = enter_slot(queue, tap);
	if (!ret && tap->actives + tap->detacheds == 1)
		set_flags(tap, flags);
	return ret;
}

static int create(struct vnic_queue *queue, struct net *net, const char *name, unsigned int flags)
{
	unsigned int queues = flags & IFF_MULTI_QUEUE ? VNIC_QUEUES_MAX : 1;
	struct net_device *dev;
	struct vnic_tap *tap;
	int ret;

	if (!ns_capable(net->user_ns, CAP_NET_ADMIN))
		return -EPERM;
	dev = alloc_netdev_mqs(sizeof(*tap), *name ? name : "vnic%d", NET_NAME_UNKNOWN, tap_setup,
			       queues, queues);
	if (!dev)
		return -ENOMEM;
	dev_net_set(dev, net);
	dev->ifindex = queue->ifindex;
	netif_carrier_off(dev);
	tap = netdev_priv(dev);
	tap->flags = flags & TAP_FLAGS;
	/* So that not all of them are shown, only to be hidden again. */
	netif_set_real_num_tx_queues(dev, 1);
	netif_set_real_num_rx_queues(dev, 1);
	ret = register_netdevice(dev);
	if (ret) {
		free_netdev(dev);
		return ret;
	}
	ret = enter_slot(queue, tap);
	if (ret)
		unregister_netdevice(dev);
	else
		set_flags(tap, flags);
	return ret;
}

/**
 * vnic_tap_set_iff() - TUNSETIFF
 * @queue: on its own. RTNL is held
 * @net: where
 * @ifr: which card, or how a new one is to be called, and its flags; the name is returned
 *
 * Return: 0, or a negative errno as that of a TAP device.
 */
int vnic_tap_set_iff(struct vnic_queue *queue, struct net *net, struct ifreq *ifr)
{
	unsigned int flags = (unsigned short)ifr->ifr_flags;
	struct net_device *dev;
	int ret;

	if ((flags & TUN_TYPE_MASK) != IFF_TAP)
		return -EINVAL;
	dev = __dev_get_by_name(net, ifr->ifr_name);
	ret = dev ? attach_to(queue, dev, flags) : create(queue, net, ifr->ifr_name, flags);
	if (!ret)
		strscpy(ifr->ifr_name, rtnl_dereference(queue->tap)->card.dev->name, IFNAMSIZ);
	return ret;
}

/**
 * vnic_tap_set_queue() - TUNSETQUEUE
 * @queue: queue. RTNL is held
 * @flags: IFF_ATTACH_QUEUE or IFF_DETACH_QUEUE
 *
 * Return: 0 or a negative errno.
 */
int vnic_tap_set_queue(struct vnic_queue *queue, unsigned int flags)
{
	struct vnic_tap *tap = rtnl_dereference(queue->tap);
	int ret;

	if (flags & IFF_ATTACH_QUEUE) {
		tap = queue->detached;
		if (!tap)
			return -EINVAL;
		ret = enter_slot(queue, tap);
		if (!ret)
			netif_carrier_on(tap->card.dev);
		return ret;
	}
	if (!(flags & IFF_DETACH_QUEUE) || !tap || !(tap->flags & IFF_MULTI_QUEUE))
		return -EINVAL;
	leave_slot(queue, tap);
	queue->detached = tap;
	list_add_tail(&queue->link, &tap->detached);
	tap->detacheds++;
	return 0;
}

/**
 * vnic_tap_resize() - how many frames each of its queues holds
 * @tap: card. RTNL is held
 * @size: a power of 2
 *
 * Return: 0; -ENOMEM; -EBUSY: a queue holds more by now.
 */
int vnic_tap_resize(struct vnic_tap *tap, u32 size)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < VNIC_QUEUES_MAX && !ret; i++) {
		struct vnic_queue *queue = rtnl_dereference(tap->queues[i]);

		if (queue)
			ret = fifo_resize(&queue->fifo, size);
	}
	/* Queues that have changed stay as they are: each knows its own size. */
	if (!ret)
		tap->fifo_size = size;
	return ret;
}

/* --- of both kinds of card --- */

struct vnic_card *vnic_card_of(struct net_device *dev)
{
	return dev->netdev_ops == &tap_ops || vnic_link_is(dev) ? netdev_priv(dev) : NULL;
}

void vnic_card_deliver(struct vnic_card *card, struct sk_buff *skb)
{
	/* It comes from another machine, so to speak. */
	skb_scrub_packet(skb, true);
	if (!card->tap)
		return vnic_link_receive(card, skb);
	skb->dev = card->dev;
	dev_queue_xmit(skb);
}

static rx_handler_result_t from_guest(struct sk_buff **pskb)
{
	struct vnic_card *card = rcu_dereference((*pskb)->dev->rx_handler_data);
	struct vnic_port *port = rcu_dereference(card->port);
	struct sk_buff *skb;

	if (!port)
		return RX_HANDLER_PASS;
	skb = skb_share_check(*pskb, GFP_ATOMIC);
	if (skb)
		vnic_port_input(port, skb);
	return RX_HANDLER_CONSUMED;
}

int vnic_card_joined(struct vnic_card *card)
{
	if (card->tap)
		return netdev_rx_handler_register(card->dev, from_guest, card);
	netif_carrier_on(card->dev);
	return 0;
}

void vnic_card_left(struct vnic_card *card)
{
	if (card->tap)
		netdev_rx_handler_unregister(card->dev);
	else
		netif_carrier_off(card->dev);
}

int vnic_card_init(void)
{
	return rtnl_link_register(&vnic_link_ops);
}

/* No file is open, so what cards there are, persistent ones and link cards, go. */
void vnic_card_exit(void)
{
	rtnl_link_unregister(&vnic_link_ops);
}

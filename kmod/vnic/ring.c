// SPDX-License-Identifier: GPL-2.0
/*
 * Rings: frames in shared memory. <vnic_ring.h> draws them, and says who writes what.
 *
 * The other side may write anything at any time. So each word of its is read once; an index is
 * masked, a place is checked against the area, and what is the kernel's own (how many are done) is
 * kept here and only shown there. A frame's headers are copied before they are looked at; so is the
 * rest of it, unless it is sent from where it lies (held.h).
 *
 *	fifo --> rx		in the sender's context, or that of who kicks; fifo.consume is held
 *	tx --> the stack	in a NAPI context, so that GRO merges what belongs together
 *	tx.done			where it is likely to have changed, or by a timer; done_lock is held
 *
 * Locks, outer first: fifo.consume; done_lock (BH). Neither is held while the stack is called.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/timer.h>
#include <linux/uio.h>
#include <linux/vmalloc.h>

#include <vnic_ring.h>

#include "card.h"
#include "held.h"

static_assert(sizeof(struct vnic_ring_descriptor) == 16);
static_assert(sizeof(struct vnic_ring) == 128);
static_assert(sizeof(struct vnic_ioc_rings) == 48);

/**
 * struct vnic_ring_end - one direction, as we see it
 * @shared: indices
 * @descriptors: shared as well
 * @mask: their number, less 1
 * @taken: how many we have looked at; rx: as many as are done
 * @done: how many
 * @pieces: of the frame that is copied
 * @posted: descriptors of the pieces, as the program wrote them
 */
struct vnic_ring_end {
	struct vnic_ring *shared;
	struct vnic_ring_descriptor *descriptors;
	u32 mask;
	u32 taken;
	u32 done;
	struct kvec pieces[VNIC_RING_PIECES];
	struct vnic_ring_descriptor posted[VNIC_RING_PIECES];
};

/**
 * struct vnic_memory - what is mapped
 * @refs: of the rings that are in it, and of those that share its area
 * @at: it
 * @bytes: of it
 * @area_offset: where the buffers are
 * @area_bytes: of those; 0: they are in another's
 * @pages: of the area
 */
struct vnic_memory {
	refcount_t refs;
	void *at;
	u32 bytes;
	u32 area_offset;
	u32 area_bytes;
	struct page **pages;
};

/**
 * struct vnic_rings - both
 * @queue: of this
 * @napi: in which tx is polled; belongs to the card that the queue is attached to, if it is
 * @memory: that is mapped
 * @buffers: the memory whose area is used: @memory, or another's
 * @area: of @buffers
 * @area_bytes: of that
 * @rx: to the guest; fifo.consume is held
 * @tx: from it; of @napi's poll, but for @tx.done
 * @in_place: VNIC_RINGS_IN_PLACE. If not, all of what follows is unused, and tx.done is of @napi's
 *	poll as well
 * @done_lock: of what follows, and of tx.done
 * @held: frames that were sent and are not done, in no order
 * @holds: how many; read without the lock by who asks whether it is worth while to take it
 * @next: of them, the one that is asked for next
 * @shown: of tx.done
 * @timer: looks after frames that nobody else has asked for
 * @patience: of it, in jiffies
 */
struct vnic_rings {
	struct vnic_queue *queue;
	struct napi_struct napi;
	struct vnic_memory *memory;
	struct vnic_memory *buffers;
	char *area;
	u32 area_bytes;
	struct vnic_ring_end rx;
	struct vnic_ring_end tx;
	bool in_place;
	spinlock_t done_lock;	/* of what follows, and of tx.done */
	struct vnic_held_frame *held;
	u32 holds;
	u32 next;
	u32 shown;
	struct timer_list timer;
	unsigned long patience;
};

/* Of a frame that is held by somebody else: how often we look. */
#define PATIENCE_LEAST	1
#define PATIENCE_MOST	(HZ / 4)

/*
 * Held frames that are asked for on the way of another, so that its cost does not grow with their
 * number: more than a frame that comes after them can have released, as a rule.
 */
#define ASKED_AT_ONCE	32

/* --- of both directions --- */

/* How many descriptors are posted and not taken; -EPROTO: that cannot be. */
static int posted(const struct vnic_ring_end *end)
{
	/*
	 * Pairs with the program's release: who sees the index sees the descriptors, and how many
	 * were done when it was written.
	 */
	u32 n = smp_load_acquire(&end->shared->posted), taken = READ_ONCE(end->taken);

	if (n - READ_ONCE(end->done) > end->mask + 1 || n - taken > end->mask + 1)
		return -EPROTO;
	return n - taken;
}

static struct vnic_ring_descriptor *descriptor(const struct vnic_ring_end *end, u32 n)
{
	return &end->descriptors[(end->taken + n) & end->mask];
}

/* @n are done, all that were taken before are as well. */
static void advance(struct vnic_ring_end *end, u32 n)
{
	WRITE_ONCE(end->taken, end->taken + n);
	WRITE_ONCE(end->done, end->done + n);
}

/* The @n-th one that is not taken becomes the @n-th piece, if it is in the area. */
static bool take_piece(struct vnic_rings *rings, struct vnic_ring_end *end, u32 n, u32 *flags)
{
	struct vnic_ring_descriptor *d = descriptor(end, n);
	u32 offset = READ_ONCE(d->offset), length = READ_ONCE(d->length);
	bool good = offset <= rings->area_bytes && length <= rings->area_bytes - offset;

	*flags = READ_ONCE(d->flags);
	end->posted[n].offset = offset;
	end->posted[n].length = length;
	end->pieces[n].iov_base = rings->area + (good ? offset : 0);
	end->pieces[n].iov_len = good ? length : 0;
	return good;
}

/* All that has been done is the program's again. */
static void show_done(struct vnic_ring_end *end)
{
	/* Pairs with the program's acquire: who sees the index sees what was written. */
	smp_store_release(&end->shared->done, end->done);
}

static bool wants_wake(struct vnic_ring_end *end)
{
	/* Either it sees what is done, or we see that it wants to be woken. */
	smp_mb();
	if (!READ_ONCE(end->shared->want_wake))
		return false;
	WRITE_ONCE(end->shared->want_wake, 0);
	return true;
}

/*
 * From here on who posts kicks. What was posted before can be seen now: to be looked for once more
 * after this, and only once, so that nobody keeps us here by writing this and that.
 */
static void ask_for_kick(struct vnic_ring_end *end)
{
	WRITE_ONCE(end->shared->want_kick, 1);
	/* Pairs with the program's, between posting and looking whether to kick. */
	smp_mb();
}

/* --- frames that were sent from where they lie --- */

/*
 * The next descriptor that is not done becomes that of a frame which is: both were taken, so what
 * is in the ring there is of no use any more. done_lock is held.
 */
static void give_back(struct vnic_ring_end *tx, u32 offset, u32 length, u32 flags)
{
	struct vnic_ring_descriptor *d = &tx->descriptors[tx->done & tx->mask];

	WRITE_ONCE(d->offset, offset);
	WRITE_ONCE(d->length, length);
	WRITE_ONCE(d->flags, flags);
	WRITE_ONCE(tx->done, tx->done + 1);
}

/* Those that nobody has any more, of @most that are asked for. done_lock is held. */
static void give_back_released(struct vnic_rings *rings, u32 most)
{
	u32 asked, holds = rings->holds;

	for (asked = min(most, holds); asked && holds; asked--) {
		struct vnic_held_frame *frame = &rings->held[rings->next];

		if (vnic_held_released(frame, rings->buffers->pages)) {
			give_back(&rings->tx, frame->offset, frame->length, 0);
			*frame = rings->held[--holds];
		} else {
			rings->next++;
		}
		if (rings->next >= holds)
			rings->next = 0;
	}
	if (holds < rings->holds)
		rings->patience = PATIENCE_LEAST;
	WRITE_ONCE(rings->holds, holds);
}

/* Tells the program what is done. BHs are disabled. */
static void show_given_back(struct vnic_rings *rings, u32 most)
{
	bool wake = false;

	spin_lock(&rings->done_lock);
	give_back_released(rings, most);
	if (rings->shown != rings->tx.done) {
		rings->shown = rings->tx.done;
		show_done(&rings->tx);
		wake = wants_wake(&rings->tx);
	}
	/* It may be waiting for an older frame, for longer. */
	if (rings->holds)
		timer_reduce(&rings->timer, jiffies + rings->patience);
	spin_unlock(&rings->done_lock);
	if (wake)
		vnic_queue_notify_room(rings->queue);
}

/* BHs are disabled. */
static void look_after_held(struct vnic_rings *rings, u32 most)
{
	if (READ_ONCE(rings->holds))
		show_given_back(rings, most);
}

static void look_again(struct timer_list *timer)
{
	struct vnic_rings *rings = container_of(timer, struct vnic_rings, timer);

	spin_lock(&rings->done_lock);
	rings->patience = min_t(unsigned long, rings->patience * 2, PATIENCE_MOST);
	spin_unlock(&rings->done_lock);
	show_given_back(rings, U32_MAX);
}

/* --- to the guest --- */

/*
 * Buffers for a frame of @needed octets, or as many as one may have. Returns how many; 0: there is
 * not as much room posted.
 */
static u32 find_room(struct vnic_rings *rings, size_t needed, size_t *room)
{
	int available = posted(&rings->rx);
	u32 n = 0, flags;

	*room = 0;
	while (*room < needed && n < VNIC_RING_PIECES) {
		if ((int)n >= available)
			return 0;
		take_piece(rings, &rings->rx, n, &flags);
		*room += rings->rx.pieces[n++].iov_len;
	}
	return n;
}

static u32 find_room_or_ask(struct vnic_rings *rings, size_t needed, size_t *room)
{
	u32 n = find_room(rings, needed, room);

	if (n)
		return n;
	ask_for_kick(&rings->rx);
	n = find_room(rings, needed, room);
	if (n)
		WRITE_ONCE(rings->rx.shared->want_kick, 0);
	return n;
}

/* @n descriptors are done, with @used octets in all. */
static void finish_rx(struct vnic_ring_end *rx, u32 n, size_t used)
{
	u32 i, length;

	for (i = 0; i < n; i++) {
		struct vnic_ring_descriptor *d = descriptor(rx, i);

		length = min_t(size_t, used, rx->pieces[i].iov_len);
		used -= length;
		WRITE_ONCE(d->length, length);
		WRITE_ONCE(d->flags, (i + 1 < n ? VNIC_RING_MORE : 0) |
			   (rx->pieces[i].iov_len ? 0 : VNIC_RING_BAD));
	}
	advance(rx, n);
}

/* Returns false if there is no room for it. */
static bool put_frame(struct vnic_rings *rings, struct vnic_tap *tap, struct sk_buff *skb,
		      const struct vnic_format *format)
{
	size_t room, needed = skb->len + format->vnet_size;
	struct iov_iter to;
	int ret;
	u32 n;

	if (format->pi)
		needed += sizeof(struct tun_pi);
	n = find_room_or_ask(rings, needed, &room);
	if (!n)
		return false;
	iov_iter_kvec(&to, ITER_DEST, rings->rx.pieces, n, room);
	ret = vnic_frame_to_iter(skb, format, &to);
	vnic_queue_advance(rings->queue, tap);
	if (ret == -EPROTO) {
		/* It was queued for a reader that could take more: the buffers are still good. */
		kfree_skb(skb);
		return true;
	}
	finish_rx(&rings->rx, n, ret < 0 ? 0 : ret);
	if (ret < 0)
		kfree_skb(skb);
	else
		consume_skb(skb);
	return true;
}

/**
 * vnic_rings_fill() - frames of the fifo into buffers, as long as there are both
 * @queue: has rings. BHs are disabled
 */
void vnic_rings_fill(struct vnic_queue *queue)
{
	struct vnic_rings *rings = queue->rings;
	struct vnic_format format;
	struct vnic_tap *tap;
	struct sk_buff *skb;
	bool wake = false;
	u32 before;

	spin_lock(&queue->fifo.consume);
	before = rings->rx.done;
	tap = rcu_dereference_protected(queue->tap, lockdep_is_held(&queue->fifo.consume));
	if (tap && vnic_tap_format(queue, &format)) {
		WRITE_ONCE(rings->rx.shared->want_kick, 0);
		while ((skb = vnic_queue_peek(queue)) && put_frame(rings, tap, skb, &format))
			;
	}
	if (rings->rx.done != before) {
		show_done(&rings->rx);
		wake = wants_wake(&rings->rx);
	}
	spin_unlock(&queue->fifo.consume);
	if (wake)
		vnic_queue_notify(queue);
	/* It may be an acknowledgment, after which nobody has what it acknowledges. */
	look_after_held(rings, ASKED_AT_ONCE);
}

/* --- from the guest --- */

static struct sk_buff *new_frame(struct napi_struct *napi, size_t len)
{
	size_t linear = min_t(size_t, len, VNIC_LINEAR);
	struct sk_buff *skb;
	int ret;

	if (len <= SKB_MAX_ORDER(VNIC_HEADROOM, 0)) {
		skb = napi_alloc_skb(napi, len);
		if (skb)
			skb_put(skb, len);
		return skb;
	}
	skb = alloc_skb_with_frags(VNIC_HEADROOM + linear, len - linear, PAGE_ALLOC_COSTLY_ORDER,
				   &ret, GFP_ATOMIC | __GFP_NOWARN);
	if (!skb)
		return NULL;
	skb_reserve(skb, VNIC_HEADROOM);
	skb_put(skb, linear);
	skb->data_len = len - linear;
	skb->len = len;
	return skb;
}

/* May one more be held? */
static bool may_hold(const struct vnic_rings *rings)
{
	return rings->in_place && READ_ONCE(rings->holds) <= rings->tx.mask / 2;
}

/*
 * Returns 0, or a negative errno: it is none, or there is no memory for it. If it was sent from
 * where it lies, @frame->pages is not 0.
 */
static int send_pieces(struct vnic_rings *rings, const struct vnic_format *format, u32 n,
		       size_t bytes, struct vnic_held_frame *frame)
{
	struct virtio_net_hdr vnet = {};
	struct sk_buff *skb = NULL;
	struct iov_iter from;
	size_t len;
	int ret;

	iov_iter_kvec(&from, ITER_SOURCE, rings->tx.pieces, n, bytes);
	ret = vnic_frame_headers(format, &vnet, &from);
	if (ret) {
		vnic_tap_reject(rings->queue);
		return ret;
	}
	len = iov_iter_count(&from);
	if (n == 1 && may_hold(rings))
		skb = vnic_held_skb(&rings->napi, rings->buffers->pages, rings->area,
				    rings->tx.pieces[0].iov_base + bytes - len, len, frame);
	if (!skb) {
		skb = new_frame(&rings->napi, len);
		if (!skb)
			return -ENOMEM;
		if (skb_copy_datagram_from_iter(skb, 0, &from, len)) {
			kfree_skb(skb);
			return -EFAULT;
		}
	}
	return vnic_tap_input(rings->queue, skb, format->vnet_size ? &vnet : NULL, &rings->napi);
}

/* @n descriptors are done, those of a frame in the order in which they were posted. */
static void finish_tx(struct vnic_rings *rings, u32 n, bool good)
{
	struct vnic_ring_end *tx = &rings->tx;
	u32 i;

	if (!rings->in_place) {
		for (i = 0; i < n && !good; i++)
			WRITE_ONCE(descriptor(tx, i)->flags, VNIC_RING_BAD);
		advance(tx, n);
		return;
	}
	WRITE_ONCE(tx->taken, tx->taken + n);
	spin_lock(&rings->done_lock);
	for (i = 0; i < n; i++)
		give_back(tx, tx->posted[i].offset, tx->posted[i].length,
			  good ? 0 : VNIC_RING_BAD);
	spin_unlock(&rings->done_lock);
}

/* The frame, of one descriptor, is done when nobody has it any more. */
static void hold(struct vnic_rings *rings, struct vnic_held_frame *frame)
{
	frame->offset = rings->tx.posted[0].offset;
	frame->length = rings->tx.posted[0].length;
	WRITE_ONCE(rings->tx.taken, rings->tx.taken + 1);
	spin_lock(&rings->done_lock);
	rings->held[rings->holds] = *frame;
	WRITE_ONCE(rings->holds, rings->holds + 1);
	rings->patience = PATIENCE_LEAST;
	spin_unlock(&rings->done_lock);
}

/* Returns false if there is no whole frame. */
static bool send_frame(struct vnic_rings *rings, const struct vnic_format *format)
{
	u32 n = 0, flags = VNIC_RING_MORE;
	struct vnic_held_frame frame = {};
	int available = posted(&rings->tx);
	size_t bytes = 0;
	bool good = true;

	while (flags & VNIC_RING_MORE && n < VNIC_RING_PIECES) {
		if ((int)n >= available)
			return false;
		good &= take_piece(rings, &rings->tx, n, &flags);
		bytes += rings->tx.pieces[n++].iov_len;
	}
	/* A frame of more pieces than that is cut into bad ones. */
	good = good && !(flags & VNIC_RING_MORE) && !send_pieces(rings, format, n, bytes, &frame);
	if (good && frame.pages)
		hold(rings, &frame);
	else
		finish_tx(rings, n, good);
	return true;
}

/* How many frames, @most at most. */
static int send_frames(struct vnic_rings *rings, const struct vnic_format *format, int most)
{
	int n = 0;

	while (n < most && send_frame(rings, format))
		n++;
	if (n && rings->in_place) {
		show_given_back(rings, ASKED_AT_ONCE);
	} else if (n) {
		show_done(&rings->tx);
		if (wants_wake(&rings->tx))
			vnic_queue_notify_room(rings->queue);
	}
	return n;
}

static int poll_tx(struct napi_struct *napi, int budget)
{
	struct vnic_rings *rings = container_of(napi, struct vnic_rings, napi);
	struct vnic_format format;
	int most, n;

	/* netpoll asks for nothing but what has been sent. */
	if (!budget)
		return 0;
	if (!vnic_tap_format(rings->queue, &format)) {
		napi_complete(napi);
		return 0;
	}
	most = min_t(int, budget, format.rx_frames);
	WRITE_ONCE(rings->tx.shared->want_kick, 0);
	n = send_frames(rings, &format, most);
	if (n < most) {
		ask_for_kick(&rings->tx);
		n += send_frames(rings, &format, most - n);
	}
	if (n == budget)
		return n;
	napi_complete_done(napi, n);
	/* It has had its share: what GRO has merged goes on, and its turn comes again. */
	if (n == most) {
		WRITE_ONCE(rings->tx.shared->want_kick, 0);
		napi_schedule(napi);
	}
	return n;
}

/* --- making them, and the card they are of --- */

/**
 * vnic_rings_enter() - the queue is about to be attached
 * @queue: queue. RTNL is held
 * @dev: the card's
 */
void vnic_rings_enter(struct vnic_queue *queue, struct net_device *dev)
{
	if (!queue->rings)
		return;
	netif_napi_add(dev, &queue->rings->napi, poll_tx);
	napi_enable(&queue->rings->napi);
}

/**
 * vnic_rings_leave() - the queue has just been detached
 * @queue: queue. RTNL is held
 */
void vnic_rings_leave(struct vnic_queue *queue)
{
	if (!queue->rings)
		return;
	/* Whoever found that it was attached has scheduled it. */
	synchronize_net();
	napi_disable(&queue->rings->napi);
	netif_napi_del(&queue->rings->napi);
}

static void memory_put(struct vnic_memory *memory)
{
	if (!refcount_dec_and_test(&memory->refs))
		return;
	/* Those of its pages that are in frames stay until those are gone. */
	vfree(memory->at);
	kvfree(memory->pages);
	kfree(memory);
}

static void free_rings(struct vnic_rings *rings)
{
	if (rings->buffers)
		memory_put(rings->buffers);
	if (rings->memory)
		memory_put(rings->memory);
	kvfree(rings->held);
	kfree(rings);
}

/**
 * vnic_rings_free() - the last one that could use them is gone
 * @queue: queue
 */
void vnic_rings_free(struct vnic_queue *queue)
{
	if (!queue->rings)
		return;
	timer_delete_sync(&queue->rings->timer);
	free_rings(queue->rings);
}

/* Where everything is. Returns 0; -ERANGE, -EINVAL. */
static int lay_out(struct vnic_ioc_rings *args)
{
	u32 size = sizeof(struct vnic_ring_descriptor);
	bool shares = args->flags & VNIC_RINGS_SHARE;

	if (args->flags & ~(VNIC_RINGS_SHARE | VNIC_RINGS_IN_PLACE) || (!shares && args->area_of) ||
	    memchr_inv(args->reserved, 0, sizeof(args->reserved)) ||
	    !is_power_of_2(args->rx_descriptors) || !is_power_of_2(args->tx_descriptors))
		return -EINVAL;
	if (args->rx_descriptors < VNIC_RING_MIN || args->rx_descriptors > VNIC_RING_MAX ||
	    args->tx_descriptors < VNIC_RING_MIN || args->tx_descriptors > VNIC_RING_MAX ||
	    !args->area != shares || args->area > VNIC_RING_AREA_MAX)
		return -ERANGE;
	args->rx_offset = PAGE_SIZE;
	args->tx_offset = args->rx_offset + args->rx_descriptors * size;
	args->area_offset = PAGE_ALIGN(args->tx_offset + args->tx_descriptors * size);
	args->bytes = PAGE_ALIGN(args->area_offset + args->area);
	return 0;
}

static void set_end(struct vnic_ring_end *end, struct vnic_ring *shared, void *descriptors, u32 n)
{
	end->shared = shared;
	end->descriptors = descriptors;
	end->mask = n - 1;
}

/* Which pages the area is in. Returns false if there is no memory for that. */
static bool find_pages(struct vnic_memory *memory)
{
	u32 i, n = PAGE_ALIGN(memory->area_bytes) / PAGE_SIZE;

	memory->pages = kvmalloc_array(n, sizeof(*memory->pages), GFP_KERNEL_ACCOUNT);
	for (i = 0; i < n && memory->pages; i++)
		memory->pages[i] = vmalloc_to_page(memory->at + memory->area_offset +
						   i * PAGE_SIZE);
	return memory->pages;
}

static struct vnic_memory *new_memory(const struct vnic_ioc_rings *args)
{
	struct vnic_memory *memory = kzalloc(sizeof(*memory), GFP_KERNEL_ACCOUNT);

	if (!memory)
		return NULL;
	refcount_set(&memory->refs, 1);
	memory->bytes = args->bytes;
	memory->area_offset = args->area_offset;
	memory->area_bytes = args->area;
	memory->at = __vmalloc(args->bytes, GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (memory->at && (!memory->area_bytes || find_pages(memory)))
		return memory;
	memory_put(memory);
	return NULL;
}

static bool prepare_to_hold(struct vnic_rings *rings, u32 descriptors)
{
	rings->in_place = true;
	rings->held = kvmalloc_array(descriptors / 2, sizeof(*rings->held), GFP_KERNEL_ACCOUNT);
	return rings->held;
}

/* @buffers: another's, or NULL: its own. */
static struct vnic_rings *new_rings(struct vnic_queue *queue, const struct vnic_ioc_rings *args,
				    struct vnic_memory *buffers)
{
	struct vnic_rings *rings = kzalloc(sizeof(*rings), GFP_KERNEL_ACCOUNT);
	struct vnic_ring_page *page;

	if (!rings)
		return NULL;
	rings->memory = new_memory(args);
	if (!rings->memory || (args->flags & VNIC_RINGS_IN_PLACE &&
			       !prepare_to_hold(rings, args->tx_descriptors))) {
		free_rings(rings);
		return NULL;
	}
	rings->buffers = buffers ?: rings->memory;
	refcount_inc(&rings->buffers->refs);
	page = rings->memory->at;
	rings->queue = queue;
	rings->area = rings->buffers->at + rings->buffers->area_offset;
	rings->area_bytes = rings->buffers->area_bytes;
	set_end(&rings->rx, &page->rx, rings->memory->at + args->rx_offset, args->rx_descriptors);
	set_end(&rings->tx, &page->tx, rings->memory->at + args->tx_offset, args->tx_descriptors);
	page->tx.want_kick = 1;
	spin_lock_init(&rings->done_lock);
	timer_setup(&rings->timer, look_again, 0);
	rings->patience = PATIENCE_LEAST;
	return rings;
}

/* RTNL is held. Returns 0; -EBADFD, -EBUSY, -EBADF, -ENOMEM. */
static int make(struct vnic_queue *queue, struct vnic_ioc_rings *args,
		const struct vnic_queue *other)
{
	struct vnic_tap *tap = rtnl_dereference(queue->tap);
	struct vnic_memory *buffers = NULL;
	struct vnic_rings *rings;

	if (!tap)
		return -EBADFD;
	if (queue->rings)
		return -EBUSY;
	if (other) {
		buffers = other->rings ? other->rings->memory : NULL;
		if (!buffers || !buffers->area_bytes)
			return -EBADF;
	}
	rings = new_rings(queue, args, buffers);
	if (!rings)
		return -ENOMEM;
	args->area_offset = rings->buffers->area_offset;
	args->area = rings->area_bytes;
	netif_napi_add(tap->card.dev, &rings->napi, poll_tx);
	napi_enable(&rings->napi);
	/* Pairs with vnic_rings_of(). */
	smp_store_release(&queue->rings, rings);
	/* Who reads is told that it may not any more; what waits is for the rings. */
	vnic_queue_notify(queue);
	local_bh_disable();
	vnic_rings_fill(queue);
	local_bh_enable();
	return 0;
}

/**
 * vnic_rings_make() - VNIC_IOC_RINGS
 * @queue: queue
 * @args: filled in
 * @other: VNIC_RINGS_SHARE: whose area is used; else NULL
 *
 * Return: 0 or a negative errno.
 */
int vnic_rings_make(struct vnic_queue *queue, struct vnic_ioc_rings *args,
		    const struct vnic_queue *other)
{
	int ret;

	ret = lay_out(args);
	if (ret)
		return ret;
	rtnl_lock();
	ret = make(queue, args, other);
	rtnl_unlock();
	return ret;
}

/**
 * vnic_rings_kick() - VNIC_IOC_KICK
 * @queue: queue
 * @which: VNIC_KICK_*
 *
 * Return: 0 or a negative errno.
 */
int vnic_rings_kick(struct vnic_queue *queue, unsigned long which)
{
	struct vnic_rings *rings = vnic_rings_of(queue);
	int ret = -EBADFD;

	if (!which || which & ~(VNIC_KICK_RX | VNIC_KICK_TX))
		return -EINVAL;
	if (!rings)
		return -EBADFD;
	local_bh_disable();
	rcu_read_lock();
	if (rcu_access_pointer(queue->tap)) {
		ret = 0;
		if (which & VNIC_KICK_RX && posted(&rings->rx) < 0)
			ret = -EPROTO;
		if (which & VNIC_KICK_TX && posted(&rings->tx) < 0)
			ret = -EPROTO;
		if (which & VNIC_KICK_RX)
			vnic_rings_fill(queue);
		if (which & VNIC_KICK_TX)
			napi_schedule(&rings->napi);
	}
	rcu_read_unlock();
	local_bh_enable();
	return ret;
}

/**
 * vnic_rings_poll() - what poll() says of them
 * @rings: rings
 *
 * Return: EPOLLIN and EPOLLOUT.
 */
__poll_t vnic_rings_poll(struct vnic_rings *rings)
{
	__poll_t mask = 0;

	local_bh_disable();
	look_after_held(rings, U32_MAX);
	local_bh_enable();
	if (!READ_ONCE(rings->rx.shared->want_wake))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (!READ_ONCE(rings->tx.shared->want_wake))
		mask |= EPOLLOUT | EPOLLWRNORM;
	return mask;
}

/**
 * vnic_rings_mmap() - a program maps them
 * @rings: rings
 * @vma: where
 *
 * The mapping holds the file, and so the queue and its rings. It does not hold pages, so that who
 * does can be told from their references (H2 of held.h).
 *
 * Return: 0 or a negative errno.
 */
int vnic_rings_mmap(struct vnic_rings *rings, struct vm_area_struct *vma)
{
	const struct vnic_memory *memory = rings->memory;
	u32 at;
	int ret;

	if (!(vma->vm_flags & VM_SHARED) || vma->vm_pgoff ||
	    vma->vm_end - vma->vm_start != memory->bytes)
		return -EINVAL;
	for (at = 0; at < memory->bytes; at += PAGE_SIZE) {
		ret = remap_pfn_range(vma, vma->vm_start + at, vmalloc_to_pfn(memory->at + at),
				      PAGE_SIZE, vma->vm_page_prot);
		if (ret)
			return ret;
	}
	return 0;
}

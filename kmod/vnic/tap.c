// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/vnic as a TAP device: open files, their ioctls, reading and writing of frames. The numbers
 * and structs are those of <linux/if_tun.h>, so that programs for /dev/net/tun run on this one.
 * What happens to a frame, and which file has which card, is card.c's.
 *
 * A frame in a read() or write():
 *
 *	+--------------+----------------------+-----------------+---------
 *	| struct tun_pi| struct virtio_net_hdr| Ethernet header | ...
 *	+--------------+----------------------+-----------------+---------
 *	  not if         if IFF_VNET_HDR, of
 *	  IFF_NO_PI      TUNSETVNETHDRSZ octets
 *
 * No reference to a card is held while user memory is read or written: that may take for ever (a
 * page of it may be on a file system that does not answer), and a card has to be able to go.
 */
#include <linux/fs.h>
#include <linux/if_arp.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/nsproxy.h>
#include <linux/poll.h>
#include <linux/proc_fs.h>
#include <linux/rtnetlink.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <net/net_namespace.h>

#include <vnic_ring.h>

#include "card.h"

/* What a 32-bit program and a 64-bit one have in common of it, and all that is used. */
#define IFREQ_SIZE	offsetofend(struct ifreq, ifr_hwaddr)

/* --- waiting --- */

/* There is something to read, or there is no card any more. */
void vnic_queue_notify(struct vnic_queue *queue)
{
	wait_queue_head_t *wait = sk_sleep(&queue->sk);

	if (wq_has_sleeper(wait))
		wake_up_interruptible_sync_poll(wait, EPOLLIN | EPOLLRDNORM);
	kill_fasync(&queue->fasync, SIGIO, POLL_IN);
}

/* There is room to write. */
void vnic_queue_notify_room(struct vnic_queue *queue)
{
	wait_queue_head_t *wait = sk_sleep(&queue->sk);

	if (wq_has_sleeper(wait))
		wake_up_interruptible_sync_poll(wait, EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND);
	kill_fasync(&queue->fasync, SIGIO, POLL_OUT);
}

/* Frames that the file wrote have left the stack. */
static void write_space(struct sock *sk)
{
	struct vnic_queue *queue = container_of(sk, struct vnic_queue, sk);

	if (sock_writeable(sk) &&
	    test_and_clear_bit(SOCKWQ_ASYNC_NOSPACE, &queue->socket.wq.flags))
		vnic_queue_notify_room(queue);
}

static bool attached(const struct vnic_queue *queue)
{
	return rcu_access_pointer(queue->tap);
}

/* A frame, or an error. */
static struct sk_buff *wait_for_frame(struct vnic_queue *queue, bool noblock)
{
	wait_queue_head_t *wait = sk_sleep(&queue->sk);
	struct sk_buff *skb;
	int ret;

	for (;;) {
		if (vnic_rings_of(queue))
			return ERR_PTR(-EBUSY);
		skb = vnic_queue_pop(queue);
		if (skb)
			return skb;
		if (!attached(queue))
			return ERR_PTR(-EBADFD);
		if (noblock)
			return ERR_PTR(-EAGAIN);
		ret = wait_event_interruptible(*wait, !vnic_queue_empty(queue) ||
					       !attached(queue) || vnic_rings_of(queue));
		if (ret)
			return ERR_PTR(ret);
	}
}

/* --- reading --- */

/* Has it been queued for a reader that could take more? */
static bool too_clever(const struct sk_buff *skb, netdev_features_t features)
{
	return skb_is_gso(skb) &&
	       !net_gso_ok(features | NETIF_F_GSO_ROBUST, skb_shinfo(skb)->gso_type);
}

static int put_pi(const struct sk_buff *skb, size_t total, struct iov_iter *to)
{
	struct tun_pi pi = {
		.flags = total > iov_iter_count(to) ? TUN_PKT_STRIP : 0,
		.proto = skb->protocol,
	};

	return copy_to_iter(&pi, sizeof(pi), to) == sizeof(pi) ? 0 : -EFAULT;
}

static int put_vnet(const struct sk_buff *skb, const struct vnic_format *format,
		    struct iov_iter *to)
{
	size_t rest = format->vnet_size - sizeof(struct virtio_net_hdr);
	struct virtio_net_hdr vnet;

	if (virtio_net_hdr_from_skb(skb, &vnet, format->little_endian, true, 0))
		return -EPROTO;
	if (copy_to_iter(&vnet, sizeof(vnet), to) != sizeof(vnet) ||
	    iov_iter_zero(rest, to) != rest)
		return -EFAULT;
	return 0;
}

/**
 * vnic_frame_to_iter() - copy a frame, and what is to be before it
 * @skb: frame
 * @format: what is to be before it
 * @to: where to; what does not fit is cut off
 *
 * Return: octets copied; -EINVAL: not even the headers fit; -EPROTO: the reader cannot take such a
 * frame; -EFAULT, -ENOMEM.
 */
int vnic_frame_to_iter(struct sk_buff *skb, const struct vnic_format *format, struct iov_iter *to)
{
	size_t room = iov_iter_count(to), before = format->vnet_size;
	int ret;

	if (format->pi)
		before += sizeof(struct tun_pi);
	if (room < before)
		return -EINVAL;
	if (too_clever(skb, format->features))
		return -EPROTO;
	if (skb->ip_summed == CHECKSUM_PARTIAL && !(format->features & NETIF_F_HW_CSUM) &&
	    skb_checksum_help(skb))
		return -ENOMEM;
	if (format->pi) {
		ret = put_pi(skb, before + skb->len, to);
		if (ret)
			return ret;
	}
	if (format->vnet_size) {
		ret = put_vnet(skb, format, to);
		if (ret)
			return ret;
	}
	room = min_t(size_t, skb->len, iov_iter_count(to));
	return skb_copy_datagram_iter(skb, 0, to, room) ? -EFAULT : before + room;
}

static ssize_t file_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct file *file = iocb->ki_filp;
	bool noblock = file->f_flags & O_NONBLOCK || iocb->ki_flags & IOCB_NOWAIT;
	struct vnic_queue *queue = file->private_data;
	struct vnic_format format;
	struct sk_buff *skb;
	int ret;

	do {
		skb = wait_for_frame(queue, noblock);
		if (IS_ERR(skb))
			return PTR_ERR(skb);
		ret = -EBADFD;
		if (vnic_tap_format(queue, &format))
			ret = vnic_frame_to_iter(skb, &format, to);
		if (ret < 0)
			kfree_skb(skb);
		else
			consume_skb(skb);
		/* Its card was changed while it waited. */
	} while (ret == -EPROTO);
	return ret;
}

/* --- writing --- */

static int get_vnet(struct virtio_net_hdr *vnet, const struct vnic_format *format,
		    struct iov_iter *from)
{
	if (iov_iter_count(from) < format->vnet_size)
		return -EINVAL;
	if (!copy_from_iter_full(vnet, sizeof(*vnet), from))
		return -EFAULT;
	iov_iter_advance(from, format->vnet_size - sizeof(*vnet));
	/* How much of it is headers, allegedly. That is not believed, but it is to be possible. */
	if (__virtio16_to_cpu(format->little_endian, vnet->hdr_len) > iov_iter_count(from))
		return -EINVAL;
	return 0;
}

/**
 * vnic_frame_headers() - read what is before a frame
 * @format: what that is
 * @vnet: zero, as if it said nothing; read, if it is among that
 * @from: where from; the frame is what is left of it
 *
 * Return: 0; -EINVAL: it is cut off, or what is left is no frame; -EMSGSIZE: it is too long;
 * -EFAULT.
 */
int vnic_frame_headers(const struct vnic_format *format, struct virtio_net_hdr *vnet,
		       struct iov_iter *from)
{
	struct tun_pi pi;
	int ret;

	if (format->pi) {
		if (iov_iter_count(from) < sizeof(pi))
			return -EINVAL;
		/* A TAP frame says itself of which protocol it is. */
		iov_iter_advance(from, sizeof(pi));
	}
	if (format->vnet_size) {
		ret = get_vnet(vnet, format, from);
		if (ret)
			return ret;
	}
	if (iov_iter_count(from) < ETH_HLEN)
		return -EINVAL;
	return iov_iter_count(from) > VNIC_FRAME_MAX ? -EMSGSIZE : 0;
}

/* Room for a frame, charged to the file. All of it is in use: to be filled. */
static struct sk_buff *new_frame(struct vnic_queue *queue, size_t len, bool noblock)
{
	size_t linear = len <= SKB_MAX_ORDER(VNIC_HEADROOM, 0) ? len : VNIC_LINEAR;
	struct sk_buff *skb;
	int ret;

	skb = sock_alloc_send_pskb(&queue->sk, VNIC_HEADROOM + linear, len - linear, noblock, &ret,
				   PAGE_ALLOC_COSTLY_ORDER);
	if (!skb)
		return ERR_PTR(ret);
	skb_reserve(skb, VNIC_HEADROOM);
	skb_put(skb, linear);
	skb->data_len = len - linear;
	skb->len = len;
	return skb;
}

static int write_frame(struct vnic_queue *queue, const struct vnic_format *format,
		       struct iov_iter *from, bool noblock)
{
	struct virtio_net_hdr vnet = {};
	struct sk_buff *skb;
	int ret;

	ret = vnic_frame_headers(format, &vnet, from);
	if (ret) {
		vnic_tap_reject(queue);
		return ret;
	}
	skb = new_frame(queue, iov_iter_count(from), noblock);
	if (IS_ERR(skb))
		return PTR_ERR(skb);
	if (skb_copy_datagram_from_iter(skb, 0, from, skb->len)) {
		kfree_skb(skb);
		return -EFAULT;
	}
	return vnic_tap_input(queue, skb, format->vnet_size ? &vnet : NULL, NULL);
}

static ssize_t file_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct file *file = iocb->ki_filp;
	bool noblock = file->f_flags & O_NONBLOCK || iocb->ki_flags & IOCB_NOWAIT;
	struct vnic_queue *queue = file->private_data;
	size_t len = iov_iter_count(from);
	struct vnic_format format;
	int ret;

	if (!vnic_tap_format(queue, &format))
		return -EBADFD;
	ret = write_frame(queue, &format, from, noblock);
	return ret ? ret : len;
}

/* Who finds no room asks to be told, and looks again: room may have come just before. */
static bool writeable(struct vnic_queue *queue)
{
	return sock_writeable(&queue->sk) ||
	       (!test_and_set_bit(SOCKWQ_ASYNC_NOSPACE, &queue->socket.wq.flags) &&
		sock_writeable(&queue->sk));
}

static __poll_t file_poll(struct file *file, poll_table *wait)
{
	struct vnic_queue *queue = file->private_data;
	struct vnic_rings *rings = vnic_rings_of(queue);
	struct vnic_tap *tap;
	__poll_t mask = 0;

	sock_poll_wait(file, &queue->socket, wait);
	rcu_read_lock();
	tap = rcu_dereference(queue->tap);
	if (!tap) {
		mask = EPOLLERR;
	} else if (rings) {
		mask = vnic_rings_poll(rings);
	} else {
		if (!vnic_queue_empty(queue))
			mask |= EPOLLIN | EPOLLRDNORM;
		if (READ_ONCE(tap->card.dev->flags) & IFF_UP && writeable(queue))
			mask |= EPOLLOUT | EPOLLWRNORM;
	}
	rcu_read_unlock();
	return mask;
}

static int file_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct vnic_rings *rings = vnic_rings_of(file->private_data);

	return rings ? vnic_rings_mmap(rings, vma) : -ENODEV;
}

static int file_fasync(int fd, struct file *file, int on)
{
	struct vnic_queue *queue = file->private_data;
	int ret;

	ret = fasync_helper(fd, file, on, &queue->fasync);
	if (ret < 0)
		return ret;
	/* Unless F_SETOWN has named somebody already. */
	return on ? f_setown(file, task_tgid_vnr(current), 0) : 0;
}

/* --- ioctls --- */

/* The namespace that it was opened in, if there still is one. The file does not keep it. */
static struct net *get_net_of(const struct vnic_queue *queue)
{
	struct net *net, *found = NULL;

	rcu_read_lock();
	for_each_net_rcu(net)
		if (net->net_cookie == queue->net_cookie)
			found = maybe_get_net(net);
	rcu_read_unlock();
	return found;
}

static int get_ifreq(struct ifreq *ifr, const void __user *user)
{
	memset(ifr, 0, sizeof(*ifr));
	if (copy_from_user(ifr, user, IFREQ_SIZE))
		return -EFAULT;
	ifr->ifr_name[IFNAMSIZ - 1] = 0;
	return 0;
}

static int put_ifreq(void __user *user, const struct ifreq *ifr)
{
	return copy_to_user(user, ifr, IFREQ_SIZE) ? -EFAULT : 0;
}

static int set_iff(struct vnic_queue *queue, void __user *user)
{
	struct ifreq ifr;
	struct net *net;
	int ret;

	ret = get_ifreq(&ifr, user);
	if (ret)
		return ret;
	net = get_net_of(queue);
	if (!net)
		return -ENXIO;
	rtnl_lock();
	if (rtnl_dereference(queue->tap))
		ret = -EEXIST;
	else if (queue->detached)
		ret = -EINVAL;
	else
		ret = vnic_tap_set_iff(queue, net, &ifr);
	rtnl_unlock();
	put_net(net);
	return ret ? ret : put_ifreq(user, &ifr);
}

static int set_queue(struct vnic_queue *queue, void __user *user)
{
	struct ifreq ifr;
	int ret;

	ret = get_ifreq(&ifr, user);
	if (ret)
		return ret;
	rtnl_lock();
	ret = vnic_tap_set_queue(queue, (unsigned short)ifr.ifr_flags);
	rtnl_unlock();
	return ret;
}

static int set_ifindex(struct vnic_queue *queue, const void __user *user)
{
	int ret = 0, ifindex;

	if (copy_from_user(&ifindex, user, sizeof(ifindex)))
		return -EFAULT;
	rtnl_lock();
	if (rtnl_dereference(queue->tap))
		ret = -EPERM;
	else if (ifindex < 0)
		ret = -EINVAL;
	else
		queue->ifindex = ifindex;
	rtnl_unlock();
	return ret;
}

static void get_iff(const struct vnic_tap *tap, struct ifreq *ifr)
{
	strscpy(ifr->ifr_name, tap->card.dev->name, IFNAMSIZ);
	ifr->ifr_flags = IFF_TAP | tap->flags | (tap->persist ? IFF_PERSIST : 0);
}

static int set_owner(struct vnic_tap *tap, unsigned long arg)
{
	kuid_t uid = make_kuid(current_user_ns(), arg);

	if (!uid_valid(uid))
		return -EINVAL;
	tap->owner = uid;
	return 0;
}

static int set_group(struct vnic_tap *tap, unsigned long arg)
{
	kgid_t gid = make_kgid(current_user_ns(), arg);

	if (!gid_valid(gid))
		return -EINVAL;
	tap->group = gid;
	return 0;
}

/* Only frames of Ethernet are spoken. */
static int set_link_type(const struct vnic_tap *tap, unsigned long arg)
{
	if (tap->card.dev->flags & IFF_UP)
		return -EBUSY;
	return arg == ARPHRD_ETHER ? 0 : -EINVAL;
}

static int set_carrier(struct vnic_tap *tap, bool on)
{
	if (on && !tap->actives)
		return -EPERM;
	if (on)
		netif_carrier_on(tap->card.dev);
	else
		netif_carrier_off(tap->card.dev);
	return 0;
}

static int set_offload(struct vnic_tap *tap, unsigned long arg)
{
	netdev_features_t features = 0;

	if (arg & TUN_F_CSUM) {
		features |= NETIF_F_HW_CSUM;
		if (arg & TUN_F_TSO4)
			features |= NETIF_F_TSO;
		if (arg & TUN_F_TSO6)
			features |= NETIF_F_TSO6;
		if (arg & (TUN_F_TSO4 | TUN_F_TSO6) && arg & TUN_F_TSO_ECN)
			features |= NETIF_F_TSO_ECN;
		/* The stack has one feature for both. */
		if (COMPAT_TUN_F_USO && (arg & COMPAT_TUN_F_USO) == COMPAT_TUN_F_USO)
			features |= NETIF_F_GSO_UDP_L4;
		/* UDP fragmentation offload was given up long ago; asking for it does no harm. */
		arg &= ~(TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN | TUN_F_UFO |
			 COMPAT_TUN_F_USO);
	}
	if (arg)
		return -EINVAL;
	tap->offload = features;
	tap->card.dev->wanted_features |= features;
	netdev_update_features(tap->card.dev);
	return 0;
}

static int set_sndbuf(struct vnic_tap *tap, int bytes)
{
	struct vnic_queue *queue;
	unsigned int i;

	if (bytes <= 0)
		return -EINVAL;
	tap->sndbuf = bytes;
	for (i = 0; i < VNIC_QUEUES_MAX; i++) {
		queue = rtnl_dereference(tap->queues[i]);
		if (queue)
			WRITE_ONCE(queue->sk.sk_sndbuf, bytes);
	}
	return 0;
}

static int set_vnet_size(struct vnic_tap *tap, int size)
{
	if (size < (int)sizeof(struct virtio_net_hdr) || size > VNIC_VNET_MAX)
		return -EINVAL;
	WRITE_ONCE(tap->vnet_size, size);
	return 0;
}

static int set_address(struct vnic_tap *tap, const struct ifreq *ifr)
{
	struct sockaddr_storage address = {};

	memcpy(&address, &ifr->ifr_hwaddr, sizeof(ifr->ifr_hwaddr));
	return dev_set_mac_address_user(tap->card.dev, COMPAT_MAC_SOCKADDR(&address), NULL);
}

static void get_address(const struct vnic_tap *tap, struct ifreq *ifr)
{
	ifr->ifr_hwaddr.sa_family = ARPHRD_ETHER;
	memcpy(ifr->ifr_hwaddr.sa_data, tap->card.dev->dev_addr, ETH_ALEN);
}

/* Those whose argument is a number. RTNL is held, as for the two below. */
static int tap_ioctl_number(struct vnic_tap *tap, unsigned int ioctl, unsigned long arg)
{
	switch (ioctl) {
	case TUNSETNOCSUM:
		/* Whether checksums are to be made is said frame by frame now. */
		return 0;
	case TUNSETPERSIST:
		tap->persist = arg;
		return 0;
	case TUNSETOWNER:
		return set_owner(tap, arg);
	case TUNSETGROUP:
		return set_group(tap, arg);
	case TUNSETLINK:
		return set_link_type(tap, arg);
	case TUNSETOFFLOAD:
		return set_offload(tap, arg);
	}
	return -ENOTTY;
}

/* Those whose argument is the address of an int. */
static int tap_ioctl_int(struct vnic_tap *tap, unsigned int ioctl, int *value)
{
	switch (ioctl) {
	case TUNSETCARRIER:
		return set_carrier(tap, *value);
	case TUNSETSNDBUF:
		return set_sndbuf(tap, *value);
	case TUNGETSNDBUF:
		*value = tap->sndbuf;
		return 0;
	case TUNSETVNETHDRSZ:
		return set_vnet_size(tap, *value);
	case TUNGETVNETHDRSZ:
		*value = tap->vnet_size;
		return 0;
	case TUNSETVNETLE:
		WRITE_ONCE(tap->vnet_le, *value);
		return 0;
	case TUNGETVNETLE:
		*value = tap->vnet_le;
		return 0;
	case TUNSETVNETBE:
		WRITE_ONCE(tap->vnet_be, *value);
		return 0;
	case TUNGETVNETBE:
		*value = tap->vnet_be;
		return 0;
	}
	return -ENOTTY;
}

/* Those whose argument is the address of a struct ifreq. */
static int tap_ioctl_ifreq(struct vnic_tap *tap, unsigned int ioctl, struct ifreq *ifr)
{
	switch (ioctl) {
	case TUNGETIFF:
		get_iff(tap, ifr);
		return 0;
	case SIOCGIFHWADDR:
		get_address(tap, ifr);
		return 0;
	case SIOCSIFHWADDR:
		return set_address(tap, ifr);
	}
	return -ENOTTY;
}

/* Which of the three; and whether user memory is read, and written. */
static const struct tap_call {
	unsigned int ioctl;
	enum { CALL_NUMBER, CALL_INT, CALL_IFREQ } argument;
	bool in;
	bool out;
} tap_calls[] = {
	{ TUNSETNOCSUM, CALL_NUMBER },
	{ TUNSETPERSIST, CALL_NUMBER },
	{ TUNSETOWNER, CALL_NUMBER },
	{ TUNSETGROUP, CALL_NUMBER },
	{ TUNSETLINK, CALL_NUMBER },
	{ TUNSETOFFLOAD, CALL_NUMBER },
	{ TUNSETCARRIER, CALL_INT, .in = true },
	{ TUNSETSNDBUF, CALL_INT, .in = true },
	{ TUNGETSNDBUF, CALL_INT, .out = true },
	{ TUNSETVNETHDRSZ, CALL_INT, .in = true },
	{ TUNGETVNETHDRSZ, CALL_INT, .out = true },
	{ TUNSETVNETLE, CALL_INT, .in = true },
	{ TUNGETVNETLE, CALL_INT, .out = true },
	{ TUNSETVNETBE, CALL_INT, .in = true },
	{ TUNGETVNETBE, CALL_INT, .out = true },
	{ TUNGETIFF, CALL_IFREQ, .out = true },
	{ SIOCGIFHWADDR, CALL_IFREQ, .out = true },
	{ SIOCSIFHWADDR, CALL_IFREQ, .in = true },
};

static const struct tap_call *find_call(unsigned int ioctl)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tap_calls); i++)
		if (tap_calls[i].ioctl == ioctl)
			return &tap_calls[i];
	return NULL;
}

static int tap_ioctl(struct vnic_queue *queue, const struct tap_call *call, unsigned long arg)
{
	size_t size = call->argument == CALL_INT ? sizeof(int) : IFREQ_SIZE;
	void __user *user = (void __user *)arg;
	union {
		struct ifreq ifr;
		int number;
	} value = {};
	struct vnic_tap *tap;
	int ret = -EBADFD;

	if (call->in && copy_from_user(&value, user, size))
		return -EFAULT;
	rtnl_lock();
	tap = rtnl_dereference(queue->tap);
	if (tap && call->argument == CALL_NUMBER)
		ret = tap_ioctl_number(tap, call->ioctl, arg);
	else if (tap && call->argument == CALL_INT)
		ret = tap_ioctl_int(tap, call->ioctl, &value.number);
	else if (tap)
		ret = tap_ioctl_ifreq(tap, call->ioctl, &value.ifr);
	rtnl_unlock();
	if (!ret && call->out && copy_to_user(user, &value, size))
		return -EFAULT;
	return ret;
}

/* A descriptor of the namespace that the card is in by now. */
static int open_namespace(struct vnic_queue *queue)
{
	struct vnic_tap *tap;
	struct net *net = NULL;
	int ret = -EBADFD;

	rcu_read_lock();
	tap = rcu_dereference(queue->tap);
	if (tap)
		net = maybe_get_net(dev_net(tap->card.dev));
	rcu_read_unlock();
	if (!net)
		return ret;
	ret = -EPERM;
	if (ns_capable(net->user_ns, CAP_NET_ADMIN))
		ret = open_related_ns(&net->ns, get_net_ns);
	put_net(net);
	return ret;
}

static int get_features(unsigned int __user *user)
{
	return put_user(IFF_TAP | IFF_NO_PI | IFF_ONE_QUEUE | IFF_VNET_HDR | IFF_MULTI_QUEUE |
			IFF_NO_CARRIER | COMPAT_IFF_BACKPRESSURE, user);
}

/* What <vnic.h> has. The card, if there is one, stays until it is done. */
static long network_ioctl(struct vnic_queue *queue, unsigned int ioctl, unsigned long arg)
{
	struct net_device *dev = NULL;
	netdevice_tracker tracker;
	struct vnic_tap *tap;
	long ret;

	rcu_read_lock();
	tap = rcu_dereference(queue->tap);
	if (tap) {
		dev = tap->card.dev;
		netdev_hold(dev, &tracker, GFP_ATOMIC);
	}
	rcu_read_unlock();
	ret = vnic_network_ioctl(dev ? netdev_priv(dev) : NULL, ioctl, arg);
	netdev_put(dev, &tracker);
	return ret;
}

static const struct file_operations file_fops;

static int make_rings(struct vnic_queue *queue, void __user *user)
{
	struct file *other = NULL;
	struct vnic_ioc_rings args;
	int ret;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	if (args.flags & VNIC_RINGS_SHARE) {
		other = fget(args.area_of);
		if (!other || other->f_op != &file_fops) {
			ret = -EBADF;
			goto out;
		}
	}
	ret = vnic_rings_make(queue, &args, other ? other->private_data : NULL);
	if (!ret && copy_to_user(user, &args, sizeof(args)))
		ret = -EFAULT;
out:
	if (other)
		fput(other);
	return ret;
}

static long file_ioctl(struct file *file, unsigned int ioctl, unsigned long arg)
{
	struct vnic_queue *queue = file->private_data;
	void __user *user = (void __user *)arg;
	const struct tap_call *call;

	switch (ioctl) {
	case TUNGETFEATURES:
		return get_features(user);
	case TUNSETIFF:
		return set_iff(queue, user);
	case TUNSETQUEUE:
		return set_queue(queue, user);
	case TUNSETIFINDEX:
		return set_ifindex(queue, user);
	case TUNGETDEVNETNS:
		return open_namespace(queue);
	case VNIC_IOC_RINGS:
		return make_rings(queue, user);
	case VNIC_IOC_KICK:
		return vnic_rings_kick(queue, arg);
	}
	if (_IOC_TYPE(ioctl) == VNIC_IOC_MAGIC)
		return network_ioctl(queue, ioctl, arg);
	call = find_call(ioctl);
	return call ? tap_ioctl(queue, call, arg) : -ENOTTY;
}

/* --- open and close --- */

/* After the last frame that was charged to it, and a grace period. */
static void queue_destruct(struct sock *sk)
{
	struct vnic_queue *queue = container_of(sk, struct vnic_queue, sk);

	vnic_rings_free(queue);
	kvfree(queue->fifo.slots);
	free_percpu(queue->stats);
}

static struct proto vnic_proto = {
	.name = "vnic",
	.owner = THIS_MODULE,
	.obj_size = sizeof(struct vnic_queue),
};

static int file_open(struct inode *inode, struct file *file)
{
	struct vnic_queue *queue;
	struct sock *sk;

	/* A socket of no namespace in particular: the file is not to keep one from ending. */
	sk = sk_alloc(&init_net, AF_UNSPEC, GFP_KERNEL, &vnic_proto, 1);
	if (!sk)
		return -ENOMEM;
	queue = container_of(sk, struct vnic_queue, sk);
	init_waitqueue_head(&queue->socket.wq.wait);
	sock_init_data_uid(&queue->socket, sk, current_fsuid());
	sock_set_flag(sk, SOCK_RCU_FREE);
	sk->sk_write_space = write_space;
	sk->sk_destruct = queue_destruct;
	sk->sk_sndbuf = INT_MAX;
	queue->net_cookie = current->nsproxy->net_ns->net_cookie;
	spin_lock_init(&queue->fifo.produce);
	spin_lock_init(&queue->fifo.consume);
	queue->stats = netdev_alloc_pcpu_stats(struct vnic_queue_stats);
	if (!queue->stats) {
		sk_free(sk);
		return -ENOMEM;
	}
	file->private_data = queue;
	file->f_mode |= FMODE_NOWAIT;
	return 0;
}

static int file_release(struct inode *inode, struct file *file)
{
	struct vnic_queue *queue = file->private_data;

	rtnl_lock();
	vnic_queue_leave(queue);
	rtnl_unlock();
	sock_put(&queue->sk);
	return 0;
}

static void file_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct vnic_queue *queue = file->private_data;
	struct ifreq ifr = {};

	rtnl_lock();
	if (rtnl_dereference(queue->tap))
		get_iff(rtnl_dereference(queue->tap), &ifr);
	rtnl_unlock();
	seq_printf(m, "iff:\t%s\n", ifr.ifr_name);
}

static const struct file_operations file_fops = {
	.owner = THIS_MODULE,
	.open = file_open,
	.release = file_release,
	.read_iter = file_read_iter,
	.write_iter = file_write_iter,
	.poll = file_poll,
	.mmap = file_mmap,
	.fasync = file_fasync,
	.unlocked_ioctl = file_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.show_fdinfo = file_show_fdinfo,
	.llseek = noop_llseek,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "vnic",
	.fops = &file_fops,
	/* As /dev/net/tun: what may be done is asked when it is done. */
	.mode = 0666,
};

int vnic_tap_init(void)
{
	return misc_register(&device);
}

void vnic_tap_exit(void)
{
	misc_deregister(&device);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * What ethtool sees of a card.
 *
 *	ethtool -S	counters of each queue
 *	ethtool -g, -G	tx: how many frames a queue holds for the guest
 *	ethtool -l	one channel for each file that is attached
 *	ethtool -c, -C	rx-frames: how many frames of a ring are merged, and handed on, together
 */
#include <linux/ethtool.h>
#include <linux/log2.h>
#include <linux/rtnetlink.h>

#include "card.h"

static void tap_get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, KBUILD_MODNAME, sizeof(info->driver));
	strscpy(info->bus_info, "tap", sizeof(info->bus_info));
}

static void link_get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, KBUILD_MODNAME, sizeof(info->driver));
	strscpy(info->bus_info, "link", sizeof(info->bus_info));
}

/* Software is as fast as it is; bonding and bridges want a number. */
static int get_link_ksettings(struct net_device *dev, struct ethtool_link_ksettings *settings)
{
	settings->base.speed = SPEED_10000;
	settings->base.duplex = DUPLEX_FULL;
	settings->base.port = PORT_TP;
	settings->base.autoneg = AUTONEG_DISABLE;
	return 0;
}

/* --- counters --- */

static const struct {
	const char *name;
	size_t offset;
} counters[] = {
#define COUNTER(name) { #name, offsetof(struct vnic_queue_stats, name) }
	COUNTER(tx_packets),
	COUNTER(tx_bytes),
	COUNTER(tx_stops),
	COUNTER(tx_wakes),
	COUNTER(rx_packets),
	COUNTER(rx_bytes),
	COUNTER(rx_errors),
#undef COUNTER
};

static int get_sset_count(struct net_device *dev, int set)
{
	struct vnic_tap *tap = netdev_priv(dev);

	return set == ETH_SS_STATS ? tap->actives * ARRAY_SIZE(counters) : -EOPNOTSUPP;
}

static void get_strings(struct net_device *dev, u32 set, u8 *data)
{
	struct vnic_tap *tap = netdev_priv(dev);
	unsigned int i, c;

	if (set != ETH_SS_STATS)
		return;
	for (i = 0; i < tap->actives; i++)
		for (c = 0; c < ARRAY_SIZE(counters); c++)
			ethtool_sprintf(&data, "queue_%u_%s", tap->active[i], counters[c].name);
}

static u64 sum(const struct vnic_queue *queue, size_t offset)
{
	u64 total = 0, value;
	unsigned int start;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct vnic_queue_stats *stats = per_cpu_ptr(queue->stats, cpu);

		do {
			start = u64_stats_fetch_begin(&stats->syncp);
			value = u64_stats_read((const u64_stats_t *)((const char *)stats + offset));
		} while (u64_stats_fetch_retry(&stats->syncp, start));
		total += value;
	}
	return total;
}

/* RTNL is held from the count of strings to here, so there are as many. */
static void get_ethtool_stats(struct net_device *dev, struct ethtool_stats *stats, u64 *data)
{
	struct vnic_tap *tap = netdev_priv(dev);
	unsigned int i, c;

	for (i = 0; i < tap->actives; i++) {
		struct vnic_queue *queue = rtnl_dereference(tap->queues[tap->active[i]]);

		for (c = 0; c < ARRAY_SIZE(counters); c++)
			*data++ = sum(queue, counters[c].offset);
	}
}

/* --- what can be set --- */

static void get_ringparam(struct net_device *dev, struct ethtool_ringparam *ring,
			  struct kernel_ethtool_ringparam *kernel_ring,
			  struct netlink_ext_ack *extack)
{
	struct vnic_tap *tap = netdev_priv(dev);

	ring->tx_max_pending = VNIC_FIFO_MAX;
	ring->tx_pending = tap->fifo_size;
}

static int set_ringparam(struct net_device *dev, struct ethtool_ringparam *ring,
			 struct kernel_ethtool_ringparam *kernel_ring,
			 struct netlink_ext_ack *extack)
{
	if (ring->tx_pending < VNIC_FIFO_MIN || !is_power_of_2(ring->tx_pending)) {
		NL_SET_ERR_MSG(extack, "tx has to be a power of 2, 16 at least");
		return -EINVAL;
	}
	return vnic_tap_resize(netdev_priv(dev), ring->tx_pending);
}

static void get_channels(struct net_device *dev, struct ethtool_channels *channels)
{
	struct vnic_tap *tap = netdev_priv(dev);

	channels->combined_count = tap->actives;
	channels->max_combined = tap->flags & IFF_MULTI_QUEUE ? VNIC_QUEUES_MAX : 1;
}

static int get_coalesce(struct net_device *dev, struct ethtool_coalesce *coalesce,
			struct kernel_ethtool_coalesce *kernel_coalesce,
			struct netlink_ext_ack *extack)
{
	struct vnic_tap *tap = netdev_priv(dev);

	coalesce->rx_max_coalesced_frames = tap->rx_frames;
	return 0;
}

static int set_coalesce(struct net_device *dev, struct ethtool_coalesce *coalesce,
			struct kernel_ethtool_coalesce *kernel_coalesce,
			struct netlink_ext_ack *extack)
{
	struct vnic_tap *tap = netdev_priv(dev);

	if (!coalesce->rx_max_coalesced_frames ||
	    coalesce->rx_max_coalesced_frames > NAPI_POLL_WEIGHT) {
		NL_SET_ERR_MSG(extack, "rx-frames has to be 1 to 64");
		return -EINVAL;
	}
	WRITE_ONCE(tap->rx_frames, coalesce->rx_max_coalesced_frames);
	return 0;
}

const struct ethtool_ops vnic_tap_ethtool_ops = {
	.supported_coalesce_params = ETHTOOL_COALESCE_RX_MAX_FRAMES,
	.get_drvinfo = tap_get_drvinfo,
	.get_link = ethtool_op_get_link,
	.get_link_ksettings = get_link_ksettings,
	.get_ts_info = ethtool_op_get_ts_info,
	.get_sset_count = get_sset_count,
	.get_strings = get_strings,
	.get_ethtool_stats = get_ethtool_stats,
	.get_ringparam = get_ringparam,
	.set_ringparam = set_ringparam,
	.get_channels = get_channels,
	.get_coalesce = get_coalesce,
	.set_coalesce = set_coalesce,
};

const struct ethtool_ops vnic_link_ethtool_ops = {
	.get_drvinfo = link_get_drvinfo,
	.get_link = ethtool_op_get_link,
	.get_link_ksettings = get_link_ksettings,
	.get_ts_info = ethtool_op_get_ts_info,
};

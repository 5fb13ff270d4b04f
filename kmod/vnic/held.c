// SPDX-License-Identifier: GPL-2.0
/*
 * A frame that refers to where it lies instead of being copied, and whether anybody still has it.
 * Used by ring.c; held.h says what may be relied on.
 */
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/mm.h>
#include <linux/netdevice.h>
#include <net/ip.h>

#include "card.h"
#include "held.h"

/*
 * TCP straight after IP, so that all headers end within the octets that were copied (H1): 14 + 60 +
 * 60 at most. What has others in between, or goes on in another frame, is not looked through here.
 */
static bool is_plain_tcp(const struct sk_buff *skb)
{
	const struct ethhdr *eth = (const void *)skb->data;
	const struct ipv6hdr *ip6 = (const void *)(eth + 1);
	const struct iphdr *ip = (const void *)(eth + 1);

	if (eth->h_proto == htons(ETH_P_IP))
		return ip->protocol == IPPROTO_TCP && !ip_is_fragment(ip);
	return eth->h_proto == htons(ETH_P_IPV6) && ip6->nexthdr == IPPROTO_TCP;
}

/* The rest of it, @len octets that begin @offset octets after the area does. */
static void refer(struct sk_buff *skb, struct page *const *pages, size_t offset, size_t len)
{
	size_t at = offset, end = offset + len;
	int n;

	for (n = 0; at < end; n++) {
		size_t length = min_t(size_t, end - at, PAGE_SIZE - offset_in_page(at));
		struct page *page = pages[at / PAGE_SIZE];

		get_page(page);
		skb_fill_page_desc(skb, n, page, offset_in_page(at), length);
		at += length;
	}
	skb->len += len;
	skb->data_len += len;
	skb->truesize += (size_t)n * PAGE_SIZE;
	/* Who needs a sum of it, or writes into it, is to copy it first. */
	skb_shinfo(skb)->flags |= SKBFL_SHARED_FRAG;
}

/**
 * vnic_held_skb() - a frame that refers to the area
 * @napi: whose memory is used
 * @pages: of the area
 * @area: where the area is mapped
 * @at: where the frame is
 * @len: of it
 * @frame: @first and @pages are set
 *
 * Return: the frame; NULL: it is to be copied, for it is short, or is not plain TCP, or there is no
 * memory.
 */
struct sk_buff *vnic_held_skb(struct napi_struct *napi, struct page *const *pages,
			      const char *area, const char *at, size_t len,
			      struct vnic_held_frame *frame)
{
	size_t offset = at - area + VNIC_LINEAR, rest = len - VNIC_LINEAR;
	struct sk_buff *skb;

	BUILD_BUG_ON(VNIC_HELD_MIN <= VNIC_LINEAR);
	/* Of the longest frame, which begins anywhere in a page. */
	BUILD_BUG_ON(DIV_ROUND_UP(VNIC_FRAME_MAX - VNIC_LINEAR + PAGE_SIZE - 1, PAGE_SIZE) >
		     MAX_SKB_FRAGS);
	if (len < VNIC_HELD_MIN)
		return NULL;
	skb = napi_alloc_skb(napi, VNIC_LINEAR);
	if (!skb)
		return NULL;
	/* From here on only the copy is looked at. */
	skb_put_data(skb, at, VNIC_LINEAR);
	if (!is_plain_tcp(skb)) {
		kfree_skb(skb);
		return NULL;
	}
	refer(skb, pages, offset, rest);
	frame->first = offset / PAGE_SIZE;
	frame->pages = skb_shinfo(skb)->nr_frags;
	return skb;
}

/**
 * vnic_held_released() - has everybody else given up its pages?
 * @frame: was sent
 * @pages: of the area
 *
 * Once it is true it stays so until one of the pages is sent again.
 */
bool vnic_held_released(const struct vnic_held_frame *frame, struct page *const *pages)
{
	u32 i;

	for (i = 0; i < frame->pages; i++)
		if (page_ref_count(pages[frame->first + i]) != 1)
			return false;
	/* Whoever gave them up has read them before. */
	smp_mb();
	return true;
}

// SPDX-License-Identifier: GPL-2.0-only
/* Cards: attached and detached; and what the errors of that mean. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "vnic_tool.h"

/* EBUSY: in which network, or whose port, is it? */
static void why_busy(int dev, const char *name, char *advice, size_t size)
{
	cleanup_networks struct networks networks = { .count = 0 };
	struct error unused;
	char master[64], address[END_SIZE];

	snprintf(advice, size, "a bridge, or another's like it, has it: ip link set %s nomaster",
		 name);
	if (link_master(name, master, sizeof(master)))
		snprintf(advice, size, "it belongs to %s: ip link set %s nomaster", master, name);
	if (networks_read(dev, &networks, &unused))
		return;
	for (size_t i = 0; i < networks.count; i++) {
		cleanup_cards struct cards cards = { .count = 0 };

		if (cards_read(dev, &networks.at[i], &cards, &unused))
			continue;
		for (size_t k = 0; k < cards.count; k++) {
			if (strcmp(cards.at[k].card, name) != 0)
				continue;
			format_address(address, cards.at[k].address);
			snprintf(advice, size, "it is in %s, as %s: vnic detach %s",
				 networks.at[i].name, address, name);
		}
	}
}

/* EADDRINUSE: by which card? */
static void who_has(int dev, const struct vnic_ioc_card *args, char *advice, size_t size)
{
	cleanup_cards struct cards cards = { .count = 0 };
	const struct vnic_ioc_card *other = NULL;
	struct vnic_ioc_network network;
	struct error unused;

	if (!network_choose(dev, args->network, &network, &unused) &&
	    !cards_read(dev, &network, &cards, &unused))
		other = cards_find(&cards, args->address);
	snprintf(advice, size, "card %s has it: without --address it gets one that is free",
		 other ? card_name(other) : "another");
}

/* EADDRNOTAVAIL: why not this one, or any? */
static void why_no_address(int dev, const struct vnic_ioc_card *args, char *advice, size_t size)
{
	char subnet[END_SIZE], first[END_SIZE], last[END_SIZE];
	struct vnic_ioc_network network;
	struct error unused;
	__u32 low, high;

	advice[0] = '\0';
	if (network_choose(dev, args->network, &network, &unused))
		return;
	low = ntohl(network.subnet);
	high = low | ~ntohl(mask_of(network.prefix));
	format_address(subnet, network.subnet);
	format_address(first, htonl(low + 2));
	format_address(last, htonl(high - 1));
	if (!args->address)
		snprintf(advice, size, "all addresses of %s/%u have guests: vnic detach one",
			 subnet, network.prefix);
	else
		snprintf(advice, size,
			 "guests of %s have %s to %s: the gateway is the first of %s/%u",
			 network.name, first, last, subnet, network.prefix);
}

static void not_a_card(const char *name, char *advice, size_t size)
{
	char kind[64];

	if (link_kind(name, kind, sizeof(kind)))
		snprintf(advice, size,
			 "it is a %s, not a vnic: ip link add NAME type vnic makes one", kind);
	else
		snprintf(advice, size, "it is not a vnic: ip link add NAME type vnic makes one");
}

/* Returns 0, with the guest's address in @args, or a negative errno. */
int card_attach(int dev, struct vnic_ioc_card *args, struct error *err)
{
	char advice[ADVICE_SIZE] = "", address[END_SIZE];
	int failed;

	if (!ioctl(dev, VNIC_IOC_ATTACH, args))
		return 0;
	failed = errno;
	format_address(address, args->address);
	switch (failed) {
	case ENODEV:
		links_advice(args->card, "vnic", advice, sizeof(advice));
		return error_set(err, failed, "attach: %s: there is no such device here: %s",
				 args->card, advice);
	case EMEDIUMTYPE:
		not_a_card(args->card, advice, sizeof(advice));
		return error_set(err, failed, "attach: %s: %s", args->card, advice);
	case EBUSY:
		why_busy(dev, args->card, advice, sizeof(advice));
		return device_failed(err, failed, advice, "attach: %s", args->card);
	case EADDRINUSE:
		who_has(dev, args, advice, sizeof(advice));
		return device_failed(err, failed, advice, "attach: %s: %s", args->card, address);
	case EADDRNOTAVAIL:
		why_no_address(dev, args, advice, sizeof(advice));
		return device_failed(err, failed, advice[0] ? advice : NULL, "attach: %s%s%s",
				     args->card, args->address ? ": " : "",
				     args->address ? address : "");
	}
	return device_failed(err, failed, NULL, "attach: %s to %s", args->card, args->network);
}

int card_detach(int dev, const char *name, struct error *err)
{
	struct vnic_ioc_card args = { .number = 0 };
	char advice[ADVICE_SIZE];
	int failed;

	snprintf(args.card, sizeof(args.card), "%s", name);
	if (!ioctl(dev, VNIC_IOC_DETACH, &args))
		return 0;
	failed = errno;
	switch (failed) {
	case ENODEV:
		return error_set(err, failed,
				 "detach: %s: there is no such device here: one that was moved is "
				 "detached where it is: ip netns exec NAMESPACE vnic detach %s",
				 name, name);
	case EMEDIUMTYPE:
		not_a_card(name, advice, sizeof(advice));
		return error_set(err, failed, "detach: %s: %s", name, advice);
	case ENOTCONN:
		return error_set(err, failed,
				 "detach: %s: it is in no network: vnic list shows which cards are",
				 name);
	}
	return device_failed(err, failed, NULL, "detach: %s", name);
}

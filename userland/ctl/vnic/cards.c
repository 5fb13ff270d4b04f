// SPDX-License-Identifier: GPL-2.0-only
/* Cards of a network: read, and found by address. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "vnic_tool.h"

/* Returns 0 or a negative errno. */
int cards_read(int dev, const struct vnic_ioc_network *network, struct cards *cards,
	       struct error *err)
{
	struct vnic_ioc_card card = { .number = 0 };
	size_t room = 0;

	*cards = (struct cards){ .count = 0 };
	memcpy(card.network, network->name, sizeof(card.network));
	for (__u32 number = 0; !ioctl(dev, VNIC_IOC_CARD, &card); card.number = ++number) {
		if (cards->count == room) {
			size_t more = room ? 2 * room : 16;
			void *at = realloc(cards->at, more * sizeof(card));

			if (!at)
				return error_set(err, ENOMEM, "cards: out of memory");
			cards->at = at;
			room = more;
		}
		cards->at[cards->count++] = card;
	}
	return errno == ENOENT ? 0 : device_failed(err, errno, NULL, "cards: %s", network->name);
}

void cards_free(struct cards *cards)
{
	free(cards->at);
	*cards = (struct cards){ .count = 0 };
}

/* NULL if no guest has the address. */
const struct vnic_ioc_card *cards_find(const struct cards *cards, __be32 address)
{
	for (size_t i = 0; i < cards->count; i++)
		if (cards->at[i].address == address)
			return &cards->at[i];
	return NULL;
}

/* A card that was moved to another namespace has no name in this one. */
const char *card_name(const struct vnic_ioc_card *card)
{
	return card->card[0] ? card->card : "(elsewhere)";
}

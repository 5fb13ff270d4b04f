// SPDX-License-Identifier: GPL-2.0
/* A translator as a whole: made, configured, cleaned up. See nat.h; parts: translator.h. */
#include <linux/errno.h>
#include <linux/in.h>
#include <linux/kernel.h>
#include <linux/slab.h>

#include "translator.h"

/* So that no sum of lengths overflows; eight addresses have no more ports. */
#define MOST	2000000u

const struct vnic_nat_timeouts vnic_nat_default_timeouts = {
	.udp = 300 * 1000,
	.icmp = 60 * 1000,
	.tcp_established = 7440 * 1000,
	.tcp_transitory = 240 * 1000,
	.tcp_syn = 6 * 1000,
};

/* --- time --- */

/*
 * Who calls may have looked at the clock before it had to wait for another: time stands still
 * rather than going back.
 */
u64 vnic_nat_advance(struct vnic_nat *nat, u64 now)
{
	nat->now = max(nat->now, now);
	return nat->now;
}

/* --- made --- */

static bool create_table(struct vnic_table *table, u32 most)
{
	table->bits = 0;
	while (vnic_table_size(table) < most)
		table->bits++;
	table->chains = kvcalloc(vnic_table_size(table), sizeof(*table->chains),
				 GFP_KERNEL_ACCOUNT);
	return table->chains;
}

static void draw_secret(struct vnic_nat *nat)
{
	const struct vnic_nat_host *host = &nat->host;

	for (int i = 0; i < 2; i++) {
		nat->secret.key[i] = (u64)host->random(host->context) << 32;
		nat->secret.key[i] |= host->random(host->context);
	}
}

static void free_nat(struct vnic_nat *nat)
{
	kvfree(nat->sessions.chains);
	kvfree(nat->outside.chains);
	kvfree(nat->inside.chains);
	kvfree(nat->pool);
	kvfree(nat);
}

struct vnic_nat *vnic_nat_create(const struct vnic_nat_config *config,
				 const struct vnic_nat_host *host)
{
	struct vnic_nat *nat = kvzalloc(sizeof(*nat), GFP_KERNEL_ACCOUNT);

	if (!nat)
		return NULL;
	nat->config = *config;
	nat->host = *host;
	draw_secret(nat);
	nat->pool = kvcalloc(VNIC_NAT_ADDRESSES, sizeof(*nat->pool), GFP_KERNEL_ACCOUNT);
	if (!nat->pool || !create_table(&nat->inside, config->most) ||
	    !create_table(&nat->outside, config->most) ||
	    !create_table(&nat->sessions, config->sessions)) {
		free_nat(nat);
		return NULL;
	}
	return nat;
}

void vnic_nat_destroy(struct vnic_nat *nat)
{
	if (!nat)
		return;
	vnic_nat_set_addresses(nat, NULL, 0);
	free_nat(nat);
}

/* --- configured --- */

bool vnic_nat_config_valid(const struct vnic_nat_config *config)
{
	const struct vnic_nat_timeouts *t = &config->timeouts;

	return t->udp && t->icmp && t->tcp_established && t->tcp_transitory && t->tcp_syn &&
	       config->first_port && config->first_port <= config->last_port &&
	       config->most && config->most <= MOST &&
	       config->quota && config->quota <= config->most &&
	       config->sessions && config->sessions <= MOST;
}

const struct vnic_nat_config *vnic_nat_config(const struct vnic_nat *nat)
{
	return &nat->config;
}

void vnic_nat_configure(struct vnic_nat *nat, const struct vnic_nat_config *config)
{
	nat->config = *config;
}

static bool is_among(__be32 address, const __be32 *addresses, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (addresses[i] == address)
			return true;
	return false;
}

static void free_all_but(struct vnic_nat *nat, const __be32 *addresses, unsigned int count)
{
	struct vnic_mapping *m;
	struct hlist_node *next;

	for (u32 i = 0; nat->nr_mappings && i < vnic_table_size(&nat->outside); i++)
		hlist_for_each_entry_safe(m, next, &nat->outside.chains[i], by_outside)
			if (!is_among(m->outside.address, addresses, count))
				vnic_mapping_free(nat, m);
}

/* Memory for the ports of an address that is new. */
static struct vnic_ports *unused_ports(struct vnic_nat *nat)
{
	struct vnic_ports *ports = nat->pool;

	while (ports->address)
		ports++;
	return ports;
}

void vnic_nat_set_addresses(struct vnic_nat *nat, const __be32 *addresses, unsigned int count)
{
	struct vnic_ports *kept[VNIC_NAT_ADDRESSES];

	free_all_but(nat, addresses, count);
	for (unsigned int i = 0; i < count; i++)
		kept[i] = vnic_ports_of(nat, addresses[i]);
	for (unsigned int i = 0; i < nat->nr_addresses; i++)
		if (!is_among(nat->addresses[i]->address, addresses, count))
			nat->addresses[i]->address = 0;
	for (unsigned int i = 0; i < count; i++) {
		nat->addresses[i] = kept[i] ? kept[i] : unused_ports(nat);
		nat->addresses[i]->address = addresses[i];
	}
	nat->nr_addresses = count;
	vnic_syn_forget_others(nat);
}

/* --- guests --- */

void vnic_nat_guest_init(struct vnic_nat_guest *guest, __be32 address)
{
	*guest = (struct vnic_nat_guest){ .address = address };
	INIT_LIST_HEAD(&guest->list);
}

void vnic_nat_forget(struct vnic_nat *nat, struct vnic_nat_guest *guest)
{
	struct vnic_mapping *m, *next;

	list_for_each_entry_safe(m, next, &guest->list, of_guest)
		vnic_mapping_free(nat, m);
	guest->outside = 0;
}

int vnic_nat_forward(struct vnic_nat *nat, struct vnic_nat_guest *guest, u8 protocol,
		     struct vnic_end outside, __be16 inside)
{
	return vnic_mapping_forward(nat, guest, protocol,
				    (struct vnic_end){ guest->address, inside }, outside);
}

int vnic_nat_unforward(struct vnic_nat *nat, u8 protocol, struct vnic_end outside)
{
	struct vnic_mapping *m = vnic_mapping_of_outside(nat, protocol, outside, nat->now);

	if (!m || !m->forward)
		return -ENOENT;
	vnic_mapping_free(nat, m);
	return 0;
}

bool vnic_nat_holds(const struct vnic_nat *nat, u8 protocol, struct vnic_end outside)
{
	return vnic_mapping_of_outside(nat, protocol, outside, nat->now);
}

/* --- cleaned up --- */

u32 vnic_nat_collect(struct vnic_nat *nat, u64 now, u32 budget)
{
	u32 mappings = vnic_table_size(&nat->outside);
	u32 chains = mappings + vnic_table_size(&nat->sessions);

	now = vnic_nat_advance(nat, now);
	for (budget = min(budget, chains); budget; budget--) {
		u32 chain = nat->collected++ % chains;

		if (chain < mappings)
			vnic_mapping_collect(nat, chain, now);
		else
			vnic_session_collect(nat, chain - mappings, now);
		nat->collected %= chains;
	}
	return nat->nr_mappings;
}

static u64 octets(const struct vnic_nat *nat)
{
	u64 chains = (u64)vnic_table_size(&nat->inside) + vnic_table_size(&nat->outside) +
		     vnic_table_size(&nat->sessions);

	return sizeof(*nat) + VNIC_NAT_ADDRESSES * sizeof(*nat->pool) +
	       chains * sizeof(struct hlist_head) +
	       (u64)nat->nr_mappings * sizeof(struct vnic_mapping) +
	       (u64)nat->nr_sessions * sizeof(struct vnic_session);
}

void vnic_nat_count(const struct vnic_nat *nat, struct vnic_nat_counts *counts)
{
	*counts = (struct vnic_nat_counts){
		.mappings = nat->nr_mappings,
		.sessions = nat->nr_sessions,
		.octets = octets(nat),
	};
	for (int i = 0; i < VNIC_REASONS; i++)
		counts->reasons[i] = nat->reasons[i];
}

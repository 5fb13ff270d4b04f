/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a translator has to do, written down once more: arrays, searched from the first to the last,
 * and nothing that is clever. It does not choose ports, but says whether one was chosen rightly.
 */
#ifndef NAT_MODEL_H
#define NAT_MODEL_H

#include "nat_world.h"

#define MODEL_MAPPINGS	64
#define MODEL_SESSIONS	256
#define MODEL_SYNS	64

/**
 * struct model_mapping - one; it is there, expired or not, until it would be freed
 * @there: it is
 * @forward: it stays
 * @guest: whose
 * @protocol: of it
 * @inside: end
 * @outside: end
 * @used: when
 */
struct model_mapping {
	bool there;
	bool forward;
	u32 guest;
	u8 protocol;
	struct vnic_end inside;
	struct vnic_end outside;
	u64 used;
};

/**
 * struct model_session - one, likewise
 * @m: mapping; NULL: it is not there
 * @permit: it is no connection
 * @remote: end
 * @state: of a connection
 * @client_outside: likewise
 * @uninvited: likewise
 * @used: when
 */
struct model_session {
	struct model_mapping *m;
	bool permit;
	struct vnic_end remote;
	enum vnic_tcp_state state;
	bool client_outside;
	bool uninvited;
	u64 used;
};

/**
 * struct model - all there is
 * @config: what is set
 * @addresses: outside
 * @nr_addresses: how many
 * @paired: by which each guest is known
 * @mappings: they
 * @sessions: they
 * @syns: that are held
 * @came: when each did
 * @nr_syns: how many
 * @fail_in: the n-th allocation from now fails
 * @now: ms
 * @swept: ms, when mappings that had expired were freed for want of one
 * @why: something wrong was done; NULL: nothing
 */
struct model {
	struct vnic_nat_config config;
	__be32 addresses[VNIC_NAT_ADDRESSES];
	u32 nr_addresses;
	__be32 paired[GUESTS];
	struct model_mapping mappings[MODEL_MAPPINGS];
	struct model_session sessions[MODEL_SESSIONS];
	struct { struct vnic_end source, destination; } syns[MODEL_SYNS];
	u64 came[MODEL_SYNS];
	u32 nr_syns;
	u32 fail_in;
	u64 now;
	u64 swept;
	const char *why;
};

/* What is to become of a packet. */
struct expected {
	enum vnic_way way;
	enum vnic_reason reason;
	int guest;
	struct vnic_end source;
	struct vnic_end destination;
};

/* @got: the source that a new mapping's packet has now: for the choice of the port. */
struct expected model_out(struct model *model, u32 guest, u8 protocol, struct vnic_end from,
			  struct vnic_end to, u8 flags, struct vnic_end got);
struct expected model_in(struct model *model, u8 protocol, struct vnic_end from,
			 struct vnic_end to, u8 flags);

/* An error about a packet between the two; of a guest, or (-1) from outside. */
struct expected model_error(struct model *model, int guest, u8 protocol, struct vnic_end source,
			    struct vnic_end destination);

int model_forward(struct model *model, u32 guest, u8 protocol, struct vnic_end outside,
		  struct vnic_end inside);
int model_unforward(struct model *model, u8 protocol, struct vnic_end outside);
void model_forget(struct model *model, u32 guest);
void model_set_addresses(struct model *model, const __be32 *addresses, u32 count);
void model_collect(struct model *model);
bool model_overdue(struct model *model, struct vnic_end *source, struct vnic_end *destination);

/* ms until they expire. */
u64 model_mapping_left(const struct model *model, const struct model_mapping *m);
u64 model_session_left(const struct model *model, const struct model_session *s);

u32 model_count_mappings(const struct model *model, int guest);
u32 model_count_sessions(const struct model *model, int guest);
u32 model_count_flows(const struct model *model);
bool model_has_expired(const struct model *model);

#endif

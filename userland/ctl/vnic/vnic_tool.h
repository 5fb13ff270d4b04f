/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vnic: what its verbs share. A verb is a file, cmd_*.c: it parses its arguments, fills in the
 * error if it fails, and returns a negative errno, 0, or the exit status it wants; ../tool/ prints.
 *
 *	cmd_*.c		what is typed; command_line.c: what several verbs parse
 *	addresses.h	addresses and packets as words
 *	settings.c	what can be set of a network
 *	device.c	/dev/vnic; networks.c, cards.c, flows.c: what there is
 *	*_change.c	its ioctls that change something, and what their errors mean
 *	links.c		the host's devices: names, kinds, addresses
 *	counters.c	what is counted; sentences.c: what would happen to a packet
 *	explain6.c	the same of IPv6; sentences6.c
 *	drawing.c	the flows as a picture
 */
#ifndef VNIC_TOOL_H
#define VNIC_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "addresses.h"
#include "error.h"
#include "options.h"
#include "values.h"

#define VNIC_DEVICE "/dev/vnic"
/* Of the part of a message that says why, and what to do. */
#define ADVICE_SIZE 320

/* cmd_*.c */
int cmd_create(int argc, char **argv, struct error *err);
int cmd_attach(int argc, char **argv, struct error *err);
int cmd_detach(int argc, char **argv, struct error *err);
int cmd_forward(int argc, char **argv, struct error *err);
int cmd_unforward(int argc, char **argv, struct error *err);
int cmd_list(int argc, char **argv, struct error *err);
int cmd_flows(int argc, char **argv, struct error *err);
int cmd_stats(int argc, char **argv, struct error *err);
int cmd_set(int argc, char **argv, struct error *err);
int cmd_rm(int argc, char **argv, struct error *err);
int cmd_explain(int argc, char **argv, struct error *err);
int cmd_draw(int argc, char **argv, struct error *err);
int cmd_status(int argc, char **argv, struct error *err);

/* device.c */
int device_open(struct error *err);
int device_failed(struct error *err, int errnum, const char *advice, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/**
 * struct networks - those of this namespace, by number
 * @at: one each
 * @count: how many
 */
struct networks {
	struct vnic_ioc_network *at;
	size_t count;
};

/* networks.c */
int networks_read(int dev, struct networks *networks, struct error *err);
void networks_free(struct networks *networks);
#define cleanup_networks __attribute__((cleanup(networks_free)))
int network_choose(int dev, const char *name, struct vnic_ioc_network *network, struct error *err);
int networks_choose(int dev, const char *name, struct networks *networks, struct error *err);
const char *filtering_name(const struct vnic_ioc_network *network);

/* network_change.c */
int network_create(int dev, const struct vnic_ioc_network *args, struct error *err);
int network_set(int dev, const struct vnic_ioc_set *args, struct error *err);
int network_remove(int dev, const char *name, struct error *err);

/**
 * struct cards - those of a network, by address
 * @at: one each
 * @count: how many
 */
struct cards {
	struct vnic_ioc_card *at;
	size_t count;
};

/* cards.c */
int cards_read(int dev, const struct vnic_ioc_network *network, struct cards *cards,
	       struct error *err);
void cards_free(struct cards *cards);
#define cleanup_cards __attribute__((cleanup(cards_free)))
const struct vnic_ioc_card *cards_find(const struct cards *cards, __be32 address);
const char *card_name(const struct vnic_ioc_card *card);

/* card_change.c */
int card_attach(int dev, struct vnic_ioc_card *args, struct error *err);
int card_detach(int dev, const char *name, struct error *err);

/* forward_change.c */
int forward_add(int dev, const struct vnic_ioc_network *network, const struct forward *forward,
		struct error *err);
int forward_remove(int dev, const struct vnic_ioc_network *network, const struct forward *forward,
		   struct error *err);

/**
 * struct flows - mappings of a network, each followed by its sessions
 * @at: sorted by protocol, inside end, outside end; the mapping before its sessions
 * @count: how many
 */
struct flows {
	struct vnic_flow *at;
	size_t count;
};

/* flows.c: those that need no device are pure */
int flows_read(int dev, const char *network, const char *verb, struct flows *flows,
	       struct error *err);
void flows_free(struct flows *flows);
#define cleanup_flows __attribute__((cleanup(flows_free)))
void flows_sort(struct flows *flows);
bool flow_is_mapping(const struct vnic_flow *flow);
bool flow_is_forward(const struct vnic_flow *flow);
size_t flows_forwards(const struct flows *flows);
const char *flow_state(const struct vnic_flow *flow);
void flow_left(char *text, size_t size, const struct vnic_flow *flow);
void flow_print_json(FILE *out, const char *network, const struct vnic_flow *flow);

/* counters.c */
const char *counter_name(unsigned int counter);
const char *counter_words(unsigned int counter);

/* settings.c: pure */
bool names_network(char **words, size_t count);
int parse_filtering(const char *text, __u32 *flags, struct error *err);
int parse_settings(char **words, size_t count, struct vnic_ioc_set *set, struct error *err);
void print_settings(FILE *out, const struct vnic_ioc_network *network);

/**
 * struct packet_line - the command line of a verb that is about a packet
 * @network: name, or NULL: none was given
 * @json: --json was given
 * @words: the others
 * @first: of these that is not the network
 */
struct packet_line {
	const char *network;
	bool json;
	struct words words;
	size_t first;
};

/* command_line.c */
int packet_line(int argc, char **argv, bool json, struct packet_line *line, struct error *err);
int one_network(int argc, char **argv, const char **name, struct error *err);

/* How many addresses of a device we look at: as many as the module does. */
#define LINK_ADDRESSES 8

/**
 * struct link_addresses - a device of the host
 * @up: it is up: only then the module translates onto it
 * @count: how many addresses
 * @at: IPv4
 * @prefix: of each
 */
struct link_addresses {
	bool up;
	size_t count;
	__be32 at[LINK_ADDRESSES];
	__u32 prefix[LINK_ADDRESSES];
};

/* links.c */
bool link_exists(const char *name);
bool link_kind(const char *name, char *kind, size_t size);
bool link_master(const char *name, char *master, size_t size);
void link_addresses(const char *name, struct link_addresses *addresses);
void links_advice(const char *name, const char *kind, char *advice, size_t size);

/**
 * enum where - where a packet goes that never gets to the translator, or that it is for
 * @WHERE_TRANSLATOR: the translator decides
 * @WHERE_GATEWAY: the network's own address answers
 * @WHERE_MARTIAN: to an address that nobody may be sent to
 * @WHERE_GUEST: to another guest's inside address
 * @WHERE_NOWHERE: from outside, and not to an address of the uplink
 * @WHERE_HOST: from outside, and none of several networks on the uplink knows the end it is for
 */
enum where {
	WHERE_TRANSLATOR,
	WHERE_GATEWAY,
	WHERE_MARTIAN,
	WHERE_GUEST,
	WHERE_NOWHERE,
	WHERE_HOST,
};

/**
 * struct question - a packet, and what there is to know around it
 * @tuple: the packet
 * @inbound: it comes from outside
 * @shared: there are other networks on the uplink
 * @network: whose guest sends it, or is meant
 * @uplink: addresses of the network's uplink
 * @card: name of the guest's card; NULL: there is none
 * @neighbour: likewise of the guest that has the inside address it is sent to
 * @mapping: that it belongs to; NULL: none
 * @answer: of VNIC_IOC_EXPLAIN, if @where is WHERE_TRANSLATOR
 */
struct question {
	struct tuple tuple;
	bool inbound;
	bool shared;
	const struct vnic_ioc_network *network;
	const struct link_addresses *uplink;
	const char *card;
	const char *neighbour;
	const struct vnic_flow *mapping;
	struct vnic_ioc_explain answer;
};

/**
 * enum where6 - likewise, of IPv6
 * @WHERE6_TRANSLATOR: the translator decides
 * @WHERE6_LINK: to an address of the guest's own link, or a group
 * @WHERE6_NO_IPV6: the network has none
 */
enum where6 {
	WHERE6_TRANSLATOR,
	WHERE6_LINK,
	WHERE6_NO_IPV6,
};

/**
 * struct question6 - likewise, of IPv6
 * @tuple: the packet
 * @inbound: it comes from outside
 * @network: whose guest sends it, or is meant
 * @uplink: addresses of the network's uplink
 * @card: name of the guest's card that sends it; NULL: no guest has the address yet
 * @receiver: likewise of the guest that it is for
 * @answer: of VNIC_IOC_EXPLAIN6, if where6_to() says that the translator decides
 */
struct question6 {
	struct tuple6 tuple;
	bool inbound;
	const struct vnic_ioc_network *network;
	const struct link_addresses *uplink;
	const char *card;
	const char *receiver;
	struct vnic_ioc_explain6 answer;
};

/**
 * struct sentences - the answer
 * @way: one word: out, in, host, gateway, drop
 * @reason: name of the counter, or ""
 * @what: would happen
 * @why: it would
 * @advice: what to do; empty: nothing
 */
struct sentences {
	const char *way;
	const char *reason;
	char what[256];
	char why[384];
	char advice[384];
};

/* sentences.c: pure */
enum where where_to(const struct question *question);
void explain_in_sentences(const struct question *question, struct sentences *sentences);

/* sentences6.c: pure */
bool sends6(const struct vnic_ioc_network *network, const struct in6_addr *source);
enum where6 where6_to(const struct question6 *question);
void explain6_in_sentences(const struct question6 *question, struct sentences *sentences);

/**
 * struct told - what there is to say of a packet beside the sentences
 * @packet: it
 * @network: name
 * @guest: who sends it; NULL: it comes from outside
 * @mapping: that it belongs to; NULL: none
 */
struct told {
	const char *packet;
	const char *network;
	const char *guest;
	const struct vnic_flow *mapping;
};

/* cmd_explain.c and explain6.c */
const char *card_words(const struct vnic_ioc_card *card);
void print_explanation(const struct told *told, const struct sentences *sentences, bool json);
int explain6(int dev, const struct packet_line *line, const struct tuple6 *tuple,
	     struct error *err);

/* drawing.c: pure */
void draw_flows(FILE *out, const struct vnic_ioc_network *network, const struct flows *flows);

#endif

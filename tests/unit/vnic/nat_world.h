/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A translator with a host around it, some guests inside, and datagrams sent both ways. After each
 * step every invariant is looked at, and each datagram that was translated is compared, octet by
 * octet, with one that is made with the new ends.
 *
 *	guest 0, 1, ...: 10.9.0.2, .3, ...    outside: 192.0.2.1    remote: 198.51.100.7, ...
 */
#ifndef NAT_WORLD_H
#define NAT_WORLD_H

#include <arpa/inet.h>

#include "datagram.h"
#include "nat.h"
#include "tap.h"

#define GUESTS		8
#define OUTSIDE		0xc0000201	/* 192.0.2.1 */
#define REMOTE		0xc6336407	/* 198.51.100.7 */
#define GUEST(n)	(0x0a090002u + (n))
#define MINUTE		60000ull

#define FIN	VNIC_TCP_FIN
#define SYN	VNIC_TCP_SYN
#define RST	VNIC_TCP_RST
#define ACK	VNIC_TCP_ACK

/**
 * struct world - all of it
 * @nat: translator
 * @guest: inside
 * @now: ms
 * @p: the last datagram that was sent, as it was left
 * @v: what became of it
 * @random: state of the host's random numbers
 * @host_first: ports that the host has itself, of any protocol; 0: none
 * @host_last: likewise
 * @asked: how often the host was asked for a port
 * @held: ports that the host was told to keep away from
 * @wrong: the first thing that was not as it has to be; NULL: everything was
 */
struct world {
	struct vnic_nat *nat;
	struct vnic_nat_guest guest[GUESTS];
	u64 now;
	struct vnic_packet p;
	struct vnic_verdict v;
	u64 random;
	u16 host_first;
	u16 host_last;
	u32 asked;
	u32 held;
	const char *wrong;
};

extern struct world world;

/* 1 MiB of tables is not needed: 64 mappings of 16 a guest, 128 sessions, ports 1024 to 65535. */
extern const struct vnic_nat_config small;

/* A new one, with one outside address. */
void world_begin(const struct vnic_nat_config *config);
void world_close(void);

/* Was everything right? */
static inline void world_end(void)
{
	world_close();
	CHECK(!world.wrong, "%s", world.wrong);
}

/* A config: that of the world as it is, to be changed. */
struct vnic_nat_config config_now(void);

/* Look at every invariant; world_end() tells. */
void look(void);

/* What is sent: from or to a guest, or anything. Returns where it went. */
enum vnic_way send_out(u32 guest, u8 protocol, u16 port, struct vnic_end to, u8 flags);
enum vnic_way send_in(u8 protocol, struct vnic_end from, struct vnic_end to, u8 flags);

/* A ping, and its answer. @from: the port is the identifier. */
enum vnic_way send_reply(struct vnic_end from, struct vnic_end to);

/*
 * An ICMP error about a packet of @protocol from @source to @destination, sent to its source by
 * @reporter. @guest: who sends it, if that is a guest; or -1.
 */
enum vnic_way send_error(int guest, u8 protocol, struct vnic_end source,
			 struct vnic_end destination, u32 reporter);

/* How many times something became of a packet. */
u64 counted(enum vnic_reason reason);

struct vnic_nat_counts counts_now(void);

/* The flow of a mapping, or of one of its sessions; NULL: there is none. Until the next call. */
const struct vnic_nat_flow *flow_of(u8 protocol, struct vnic_end inside, struct vnic_end remote);
enum vnic_tcp_state state_of(struct vnic_end inside, struct vnic_end remote);

struct vnic_end remote_end(u16 port);
struct vnic_end outside_end(u16 port);
struct vnic_end guest_end(u32 guest, u16 port);
bool same_end(struct vnic_end a, struct vnic_end b);

#define CHECK_END(got, want)						\
	do {								\
		struct vnic_end _got = (got), _want = (want);		\
		CHECK(same_end(_got, _want), "%s is %08x:%u, not %08x:%u", #got, \
		      ntohl(_got.address), ntohs(_got.port), ntohl(_want.address), \
		      ntohs(_want.port));				\
	} while (0)

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of vnic's cards share: opening one, a namespace of one's own, frames whose sums are
 * computed here and not by the kernel. Every function ends the test if it fails.
 */
#ifndef KSELFTEST_VNIC_CARD_H
#define KSELFTEST_VNIC_CARD_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "tap.h"

#define DEVICE		"/dev/vnic"
#define PLAIN		(IFF_TAP | IFF_NO_PI)
#define ETH_MIN		14
/* Address of the host, on its card, and of the guest behind it. */
#define HOST		0x0a090001u
#define GUEST		0x0a090002u
#define FRAME_MAX	(65535 + 18)

/* A network namespace without IPv6, so that nothing is sent that the test did not ask for. */
void own_namespace(void);
/* A command of iproute2 and the like has to succeed. */
void shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

int card_open(void);
/* TUNSETIFF. Returns as ioctl() does; @name is returned too, if it is not NULL. */
int card_set(int fd, char *name, int flags);
/* Both, with the name "card". */
int card_new(int flags);
/* Its address is HOST; the guest's MAC address is known to it. */
void card_up(const char *name);
int card_queue(int fd, int flags);
/* 0: there is none. */
int card_index(const char *name);
bool card_has_carrier(const char *name);
/* Columns of /proc/net/dev. */
enum counter { RX_BYTES, RX_PACKETS, RX_ERRORS, RX_DROPPED,
	       TX_BYTES = 8, TX_PACKETS, TX_ERRORS, TX_DROPPED };
uint64_t card_counter(const char *name, enum counter counter);
/* Of ethtool -S: of all queues together. */
uint64_t queue_counter(const char *name, const char *counter);
void set_nonblock(int fd);

/* A UDP socket on HOST's port, connected to GUEST's. */
int host_socket(uint16_t port);
/* An Ethernet frame from GUEST to HOST. Returns its length. */
size_t guest_udp(uint8_t *frame, const char *card, uint16_t port, const void *data, size_t len);
/* A TCP segment, likewise: @len octets of a pattern; the sum left to be completed if @partial. */
size_t guest_tcp(uint8_t *frame, const char *card, uint32_t sequence, size_t len, bool partial);
/* The ones' complement sum of the pseudo header and of @len octets at @l4. Good: 0. */
uint16_t l4_sum(const uint8_t *ip, size_t l4_len);
uint16_t ip_sum(const uint8_t *ip);
/* Next frame, not waiting longer than a few seconds. Returns its length, or 0. */
size_t next_frame(int fd, void *buffer, size_t size);
/* Frames until one is IPv4 and not IGMP, which the kernel sends when it likes. */
size_t next_ipv4(int fd, void *buffer, size_t size, size_t before);

#endif /* KSELFTEST_VNIC_CARD_H */

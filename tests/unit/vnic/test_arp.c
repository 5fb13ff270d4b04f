// SPDX-License-Identifier: GPL-2.0
/* What a guest may say by ARP, and the answer (RFC 826, RFC 5227). */
#include "tap.h"

#include <arpa/inet.h>

#include "arp.h"

#define GUEST	htonl(0x0a090002)	/* 10.9.0.2 */
#define GATEWAY	htonl(0x0a090001)
#define OTHER	htonl(0x0a090003)

static const u8 guest_mac[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
static const u8 gateway_mac[6] = { 0x02, 0, 0, 0, 0, 1 };
static const u8 other_mac[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x57 };

/* As Linux sends it: who has 10.9.0.1, tell 10.9.0.2. */
static const u8 asks[28] = {
	0, 1, 8, 0, 6, 4, 0, 1,
	0x52, 0x54, 0, 0x12, 0x34, 0x56, 10, 9, 0, 2,
	0, 0, 0, 0, 0, 0, 10, 9, 0, 1,
};

/* And what a router answers. */
static const u8 answers[28] = {
	0, 1, 8, 0, 6, 4, 0, 2,
	2, 0, 0, 0, 0, 1, 10, 9, 0, 1,
	0x52, 0x54, 0, 0x12, 0x34, 0x56, 10, 9, 0, 2,
};

static enum vnic_arp judge(const u8 *at, u32 length, __be32 *target)
{
	u8 *alone = malloc(length ? length : 1);
	enum vnic_arp verdict;

	memcpy(alone, at, length);
	verdict = vnic_arp_judge(alone, length, GUEST, guest_mac, target);
	free(alone);
	return verdict;
}

/* A request or a reply from and about whomever. */
static enum vnic_arp said(u8 operation, const u8 *mac, __be32 sender, __be32 asked)
{
	__be32 target = 0x5a5a5a5a;
	enum vnic_arp verdict;
	u8 at[28];

	memcpy(at, asks, sizeof(at));
	at[7] = operation;
	memcpy(at + 8, mac, 6);
	memcpy(at + 14, &sender, 4);
	memcpy(at + 24, &asked, 4);
	verdict = judge(at, sizeof(at), &target);
	if (verdict == VNIC_ARP_ASKS || verdict == VNIC_ARP_PROBES)
		CHECK_EQ(target, asked);
	else
		CHECK_EQ(target, 0x5a5a5a5a);
	return verdict;
}

static void rfc826_a_question_and_its_answer(void)
{
	__be32 target;
	u8 reply[28];

	CHECK_EQ(judge(asks, 28, &target), VNIC_ARP_ASKS);
	CHECK_EQ(target, GATEWAY);
	vnic_arp_reply(reply, asks, gateway_mac);
	CHECK(!memcmp(reply, answers, 28), "another answer");
}

static void the_answer_may_be_written_in_place(void)
{
	u8 at[28];

	memcpy(at, asks, 28);
	vnic_arp_reply(at, at, gateway_mac);
	CHECK(!memcmp(at, answers, 28), "another answer");
}

static void any_other_address_may_be_asked_for(void)
{
	CHECK_EQ(said(1, guest_mac, GUEST, GATEWAY), VNIC_ARP_ASKS);
	CHECK_EQ(said(1, guest_mac, GUEST, OTHER), VNIC_ARP_ASKS);
}

static void rfc5227_1_1_a_probe_has_no_sender(void)
{
	u8 at[28], reply[28];

	CHECK_EQ(said(1, guest_mac, 0, GATEWAY), VNIC_ARP_PROBES);
	CHECK_EQ(said(1, guest_mac, 0, OTHER), VNIC_ARP_PROBES);
	/* Its own: nobody else has it. */
	CHECK_EQ(said(1, guest_mac, 0, GUEST), VNIC_ARP_TELLS);
	CHECK_EQ(said(2, guest_mac, 0, GATEWAY), VNIC_ARP_MALFORMED);
	CHECK_EQ(said(2, guest_mac, 0, GUEST), VNIC_ARP_MALFORMED);
	/* And is answered to who has none. */
	memcpy(at, asks, 28);
	memset(at + 14, 0, 4);
	vnic_arp_reply(reply, at, gateway_mac);
	CHECK(!memcmp(reply, answers, 24), "another answer");
	CHECK(!memcmp(reply + 24, "\0\0\0\0", 4), "to an address");
}

static void rfc5227_1_1_an_announcement_is_not_answered(void)
{
	CHECK_EQ(said(1, guest_mac, GUEST, GUEST), VNIC_ARP_TELLS);
	CHECK_EQ(said(2, guest_mac, GUEST, GUEST), VNIC_ARP_TELLS);
}

static void a_reply_of_its_own_is_no_question(void)
{
	CHECK_EQ(said(2, guest_mac, GUEST, GATEWAY), VNIC_ARP_TELLS);
}

static void who_claims_to_be_another_is_found_out(void)
{
	for (u8 operation = 1; operation <= 2; operation++) {
		CHECK_EQ(said(operation, guest_mac, OTHER, GATEWAY), VNIC_ARP_SPOOF);
		CHECK_EQ(said(operation, guest_mac, GATEWAY, GUEST), VNIC_ARP_SPOOF);
		/* Gratuitous: all who hear it would believe it. */
		CHECK_EQ(said(operation, guest_mac, GATEWAY, GATEWAY), VNIC_ARP_SPOOF);
		CHECK_EQ(said(operation, other_mac, GUEST, GATEWAY), VNIC_ARP_SPOOF);
		CHECK_EQ(said(operation, other_mac, 0, GATEWAY), VNIC_ARP_SPOOF);
		CHECK_EQ(said(operation, gateway_mac, GATEWAY, GUEST), VNIC_ARP_SPOOF);
	}
}

static void other_protocols_are_malformed(void)
{
	static const struct {
		u32 at;
		u8 value;
	} wrong[] = { { 0, 1 }, { 1, 6 }, { 2, 0x86 }, { 3, 0xdd }, { 4, 8 }, { 5, 16 }, { 6, 1 },
		      { 7, 0 }, { 7, 3 }, { 7, 8 } };
	__be32 target;

	for (u32 i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		u8 at[28];

		memcpy(at, asks, 28);
		at[wrong[i].at] = wrong[i].value;
		CHECK(judge(at, 28, &target) == VNIC_ARP_MALFORMED, "octet %u is %02x", wrong[i].at,
		      wrong[i].value);
	}
}

static void each_cut_is_noticed_and_padding_is_not(void)
{
	u8 padded[46] = { 0 };
	__be32 target;

	for (u32 length = 0; length < 28; length++)
		CHECK_EQ(judge(asks, length, &target), VNIC_ARP_MALFORMED);
	memcpy(padded, asks, 28);
	CHECK_EQ(judge(padded, sizeof(padded), &target), VNIC_ARP_ASKS);
}

int main(void)
{
	RUN(rfc826_a_question_and_its_answer);
	RUN(the_answer_may_be_written_in_place);
	RUN(any_other_address_may_be_asked_for);
	RUN(rfc5227_1_1_a_probe_has_no_sender);
	RUN(rfc5227_1_1_an_announcement_is_not_answered);
	RUN(a_reply_of_its_own_is_no_question);
	RUN(who_claims_to_be_another_is_found_out);
	RUN(other_protocols_are_malformed);
	RUN(each_cut_is_noticed_and_padding_is_not);
	return tap_done();
}

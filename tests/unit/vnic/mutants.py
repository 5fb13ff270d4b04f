# SPDX-License-Identifier: GPL-2.0
"""Ways to break vnic's core that the unit tests must notice. See ../mutate.py.

Each is (name, file, text that occurs once, what to put in its place).
"""

PACKET = "vnic/core/packet.c"

MUTANTS = [
    # sums
    ("sum_without_the_last_carry", PACKET, "return (sum & 0xffff) + (sum >> 16);", "return sum & 0xffff;"),
    ("sum_by_equation_2", PACKET, "return ~fold((u32)(u16)~sum + (u16)~from + to);",
     "return fold((u32)sum + from + (u16)~to);"),
    ("partial_as_a_complement", PACKET, "put(p, sum.at, ~updated(~s, from, to));", "put(p, sum.at, updated(s, from, to));"),
    ("ports_in_a_partial_sum", PACKET, "sum.partial ? no_sum : sum, no_sum", "sum, no_sum"),
    ("no_sum_becomes_one", PACKET, "if (sum.optional && !s)", "if (0)"),
    ("a_sum_of_0_becomes_none", PACKET, "sum.optional && !s ? 0xffff : s", "s"),
    ("addresses_not_in_the_pseudo_header", PACKET, "icmp ? no_sum : sum);", "no_sum);"),
    ("icmp_has_a_pseudo_header", PACKET, "icmp ? no_sum : sum);", "sum);"),
    ("the_error_is_not_summed", PACKET, "if (!p->inner || at < p->inner)", "if (1)"),
    ("the_error_sums_its_own_header", PACKET, "if (!p->inner || at < p->inner)", "if (!p->inner)"),
    ("a_sum_that_is_not_quoted", PACKET, "if (quoted && !p->quoted_sum)", "if (0)"),
    ("no_sum_is_ever_quoted", PACKET, "quoted - size >= TCP_SUM + 2", "0"),
    ("the_hop_is_not_summed", PACKET, "ip_sum(0), no_sum);", "no_sum, no_sum);"),
    ("a_hop_more", PACKET, "if (ttl <= 1)", "if (!ttl)"),
    # ends
    ("the_number_is_of_both_ends", PACKET, "else if (p->at[transport] == asks)", "else if (1)"),
    ("the_other_end_has_a_number", PACKET, "\telse\n\t\tto.port = 0;\n\treturn to;", "\treturn to;"),
    ("the_number_is_of_the_end_that_answers", PACKET, "source->port = icmp[0] == ICMP_ECHO_REQUEST ? identifier : 0;",
     "source->port = icmp[0] == ICMP_ECHO_REPLY ? identifier : 0;"),
    # lengths
    ("a_short_tcp_header", PACKET, "if (there < TCP_HEADER)", "if (there < 8)"),
    ("a_short_udp_header", PACKET, "if (there < UDP_HEADER)", "if (there < 4)"),
    ("a_short_icmp_header", PACKET, "if (there < ICMP_HEADER)", "if (there < 4)"),
    ("a_tcp_header_beyond_the_end", PACKET, " || (u32)(tcp[TCP_OFFSET] >> 4) * 4 > payload)", ")"),
    ("a_tcp_header_of_4_words", PACKET, "tcp[TCP_OFFSET] >> 4 < TCP_HEADER / 4", "tcp[TCP_OFFSET] >> 4 < 4"),
    ("udp_beyond_the_end", PACKET, " || word(udp + UDP_LENGTH) > p->length - p->transport)", ")"),
    ("udp_shorter_than_its_header", PACKET, "word(udp + UDP_LENGTH) < UDP_HEADER || ", ""),
    ("longer_than_what_is_there", PACKET, "if (p->length > length)", "if (0)"),
    ("shorter_than_its_header", PACKET, "if (p->length < size)", "if (0)"),
    ("padding_counts", PACKET, "there = min(linear, p->length) - size;", "there = linear - size;"),
    ("a_header_of_4_words", PACKET, "if (*size < IP_HEADER)", "if (*size < 16)"),
    ("a_quoted_transport_of_7", PACKET, "if (quoted - size < ICMP_HEADER)", "if (quoted - size < 7)"),
    # what is refused
    ("any_version", PACKET, "if (ip[0] >> 4 != 4)", "if (0)"),
    ("any_ip_sum", PACKET, "if (!header_sum_right(ip, *size))", "if (0)"),
    ("fragments_pass", PACKET, "if (word(at + IP_FRAGMENT) & FRAGMENT)", "if (0)"),
    ("first_fragments_pass", PACKET, "if (word(at + IP_FRAGMENT) & FRAGMENT)", "if (word(at + IP_FRAGMENT) & FRAGMENT_OFFSET)"),
    ("quoted_first_fragments_are_refused", PACKET, "if (word(ip + IP_FRAGMENT) & FRAGMENT_OFFSET)",
     "if (word(ip + IP_FRAGMENT) & FRAGMENT)"),
    ("quoted_fragments_pass", PACKET, "if (word(ip + IP_FRAGMENT) & FRAGMENT_OFFSET)", "if (0)"),
    ("loose_source_routes_pass", PACKET, "ip[at] == OPTION_LOOSE || ", ""),
    ("strict_source_routes_pass", PACKET, " || ip[at] == OPTION_STRICT", ""),
    ("options_of_no_length", PACKET, "ip[at + 1] < 2 || ", ""),
    ("options_beyond_the_header", PACKET, " || ip[at + 1] > size - at)", ")"),
    ("an_option_without_a_length", PACKET, "if (at + 1 == size || ", "if ("),
    ("options_after_the_end", PACKET, "at < size && ip[at] != OPTION_END", "at < size"),
    ("errors_about_errors", PACKET,
     "return icmp[0] == ICMP_ECHO_REQUEST || icmp[0] == ICMP_ECHO_REPLY;", "return 1;"),
    ("no_parameter_problem", PACKET, "\tcase ICMP_PARAMETER_PROBLEM:\n", ""),
]

# SPDX-License-Identifier: GPL-2.0
"""Ways to break vnic (the program) that its unit tests must notice. See ../mutate.py.

Each is (name, file, text that occurs once, what to put in its place).
"""

TREE = "userland"

ADDRESSES = "ctl/vnic/addresses.c"
PACKET_WORDS = "ctl/vnic/packet_words.c"
COMMAND_LINE = "ctl/vnic/command_line.c"
SETTINGS = "ctl/vnic/settings.c"
SENTENCES = "ctl/vnic/sentences.c"
FLOWS = "ctl/vnic/flows.c"
DRAWING = "ctl/vnic/drawing.c"
SENTENCES6 = "ctl/vnic/sentences6.c"
COUNTERS = "ctl/vnic/counters.c"

MUTANTS = [
    # names, addresses, prefixes
    ("name_too_long", ADDRESSES, "length < VNIC_NAME_MAX", "length <= VNIC_NAME_MAX"),
    ("dot_is_a_name", ADDRESSES, "strcmp(text, \".\") != 0 &&", "1 &&"),
    ("name_with_a_slash", ADDRESSES, " && *at != '/'", ""),
    ("name_with_a_colon", ADDRESSES, " && *at != ':'", ""),
    ("name_with_a_space", ADDRESSES, "good = isgraph((unsigned char)*at) &&", "good ="),
    ("prefix_of_7", ADDRESSES, "number < 8 ||", "number < 7 ||"),
    ("prefix_of_31", ADDRESSES, "number > 30)", "number > 31)"),
    ("host_bits_taken", ADDRESSES, "if (!(*subnet & ~mask_of(*prefix)))", "if (1)"),
    ("host_bits_kept_in_the_advice", ADDRESSES, "format_address(right, *subnet & mask_of(*prefix));", "format_address(right, *subnet);"),
    ("mask_is_reversed", ADDRESSES, "htonl(~0u << (32 - prefix))", "(~0u << (32 - prefix))"),
    ("overlap_by_the_longer_prefix", ADDRESSES, "a_prefix < b_prefix ? a_prefix : b_prefix", "a_prefix > b_prefix ? a_prefix : b_prefix"),
    ("long_text_before_a_slash", ADDRESSES, "if (!text[length] || length >= size)", "if (!text[length])"),
    ("ipv6_of_different_lengths", ADDRESSES, "bits != outside_bits || ", ""),
    ("ipv6_of_47_bits", ADDRESSES, "bits < 48 ||", "bits < 47 ||"),
    ("ipv6_of_65_bits", ADDRESSES, "bits > 64)", "bits > 65)"),
    ("ipv6_inside_bits_beyond", ADDRESSES, "has_bits_beyond(&args->inside6, bits) ||", "0 ||"),
    ("ipv6_outside_bits_beyond", ADDRESSES, "|| has_bits_beyond(&args->outside6, bits))", ")"),
    ("fourth_dns_server", ADDRESSES, "&address) == 1 && four < VNIC_DNS_MAX)", "&address) == 1 && four <= VNIC_DNS_MAX)"),
    ("fourth_dns_server_of_ipv6", ADDRESSES, "&address6) == 1 && six < VNIC_DNS_MAX)", "&address6) == 1 && six <= VNIC_DNS_MAX)"),
    ("dns_servers_that_were_before", ADDRESSES, "\tmemset(args->dns, 0, sizeof(args->dns));\n", ""),
    ("dns_server_of_the_guest_itself", ADDRESSES, "martian = is_martian(address.s_addr);", "martian = false;"),
    ("dns_server_of_the_link", ADDRESSES, "martian = is_martian6(&address6);", "martian = false;"),
    ("mapped_addresses_are_ipv6", ADDRESSES, "IN6_IS_ADDR_V4MAPPED(address) ||", ""),
    ("mac_of_any_length", ADDRESSES, "bool good = strlen(text) == MAC_SIZE - 1;", "bool good = strlen(text) >= MAC_SIZE - 1;"),
    ("mac_with_dashes", ADDRESSES, "text[i] == ':' :", "1 :"),
    ("mac_of_letters", ADDRESSES, "isxdigit((unsigned char)text[i]) != 0", "1"),
    ("mac_of_a_group", ADDRESSES, "if (!any || mac[0] & 1)", "if (!any)"),
    ("mac_of_nobody", ADDRESSES, "if (!any || mac[0] & 1)", "if (mac[0] & 1)"),
    ("port_0", ADDRESSES, "&number, &unused) || !number)\n\t\treturn error_set(err, EUSAGE, \"%s: %.40s: not a port", "&number, &unused))\n\t\treturn error_set(err, EUSAGE, \"%s: %.40s: not a port"),
    ("port_65536", ADDRESSES, "parse_number(text, what, 65535,", "parse_number(text, what, 65536,"),
    ("port_in_host_order", ADDRESSES, "*port = htons((uint16_t)number);", "*port = (uint16_t)number;"),
    ("ports_backwards", ADDRESSES, " || ntohs(low) > ntohs(high))", ")"),
    ("range_without_a_dash", ADDRESSES, "if (!text[length] || parse_port(before", "if (parse_port(before"),
    ("end_without_a_port", ADDRESSES, "\tif (!text[length])\n\t\treturn error_set(err, EUSAGE, \"%s: %s: its port", "\tif (0)\n\t\treturn error_set(err, EUSAGE, \"%s: %s: its port"),

    # packets
    ("words_overflow", PACKET_WORDS, "if (*used + 1 >= sizeof(words->text))", "if (*used >= sizeof(words->text) + 8)"),
    ("too_many_words", PACKET_WORDS, "if (words->count == WORDS_MAX)", "if (0)"),
    ("arrow_sticks", PACKET_WORDS, "bool arrow = !strncmp(at, \"->\", 2);", "bool arrow = false;"),
    ("arrow_is_needed", PACKET_WORDS, "? at + 1 : at;", "? at + 1 : at + 1;"),
    ("shell_arrow_not_seen", PACKET_WORDS, "return words->count && !strcmp(words->at[words->count - 1], \"-\");", "return false;"),
    ("more_words_than_a_packet", PACKET_WORDS, "*destination + 1 == words->count)", "*destination < words->count)"),
    ("identifier_of_0", PACKET_WORDS, "if (strlen(word) > 2 &&", "if (0 &&"),
    ("source_is_destination", PACKET_WORDS, "format_packet_end(destination, tuple->protocol, &tuple->destination);", "format_packet_end(destination, tuple->protocol, &tuple->source);"),
    ("icmp_forwarded", PACKET_WORDS, "if (forward->protocol == IPPROTO_ICMP)", "if (0)"),
    ("outside_address_passed_over", PACKET_WORDS, "if (strchr(outside, ':') || strchr(outside, '.'))", "if (strchr(outside, ':'))"),
    ("more_words_than_a_forward", PACKET_WORDS, "inside + 1 != words->count)", "inside >= words->count)"),
    ("more_words_than_an_unforward", PACKET_WORDS, "behind(words, first + 1) + 1 < words->count)", "0)"),

    # packets of IPv6
    ("one_colon_is_ipv6", PACKET_WORDS, "return colon && strchr(colon + 1, ':');", "return colon;"),
    ("the_other_end_is_ipv4", PACKET_WORDS, "if (!is_end6(word))", "if (0)"),
    ("only_the_source_is_looked_at", PACKET_WORDS, "(is_end6(words->at[source]) || is_end6(words->at[destination]))", "is_end6(words->at[source])"),
    ("an_identifier_of_ipv6_is_needed", PACKET_WORDS, "if (word[0] != '[')", "if (0)"),
    ("a_bracket_that_is_not_closed", ADDRESSES, " || !behind || (behind[1]", " || (behind && behind[1]"),
    ("anything_behind_a_bracket", ADDRESSES, "(behind[1] && behind[1] != ':'))", "0)"),
    ("an_end_of_ipv6_without_a_port", ADDRESSES, "if (!behind[1])", "if (0)"),
    ("prefix_of_ipv6_by_octets", ADDRESSES, ">> (7 - bit % 8) & 1)\n\t\t\treturn false;", ")\n\t\t\treturn false;"),

    # command lines
    ("arrow_is_an_option", COMMAND_LINE, "!strncmp(argv[i], \"->\", 2) ? argv[i] + 2 : argv[i]", "argv[i]"),
    ("network_is_a_protocol", COMMAND_LINE, "!is_protocol(line->words.at[0]) &&", "1 &&"),
    ("typo_of_a_protocol_is_a_network", COMMAND_LINE, "isalpha((unsigned char)line->words.at[1][0])", "1"),
    ("an_address_of_ipv6_is_a_protocol", COMMAND_LINE, " && !strchr(line->words.at[1], ':'))", ")"),
    ("json_for_all", COMMAND_LINE, "json ? with_json : without", "with_json"),

    # settings
    ("dns_not_said", SETTINGS, "set->which |= VNIC_SET_DNS;", ";"),
    ("flags_set_anew", SETTINGS, "*flags |= VNIC_NET_ADDRESS_DEPENDENT;", "*flags = VNIC_NET_ADDRESS_DEPENDENT;"),
    ("joined_stays_on", SETTINGS, "*flags &= ~(__u32)VNIC_NET_JOINED;", ";"),
    ("filtering_stays", SETTINGS, "*flags &= ~(__u32)VNIC_NET_ADDRESS_DEPENDENT;", ";"),
    ("parts_of_seconds", SETTINGS, " || ns % NS_PER_S", ""),
    ("more_than_a_week", SETTINGS, "ns / NS_PER_S > SECONDS_MOST)", "0)"),
    ("timeout_of_another", SETTINGS, "offsetof(struct vnic_ioc_timeouts, icmp), VNIC_SET_ICMP", "offsetof(struct vnic_ioc_timeouts, udp), VNIC_SET_ICMP"),
    ("timeout_not_said", SETTINGS, "set->which |= timeouts[i].which;", ";"),
    ("quota_of_0", SETTINGS, "&number, &unused) || !number)", "&number, &unused))"),
    ("value_beyond_the_end", SETTINGS, "if (settings[setting].words >= count - at)", "if (settings[setting].words > count - at)"),
    ("setting_is_a_network", SETTINGS, "if (!count || is_setting(words[0]))", "if (!count)"),
    ("typo_is_a_network", SETTINGS, "count == 1 || is_setting(words[1]) || !nearest_setting(words[0])", "1"),

    # sentences
    ("uplink_not_looked_at", SENTENCES, "if (q->inbound && !of_uplink(q, destination))", "if (0)"),
    ("martians_go_out", SENTENCES, "if (is_martian(destination))", "if (0)"),
    ("link_local_goes_out", ADDRESSES, " || host >> 16 == 0xa9fe", ""),
    ("multicast_goes_out", ADDRESSES, "host >> 28 >= 0xe", "host >> 28 >= 0xf"),
    ("gateway_is_a_guest", SENTENCES, "if (destination == htonl(ntohl(n->subnet) + 1))", "if (0)"),
    ("a_network_is_alone", SENTENCES, "return q->shared && !q->mapping ? WHERE_HOST : WHERE_TRANSLATOR;", "return WHERE_TRANSLATOR;"),
    ("nobody_is_joined", SENTENCES, "if (q->neighbour && q->network->flags & VNIC_NET_JOINED)", "if (0)"),
    ("joined_with_nobody", SENTENCES, "if (q->neighbour && q->network->flags & VNIC_NET_JOINED)", "if (q->network->flags & VNIC_NET_JOINED)"),
    ("new_mappings_are_old", SENTENCES, "if (q->answer.reason != VNIC_COUNT_CREATED)", "if (1)"),
    ("a_forward_is_filtered", SENTENCES, "if (q->mapping && q->mapping->flags & VNIC_FLOW_FORWARD)", "if (0)"),
    ("echo_is_forwarded", SENTENCES, "if (q->tuple.protocol != IPPROTO_ICMP)", "if (1)"),
    ("a_dead_uplink_has_ports", SENTENCES, "if (!q->uplink->count || !q->uplink->up)", "if (0)"),
    ("nobody_is_told", SENTENCES, "if (!q->inbound && q->answer.reason >= VNIC_DROP_NO_PORT &&", "if (0 && q->answer.reason >= VNIC_DROP_NO_PORT &&"),
    # sentences of IPv6
    ("a_link_is_outside", SENTENCES6, "IN6_IS_ADDR_LINKLOCAL(source) ||", ""),
    ("nobody_is_outside", SENTENCES6, "IN6_IS_ADDR_UNSPECIFIED(source) ||", ""),
    ("groups_are_translated", SENTENCES6, "(IN6_IS_ADDR_MULTICAST(destination) || IN6_IS_ADDR_LINKLOCAL(destination)))", "IN6_IS_ADDR_LINKLOCAL(destination))"),
    ("links_are_translated", SENTENCES6, "(IN6_IS_ADDR_MULTICAST(destination) || IN6_IS_ADDR_LINKLOCAL(destination)))", "IN6_IS_ADDR_MULTICAST(destination))"),
    ("what_is_from_outside_is_of_a_link", SENTENCES6, "if (!q->inbound &&\n", "if (\n"),
    ("all_have_ipv6", SENTENCES6, "if (!q->network->prefix6)", "if (0)"),
    ("everybody_is_the_gateway", SENTENCES6, "} else if (!same(destination, &gateway)) {", "} else if (0) {"),
    ("the_word_of_48_is_that_of_64", SENTENCES6, "n->prefix6 == 48 ? 3 : 4;", "4;"),
    ("the_word_is_the_first", SENTENCES6, "word_of(address, word) == 0xffff)", "0)"),
    ("a_word_that_stays_changes", SENTENCES6, "if (word_of(inside, word) == word_of(outside, word))", "if (0)"),
    ("nothing_is_new", SENTENCES6, "tuple.source.address = q->answer.new_source;", ";"),
    ("whoever_is_first_is_not_said", SENTENCES6, "if (!q->card)", "if (0)"),
    ("hairpinning_is_joining", SENTENCES6, "if (q->answer.reason == VNIC_COUNT_HAIRPIN) {", "if (0) {"),
    ("who_is_isolated_is_nobody", SENTENCES6, "if (q->answer.receiver) {", "if (0) {"),
    ("a_dead_uplink_has_routes", SENTENCES6, "if (q->uplink->up) {", "if (1) {"),
    ("nothing_is_counted_as_something", SENTENCES6, "if (q->answer.reason != VNIC_COUNTERS)", "if (1)"),
    ("a_counter_twice", COUNTERS, "\"drop_quota\"", "\"drop_full\""),

    # flows
    ("order_by_octets", FLOWS, "int order = compare(ntohl(a), ntohl(b));", "int order = compare(a, b);"),
    ("ports_by_octets", FLOWS, "compare(ntohs(a_port), ntohs(b_port))", "compare(a_port, b_port)"),
    ("protocols_mixed", FLOWS, "int order = compare(a->protocol, b->protocol);", "int order = 0;"),
    ("sessions_are_forwards", FLOWS, "return flow_is_mapping(flow) && flow->flags & VNIC_FLOW_FORWARD;", "return flow->flags & VNIC_FLOW_FORWARD;"),
    ("any_state_has_a_name", FLOWS, "if (flow->state >= sizeof(tcp_states) / sizeof(tcp_states[0]))", "if (0)"),
    ("never_is_a_time", FLOWS, "if (flow->left_ms == NEVER)\n\t\tsnprintf", "if (0)\n\t\tsnprintf"),
    ("json_of_a_remote_0", FLOWS, "\tif (flow_is_mapping(flow))\n\t\tfputs(\"\\\"remote\\\": null", "\tif (0)\n\t\tfputs(\"\\\"remote\\\": null"),

    # the picture
    ("mappings_beyond_the_end", DRAWING, "} else if (picture->count < MAPPINGS_MAX) {", "} else if (1) {"),
    ("remotes_beyond_the_end", DRAWING, "if (picture->remote_count < REMOTES_MAX)", "if (1)"),
    ("left_out_in_silence", DRAWING, "picture->left_out++;", ";"),
    ("a_remote_for_each_session", DRAWING, "if (remote_key(picture->remotes[i].flow) == remote_key(session))", "if (0)"),
    ("sessions_of_others", DRAWING, "if (of_mapping(flow, picture->mappings[k].flow))", "if (!flow_is_mapping(flow))"),
    ("guest_named_each_time", DRAWING, "m[i].heads_inside = !i || m[i].flow->inside != m[i - 1].flow->inside;", "m[i].heads_inside = true;"),
    ("forwards_like_others", DRAWING, "forward ? \"stroke-width=\\\"2\\\" stroke-dasharray=\\\"6 4\\\"\"", "0 ? \"\""),
]

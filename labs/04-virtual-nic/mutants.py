"""Ways to do the lab wrong, by step. The grader must take points for that step and for no other.

Each is (name, step, file, text that occurs once in the reference, what to put in its place).
"""

PACKET = "kmod/vnic/core/packet.c"
MAPPING = "kmod/vnic/core/mapping.c"
PORTS = "kmod/vnic/core/ports.c"
TRANSLATE = "kmod/vnic/core/translate.c"
QUOTED = "kmod/vnic/core/quoted.c"
SESSION = "kmod/vnic/core/session.c"
ANSWERS = "labs/04-virtual-nic/answers.toml"

UPDATED = "return ~fold((u32)(u16)~sum + (u16)~from + to);"
OWN_PORT = ("if (vnic_ports_in_range(nat, inside) && vnic_ports_is_free(nat, ports, protocol, inside))\n"
            "\t\treturn inside;\n")
CREATE = "return vnic_mapping_create(pass->nat, guest, p->protocol, p->source, pass->now, m);"

MUTANTS = [
    ("sum_by_equation_2", 1, PACKET, UPDATED, "return fold((u32)sum + from + (u16)~to);"),
    ("sum_without_carries", 1, PACKET, UPDATED, "return ~((u32)(u16)~sum + (u16)~from + to);"),
    ("sum_adds_the_old_word", 1, PACKET, UPDATED, "return ~fold((u32)(u16)~sum + from + to);"),
    ("sum_forgets_the_old_word", 1, PACKET, UPDATED, "return ~fold((u32)(u16)~sum + to);"),
    ("partial_as_a_complement", 1, PACKET,
     "put(p, sum.at, ~updated(~s, from, to));", "put(p, sum.at, updated(s, from, to));"),
    ("partial_left_alone", 1, PACKET, "\t\tput(p, sum.at, ~updated(~s, from, to));\n", ""),
    ("no_sum_becomes_one", 1, PACKET, "if (sum.optional && !s)\n\t\treturn;\n\t", ""),
    ("a_sum_of_0_says_that_there_is_none", 1, PACKET, "sum.optional && !s ? 0xffff : s", "s"),
    ("a_sum_of_0_is_never_written", 1, PACKET, "sum.optional && !s ? 0xffff : s", "s ? s : 0xffff"),

    ("mapping_for_each_packet", 2, TRANSLATE, "if (*m)\n\t\treturn VNIC_REASON_KNOWN;\n\tif (is_reset(p))",
     "if (*m && is_reset(p))\n\t\treturn VNIC_REASON_KNOWN;\n\tif (is_reset(p))"),
    ("mapping_of_a_reset", 2, TRANSLATE, "if (is_reset(p))\n\t\treturn VNIC_REASON_NO_SESSION;\n", ""),
    ("mapping_made_to_explain", 2, TRANSLATE, "if (!pass->explain)\n\t\t" + CREATE, "if (1)\n\t\t" + CREATE),
    ("mapping_never_explained", 2, TRANSLATE, "return vnic_mapping_plan(pass->nat, guest, p->protocol, p->source, *m);",
     "return VNIC_REASON_NO_MAPPING;"),
    ("mapping_of_any_protocol", 2, MAPPING, "if (m->protocol == protocol && vnic_end_is(m->inside, inside))",
     "if (vnic_end_is(m->inside, inside))"),
    ("mapping_of_the_whole_guest", 2, MAPPING, "if (m->protocol == protocol && vnic_end_is(m->inside, inside))",
     "if (m->protocol == protocol && m->inside.address == inside.address)"),
    ("mapping_of_any_guest", 2, MAPPING, "if (m->protocol == protocol && vnic_end_is(m->inside, inside))",
     "if (m->protocol == protocol && m->inside.port == inside.port)"),
    ("mapping_found_by_the_wrong_end", 2, MAPPING, "if (m->protocol == protocol && vnic_end_is(m->inside, inside))",
     "if (m->protocol == protocol && vnic_end_is(m->outside, inside))"),
    ("mapping_for_each_destination", 2, TRANSLATE,
     "*m = vnic_mapping_of_inside(pass->nat, p->protocol, p->source, pass->now);",
     "*m = vnic_mapping_of_inside(pass->nat, p->protocol, p->source, pass->now);\n"
     "\tif (*m && p->destination.port == cpu_to_be16(53))\n\t\t*m = NULL;"),

    ("port_overloaded", 3, PORTS,
     "return !test_bit(be16_to_cpu(port), ports->taken[row(protocol)]) &&\n\t       !host_has",
     "return !host_has"),
    ("port_of_the_host", 3, PORTS, " &&\n\t       !host_has(nat, ports, protocol, be16_to_cpu(port));", ";"),
    ("port_taken_in_every_protocol", 3, PORTS, "return !test_bit(be16_to_cpu(port), ports->taken[row(protocol)]) &&",
     "return !test_bit(be16_to_cpu(port), ports->taken[0]) &&\n"
     "\t       !test_bit(be16_to_cpu(port), ports->taken[1]) &&\n"
     "\t       !test_bit(be16_to_cpu(port), ports->taken[2]) &&"),
    ("port_never_kept", 3, PORTS, OWN_PORT, ""),
    ("port_kept_out_of_the_range", 3, PORTS,
     "if (vnic_ports_in_range(nat, inside) && vnic_ports_is_free", "if (vnic_ports_is_free"),
    ("port_of_any_parity", 3, PORTS, "if (wish.parity)\n\t\tc.mask = ~0ul / 3 << (inside & 1);\n", ""),
    ("port_of_the_other_parity", 3, PORTS, "~0ul / 3 << (inside & 1)", "~0ul / 3 << !(inside & 1)"),
    ("port_of_any_class", 3, PORTS, "for (; !port && i < ARRAY_SIZE(wishes); i++)",
     "for (i = i < 2 ? 2 : i; !port && i < ARRAY_SIZE(wishes); i++)"),
    ("port_class_ends_at_1024", 3, PORTS, "c.first = max_t(u32, c.first, WELL_KNOWN + 1);",
     "c.first = max_t(u32, c.first, WELL_KNOWN + 2);"),
    ("port_only_by_the_first_wish", 3, PORTS,
     "for (; !port && i < ARRAY_SIZE(wishes); i++)", "for (; !port && i < 1; i++)"),
    ("port_parity_before_class", 3, PORTS, "choice_of(&nat->config, wishes[i], wanted)",
     "choice_of(&nat->config, wishes[i == 1 ? 2 : i == 2 ? 1 : i], wanted)"),
    ("identifier_with_a_parity", 3, PORTS, "for (; !port && i < ARRAY_SIZE(wishes); i++)",
     "for (i = 0; !port && i < ARRAY_SIZE(wishes); i++)"),
    ("port_can_be_foretold", 3, PORTS, "\tfor (; !port && i < ARRAY_SIZE(wishes); i++)",
     "\tfor (u32 next = wanted + 2; !port && next <= nat->config.last_port; next += 2)\n"
     "\t\tif (vnic_ports_is_free(nat, ports, protocol, cpu_to_be16(next)) && next >= nat->config.first_port &&\n"
     "\t\t    (next > WELL_KNOWN) == (wanted > WELL_KNOWN))\n\t\t\tport = next;\n"
     "\tfor (; !port && i < ARRAY_SIZE(wishes); i++)"),

    ("back_to_nobody", 4, MAPPING, "if (m->protocol == protocol && vnic_end_is(m->outside, outside))", "if (0)"),
    ("back_by_the_port_alone", 4, MAPPING, "if (m->protocol == protocol && vnic_end_is(m->outside, outside))",
     "if (m->outside.port == outside.port)"),
    ("back_by_the_address_alone", 4, MAPPING, "if (m->protocol == protocol && vnic_end_is(m->outside, outside))",
     "if (m->protocol == protocol && m->outside.address == outside.address)"),
    ("back_untranslated", 4, TRANSLATE, "\tvnic_packet_set_destination(p, m->inside);\n\treturn VNIC_REASON_KNOWN;",
     "\treturn VNIC_REASON_KNOWN;"),
    ("filter_always_open", 4, TRANSLATE, "return !nat->config.address_dependent || m->forward ||", "return 1 ||"),
    ("filter_always_closed", 4, TRANSLATE,
     "return !nat->config.address_dependent || m->forward ||", "return m->forward ||"),
    ("filter_forgets_forwards", 4, TRANSLATE, "return !nat->config.address_dependent || m->forward ||",
     "return !nat->config.address_dependent ||"),
    ("filter_not_asked_of_udp", 4, TRANSLATE, "else if (!vnic_nat_admits(pass->nat, m, p->source.address, pass->now))\n"
     "\t\trefusal = VNIC_REASON_FILTERED;\n", ""),
    ("filter_not_asked_of_tcp", 4, TRANSLATE, "if (!vnic_nat_admits(pass->nat, m, p->source.address, pass->now))\n"
     "\t\treturn VNIC_REASON_FILTERED;\n", ""),
    ("any_segment_opens", 4, TRANSLATE, "if (!is_syn(p))\n\t\treturn VNIC_REASON_NO_SESSION;\n", ""),
    ("no_segment_opens", 4, TRANSLATE, "return open_session(pass, m, p->source, VNIC_OPENED_OUTSIDE);",
     "return VNIC_REASON_NO_SESSION;"),
    ("opened_by_the_wrong_side", 4, TRANSLATE, "open_session(pass, m, p->source, VNIC_OPENED_OUTSIDE)",
     "open_session(pass, m, p->source, VNIC_OPENED_INSIDE)"),
    ("what_comes_in_is_not_tracked", 4, TRANSLATE, "\t\ttrack(pass, s, false);\n", ""),

    ("hairpin_to_the_host", 5, TRANSLATE, "if (!m)\n\t\treturn to_host(VNIC_REASON_NO_MAPPING);",
     "return to_host(VNIC_REASON_NO_MAPPING);"),
    ("hairpin_of_nobody_is_dropped", 5, TRANSLATE, "if (!m)\n\t\treturn to_host(VNIC_REASON_NO_MAPPING);",
     "if (!m)\n\t\treturn drop(VNIC_REASON_NO_MAPPING, true);"),
    ("hairpin_past_the_filter", 5, TRANSLATE, "\treason = go_in(pass, m);\n\treturn reason ==",
     "\treason = VNIC_REASON_KNOWN;\n\tvnic_packet_set_destination(p, m->inside);\n\treturn reason =="),
    ("hairpin_to_the_sender", 5, TRANSLATE, "\treason = go_in(pass, m);\n\treturn reason ==",
     "\tm = vnic_mapping_of_outside(pass->nat, p->protocol, p->source, pass->now);\n"
     "\treason = go_in(pass, m);\n\treturn reason =="),
    ("hairpin_not_called_so", 5, TRANSLATE,
     "to_guest(m->guest, VNIC_REASON_HAIRPIN) :", "to_guest(m->guest, reason) :"),
    ("hairpin_without_errors", 5, TRANSLATE, "if (vnic_packet_is_error(p)) {\n\t\tverdict = error_in(pass);",
     "if (vnic_packet_is_error(p)) {\n\t\treturn to_host(VNIC_REASON_ERROR_UNKNOWN);\n\t\tverdict = error_in(pass);"),
    ("hairpin_error_not_called_so", 5, TRANSLATE, "\t\tif (verdict.way == VNIC_WAY_IN)\n"
     "\t\t\tverdict.reason = VNIC_REASON_HAIRPIN;\n", ""),

    ("error_sum_left_alone", 6, PACKET, "if (!p->inner || at < p->inner)", "if (1)"),
    ("error_not_delivered", 6, QUOTED, "\tvnic_packet_set_destination(p, m->inside);\n", ""),
    ("error_quotes_the_outside_end", 6, QUOTED, "\tvnic_packet_set_inner_source(p, m->inside);\n", ""),
    ("error_about_anything", 6, QUOTED, "if (!m || !speaks_with(nat, m, p->inner_destination, now))", "if (!m)"),
    ("error_to_anybody", 6, QUOTED, "\tif (p->destination.address != p->inner_source.address)\n\t\treturn NULL;\n", ""),
    ("error_found_by_the_wrong_end", 6, QUOTED, "m = vnic_mapping_of_outside(nat, p->protocol, p->inner_source, now);",
     "m = vnic_mapping_of_outside(nat, p->protocol, p->inner_destination, now);"),
    ("error_refreshes", 6, QUOTED, "\tvnic_packet_set_inner_source(p, m->inside);", "\tm->used = now;\n"
     "\tvnic_packet_set_inner_source(p, m->inside);"),
    ("error_out_shows_the_inside", 6, QUOTED, "\tvnic_packet_set_inner_destination(p, m->outside);\n", ""),
    ("error_out_from_the_inside", 6, QUOTED, "\tvnic_packet_set_source(p, m->outside);\n", ""),
    ("error_out_of_anybody", 6, QUOTED, " ||\n\t    p->source.address != p->inner_destination.address)", ")"),
    ("error_out_about_anything", 6, QUOTED, "if (!m || !speaks_with(nat, m, p->inner_source, now))", "if (!m)"),
    ("error_out_about_a_query", 6, QUOTED,
     "if (p->protocol == IPPROTO_ICMP && p->at[p->inner_transport] != ICMP_ECHO_REPLY)",
     "if (0)"),

    ("lives_for_ever", 7, MAPPING, "return idle < most ? most - idle : 0;", "return most - (idle < most ? 0 : 1);"),
    ("lives_a_moment_more", 7, MAPPING,
     "return idle < most ? most - idle : 0;", "return idle <= most ? most - idle + 1 : 0;"),
    ("pings_live_like_udp", 7, MAPPING, "most = m->protocol == IPPROTO_UDP ? timeouts->udp : timeouts->icmp;",
     "most = timeouts->udp;"),
    ("forwards_expire", 7, MAPPING, "if (m->forward)\n\t\treturn U64_MAX;\n", ""),
    ("tcp_mappings_live_like_udp", 7, MAPPING,
     "if (m->protocol == IPPROTO_TCP)\n\t\treturn left_by_sessions(nat, m, now);\n", ""),
    ("what_goes_out_refreshes_nothing", 7, TRANSLATE, "\tm->used = pass->now;\n\tm->out++;", "\tm->out++;"),
    ("explaining_refreshes", 7, TRANSLATE,
     "if (pass->explain)\n\t\treturn;\n\tm->used = pass->now;", "m->used = pass->now;"),
    ("permits_live_like_tcp", 7, SESSION,
     "if (s->state == VNIC_TCP_NONE && s->mapping->protocol == IPPROTO_UDP)", "if (0)"),
    ("permits_of_pings_live_like_tcp", 7, SESSION,
     "if (s->state == VNIC_TCP_NONE && s->mapping->protocol == IPPROTO_ICMP)",
     "if (0)"),
    ("connections_always_live_long", 7, SESSION,
     "return timeouts->tcp_transitory;", "return timeouts->tcp_established;"),
    ("connections_never_live_long", 7, SESSION,
     "return timeouts->tcp_established;", "return timeouts->tcp_transitory;"),
    ("strangers_keep_a_mapping", 7, SESSION, "return outbound && !(flags & VNIC_TCP_RST);", "return true;"),
    ("a_state_is_no_news", 7, SESSION, "if (from != to)\n\t\treturn true;\n", ""),
    ("resets_refresh", 7, SESSION, "return to != VNIC_TCP_BOTH_FIN && !(flags & VNIC_TCP_RST);",
     "return to != VNIC_TCP_BOTH_FIN;"),
    ("the_closed_are_kept_alive", 7, SESSION, "return to != VNIC_TCP_BOTH_FIN && !(flags & VNIC_TCP_RST);",
     "return !(flags & VNIC_TCP_RST);"),

    ("crowd_guessed_what_is_kept", 8, ANSWERS, "\nkept = ", "\nkept = 1"),
    ("crowd_guessed_the_parity", 8, ANSWERS, "\nparity = ", "\nparity = 1"),
    ("crowd_left_an_answer_out", 8, ANSWERS, "\nrefused = ", "\n# refused = "),
    ("crowd_guessed_the_stranger", 8, ANSWERS, "\nstranger = ", "\nstranger = 1"),
    ("crowd_guessed_the_friend", 8, ANSWERS, "\nfriend = ", "\nfriend = 1"),
    ("crowd_guessed_the_silence", 8, ANSWERS, "\nsilence = ", "\nsilence = 1"),
    ("crowd_of_another", 8, ANSWERS, 'student = "reference"', 'student = "somebody else"'),
    ("crowd_answers_are_not_toml", 8, ANSWERS, "\nkept = ", "\nkept: "),
]

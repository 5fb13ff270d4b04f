"""Ways to break the card around core/: each is found by the test that guards the rule, in the course VM.

(name, file in kmod/vnic, text that occurs once in it, what to put in its place, program, test that must fail).
"""
from __future__ import annotations

from module_mutants import Mutant

MUTANTS = [Mutant(*row) for row in (
    # held.c
    ("done_while_somebody_has_it", "held.c", "\t\t\treturn false;\n", "\t\t\tcontinue;\n", "held",
     "frame_is_done_when_nobody_has_it"),
    ("only_the_first_page_is_asked", "held.c", "for (i = 0; i < frame->pages; i++)",
     "for (i = 0; i < 1 && frame->pages; i++)", "held", "neighbours_wait_for_each_other"),
    ("the_page_is_not_referenced", "held.c", "\t\tget_page(page);\n", "", "held", "frame_outlives_the_file"),
    ("a_datagram_is_referenced", "held.c", "return ip->protocol == IPPROTO_TCP && !ip_is_fragment(ip);",
     "return !ip_is_fragment(ip);", "held", "others_are_copied"),
    ("a_fragment_is_referenced", "held.c", " && !ip_is_fragment(ip);", ";", "held", "others_are_copied"),
    ("any_type_is_plain", "held.c", "if (eth->h_proto == htons(ETH_P_IP))", "if (1)", "held", "others_are_copied"),
    ("frames_begin_with_a_page", "held.c", "skb_fill_page_desc(skb, n, page, offset_in_page(at), length);",
     "skb_fill_page_desc(skb, n, page, 0, length);", "held", "neighbours_wait_for_each_other"),
    ("headers_are_referenced_too", "held.c", "\tskb_put_data(skb, at, VNIC_LINEAR);",
     "\tskb_put_data(skb, at, 64);\n\toffset -= VNIC_LINEAR - 64;\n\trest += VNIC_LINEAR - 64;", "held",
     "headers_are_those_that_were_sent"),

    # network.c
    ("any_dns_server_will_do", "network.c", " || !dns_valid(&values))", ")", "link", "dns_servers_are_judged"),
    ("dns_servers_with_gaps", "network.c", "(!more || vnic_martian(args->dns[i]))", "vnic_martian(args->dns[i])", "link",
     "dns_servers_are_judged"),

    # ring.c
    ("any_number_is_held", "ring.c", "READ_ONCE(rings->holds) <= rings->tx.mask / 2;", "true;", "held",
     "at_most_half_is_held"),
    ("pieces_are_sent_in_place", "ring.c", "if (n == 1 && may_hold(rings))", "if (may_hold(rings))", "held",
     "pieces_are_copied"),
    ("nothing_is_held", "ring.c", "if (n == 1 && may_hold(rings))", "if (0)", "garbage", "nothing_comes_of_noise"),
    ("nobody_looks_again", "ring.c", "\tif (rings->holds)\n\t\ttimer_reduce", "\tif (0)\n\t\ttimer_reduce", "held",
     "frames_are_done_without_a_card"),
    ("a_new_frame_waits_for_the_oldest", "ring.c", "rings->holds + 1);\n\trings->patience = PATIENCE_LEAST;",
     "rings->holds + 1);", "held", "a_new_frame_does_not_wait_for_an_old_one"),
    ("the_timer_is_not_set_earlier", "ring.c", "\t\ttimer_reduce(&rings->timer, jiffies + rings->patience);",
     "\t\tif (!timer_pending(&rings->timer))\n\t\t\tmod_timer(&rings->timer, jiffies + rings->patience);", "held",
     "a_new_frame_does_not_wait_for_an_old_one"),
    ("a_frame_that_stays_hides_the_others", "ring.c", "\t\t\trings->next++;\n", "\t\t\t;\n", "held",
     "who_keeps_one_keeps_no_other"),
    ("the_last_takes_no_place", "ring.c", "\t\t\t*frame = rings->held[--holds];\n", "\t\t\tholds--;\n", "held",
     "who_keeps_one_keeps_no_other"),
    ("the_timer_outlives_the_rings", "ring.c", "\ttimer_delete_sync(&queue->rings->timer);\n", "", "held",
     "frame_outlives_the_module"),
    ("what_is_bad_is_the_oldest", "ring.c", "good ? 0 : VNIC_RING_BAD);\n\tspin_unlock",
     "0);\n\tspin_unlock", "held", "frames_are_done_in_any_order"),
    ("descriptors_stay_where_they_were", "ring.c", "\tWRITE_ONCE(d->offset, offset);\n\tWRITE_ONCE(d->length, length);\n",
     "", "held", "frames_are_done_in_any_order"),
    ("who_borrows_an_area_does_not_keep_it", "ring.c", "\trefcount_inc(&rings->buffers->refs);",
     "\tif (!buffers)\n\t\trefcount_inc(&rings->buffers->refs);", "held",
     "frame_outlives_whose_area_it_is"),
)]

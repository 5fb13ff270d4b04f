"""Every requirement, and the one test that judges it.

All MUSTs of RFC 4787 (UDP), 5382 (TCP), 5508 (ICMP) and 7857 (updates of these), and of what they recommend that
which VirtLab promises. Not here: what they only permit, what is for translators without ports (5508 REQ-7, of
queries), and 5508 REQ-9, which would permit to do less.
"""
from __future__ import annotations

from typing import NamedTuple


class Requirement(NamedTuple):
    rfc: str
    number: str
    level: str
    line: str
    test: str

    @property
    def name(self) -> str:
        return f"{self.rfc} {'§' if self.rfc == '7857' else 'REQ-'}{self.number}" if self.rfc else "VirtLab"


def of(rfc: str, rows: str) -> list[Requirement]:
    """A line for each: number | level | what is required | the test's name behind test_rfcNNNN_req_ (or _sec_)."""
    found = []
    for row in rows.strip().splitlines():
        number, level, line, test = (cell.strip() for cell in row.split("|"))
        found.append(Requirement(rfc, number, level, line, f"test_rfc{rfc}_{test}" if rfc else f"test_promise_{test}"))
    return found


REQUIREMENTS = [
    *of("4787", """
1   | MUST        | mapping is independent of the endpoint | req_01_mapping_is_endpoint_independent
2   | RECOMMENDED | one inside address, one outside address | req_02_pooling_is_paired
3   | MUST NOT    | no two inside ends share an outside port | req_03_ports_are_not_overloaded
3a  | RECOMMENDED | ports below 1024 stay below, others above | req_03a_port_class_is_kept
4   | RECOMMENDED | even ports stay even, odd ones odd | req_04_port_parity_is_kept
5   | MUST NOT    | a mapping does not expire within 2 minutes | req_05_timer_is_two_minutes_or_more
5b  | MAY         | the timer can be set | req_05b_timer_can_be_set
5c  | RECOMMENDED | it is 5 minutes by default | req_05c_timer_is_five_minutes_by_default
6   | MUST        | outbound packets refresh | req_06_outbound_packets_refresh
7   | MUST        | outside addresses that are the guests' own do no harm | req_07_conflicting_addresses
8   | RECOMMENDED | filtering is independent of the endpoint | req_08_filtering_is_endpoint_independent
8a  | RECOMMENDED | filtering by address can be chosen | req_08a_filtering_by_address_can_be_chosen
9   | MUST        | hairpinning | req_09_hairpinning
9a  | MUST        | ... shows the sender's outside end | req_09a_hairpinning_shows_the_outside_source
10  | SHOULD      | nobody looks into datagrams | req_10_nobody_looks_into_datagrams
11  | MUST        | behaviour does not change under any conditions | req_11_behaviour_is_deterministic
12  | MUST NOT    | no ICMP message ends a mapping | req_12_icmp_does_not_end_a_mapping
12a | SHOULD NOT  | ICMP is not filtered by its source | req_12a_icmp_is_not_filtered_by_its_source
12b | RECOMMENDED | Destination Unreachable is translated | req_12b_unreachable_is_translated
13  | MUST        | too big with DF: the sender is told | req_13_too_big_and_not_to_be_fragmented
13a | MUST        | too big without DF: fragmented, in order | req_13a_fragments_are_sent_in_order
14  | MUST        | fragments are received in any order | req_14_fragments_in_any_order
14a | MUST        | hostile fragments do not keep others out | req_14a_hostile_fragments
"""),
    *of("5382", """
1   | MUST        | mapping is independent of the endpoint | req_01_mapping_is_endpoint_independent
2   | MUST        | all valid sequences, begun inside | req_02_connections_from_inside
2   | MUST        | ... and outside, where permitted | req_02_connections_from_outside
2a  | MUST        | simultaneous open | req_02a_simultaneous_open
3   | RECOMMENDED | filtering is independent of the endpoint | req_03_filtering_is_endpoint_independent
3a  | RECOMMENDED | filtering by address can be chosen | req_03a_filtering_by_address_can_be_chosen
4   | MUST NOT    | an unsolicited SYN is not answered for 6 s | req_04_unsolicited_syn_is_not_answered_for_six_seconds
4   | SHOULD      | ... then by ICMP 3/3 | req_04_unsolicited_syn_is_answered_then
4   | MUST        | ... unless a guest sends a SYN meanwhile | req_04_outbound_syn_takes_the_answer_back
5   | MUST NOT    | idle connections last 2 h 4 min | req_05_established_timeout
5   | MUST NOT    | those that open or close last 4 min | req_05_transitory_timeout
5a  | MAY         | both timeouts can be set | req_05a_timeouts_can_be_set
6   | RECOMMENDED | nobody looks into connections | req_06_nobody_looks_into_connections
7   | MUST NOT    | no two inside ends share an outside port | req_07_ports_are_not_overloaded
8   | MUST        | hairpinning | req_08_hairpinning
8a  | MUST        | ... shows the sender's outside end | req_08a_hairpinning_shows_the_outside_source
9   | SHOULD      | Destination Unreachable is translated | req_09_unreachable_is_translated
10  | MUST NOT    | no ICMP message ends a connection | req_10_icmp_does_not_end_a_connection
"""),
    *of("5508", """
1   | MUST        | queries and their answers pass | req_01_queries_pass
1a  | SHOULD      | the identifier is independent of the host | req_01a_identifier_is_independent_of_the_host
2   | MUST NOT    | a query's session does not expire within 60 s | req_02_timer_is_a_minute_or_more
2a  | RECOMMENDED | the timer can be set | req_02a_timer_can_be_set
3   | SHOULD      | errors with a wrong sum are dropped | req_03_errors_with_a_wrong_sum
3a  | SHOULD      | ... and those that quote a wrong IP sum | req_03a_errors_that_quote_a_wrong_sum
3b  | MUST        | quoted IP options are passed over | req_03b_errors_that_quote_ip_options
3c  | SHOULD NOT  | quoted transport sums are not looked at | req_03c_errors_that_quote_a_wrong_transport_sum
3d  | MUST        | padding and extensions are not the datagram's | req_03d_errors_with_extensions
4   | SHOULD      | errors about nothing are dropped | req_04_errors_about_nothing
4a  | MUST        | quoted headers are what the guest has sent | req_04a_quoted_packets_are_what_was_sent
4b  | MUST        | type and code are kept | req_04b_type_and_code_are_kept
4c  | MUST        | errors go to who has sent | req_04c_errors_go_to_the_sender
5   | SHOULD      | guests' errors about nothing are dropped | req_05_errors_of_guests_about_nothing
5a  | MUST        | guests quote what the server has sent | req_05a_guests_quote_what_the_server_sent
5b  | MUST        | type and code are kept | req_05b_type_and_code_are_kept
5c  | MUST        | guests' errors come from outside addresses | req_05c_errors_of_guests_come_from_outside_addresses
6   | MUST NOT    | errors neither end nor refresh a query's session | req_06_errors_leave_the_session_as_it_is
7   | MUST        | hairpinned errors | req_07_hairpinned_errors
8   | SHOULD      | exhaustion is told by ICMP 3/13 | req_08_exhaustion_is_told
10a | MUST        | no way leads there: Destination Unreachable | req_10_unreachable_is_told
10a | MUST        | TTL used up: Time Exceeded | req_10_time_exceeded_is_told
10a | MUST        | Time Exceeded passes | req_10_time_exceeded_passes
10a | MUST        | echo requests are answered | req_10_echo_is_answered
"""),
    *of("7857", """
2.1 | SHOULD      | half-closed connections last as open ones | sec_2_1_half_closed_lives_on
2.1 | SHOULD      | closed ones last for the transitory timeout | sec_2_1_closed_goes
2.1 | SHOULD      | data after a RST opens it again | sec_2_1_reset_is_not_believed
2.2 | RECOMMENDED | transitory timeouts are 4 min by default | sec_2_2_transitory_timeout
2.3 | MUST        | a RST is translated | sec_2_3_reset_is_translated
2.3 | SHOULD      | ... and the session kept for 4 min | sec_2_3_reset_ends_nothing_for_four_minutes
5   | SHOULD      | mappings are of one protocol | sec_5_mappings_are_of_one_protocol
6   | SHOULD      | filtering is of one protocol | sec_6_filtering_is_of_one_protocol
7   | SHOULD NOT  | what is kept out does not refresh | sec_7_filtered_packets_do_not_refresh
8   | SHOULD NOT  | guests' ICMP errors do not refresh | sec_8_outbound_errors_do_not_refresh
10  | SHOULD      | changed ports cannot be guessed | sec_10_changed_ports_are_not_to_be_guessed
11  | SHOULD      | fragments of two guests differ in identification | sec_11_identification
"""),
    *of("", """
 | promise | free ports are preserved | free_ports_are_preserved
 | promise | forwards, of datagrams | forward_of_datagrams
 | promise | forwards do not expire | forwards_do_not_expire
 | promise | forwards keep their ports | forwards_keep_their_ports
 | promise | forwards are reached by guests | forwards_are_reached_by_guests
 | promise | the own outside address answers to ping | ping_of_the_own_outside_address
 | promise | ports of the host's sockets are not taken | ports_of_the_host_are_not_taken
 | promise | ports that the host binds by number are left to it | ports_that_the_host_binds_are_left_to_it
 | promise | guests' ports are not given to the host | ports_of_guests_are_not_given_to_the_host
 | promise | a new outside address ends mappings | a_new_outside_address_ends_mappings
 | promise | ports come back after exhaustion | ports_come_back
 | promise | a guest has a quota | quota_of_a_guest
 | promise | ICMP errors are limited in rate | errors_are_limited
 | promise | UDP without a checksum stays so | no_checksum_stays_none
 | promise | a UDP checksum of 0 is written as 0xffff | checksum_of_zero_is_written_as_ones
 | promise | TTL one less; DF and data kept | ttl_and_the_rest_of_the_header
 | promise | overlapping fragments are dropped | overlapping_fragments_are_dropped
 | promise | what is put together fits the guest's card | fragments_fit_the_guests_card
 | promise | an uplink's address under two masks is one | an_address_under_two_masks_is_one
 | promise | guests send from their own addresses only | guests_have_their_own_address
 | promise | nobody sends to martians | nobody_sends_to_martians
 | promise | guests are isolated | guests_are_isolated
 | promise | ... unless they are joined | guests_can_be_joined
 | promise | source routes are refused | source_routes_are_refused
 | promise | no inside address is seen outside | no_inside_address_is_seen_outside
 | promise | no ICMP error about an ICMP error | time_exceeded_goes_out_once
"""),
]

# What `nft masquerade` fails, and why. Whatever else it fails, or of these no more, is noticed.
NFT_FAILS = {
    "test_rfc4787_req_03_ports_are_not_overloaded": "shared as soon as destinations differ",
    "test_rfc4787_req_04_port_parity_is_kept": "a changed port is any port",
    "test_rfc4787_req_05_timer_is_two_minutes_or_more": "30 s before an answer",
    "test_rfc4787_req_05c_timer_is_five_minutes_by_default": "30 s, after an answer 120",
    "test_rfc4787_req_07_conflicting_addresses": "one routing table for both sides",
    "test_rfc4787_req_08_filtering_is_endpoint_independent": "address and port of the server only",
    "test_rfc4787_req_08a_filtering_by_address_can_be_chosen": "no choice",
    "test_rfc4787_req_09_hairpinning": "none",
    "test_rfc4787_req_09a_hairpinning_shows_the_outside_source": "none",
    "test_rfc4787_req_11_behaviour_is_deterministic": "mapping depends on the destination when ports collide",
    "test_rfc4787_req_14a_hostile_fragments": "4 MB of them, and no fragment passes for 30 s",
    "test_rfc5382_req_03_filtering_is_endpoint_independent": "address and port of the server only",
    "test_rfc5382_req_03a_filtering_by_address_can_be_chosen": "no choice",
    "test_rfc5382_req_04_unsolicited_syn_is_not_answered_for_six_seconds": "RST at once",
    "test_rfc5382_req_04_unsolicited_syn_is_answered_then": "RST at once",
    "test_rfc5382_req_04_outbound_syn_takes_the_answer_back": "RST at once",
    "test_rfc5382_req_05_transitory_timeout": "30 s in the last state, 60 in two others",
    "test_rfc5382_req_07_ports_are_not_overloaded": "shared as soon as destinations differ",
    "test_rfc5382_req_08_hairpinning": "none",
    "test_rfc5382_req_08a_hairpinning_shows_the_outside_source": "none",
    "test_rfc5508_req_02_timer_is_a_minute_or_more": "30 s",
    "test_rfc5508_req_03a_errors_that_quote_a_wrong_sum": "delivered",
    "test_rfc5508_req_05_errors_of_guests_about_nothing": "sent out, with the inside address",
    "test_rfc5508_req_07_hairpinned_errors": "no hairpinning",
    "test_rfc5508_req_08_exhaustion_is_told": "silence",
    "test_rfc7857_sec_2_1_half_closed_lives_on": "60 s",
    "test_rfc7857_sec_2_1_reset_is_not_believed": "closed, whatever follows",
    "test_rfc7857_sec_2_2_transitory_timeout": "30 s in the last state, 60 in two others",
    "test_rfc7857_sec_2_3_reset_ends_nothing_for_four_minutes": "10 s",
    "test_rfc7857_sec_11_identification": "left as each guest chose it",
    "test_promise_forwards_keep_their_ports": "given to others as well",
    "test_promise_ports_of_the_host_are_not_taken": "taken",
    "test_promise_ports_that_the_host_binds_are_left_to_it": "the guest hears it",
    "test_promise_ports_of_guests_are_not_given_to_the_host": "given",
    "test_promise_quota_of_a_guest": "none",
    "test_promise_guests_have_their_own_address": "any address is translated",
    "test_promise_guests_are_isolated": "the host forwards",
    "test_promise_no_inside_address_is_seen_outside": "what conntrack finds invalid is sent as it is",
}

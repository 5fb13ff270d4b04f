# SPDX-License-Identifier: GPL-2.0
"""Ways to break the directory's core that the unit tests must notice. See ../mutate.py.

Each is (name, file, text that occurs once, what to put in its place).
"""

TREE = "userland"

LEASE = "servers/directory/lease.c"
PROTOCOL = "servers/directory/protocol.c"
DIRECTORY = "servers/directory/directory.c"
JOURNAL = "servers/directory/journal.c"
CONFIG = "servers/superserver/config.c"

MUTANTS = [
    # leases
    ("expiry_is_a_moment_late", LEASE, "t->entries[t->heap[0]].expires <= now", "t->entries[t->heap[0]].expires < now"),
    ("a_lease_as_long_as_it_likes", LEASE, "if (!lease || lease > t->limits.lease_most)", "if (!lease)"),
    ("a_lease_as_short_as_it_likes", LEASE, "if (lease < LEASE_LEAST_MS)", "if (0)"),
    ("hidden_ones_count_as_expired", LEASE, "t->counts.expired += !t->entries[t->heap[0]].hidden;", "t->counts.expired++;"),
    ("what_was_seen_prolongs", LEASE, "\t\tif (claim->stamp > mine->stamp) {\n\t\t\tt->counts.hidden", "\t\tif (claim->stamp >= mine->stamp) {\n\t\t\tt->counts.hidden"),
    ("an_old_registration_is_repeated", LEASE, "if (claim->stamp < mine->stamp || (claim->stamp == mine->stamp && mine->hidden)) {", "if (0) {"),
    ("the_same_stamp_brings_back", LEASE, " || (claim->stamp == mine->stamp && mine->hidden)) {", ") {"),
    ("a_repeated_renewal_prolongs", LEASE, "\tif (claim->stamp > mine->stamp) {\n\t\tprolong", "\tif (claim->stamp >= mine->stamp) {\n\t\tprolong"),
    ("a_renewal_brings_back", LEASE, "h.mine == NONE || t->entries[h.mine].hidden)", "h.mine == NONE)"),
    ("stale_renewals_are_fine", LEASE, "return claim->stamp == mine->stamp ? LEASE_OK : LEASE_STALE;", "return LEASE_OK;"),
    ("stale_unregistering_is_done", LEASE, "} else if (claim->stamp < mine->stamp || !mine->hidden) {", "} else if (0) {"),
    ("a_hard_hidden_entry_stays", LEASE, "\t\t\tif (t->limits.hard)\n\t\t\t\tset_expiry(t, h.mine, now + t->limits.lease_most);\n", ""),
    ("hard_entries_expire", LEASE, "t->limits.hard ? NEVER : now + lease", "now + lease"),
    ("an_older_owner_takes_over", LEASE, "if (h.others && claim->stamp <= h.newest) {", "if (0) {"),
    ("an_equal_stamp_takes_over", LEASE, "claim->stamp <= h.newest", "claim->stamp < h.newest"),
    ("two_owners", LEASE, "\tif (h.others)\n\t\ttake_over(t, claim);\n", ""),
    ("take_over_needs_room", LEASE, "t->counts.entries - h->others >= t->limits.entries", "t->counts.entries >= t->limits.entries"),
    ("name_needs_room", LEASE, "t->names[n].count - h->others_named >= t->limits.per_name", "t->names[n].count >= t->limits.per_name"),
    ("one_too_many_of_an_end_point", LEASE, "h->own >= t->limits.per_end", "h->own > t->limits.per_end"),
    ("ports_alone_are_end_points", LEASE, "return a->port == b->port && a->protocol == b->protocol &&\n\t       memcmp(a->address, b->address, sizeof(a->address)) == 0;", "return a->port == b->port;"),
    ("versions_are_one", LEASE, "if (named && entry->version == claim->version)", "if (named)"),
    ("hidden_ones_are_found", LEASE, "if (!entry->hidden && (!version", "if ((!version"),
    ("hidden_ones_are_listed", LEASE, "if (entry->heap == NONE || entry->hidden)", "if (entry->heap == NONE)"),
    ("no_turns", LEASE, "t->names[n].head = t->entries[first].next;", ";"),
    ("turns_by_one", LEASE, "t->names[n].head = t->entries[first].next;", "t->names[n].head = t->entries[t->names[n].head].next;"),
    ("heap_only_sinks", LEASE, "while (place && t->entries[t->heap[(place - 1) / 2]].expires > expires) {", "while (0) {"),
    ("heap_only_rises", LEASE, "child >= t->counts.entries || t->entries[t->heap[child]].expires >= expires", "1"),
    ("names_stay", LEASE, "\tif (--name->count == 0)\n\t\tdrop_name(t, entry->name);\n", "\tname->count--;\n"),
    ("the_head_of_a_ring_stays", LEASE, "\tif (name->head == e)\n\t\tname->head = entry->next;\n", ""),
    ("names_end_with_anything", LEASE, " ||\n\t    !is_alphanumeric(text[length - 1]))", ")"),

    # messages
    ("padding_of_anything", PROTOCOL, "return is_zero(body + used, left - used) ? PROTOCOL_OK : PROTOCOL_MALFORMED;", "return PROTOCOL_OK;"),
    ("any_flags", PROTOCOL, "length > PROTOCOL_QUESTION_MOST || !is_zero(data + 12, 4)", "length > PROTOCOL_QUESTION_MOST"),
    ("endless_questions", PROTOCOL, "length > PROTOCOL_QUESTION_MOST || !is_zero(data + 12, 4)", "!is_zero(data + 12, 4)"),
    ("a_claim_beyond_the_end", PROTOCOL, "if (length < 52 || length - 52 < data[5])", "if (length < 52)"),
    ("a_lookup_beyond_the_end", PROTOCOL, "length < 8 || length - 8 < data[5] ||", "length < 8 ||"),
    ("port_0", PROTOCOL, "\t    !claim->end.port || ", "\t    "),
    ("stamp_0", PROTOCOL, " || !claim->stamp || ", " || "),
    ("version_0", PROTOCOL, "claim->version == LEASE_ANY_VERSION || ", ""),
    ("answers_are_questions", PROTOCOL, " &&\n\t       !(data[3] & PROTOCOL_ANSWER);", ";"),
    ("a_flood", PROTOCOL, "size_t room = PROTOCOL_AMPLIFICATION * question_length;", "size_t room = 10 * question_length;"),
    ("parts_beyond_the_room", PROTOCOL, "if (length > w->room - w->used)", "if (length > w->room)"),
    ("octets_behind_an_answer", PROTOCOL, "return copy.left == 0;", "return true;"),
    ("refusals_with_a_body", PROTOCOL, "return a->left == 0;\n\tswitch", "return true;\n\tswitch"),

    # answers
    ("any_address", DIRECTORY, "return d->any_address || memcmp", "return true || memcmp"),
    ("open_address_stays_open", DIRECTORY, "\t\tmemcpy(address, sender, 16);\n", "\t\t;\n"),
    ("cut_without_a_word", DIRECTORY, "\tif (count < total)\n\t\ttruncate_answer(d, w);\n", ""),
    ("a_page_skips_one", DIRECTORY, "more ? cursor - 1 : 0", "more ? cursor : 0"),
    ("hidden_ones_are_counted", DIRECTORY, "protocol_list_head(w, more ? cursor - 1 : 0, counts.entries - counts.hidden, count);", "protocol_list_head(w, more ? cursor - 1 : 0, counts.entries + 1, count);"),

    # journal
    ("a_torn_record_counts", JOURNAL, "if (length > left - JOURNAL_RECORD_HEADER)", "if (length > left)"),
    ("no_checksum", JOURNAL, "if (sum != crc(crc(0, data, 3), body, length))", "if (0)"),
    ("another_checksum", JOURNAL, "0xedb88320u", "0x82f63b78u"),
    ("the_tear_stays", JOURNAL, "if (ftruncate(j->fd, whole))", "if (0)"),
    ("another_file_is_overwritten", JOURNAL, "if (!whole && !torn)", "if (0)"),
    ("two_share_a_journal", JOURNAL, "if (flock(j->fd, LOCK_EX | LOCK_NB)) {", "if (0) {"),
    ("compaction_keeps_the_old_file", JOURNAL, "if (!ret && rename(path, j->path))", "if (0)"),

    # the superserver's file
    ("settings_twice", CONFIG, "if (seen & setting)", "if (0)"),
    ("datagrams_nowait", CONFIG, "if (s->datagram && !s->wait)", "if (0)"),
    ("wait_with_many", CONFIG, "if (s->wait && (seen & SETTING_MAX) && s->max != 1)", "if (0)"),
    ("lines_start_at_0", CONFIG, "unsigned int line = 1;", "unsigned int line = 0;"),
    ("a_word_too_many", CONFIG, "if (count == CONFIG_WORDS)", "if (count > CONFIG_WORDS)"),
    ("a_nul_in_a_line", CONFIG, "if (memchr(data + at, '\\0', octets))", "if (0)"),
    ("words_of_the_probe", CONFIG, "to->words[i] = to->text + (from->words[i] - from->text);", ";"),
    ("two_listen_on_one_port", CONFIG, "if (s->address.sin_port && other->datagram == s->datagram &&", "if (0 && other->datagram == s->datagram &&"),
    ("max_of_nothing", CONFIG, "return *n > 0;", "return true;"),
]

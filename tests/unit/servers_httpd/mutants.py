# SPDX-License-Identifier: GPL-2.0
"""Ways to break httpd's sessions that the unit tests must notice. See ../mutate.py.

Each is (name, file, text that occurs once, what to put in its place).
"""

TREE = "userland"

SESSION = "servers/httpd/session.c"
MEMORY = "servers/httpd/session_memory.c"
TABLE = "servers/httpd/session_table.c"
TOKEN = "servers/httpd/session_token.c"
SECRET = "servers/httpd/session_secret.c"
STORE = "servers/httpd/session_store.c"
SESSIONS = "servers/httpd/sessions.c"

MUTANTS = [
    # one session
    ("records_of_any_length", SESSION, "if (length - at < HEADER || record_size(data + at) > length - at)", "if (length - at < HEADER)"),
    ("half_a_header", SESSION, "length - at < HEADER || ", ""),
    ("any_kind", SESSION, "(record.kind != SESSION_VALUE && record.kind != SESSION_REQUEST) ||\n\t\t    ", ""),
    ("any_name", SESSION, "!session_name_sound(record.name) ||\n\t\t    ", ""),
    ("two_of_a_name", SESSION, "\t\t    !session_name_sound(record.name) ||\n\t\t    position(s, record.kind, record.name) != here)", "\t\t    !session_name_sound(record.name))"),
    ("what_is_damaged_stays", SESSION, "\tif (here == s->length)\n\t\treturn true;\n\ts->length = 0;", "\tif (here == s->length)\n\t\treturn true;"),
    ("kinds_are_one", SESSION, "(record.kind != kind || !http_text_equal(record.name, name))", "!http_text_equal(record.name, name)"),
    ("one_octet_too_many", SESSION, "name.length + value.length > most)", "name.length + value.length > most + 1)"),
    ("the_old_value_counts", SESSION, "s->length - old + HEADER", "s->length + HEADER"),
    ("the_old_value_stays", SESSION, "\tcut(s, at);\n\tappend", "\tappend"),
    ("sums_wrap", SESSION, "\tif (n > UINT64_MAX - change->addend)\n\t\treturn;\n", ""),
    ("long_numbers", SESSION, "value.length > sizeof(digits) || ", ""),
    ("words_are_numbers", SESSION, " || !http_read_number(value, &n))", " || (http_read_number(value, &n), 0))"),
    ("names_of_requests_mean_nothing", SESSION, "\tif (recall(s, change))\n\t\treturn false;\n", ""),
    ("another_request_of_the_name", SESSION, "if (memory.what != hash_of(change))", "if (0)"),
    ("keys_are_not_compared", SESSION, "\th = hash(h, change->key.at, change->key.length);\n", ""),
    ("verbs_are_not_compared", SESSION, "uint8_t verb = change->verb;", "uint8_t verb = 0;"),
    ("values_are_not_compared", SESSION, "\t\th = hash(h, change->value.at, change->value.length);\n", "\t\t;\n"),
    ("another_answer", SESSION, "\tchange->sum = memory.sum;\n", ""),
    ("one_request_less", SESSION, "while (requests(s, &oldest) >= SESSION_REQUESTS)", "while (requests(s, &oldest) >= SESSION_REQUESTS - 1)"),
    ("requests_stay_for_ever", SESSION, "while (requests(s, &oldest) >= SESSION_REQUESTS)", "while (0)"),
    ("the_newest_request_gives_way", SESSION, "record.kind == SESSION_REQUEST && !n++)", "record.kind == SESSION_REQUEST && ++n)"),
    ("what_does_not_fit_is_half_done", SESSION, "\ts->length = before.length;\n\tmemcpy(s->data, before.data, before.length);\n\treturn false;", "\treturn false;"),

    # the table
    ("a_dead_owner_stops_all", MEMORY, "\trebuild(t);\n\tpthread_mutex_consistent(&t->lock);\n", "\trebuild(t);\n"),
    ("a_dead_owner_is_ignored", MEMORY, "\trebuild(t);\n", "\tt->counts.recovered++;\n"),
    ("blocks_are_nobodys_after_a_death", MEMORY, "session_block_at(t, n)->owner = 0;\n\tfor", ";\n\tfor"),
    ("the_lock_is_not_robust", MEMORY, "\tpthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);\n", ""),
    ("a_table_of_other_limits", MEMORY, "t->limits.sessions == limits->sessions &&\n\t       t->limits.bytes == limits->bytes", "1"),
    ("a_dropped_one_keeps_its_blocks", MEMORY, "\tsession_memory_free_blocks(t, e->first);\n", ""),
    ("the_old_blocks_stay", TABLE, "\tsession_memory_free_blocks(t, old);\n", ""),
    ("the_newest_gives_way", TABLE, "\tsession_memory_drop(t, t->oldest);\n}\n\nstatic bool is_idle", "\tsession_memory_drop(t, t->newest);\n}\n\nstatic bool is_idle"),
    ("use_is_not_noted", TABLE, "\tsession_memory_unlink_use(t, n);\n\tsession_memory_link_newest(t, n);\n\treturn n;", "\treturn n;"),
    ("use_does_not_prolong", TABLE, "\tsession_entry_at(t, n)->used = now;\n", ""),
    ("idle_ones_stay", TABLE, "if (is_idle(t, session_entry_at(t, n), now)) {", "if (0) {"),
    ("idle_a_moment_early", TABLE, "now - e->used > t->limits.idle_ms", "now - e->used >= t->limits.idle_ms"),
    ("idle_ones_are_not_looked_for", TABLE, "\texpire(t, now, UINT32_MAX);\n", ""),
    ("leases_do_not_end", TABLE, "if (n && now >= session_entry_at(t, n)->lease_ends)", "if (0)"),
    ("leases_end_a_moment_late", TABLE, "now >= session_entry_at(t, n)->lease_ends", "now > session_entry_at(t, n)->lease_ends"),
    ("leases_are_not_renewed", TABLE, "\tsession_entry_at(t, n)->lease_ends = lease_ends;\n", "\tif (!session_entry_at(t, n)->lease_ends)\n\t\tsession_entry_at(t, n)->lease_ends = lease_ends;\n"),
    ("changes_let_go_of_the_lock", TABLE, "\t\tread_blocks(t, session_entry_at(t, n), &s);\n\t\tif", "\t\tread_blocks(t, session_entry_at(t, n), &s);\n\t\tsession_memory_unlock(t);\n\t\tsession_memory_lock(t);\n\t\tif"),
    ("the_last_block_is_short", TABLE, "memcpy(s->data + at, session_block_at(t, n)->data, left < SESSION_BLOCK ? left : SESSION_BLOCK);", "memcpy(s->data + at, session_block_at(t, n)->data, left < SESSION_BLOCK ? 0 : SESSION_BLOCK);"),

    # tokens, and their secret
    ("any_seal", TOKEN, "if (crypto_auth_hmacsha256_verify(token + length, token, length, secret->octets))", "if (0)"),
    ("the_seal_is_of_the_records", TOKEN, "crypto_auth_hmacsha256(token + length, token, length,", "crypto_auth_hmacsha256(token + length, token + 1, length - 1,"),
    ("tokens_do_not_end", TOKEN, "token[0] != FORMAT || (int64_t)end <= now", "token[0] != FORMAT"),
    ("tokens_end_a_second_late", TOKEN, "(int64_t)end <= now", "(int64_t)end < now"),
    ("short_tokens", TOKEN, " || length < TOKEN_LEAST)", ")"),
    ("sealed_records_are_believed", TOKEN, "return session_load(s, (const char *)token + HEADER, length - HEADER) ?", "session_load(s, (const char *)token + HEADER, length - HEADER);\n\treturn 1 ?"),
    ("others_may_read_the_secret", SECRET, "if (file.st_mode & 077)", "if (0)"),
    ("a_short_secret", SECRET, "if (n != DIGITS || sodium_hex2bin(secret->octets, SESSION_SECRET, text, DIGITS, NULL,\n\t\t\t\t\t  &length, NULL) || length != SESSION_SECRET)", "sodium_hex2bin(secret->octets, SESSION_SECRET, text, DIGITS, NULL, &length, NULL);\n\tif (!n)"),
    ("the_secret_is_always_the_same", SECRET, "if (getrandom(octets, sizeof(octets), 0) != sizeof(octets))", "if (!memset(octets, 0, sizeof(octets)))"),
    ("the_secret_is_for_all", SECRET, "O_EXCL | O_CLOEXEC, 0600)", "O_EXCL | O_CLOEXEC, 0644)"),

    # files
    ("idle_files_are_read", STORE, "\tif (now - file.st_mtime > store->idle)\n\t\treturn -ENOENT;\n", ""),
    ("damaged_files_are_empty_sessions", STORE, "\t\treturn -EBADMSG;\n", "\t\ts->length = 0;\n"),
    ("the_first_line_may_be_any", STORE, "memcmp(line, LINE, LINE_LENGTH) != 0 ||", "0 ||"),
    ("no_limit_of_files", STORE, "return kept >= store->most;", "return false;"),
    ("one_file_too_many", STORE, "return kept >= store->most;", "return kept > store->most;"),
    ("use_does_not_keep_the_file", STORE, "\t\tfutimens(fd, NULL);\n", "\t\t;\n"),
    ("the_sweep_takes_all", STORE, "if (now - file.st_mtime > store->idle &&\n\t\t    !unlinkat", "if (!unlinkat"),
    ("the_sweep_takes_none", STORE, "\t\t    !unlinkat(dirfd(folder), each->d_name, 0))", "\t\t    0)"),
    ("the_sweep_does_not_count", STORE, "\tatomic_store(&store->kept[shelf], kept);\n", ""),

    # the forms
    ("a_number_of_ones_own", SESSIONS, "\tif (!new_id(&id))\n\t\treturn SESSION_FAILED;\n\tsession_table_put(table", "\tif (!brought_id(call, &id) && !new_id(&id))\n\t\treturn SESSION_FAILED;\n\tsession_table_put(table"),
    ("numbers_in_any_writing", SESSIONS, "if (!(at[i] >= '0' && at[i] <= '9') && !(at[i] >= 'a' && at[i] <= 'f'))", "if (!http_is(at[i], HTTP_TCHAR))"),
    ("forged_ones_start_anew", SESSIONS, "\t\tcall->forget = true;\n\t\treturn SESSION_FORGED;", "\t\tcall->forget = true;\n\t\treturn SESSION_NONE;"),
    ("tokens_without_a_limit", SESSIONS, "\tif (change->most > SESSION_TOKEN_DATA)\n\t\tchange->most = SESSION_TOKEN_DATA;\n", "\tchange->most = SESSION_TOKEN_DATA - 1;\n"),
    ("a_change_goes_by_the_copy", SESSIONS, "\tret = session_store_read(store, &id, call->second, &s);\n\tif (ret)\n\t\treturn ret;\n\tif (session_apply", "\tret = 0;\n\tif (!session_table_read(call->sessions->table, &id, call->now, &s))\n\t\tret = session_store_read(store, &id, call->second, &s);\n\tif (ret)\n\t\treturn ret;\n\tif (session_apply"),
    ("ones_own_changes_are_not_seen", SESSIONS, "\tif (!ret)\n\t\tkeep(call, id, s);\n\treturn ret;", "\treturn ret;"),
    ("copies_are_not_kept", SESSIONS, "\tkeep(call, &id, s);\n\tCALL_COUNT(call, METRIC_SESSION_REBUILDS);", "\tCALL_COUNT(call, METRIC_SESSION_REBUILDS);"),
    ("copies_are_kept_for_ever", SESSIONS, "call->now + call->sessions->lease_ms, s);", "INT64_MAX, s);"),
    ("an_end_leaves_the_copy", SESSIONS, "\tsession_table_drop(call->sessions->table, &id);\n\treturn ret ?", "\treturn ret ?"),
    ("an_end_leaves_the_file", SESSIONS, "\tret = session_store_remove(&call->sessions->store, &id);\n", "\tret = 0;\n"),
    ("an_end_that_failed_is_one", SESSIONS, "\treturn ret ? failed(ret) : none(call);", "\treturn none(call);"),
    ("a_session_for_nothing", SESSIONS, "\tif (change->verb == SESSION_DELETE)\n\t\treturn none(call);\n\t/* A number", "\t/* A number"),
]

# SPDX-License-Identifier: GPL-2.0
"""Ways to break load that its unit tests must notice. See ../mutate.py.

Each is (name, file, text that occurs once, what to put in its place).
"""

TREE = "userland"

HISTOGRAM = "servers/load/histogram.c"
SCHEDULE = "servers/load/schedule.c"
FAIRNESS = "servers/load/fairness.c"
SEARCH = "servers/load/search.c"
RESPONSE = "servers/load/response.c"
OPTIONS = "servers/load/options.c"
VALUES = "servers/load/values.c"
URL = "servers/load/url.c"
REQUEST = "servers/load/request.c"
PROCESS = "servers/load/process.c"
SERIES = "servers/load/series.c"

MUTANTS = [
    # histogram
    ("percentile_flatters", HISTOGRAM, "(((uint64_t)bucket - shift * HISTOGRAM_SUB + 1) << shift) - 1", "((uint64_t)bucket - shift * HISTOGRAM_SUB) << shift"),
    ("percentile_rank_rounded_down", HISTOGRAM, "ceil(percent / 100 * (double)h->count - 1e-9)", "floor(percent / 100 * (double)h->count)"),
    ("max_is_a_bucket", HISTOGRAM, "bucket_top(i) < h->max ? bucket_top(i) : h->max", "bucket_top(i)"),
    ("merge_forgets_the_max", HISTOGRAM, "\tif (from->max > into->max)\n\t\tinto->max = from->max;", ""),
    ("merge_forgets_the_last_bucket", HISTOGRAM, "for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++)", "for (unsigned int i = 0; i < HISTOGRAM_BUCKETS / 2; i++)"),
    ("beyond_the_range_is_written", HISTOGRAM, "\tif (ns >> HISTOGRAM_TOP_BIT)\n\t\treturn HISTOGRAM_BUCKETS - 1;", ""),

    # the timetable
    ("coordinated_omission", SCHEDULE, "*intended = at;", "*intended = now;"),
    ("schedule_drifts", SCHEDULE, "i * 1000 * NS_PER_S / s->rate", "i * (1000 * NS_PER_S / s->rate)"),
    ("sent_before_due", SCHEDULE, "if (at > now || at == NEVER)", "if (at > now + NS_PER_MS || at == NEVER)"),
    ("end_belongs_to_it", SCHEDULE, "return at < s->end ?", "return at <= s->end ?"),
    ("loops_send_the_same", SCHEDULE, "s->next += s->step;", "s->next++;"),
    ("queued_twice", SCHEDULE, "\t\ts->queued += s->step;\n\t\tnews++;\n\t}", "\t\ts->queued += s->step;\n\t\tnews++;\n\t}\n\ts->queued = s->next;"),
    ("never_queued", SCHEDULE, "*queued = s->next < s->queued;", "*queued = false;"),
    ("sent_counts_as_queued", SCHEDULE, "\tif (s->queued < s->next)\n\t\ts->queued = s->next;", ""),

    # fairness and series
    ("jain_without_clients", FAIRNESS, "((double)clients * squares)", "squares"),
    ("clients_sorted_backwards", FAIRNESS, "return (x > y) - (x < y);", "return (x < y) - (x > y);"),
    ("row_written_by_the_first", SERIES, "s->waiting->loops == s->loops", "s->waiting->loops"),
    ("row_number_stands_still", SERIES, "*row = (struct row){ .number = number + 1 };", "*row = (struct row){ .number = number };"),

    # looking for a text
    ("search_forgets_what_matched", SEARCH, "matched = s->fallback[matched];", "matched = 0;"),
    ("search_finds_no_fallback", SEARCH, "s->fallback[i + 1] = (uint16_t)k;", "s->fallback[i + 1] = 0;"),

    # responses
    ("bare_lf_taken", RESPONSE, "else if (c == '\\n')\n\t\tbad(r, \"line ends with a bare LF\");", "else if (c == '\\n')\n\t\treturn true;"),
    ("cr_in_a_line_taken", RESPONSE, "\tif (r->cr)\n\t\tbad(r, \"CR without LF\");", "\tif (r->cr)\n\t\tr->cr = false;"),
    ("any_version_taken", RESPONSE, "if (form[at] == 'v' && (c == '0' || c == '1'))", "if (form[at] == 'v')"),
    ("status_above_599_taken", RESPONSE, "r->status >= 600 || ", ""),
    ("length_overflows", RESPONSE, "if (length > LENGTH_MAX / 10)", "if (0)"),
    ("lengths_may_differ", RESPONSE, "if (r->has_length && length != r->length)", "if (0)"),
    ("length_of_letters", RESPONSE, "if (r->value[i] < '0' || r->value[i] > '9')", "if (0)"),
    ("length_beside_chunks", RESPONSE, "if (r->chunked && r->has_length)", "if (0)"),
    ("any_coding_is_chunked", RESPONSE, "r->chunked || r->value_size != 7 ||", "0 && r->value_size != 7 &&"),
    ("chunk_size_overflows", RESPONSE, "r->left > LENGTH_MAX / 16 || r->position == 32", "r->position == 32"),
    ("chunk_end_not_looked_at", RESPONSE, "bad(r, \"chunk is longer than its size\");", ";"),
    ("chunk_extension_is_a_size", RESPONSE, "(c == ';' || c == ' ' || c == '\\t')", "(c == ' ' || c == '\\t')"),
    ("trailer_frames_the_message", RESPONSE, "\tif (r->trailer)\n\t\treturn FIELD_OTHER;", ""),
    ("trailer_is_a_head", RESPONSE, "\t\tif (r->trailer)\n\t\t\tr->state = RESPONSE_DONE;\n\t\telse\n\t\t\thead_ends(r);", "\t\thead_ends(r);"),
    ("head_has_a_body", RESPONSE, "else if (r->to_head || r->status == 204", "else if (r->status == 204"),
    ("interim_is_the_answer", RESPONSE, "\telse if (r->status < 200)\n\t\tskip_interim(r);", ""),
    ("interim_for_ever", RESPONSE, "else if (r->interim == RESPONSE_INTERIM_MAX)", "else if (0)"),
    ("head_for_ever", RESPONSE, "if (++r->head > RESPONSE_HEAD_MAX) {", "if (0) {"),
    ("chunks_are_head", RESPONSE, "r->head--;\n\t\tchunk_ends(r, c);", "chunk_ends(r, c);"),
    ("body_longer_than_its_length", RESPONSE, "size = size < r->left ? size : (size_t)r->left;", "r->left = size < r->left ? r->left : size;"),
    ("value_overflows", RESPONSE, "else if (r->value_size == sizeof(r->value))", "else if (0)"),
    ("name_overflows", RESPONSE, "if (r->name_size < sizeof(r->name))", "if (1)"),
    ("folded_lines_taken", RESPONSE, "} else if (!is_token((unsigned char)c)) {", "} else if (!is_token((unsigned char)c) && c != ' ') {"),
    ("close_not_seen", RESPONSE, "r->close = r->close || lists(r, \"close\");", ""),
    ("one_point_zero_is_kept", RESPONSE, "(r->minor || r->keep)", "1"),
    ("cut_off_is_complete", RESPONSE, "if (r->state == RESPONSE_TO_CLOSE)\n\t\tr->state", "if (r->state == RESPONSE_TO_CLOSE || r->state == RESPONSE_LENGTH)\n\t\tr->state"),

    # what people type
    ("headers_split_the_request", VALUES, "good = good && (c == '\\t' || (c >= ' ' && c != 0x7f));", ";"),
    ("own_fields_taken", VALUES, "\tif (own)\n", "\tif (0)\n"),
    ("source_range_open", VALUES, "for (in_addr_t at = ntohl(first.s_addr); (at & 0xff) <= last; at++)", "for (in_addr_t at = ntohl(first.s_addr); (at & 0xff) < last; at++)"),
    ("time_without_bound", VALUES, "TIME_MAX, ns) == name", "UINT64_MAX, ns) == name"),
    ("path_splits_the_request", URL, "if (*at <= ' ' || *at > '~' || *at == '#')", "if (*at == '#')"),
    ("threads_without_connections", OPTIONS, "if (o->threads > o->connections)", "if (0)"),
    ("requests_and_time", OPTIONS, "if (!o->requests)\n\t\to->timed = true;", "o->timed = true;"),
    ("post_without_length", REQUEST, "if (body || !strcmp(method, \"POST\") || !strcmp(method, \"PUT\"))", "if (body)"),
    ("post_sent_again", REQUEST, "\"GET\", \"HEAD\", \"PUT\"", "\"GET\", \"HEAD\", \"POST\", \"PUT\""),

    # CPU time of processes
    ("child_counted_twice", PROCESS, "cpu -= (int64_t)(a->ticks_ns + a->children_ns);", ";"),
    ("ended_threads_forgotten", PROCESS, "return coarse - exact <= two_ticks && exact - coarse <= two_ticks ? exact : coarse;", "return exact;"),
    ("ticks_are_enough", PROCESS, "return coarse - exact <= two_ticks && exact - coarse <= two_ticks ? exact : coarse;", "return coarse;"),
]

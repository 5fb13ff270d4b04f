# SPDX-License-Identifier: GPL-2.0
"""Ways to break the servers' protocol core that the unit tests must notice. See ../mutate.py.

Each is (name, file, text that occurs once, what to put in its place).
"""

TREE = "userland"

TEXT = "servers/http/text.c"
FIELDS = "servers/http/fields.c"
SCAN = "servers/http/scan.h"
REQUEST = "servers/http/request.c"
HOST = "servers/http/host.c"
PATH = "servers/http/path.c"
BODY = "servers/http/body.c"
DATE = "servers/http/date.c"
CONDITIONAL = "servers/http/conditional.c"
RANGE = "servers/http/range.c"
RESPONSE = "servers/http/response.c"
PARAMETERS = "servers/http/parameters.c"

MUTANTS = [
    # text
    ("numbers_wrap", TEXT, "if (n > (UINT64_MAX - digit) / 10) {", "if (0) {"),
    ("numbers_may_have_anything_behind", TEXT, "!text.length || http_span(text, HTTP_DIGIT) != text.length", "!text.length"),
    ("no_number_is_zero", TEXT, "!text.length || http_span", "http_span"),
    ("tokens_have_case", TEXT, "\t\tif (c >= 'A' && c <= 'Z')\n\t\t\tc += 'a' - 'A';\n", ""),
    ("values_are_not_trimmed_behind", "servers/http/text.h", "http_is_blank(text.at[text.length - 1])", "0"),
    ("del_is_visible", TEXT, "#define VCHAR(c) IN(c, 0x21, 0x7e)", "#define VCHAR(c) IN(c, 0x21, 0x7f)"),
    ("colon_is_a_token", TEXT, "|| (c) == '~')\n#define HEXDIG", "|| (c) == '~' || (c) == ':')\n#define HEXDIG"),

    # names
    ("name_by_hash_alone", FIELDS, "|| !same(name.at, names[id].text, name.length)", ""),
    ("name_by_its_end", FIELDS, "if (!same8(token + i, lower + i))\n\t\t\treturn false;", ";"),
    ("name_by_its_start", FIELDS, "return same8(token + length - 8, lower + length - 8);", "return same8(token, lower);"),

    # lines
    ("scan_misses_del", SCAN, "_mm_cmpeq_epi8(octets, del)", "_mm_setzero_si128()"),
    ("scan_stops_at_tab", SCAN, "_mm_andnot_si128(_mm_cmpeq_epi8(octets, tab), low)", "low"),
    ("scan_reads_beyond_the_end", SCAN, "for (; at + 16 <= end; at += 16) {", "for (; at + 15 <= end; at += 16) {"),
    ("bare_lf_ends_a_line", REQUEST, "\tif (data[at] != '\\r')\n\t\treturn refuse_control(r, data[at]);\n\tif (at + 1 == length)", "\tif (data[at] == '\\n') {\n\t\t*text = (struct http_text){ data + r->line, at - r->line };\n\t\tr->line = r->scanned = at + 1;\n\t\treturn HTTP_DONE;\n\t}\n\tif (data[at] != '\\r')\n\t\treturn refuse_control(r, data[at]);\n\tif (at + 1 == length)"),
    ("bare_cr_ends_a_line", REQUEST, "\tif (data[at + 1] != '\\n')\n\t\treturn refuse_control(r, '\\r');\n", ""),
    ("cr_alone_at_the_end_is_judged", REQUEST, "\tif (at + 1 == length)\n\t\treturn HTTP_MORE;\n", ""),
    ("request_line_limit_off_by_one", REQUEST, "\t\tlast = r->line + r->limits.request_line;", "\t\tlast = r->line + r->limits.request_line + 1;"),
    ("head_limit_off_by_one", REQUEST, "r->limits.head - 2u;", "r->limits.head - 1u;"),
    ("limit_is_looked_at_last", REQUEST, "\tif (at > last && r->stage == REQUEST_LINE)", "\tif (at < length && data[at] != '\\r')\n\t\treturn refuse_control(r, data[at]);\n\tif (at > last && r->stage == REQUEST_LINE)"),
    ("it_forgets_how_far_it_looked", REQUEST, "\tr->line = at + 2;\n\tr->scanned = r->line;", "\tr->line = at + 2;"),
    ("it_looks_twice", REQUEST, "size_t at = r->scanned;", "size_t at = r->line;"),
    ("endless_empty_lines", REQUEST, "if (++r->empty_lines > HTTP_EMPTY_LINES)", "if (0)"),
    ("no_empty_lines", REQUEST, "++r->empty_lines > HTTP_EMPTY_LINES", "1"),

    # request line
    ("minor_as_it_came", REQUEST, "r->minor = text.at[7] != '0';", "r->minor = text.at[7] - '0';"),
    ("version_2", REQUEST, "if (text.at[5] != '1')", "if (0)"),
    ("any_minor_octet", REQUEST, " ||\n\t    !http_is(text.at[7], HTTP_DIGIT))", ")"),
    ("endless_method", REQUEST, "if (method.length > HTTP_METHOD_LENGTH)", "if (0)"),
    ("asterisk_for_all", REQUEST, "if (r->method != HTTP_OPTIONS)", "if (0)"),
    ("connect_is_like_any", REQUEST, "if (r->method == HTTP_CONNECT)", "if (0)"),
    ("any_scheme", REQUEST, "\tif (!http_token_equal(scheme, HTTP_TEXT(\"http\")))", "\tif (0)"),
    ("https_without_tls", REQUEST, "\tif (http_token_equal(scheme, HTTP_TEXT(\"https\")))\n\t\treturn refuse(r, 421, \"https is for connections with TLS (RFC 9110 7.4)\");\n\tif (", "\tif (!http_token_equal(scheme, HTTP_TEXT(\"https\")) && "),
    ("host_field_beats_the_target", REQUEST, "if (r->form != HTTP_ABSOLUTE_FORM)", "if (1)"),
    ("userinfo", REQUEST, "if (!authority.length || authority.at[0] == ':' || !http_is_authority(authority))", "if (!authority.length || authority.at[0] == ':')"),
    ("query_from_the_last_mark", REQUEST, "path.length ? memchr(path.at, '?', path.length)", "path.length ? memrchr(path.at, '?', path.length)"),

    # fields
    ("space_before_the_colon", REQUEST, "name.length == line.length || line.at[name.length] != ':'", "name.length == line.length"),
    ("folded_line", REQUEST, "if (http_is_blank(line.at[0]))", "if (line.at[0] == ' ')\n\t\treturn HTTP_DONE;\n\tif (0)"),
    ("one_field_too_many", REQUEST, "if (r->field_count == r->limits.fields)", "if (r->field_count > r->limits.fields)"),
    ("no_host", REQUEST, "if (r->minor && !r->first[HTTP_FIELD_HOST])", "if (0)"),
    ("host_in_1_0", REQUEST, "if (r->minor && !r->first[HTTP_FIELD_HOST])", "if (!r->first[HTTP_FIELD_HOST])"),
    ("two_hosts", REQUEST, "if (r->repeated & 1u << HTTP_FIELD_HOST)", "if (0)"),
    ("any_host", REQUEST, "\tif (!http_is_authority(value))\n", "\tif (0)\n"),
    ("ipv6_with_two_gaps", HOST, "\t\t\tif (gap)\n\t\t\t\treturn false;\n", ""),
    ("ipv6_of_any_length", HOST, "return gap ? groups < 8 : groups == 8;", "return groups || gap;"),
    ("ipv6_of_eight_and_a_gap", HOST, "gap ? groups < 8", "gap ? groups <= 8"),
    ("ipv6_of_five_digits", HOST, "if (!digits || digits > 4)", "if (!digits)"),
    ("ipv4_is_one_group", HOST, "groups += 2;", "groups++;"),
    ("ipv4_of_256", HOST, "value <= 255", "value <= 256"),
    ("ipv4_with_zeros", HOST, "(text.length == 1 || text.at[0] != '0')", "1"),
    ("ip_future_of_nothing", HOST, "text.length - digits < 2", "text.length - digits < 1"),
    ("port_of_letters", HOST, "n += 1 + http_span(http_text_from(text, n + 1), HTTP_DIGIT);", "n = text.length;"),
    ("two_lengths", REQUEST, "if (r->repeated & 1u << HTTP_FIELD_CONTENT_LENGTH)", "if (0)"),
    ("length_as_large_as_it_likes", REQUEST, "if (r->length > INT64_MAX)", "if (0)"),
    ("both_framings", REQUEST, "if (coded && r->has_length)", "if (0)"),
    ("codings_in_1_0", REQUEST, "\tif (!r->minor)\n\t\treturn refuse(r, 400, \"HTTP/1.0", "\tif (0)\n\t\treturn refuse(r, 400, \"HTTP/1.0"),
    ("chunked_twice", REQUEST, "if (r->codings == CHUNKED || r->codings == CHUNKED_AFTER_UNKNOWN)", "if (0)"),
    ("empty_coding_is_none", REQUEST, "coded && (r->codings == NO_CODING || r->codings == NOT_CHUNKED)", "r->codings == NOT_CHUNKED"),
    ("all_bodies_are_chunked", REQUEST, "r->chunked = r->codings == CHUNKED;", "r->chunked = true;"),
    ("codings_before_chunked", REQUEST, "if (r->codings == CHUNKED_AFTER_UNKNOWN)", "if (0)"),
    ("close_is_not_heard", REQUEST, "r->keep_alive = !(r->options & OPTION_CLOSE) &&", "r->keep_alive = true &&"),
    ("keep_alive_by_default_in_1_0", REQUEST, "(r->minor || r->options & OPTION_KEEP_ALIVE)", "true"),
    ("any_expectation", REQUEST, "if (!http_token_equal(expectation, HTTP_TEXT(\"100-continue\")))", "if (0)"),
    ("continue_for_1_0", REQUEST, "r->expect_continue = r->minor;", "r->expect_continue = true;"),
    ("connection_of_no_tokens", REQUEST, "else if (http_span(option, HTTP_TCHAR) != option.length)", "else if (0)"),
    ("first_line_is_the_last", REQUEST, "\tif (!r->first[id])\n", "\tif (1)\n"),
    ("repeated_value_is_single", REQUEST, "if (!field || r->repeated & 1u << id)", "if (!field)"),

    # path
    ("climbs_out", PATH, "\t\tif (!p->length)\n\t\t\treturn refuse(refusal, 400, \"the path leaves", "\t\tif (0)\n\t\t\treturn refuse(refusal, 400, \"the path leaves"),
    ("nul_in_a_path", PATH, "if (!c || c == '/')", "if (c == '/')"),
    ("encoded_slash", PATH, "if (!c || c == '/')", "if (!c)"),
    ("dots_only_when_plain", PATH, "put_segment(&p, segment, refusal) == HTTP_BAD ||\n\t\t    settle(&p, start, !rest.length, refusal) == HTTP_BAD)", "put_segment(&p, segment, refusal) == HTTP_BAD ||\n\t\t    (!memchr(segment.at, '%', segment.length) && settle(&p, start, !rest.length, refusal) == HTTP_BAD))"),
    ("escape_cut_short", PATH, "segment.length - i < 3 ||", ""),
    ("no_room_for_the_nul", PATH, "if (p->length + 1 >= p->size)", "if (p->length >= p->size)"),
    ("last_dot_leaves_no_slash", PATH, "return last ? put(p, '/', refusal) : HTTP_DONE;", "return last && !p->length ? put(p, '/', refusal) : HTTP_DONE;"),

    # body
    ("size_overflows", BODY, "b->digits++ == 16 || b->left > (uint64_t)INT64_MAX >> 4", "0"),
    ("size_beyond_63_bits", BODY, "b->left > (uint64_t)INT64_MAX >> 4", "0"),
    ("body_as_large_as_it_likes", BODY, "if (b->left > b->most - b->total)", "if (0)"),
    ("only_each_chunk_is_bounded", BODY, "\tb->total += b->left;\n\treturn go(b, b->left", "\treturn go(b, b->left"),
    ("counted_body_as_large_as_it_likes", BODY, "if (r->length > most)", "if (0)"),
    ("size_line_ends_in_any_octet", BODY, "\t\tif (c != '\\n')\n\t\t\treturn refuse(b, 400,\n\t\t\t\t      \"a chunk size's", "\t\tif (0)\n\t\t\treturn refuse(b, 400,\n\t\t\t\t      \"a chunk size's"),
    ("chunk_without_its_cr", BODY, "\t\tif (c == '\\r')\n\t\t\treturn go(b, CONTENT_LF);", "\t\tif (c == '\\r')\n\t\t\treturn go(b, CONTENT_LF);\n\t\tif (c == '\\n')\n\t\t\treturn go(b, SIZE_START);"),
    ("blank_behind_the_size", BODY, "\tcase EXT_GAP:\n\t\tif (http_is_blank(c))", "\tcase EXT_GAP:\n\t\tif (c == '\\r')\n\t\t\treturn go(b, SIZE_LF);\n\t\tif (http_is_blank(c))"),
    ("endless_extensions", BODY, "if (++b->extensions > HTTP_EXTENSIONS_MOST)", "if (0)"),
    ("endless_trailers", BODY, "if (++b->trailer > HTTP_TRAILER_MOST)", "if (0)"),
    ("endless_trailer_lines", BODY, "if (++b->trailer_lines > HTTP_TRAILER_LINES_MOST)", "if (0)"),
    ("trailers_end_the_body", BODY, "b->state == END_LF ? DONE : TRAILER_START", "DONE"),
    ("trailer_values_of_anything", BODY, "\t\tif (http_is(c, HTTP_VALUE_CHAR))\n\t\t\treturn HTTP_MORE;\n\t\tif (c == '\\r')", "\t\tif (c != '\\r' && c != '\\n')\n\t\t\treturn HTTP_MORE;\n\t\tif (c == '\\r')"),
    ("quoted_controls", BODY, "\tif (!http_is(c, HTTP_VALUE_CHAR))\n", "\tif (0)\n"),
    ("escaped_quote_ends", BODY, "\tif (b->state == EXT_ESCAPED)\n\t\treturn go(b, EXT_QUOTED);\n", ""),
    ("content_beyond_the_chunk", BODY, "b->left < length ? b->left : length", "length"),

    # dates
    ("no_leap_years", DATE, "(leap && c->month == 1)", "0"),
    ("centuries_leap", DATE, "(c->year % 100 || !(c->year % 400))", "1"),
    ("weekday_off_by_one", DATE, "+ 6) % 7", "+ 5) % 7"),
    ("short_years_of_this_century", DATE, "date.year -= 100;", "break;"),
    ("day_31_in_any_month", DATE, "c->day <= length[c->month] +", "c->day <= 31 +"),
    ("hour_24", DATE, "c->hour <= 23", "c->hour <= 24"),
    ("old_second", DATE, "clock->second != now || ", ""),

    # conditions
    ("strong_takes_weak", CONDITIONAL, "a.length && !is_weak(a) && http_text_equal(a, b)", "a.length && http_text_equal(a, b)"),
    ("weak_is_strong", CONDITIONAL, "http_text_equal(opaque(a), opaque(b))", "http_text_equal(a, b)"),
    ("date_beats_tag", CONDITIONAL, "if (r->first[HTTP_FIELD_IF_NONE_MATCH])", "if (r->first[HTTP_FIELD_IF_NONE_MATCH] && !r->first[HTTP_FIELD_IF_MODIFIED_SINCE])"),
    ("unmodified_beats_match", CONDITIONAL, "if (r->first[HTTP_FIELD_IF_MATCH])", "if (r->first[HTTP_FIELD_IF_MATCH] && !r->first[HTTP_FIELD_IF_UNMODIFIED_SINCE])"),
    ("not_modified_for_put", CONDITIONAL, "return reads ? HTTP_NOT_MODIFIED : HTTP_PRECONDITION_FAILED;", "return HTTP_NOT_MODIFIED;"),
    ("modified_since_for_post", CONDITIONAL, "if (reads && rep->exists && rep->has_modified", "if (rep->exists && rep->has_modified"),
    ("modified_in_that_second", CONDITIONAL, "return rep->modified > time;", "return rep->modified >= time;"),
    ("news_before_touch", CONDITIONAL, "\tif (!may_touch(r, head, now, rep))\n\t\treturn HTTP_PRECONDITION_FAILED;\n\tif (!is_news", "\tif (!is_news(r, head, now, reads, rep))\n\t\treturn HTTP_NOT_MODIFIED;\n\tif (!may_touch(r, head, now, rep))\n\t\treturn HTTP_PRECONDITION_FAILED;\n\tif (!is_news"),
    ("if_range_by_a_later_date", CONDITIONAL, "time == rep->modified;", "time >= rep->modified;"),
    ("if_range_by_a_weak_date", CONDITIONAL, "rep->has_modified && rep->modified_strong &&", "rep->has_modified &&"),
    ("only_the_first_line_of_tags", CONDITIONAL, "field = http_request_next(r, field)", "field = NULL"),
    ("star_for_nothing", CONDITIONAL, "\tif (!rep->exists)\n\t\treturn false;\n", ""),

    # ranges
    ("suffix_is_a_start", RANGE, "suffix < length ? length - suffix : 0", "suffix < length ? suffix : 0"),
    ("last_beyond_the_end", RANGE, "\tif (range->last >= length)\n\t\trange->last = length - 1;\n", ""),
    ("first_beyond_the_end", RANGE, "if (range->first >= length)", "if (range->first > length)"),
    ("backward_ranges", RANGE, "|| range->last < range->first)", ")"),
    ("endless_ranges", RANGE, "++specs > HTTP_RANGES_MOST", "++specs > 10 * HTTP_RANGES_MOST"),
    ("overlaps_are_sent_twice", RANGE, "*count = coalesce(ranges, *count);", ";"),
    ("merged_ranges_do_not_reach_on", RANGE, "\t\t\tj = i;\n", "\t\t\tj--;\n"),
    ("unsatisfiable_is_ignored", RANGE, "return HTTP_RANGE_UNSATISFIABLE;", "return HTTP_RANGE_NONE;"),

    # responses
    ("buffer_overrun", RESPONSE, "text.length > (size_t)(w->end - w->at)", "text.length > (size_t)(w->end - w->at) + 1"),
    ("half_a_head", RESPONSE, "\t\tw->failed = true;\n\t\treturn;\n\t}\n\tif (text.length)", "\t\treturn;\n\t}\n\tif (text.length)"),
    ("values_with_lines_of_their_own", RESPONSE, "if (http_span(value, HTTP_VALUE_CHAR) != value.length) {", "if (0) {"),
    ("content_for_head", RESPONSE, "reply->status == 304 ||\n\t    reply->method == HTTP_HEAD)", "reply->status == 304)"),
    ("length_for_204", RESPONSE, "reply->status >= 200 && reply->status != 204 &&", "reply->status >= 200 &&"),
    ("chunks_for_304", RESPONSE, "reply->status == 204 || reply->status == 304 ||\n\t    reply", "reply->status == 204 ||\n\t    reply"),
    ("chunks_for_1_0", RESPONSE, "reply->minor ? HTTP_FRAME_CHUNKED : HTTP_FRAME_CLOSE", "HTTP_FRAME_CHUNKED"),
    ("open_after_the_content_without_end", RESPONSE, "\t\treply->keep_alive = false;\n", "\t\t;\n"),
    ("prepared_date_is_old", RESPONSE, "\tmemcpy(start + p->date_at, date, HTTP_DATE_LENGTH);\n", ""),
    ("refusal_stays_open", RESPONSE, "\t\t.length = why.length + 1,\n", "\t\t.length = why.length + 1,\n\t\t.keep_alive = true,\n"),

    # parameters
    ("first_of_two_numbers", PARAMETERS, "found == HTTP_FOUND || ", ""),
    ("number_above_the_most", PARAMETERS, " || n > most)", ")"),
    ("first_of_two_cookies", PARAMETERS, "if (found && !http_text_equal(parameter.value, *value))", "if (found)\n\t\t\tcontinue;\n\t\tif (0)"),
    ("cookie_quotes_stay", PARAMETERS, "if (length >= 2 && value->at[0]", "if (0 && value->at[0]"),
    ("any_cookie_value", PARAMETERS, "return http_span(*value, HTTP_COOKIE_OCTET) == value->length;", "return true;"),
]

# SPDX-License-Identifier: GPL-2.0
"""Ways to break what reads images and Containerfiles that the unit tests must notice. See ../mutate.py.

Each is (name, file, text that occurs once, what to put in its place).
"""

TREE = "userland"

FILE = "container/image/build/containerfile.c"
STATEMENT = "container/image/build/statement.c"
WORDS = "container/image/build/words.c"
PATTERN = "container/image/build/pattern.c"
SNAPSHOT = "container/image/build/snapshot.c"
USER = "container/image/bundle/user.c"
SEEN = "container/image/layer/seen.c"
INROOT = "container/path/tree.c"
DIGEST = "container/image/digest.c"
PACKAGES = "container/image/base/packages.c"

MUTANTS = [
    # packages
    ("removed_packages_are_there", PACKAGES, 'else if (!strncmp(fields[0], "ii", 2))', "else"),
    ("nobody_provides", PACKAGES, "!ret && *at; at = skip(at, \", \")) {\n\t\tret = add_name(", "0; at = skip(at, \", \")) {\n\t\tret = add_name("),
    ("one_is_provided", PACKAGES, "\t\tret = add_name(packages, at, name_length(at), number);\n\t\tat += strcspn(at, \",\");", "\t\tret = add_name(packages, at, name_length(at), number);\n\t\tat += strlen(at);"),
    ("versions_are_names", PACKAGES, 'return strcspn(text, ":( \\t,|\\n");', 'return strcspn(text, ",|\\n");'),
    ("architectures_are_names", PACKAGES, 'return strcspn(text, ":( \\t,|\\n");', 'return strcspn(text, "( \\t,|\\n");'),
    ("beginnings_of_names", PACKAGES, "\t       !packages->names[low].name[length]; low++) {", "\t       1; low++) {"),
    ("provided_before_own", PACKAGES, "if (!strcmp(packages->at[package].name, packages->names[low].name))", "if (1)"),
    ("first_alternative_only", PACKAGES, "if (*at != '|')", "if (1)"),
    ("missing_is_no_matter", PACKAGES, "\tif (found == NOWHERE)\n\t\treturn error_set(err, ENOPKG, \"base: %s: depends", "\tif (found == NOWHERE)\n\t\treturn 0;\n\tif (0)\n\t\treturn error_set(err, ENOPKG, \"base: %s: depends"),
    ("one_dependency", PACKAGES, "\t\tret = take_one(c, at, who, err);\n\t\tat += strcspn(at, \",\");", "\t\tret = take_one(c, at, who, err);\n\t\tat += strlen(at);"),
    ("asked_alone", PACKAGES, "for (size_t i = 0; !ret && i < c.count; i++)\n\t\tret = take_depended(", "for (size_t i = 0; !ret && i < asked->count; i++)\n\t\tret = take_depended("),
    ("twice", PACKAGES, "c->is_in[package] = true;", "c->is_in[package] = c->count > 40;"),
    ("four_fields", PACKAGES, "if (!fields[4])", "if (0)"),
    # lines
    ("comments_are_lines", FILE, "if (from == to || *from == '#')\n\t\t\tcontinue;\n\t\tfrom", "if (from == to)\n\t\t\tcontinue;\n\t\tfrom"),
    ("empty_lines_end", FILE, "if (from == to || *from == '#')\n\t\t\tcontinue;\n\t\tfrom", "if (*from == '#')\n\t\t\tcontinue;\n\t\tfrom"),
    ("space_of_a_continued_line_goes", FILE, "from = first ? whole : from;", ""),
    ("the_last_line_names_it", FILE, "first = first ? first : r->line;", "first = r->line;"),
    ("escape_is_always_a_backslash", FILE, "more = to[-1] == r->file->escape;", "more = to[-1] == '\\\\';"),
    ("directives_anywhere", FILE, "if (!equals || end <= from || memchr(from, ' ', (size_t)(end - from)))\n\t\t\tbreak;", "if (!equals || end <= from)\n\t\t\tcontinue;"),
    ("any_escape", FILE, "if (to - equals != 1 || (*equals != '\\\\' && *equals != '`'))", "if (0)"),
    ("no_mark", FILE, "\t\tr.at += 3;", "\t\tr.at += 0;"),
    ("run_before_from", FILE, "if (!begun && r->file->at[r->file->count - 1].kind != INSTRUCTION_ARG)", "if (0)"),
    ("no_from", FILE, "if (!ret && !begun)", "if (0)"),
    ("lists_of_anything", FILE, "if (!json_object_is_type(item, json_type_string) ||", "if (0 ||"),
    ("nul_in_a_list", FILE, "strlen(json_object_get_string(item)) !=\n\t\t\t    (size_t)json_object_get_string_len(item))", "0)"),
    ("flags_anywhere", FILE, "while (at[0] == '-' && at[1] == '-') {", "while (at[0] == '-') {"),
    ("flags_by_their_beginning", FILE, "(!statement->flags[i][length] || statement->flags[i][length] == '='))", "1)"),
    ("onbuild_is_nothing", FILE, 'if (!strcmp(upper, "ONBUILD"))', "if (0)"),

    # statements
    ("any_flag", STATEMENT, "if (!is_listed(form->flags, s->flags[i], length))", "if (0)"),
    ("flags_without_value", STATEMENT, "if (s->flags[i][length] != '=' && ", "if (0 && "),
    ("flags_twice", STATEMENT, "for (size_t k = 0; k < i; k++)", "for (size_t k = 0; k < 0; k++)"),
    ("any_number_of_words", STATEMENT, "if (count < form->least || (form->most && count > form->most) ||", "if ((form->most && count > form->most) ||"),
    ("too_many_words", STATEMENT, "(form->most && count > form->most) ||", ""),
    ("empty_commands", STATEMENT, "(!list && !count && !form->least))", "0)"),
    ("shell_of_words", STATEMENT, "if (s->kind == INSTRUCTION_SHELL && !list)", "if (0)"),
    ("shifts_are_here_documents", STATEMENT, "if (at > text && at[-1] != ' ' && at[-1] != '\\t')\n\t\t\tcontinue;", ""),
    ("quoted_here_documents", STATEMENT, "word += *word == '\"' || *word == '\\'';", ""),
    ("from_without_as", STATEMENT, 'strncasecmp(second, "as", 2) != 0 || ', ""),
    ("as_is_a_beginning", STATEMENT, "!strchr(\" \\t\", second[2]) ||\n\t\t\t!second[2]", "!second[2]"),
    ("as_of_nothing", STATEMENT, " ||\n\t\t\t!second[2]))", "))"),
    ("none_with_flags", STATEMENT, "!*rest && !s->flag_count)", "!*rest)"),

    # words
    ("double_quotes_are_single", WORDS, "if (*e->at == '\\'' && !quoted) {", "if ((*e->at == '\\'' || *e->at == '\"') && !quoted) {"),
    ("single_quotes_within_double", WORDS, "if (*e->at == '\\'' && !quoted) {", "if (*e->at == '\\'') {"),
    ("quotes_escape_anything", WORDS, '(!quoted || strchr("\\"$", e->at[1]) || e->at[1] == e->escape)) {', "1) {"),
    ("open_quotes", WORDS, "if (!ret && quoted)", "if (0)"),
    ("empty_is_set", WORDS, "bool set = value && !(colon && !value[0]);", "bool set = value;"),
    ("unset_is_empty", WORDS, "bool set = value && !(colon && !value[0]);", "bool set = value && value[0];"),
    ("plus_gives_the_value", WORDS, "return kind == '+' ? 0 : put(", "return put("),
    ("question_is_nothing", WORDS, "if (kind == '?' && !set)", "if (0)"),
    ("braces_need_no_end", WORDS, "if (*e->at != '}')\n", "if (0)\n"),
    ("endless_depth", WORDS, "if (++e->depth > WORDS_DEPTH)", "if (++e->depth > 1000)"),
    ("names_begin_with_digits", WORDS, "(length && at[length] >= '0' && at[length] <= '9')", "(at[length] >= '0' && at[length] <= '9')"),
    ("single_quotes_are_escaped", WORDS, "if (quote == '\\'' && *at != '\\'')\n\t\t\tcontinue;", ""),
    ("spaces_in_quotes_split", WORDS, "*at && (quote || !strchr(\" \\t\\r\", *at))", "*at && !strchr(\" \\t\\r\", *at)"),
    ("one_octet_less", WORDS, "if (length > WORD_MOST - e->used)", "if (length >= WORD_MOST - e->used)"),

    # patterns
    ("star_takes_slashes", PATTERN, "reached[i + 1] || (reached[i] && path[i] != '/');", "reached[i + 1] || reached[i];"),
    ("star_takes_one", PATTERN, "for (size_t i = 0; i < length; i++)\n\t\treached[i + 1] = reached[i + 1]", "for (size_t i = length; i-- > 0;)\n\t\treached[i + 1] = reached[i + 1]"),
    ("question_takes_slashes", PATTERN, "if (!literal && *at == '?')\n\t\t\tfits = c != '/';", "if (!literal && *at == '?')\n\t\t\tfits = true;"),
    ("classes_take_slashes", PATTERN, "fits = c != '/' && class_has(at, end, c);", "fits = class_has(at, end, c);"),
    ("escapes_are_patterns", PATTERN, "bool literal = *pattern == '\\\\';", "bool literal = false;\n\n\t\tif (*pattern == '\\\\')\n\t\t\tend = ++pattern;"),
    ("two_stars_end_anywhere", PATTERN, "(any && (!slash || path[i - 1] == '/'))", "any"),
    ("two_stars_need_a_folder", PATTERN, "reached[i] = was || (any", "reached[i] = (any"),
    ("no_negation", PATTERN, "return found != not;", "return found;"),
    ("open_classes", PATTERN, "return *at == ']' ? at : NULL;", "return at;"),
    ("a_prefix_is_enough", PATTERN, "return reached[length];", "return memchr(reached, 1, length + 1);"),
    ("folders_ignore_nothing_below", PATTERN, "\t\tif (!slash)\n\t\t\treturn false;\n\t\t*slash = '\\0';", "\t\treturn slash && false;"),
    ("the_first_rule_says", PATTERN, "if (ignore->except[i] == has && ", "if (!has && !ignore->except[i] && "),
    ("dots_stay", PATTERN, "while (out > rule && *--out != '/')\n\t\t\t\t;", ";"),
    ("lines_are_not_counted", PATTERN, "at < end; line++) {", "at < end;) {"),

    # order
    ("slash_is_an_octet", SNAPSHOT, "x = *a == '/' ? 1 : *a", "x = *a"),
    ("octets_are_signed", SNAPSHOT, "*a ? (unsigned char)*a + 1 : 0", "*a ? *a + 1 : 0"),

    # names
    ("numbers_are_names", USER, "(numeric ? number != uid : strcmp(fields[0], name) != 0)", "strcmp(fields[0], name) != 0"),
    ("nobody_is_everybody", USER, "return value < UINT32_MAX;", "return true;"),
    ("no_other_groups", USER, "\t\tif (found[0])\n\t\t\tfind_memberships(group, found, user);", ""),
    ("the_first_group_twice", USER, "\t\t    gid != user->gid && has_member", "\t\t    has_member"),
    ("unknown_users_are_root", USER, "if (!find_passwd(passwd, name, uid, numeric, user, found) && !numeric)", "if (find_passwd(passwd, name, uid, numeric, user, found) && 0)"),
    ("folders_are_one", SEEN, "for (size_t i = 0; i < 8; i++)", "for (size_t i = 0; i < 0; i++)"),
    ("growing_forgets", SEEN, "*place_of(at, room, seen->at[i]) = seen->at[i];", ";"),
    ("dots_lead_up", INROOT, "\t\tif (GUARD(DOTS) && length == 2 && path[0] == '.' && path[1] == '.')\n\t\t\treturn -EINVAL;", ""),
    ("names_of_any_length", INROOT, "if (length > NAME_MAX || used + length + 2 > size)", "if (length > NAME_MAX || used + length + 2 > size + 8)"),
    ("hex_is_enough_if_long", DIGEST, "length != DIGEST_HEX - 1", "length < DIGEST_HEX - 1"),
]

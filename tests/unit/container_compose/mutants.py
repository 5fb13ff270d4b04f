# SPDX-License-Identifier: GPL-2.0
"""Ways to break the reading of compose and env files that their unit tests must notice. See ../mutate.py."""

TREE = "userland"

ENV = "container/compose/env.c"
FILE = "container/compose/file.c"
MOUNTS = "container/compose/mounts.c"
PLAN = "container/compose/plan.c"
SERVICE = "container/compose/service.c"
VALUE = "container/compose/value.c"

MUTANTS = [
    # variables
    ("empty_counts", VALUE, "set = value && (*value || !colon);", "set = !!value;"),
    ("colon_is_lost", VALUE, "colon = name < whole && text[name] == ':';", "colon = false;"),
    ("plus_is_minus", VALUE, "set == (operator == '+')", "!set"),
    ("first_brace_closes", VALUE, "open += text[++i] == '{';", "++i;"),
    ("dollars_open", VALUE, "(text[i + 1] == '$' || text[i + 1] == '{')", "text[i + 1] == '{'"),
    ("no_depth", VALUE, "if (depth > VARIABLE_DEPTH)", "if (depth > 1000)"),
    ("depth_less", VALUE, "if (depth > VARIABLE_DEPTH)", "if (depth >= VARIABLE_DEPTH)"),
    ("question_passes", VALUE, "operator == '?' && !set", "0"),
    ("variables_first_of_the_file", VALUE, "const char *value = v->variable(name);", "const char *value = NULL;"),
    ("first_of_two_counts", VALUE, "i-- > 0;)\n\t\tif (!strncmp(v->more", "i-- > 0;)\n\t\tif (i == 0 && !strncmp(v->more"),
    ("a_name_stays_alone", VALUE, "value = value ?: look_up(v, name);", ""),
    ("operator_any", VALUE, "(!operator || !strchr(\"-+?\", operator))", "!operator"),
    # env files
    ("comment_within_a_word", ENV, "(!i || from[i - 1] == ' ' || from[i - 1] == '\\t')", "1"),
    ("blanks_stay", ENV, "while (i && (from[i - 1] == ' '", "while (0 && (from[i - 1] == ' '"),
    ("single_quotes_escape", ENV, "quote == '\"' && *s->at == '\\\\'", "*s->at == '\\\\'"),
    ("single_quotes_expand", ENV, "!place.text || quote == '\\''", "!place.text"),
    ("escaped_dollar_expands", ENV, "if (escape && *escape == '$')", "if (0)"),
    ("lines_in_quotes_are_not_counted", ENV, "if (*s->at == '\\n') {", "if (0) {"),
    ("what_follows_a_quote", ENV, "if (quote && !s->v.failed)\n\t\tend_line(s);", ""),
    ("digit_first", ENV, "!length || (*s->at >= '0' && *s->at <= '9')", "!length"),
    ("nul", ENV, "if (memchr(text, '\\0', length))", "if (0)"),
    ("exported", ENV, "strchr(\" \\t\", s->at[6]) && s->at[6]", "s->at[6] != '='"),
    # services
    ("secret_default_mode", "container/compose/file.h", "COMPOSE_SECRET_MODE	0444", "COMPOSE_SECRET_MODE	0400"),
    ("secret_mode_decimal", MOUNTS, "mode * 8", "mode * 10"),
    ("secret_mode_without_0", MOUNTS, "if (text[0] == '0' && *digits", "if (*digits"),
    ("secret_absolute", MOUNTS, "target[0] == '/' ? target :", "0 ? target :"),
    ("secret_twice", MOUNTS, "if (!strcmp(s->grants[k].target, s->grants[i].target))", "if (0)"),
    ("bind_without_slash", MOUNTS, "source[0] == '/' || source[0] == '.' ? \"\" : \"./\"", "\"\""),
    ("bind_is_made", MOUNTS, "if (bind && value_bool_of(v, bind, \"create_host_path\"))", "if (0)"),
    ("volume_with_a_slash", MOUNTS, "!source || source[0] == '.' || strchr(source, '/')", "!source"),
    ("tmpfs_with_a_source", MOUNTS, "if (yaml_find(map, \"source\") || value_bool_of", "if (value_bool_of"),
    ("colon_in_a_path", MOUNTS, "!*text || strchr(text, ':')", "!*text"),
    ("port_without_published", SERVICE, "if (!inside || !outside)", "if (!inside)"),
    ("port_protocol", SERVICE, "protocol ? \"/\" : \"\", protocol ? protocol : \"\");", "\"\", \"\");"),
    ("port_mode", SERVICE, "strcmp(mode, \"host\") != 0 && strcmp(mode, \"ingress\") != 0", "0"),
    ("env_file_always_required", SERVICE, "f->required = value_bool_of(v, item, \"required\");", ";"),
    ("log_driver", SERVICE, "if (i == 3)", "if (0)"),
    ("log_words", SERVICE, "if (run_read_log(s->log.at[i], &ignored, &why))", "if (0)"),
    ("empty_command", SERVICE, "!s->command.count && !s->has_entrypoint)", "0)"),
    # the file
    ("profile_of_all", FILE, "wanted = !strcmp(profiles->at[i], \"*\");", "wanted = false;"),
    ("no_profile_is_unwanted", FILE, "bool wanted = !s->profiles.count;", "bool wanted = false;"),
    ("last_profile_only", FILE, "wanted = !strcmp(profiles->at[i], s->profiles.at[k]);",
     "wanted = k + 1 == s->profiles.count && !strcmp(profiles->at[i], s->profiles.at[k]);"),
    ("needs_of_another_profile", FILE, "if (need->required)\n", "if (0)\n"),
    ("absent_is_an_error", FILE, "need->index == file->service_count && !need->required", "0"),
    ("secret_unknown", FILE, "if (grant->index == file->secret_count)", "if (0)"),
    ("secret_name", FILE, "if (!compose_is_label(s->name))", "if (0)"),
    ("env_replaces", FILE, "memcpy(both + env->count, words->at", "memcpy(both, words->at"),
    ("file_env_counts_more", PLAN, "add_each(&c, \"-e\", &s->file_env);\n\tadd_each(&c, \"-e\", &s->env);",
     "add_each(&c, \"-e\", &s->env);\n\tadd_each(&c, \"-e\", &s->file_env);"),
    ("secret_version", PLAN, ".version ?: \"\"", ".version ? \"\" : \"\""),
    ("secret_folder", PLAN, "path[0] == '/' ? \"\" : folder,", "folder,"),
    ("empty_entrypoint", PLAN, "s->has_entrypoint ? \"\" : NULL", "NULL"),
    ("log_is_lost", PLAN, "add_each(&c, \"--log-opt\", &s->log);", ""),
]

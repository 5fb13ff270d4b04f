"""Ways to do the lab wrong, by step. The grader must take points for that step and for no other.

Each is (name, step, file, text that occurs once in the reference, what to put in its place).
"""

BOX = "labs/06-containers/box"
SPAWN = f"{BOX}/spawn.c"
ROOT = f"{BOX}/root.c"
LIMITS = f"{BOX}/limits.c"
CAPS = f"{BOX}/caps.c"
FILTER = f"{BOX}/filter.c"
LAYERS = f"{BOX}/layers.c"
WIRE = f"{BOX}/wire.c"
ANSWERS = "labs/06-containers/answers.toml"

MUTANTS = [
    ("no_user_namespace", 1, SPAWN, "CLONE_NEWUSER | CLONE_NEWNS", "CLONE_NEWNS"),
    ("no_ipc_namespace", 1, SPAWN, "\t\t\t\t    CLONE_NEWIPC | CLONE_NEWNET;", "\t\t\t\t    CLONE_NEWNET;"),
    ("no_process_namespace", 1, SPAWN, " | CLONE_NEWPID | ", " | "),
    ("mapped_the_wrong_way_round", 1, SPAWN, '"0 %u %u\\n", ids.base, ids.count', '"%u 0 %u\\n", ids.base, ids.count'),
    ("only_root_is_mapped", 1, SPAWN, 'snprintf(line, size, "0 %u %u\\n", ids.base, ids.count);',
     'snprintf(line, size, "0 %u 1\\n", ids.base);'),
    ("groups_are_not_mapped", 1, SPAWN, 'return write_of(pid, "gid_map", groups);', "return groups[0] == 1;"),
    ("root_is_nobody", 1, SPAWN, "if (setresgid(0, 0, 0) || setresuid(0, 0, 0))", "if (0)"),
    ("root_is_in_the_groups_of_somebody", 1, SPAWN, "setresgid(0, 0, 0) || ", ""),
    ("no_name", 1, SPAWN, "if (sethostname(box->name, strlen(box->name)))", "if (0)"),
    ("no_cgroup_namespace", 1, SPAWN, "if (unshare(CLONE_NEWCGROUP))", "if (0)"),
    ("zombies", 1, SPAWN, "pid_t pid = wait(&status);", "pid_t pid = waitpid(command, &status, 0);"),
    ("waits_for_all", 1, SPAWN, "\t\t/* the kernel ends the others with process 1 */\n\t\treturn result;\n", ""),
    ("signals_are_forgotten", 1, SPAWN, "WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status)",
     "WEXITSTATUS(status)"),
    ("ends_with_anybody", 1, SPAWN, "\t\tif (pid != command)\n\t\t\tcontinue;\n", ""),

    ("chroot_is_not_enough", 2, ROOT, '\tif (syscall(SYS_pivot_root, ".", "."))\n\t\treturn trouble(errno, "cannot change the root");\n'
     '\tif (umount2(".", MNT_DETACH))\n\t\treturn trouble(errno, "cannot let the old root go");\n',
     '\tif (chroot("."))\n\t\treturn trouble(errno, "cannot change the root");\n'),
    ("old_root_stays", 2, ROOT, 'if (umount2(".", MNT_DETACH))', "if (0)"),
    ("no_proc", 2, ROOT, 'if (mount("proc", to, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))', "if (0)"),
    ("proc_may_be_executed", 2, ROOT, "MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL", "MS_NOSUID | MS_NODEV, NULL"),
    ("proc_of_who_started_it", 2, ROOT, 'mount("proc", to, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL)',
     'mount("/proc", to, NULL, MS_BIND | MS_REC, NULL)'),
    ("mounts_are_slaves", 2, ROOT, "MS_REC | MS_PRIVATE", "MS_REC | MS_SLAVE"),
    ("only_the_root_is_private", 2, ROOT, "MS_REC | MS_PRIVATE", "MS_PRIVATE"),
    ("descriptors_stay_open", 2, ROOT, "if (close_range(STDERR_FILENO + 1, ~0U, 0))", "if (0)"),
    ("descriptors_are_closed_up_to_six", 2, ROOT, "close_range(STDERR_FILENO + 1, ~0U, 0)", "close_range(STDERR_FILENO + 1, 6, 0)"),

    ("memory_in_kib", 3, LIMITS, '"%" PRIu64 "\\n", limits->memory', '"%" PRIu64 "\\n", limits->memory >> 10'),
    ("swap_without_end", 3, LIMITS, 'snprintf(text, size, "0\\n");', "*text = '\\0';"),
    ("cpu_is_a_fraction_of_all", 3, LIMITS, "(uint64_t)limits->cpu_percent * PERIOD / 100", "(uint64_t)limits->cpu_percent * PERIOD / 200"),
    ("cpu_without_a_period", 3, LIMITS, '(uint64_t)limits->cpu_percent * PERIOD / 100, PERIOD', '(uint64_t)limits->cpu_percent, 100'),
    ("weight_is_a_limit", 3, LIMITS, '!strcmp(file, "cpu.weight") && limits->weight)', '!strcmp(file, "cpu.weight"))'),
    ("nobody_enters", 3, LIMITS, "int err = write_file(path, text);", "int err = 0;"),
    ("who_started_it_enters", 3, LIMITS, "int err = write_file(path, text);", 'int err = write_file(path, "0");'),
    ("cgroups_stay", 3, LIMITS, "if (!rmdir(path) || errno == ENOENT)", "if (1)"),

    ("high_capabilities_are_lost", 4, CAPS, "words[1] = (uint32_t)(keep >> 32);", "words[1] = 0;"),
    ("bounding_set_stays", 4, CAPS, "if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))", "if (0)"),
    ("bounding_set_up_to_31", 4, CAPS, "prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++", "cap < 32; cap++"),
    ("bounding_set_the_wrong_way_round", 4, CAPS, "if (cap < 64 && keep >> cap & 1)", "if (cap != 8 && !(keep >> cap & 1))"),
    ("own_sets_stay", 4, CAPS, "if (syscall(SYS_capset, &header, data))", "if (0)"),
    ("inheritable_too", 4, CAPS, "\t\tdata[i].permitted = words[i];\n",
     "\t\tdata[i].permitted = words[i];\n\t\tdata[i].inheritable = words[i];\n"),
    ("new_privileges", 4, CAPS, "if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))", "if (0)"),

    ("any_architecture", 5, FILTER, "IF_EQUAL(AUDIT_ARCH_X86_64, 1, 0)", "IF_EQUAL(AUDIT_ARCH_X86_64, 1, 1)"),
    ("x32_passes", 5, FILTER, "IF_LEAST(X32_BIT, 0, 1)", "IF_LEAST(X32_BIT, 1, 1)"),
    ("x32_is_refused", 5, FILTER, "\tcode[n++] = IF_LEAST(X32_BIT, 0, 1);\n\tcode[n++] = RETURN(SECCOMP_RET_KILL_PROCESS);",
     "\tcode[n++] = IF_LEAST(X32_BIT, 0, 1);\n\tcode[n++] = RETURN(SECCOMP_RET_ERRNO | 1);"),
    ("upper_half_is_ignored", 5, FILTER, "IF_EQUAL((uint32_t)(rule->value >> 32), 0, 1)", "IF_EQUAL((uint32_t)(rule->value >> 32), 0, 0)"),
    ("mask_is_ignored", 5, FILTER, "code[n++] = MASK((uint32_t)rule->mask);", "code[n++] = MASK(~0U);"),
    ("halves_are_exchanged", 5, FILTER, "+ 8 * (uint32_t)rule->argument;", "+ 8 * (uint32_t)(rule->argument ^ 1);"),
    ("number_is_not_loaded_again", 5, FILTER, "\tcode[n++] = RETURN(rule->verdict);\n\tcode[n++] = LOAD(offsetof(struct seccomp_data, nr));\n",
     "\tcode[n++] = RETURN(rule->verdict);\n\tcode[n++] = LOAD(at);\n"),
    ("jumps_one_too_far", 5, FILTER, "IF_EQUAL(rule->number, 0, 8)", "IF_EQUAL(rule->number, 0, 9)"),
    ("filter_is_not_installed", 5, FILTER, "if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0))", "if (0)"),

    ("whiteouts_are_files", 6, LAYERS, 'if (strncmp(name, ".wh.", 4))', 'if (1)'),
    ("opaque_is_a_whiteout", 6, LAYERS, '\tif (!strcmp(name, ".wh..wh..opq"))\n\t\treturn LAYER_OPAQUE;\n', ""),
    ("whiteout_of_the_folder_above", 6, LAYERS, '|| !strcmp(name, "..") || ', "|| "),
    ("lowest_layer_on_top", 6, LAYERS, "append(text, size, &length, layers->names[i - 1], \"\", \"\")",
     "append(text, size, &length, layers->names[layers->count - i], \"\", \"\")"),
    ("no_user_attributes", 6, LAYERS, 'append(text, size, &length, ",userxattr", "", "")', "true"),
    ("opaque_for_the_machines_root_only", 6, LAYERS, '"user.overlay.opaque"', '"trusted.overlay.opaque"'),
    ("nothing_is_opaque", 6, LAYERS, 'return fsetxattr(at, "user.overlay.opaque", "y", 1, 0) ? -errno : 0;', "return at < 0;"),
    ("whiteout_is_an_empty_file", 6, LAYERS, "S_IFCHR, makedev(0, 0)", "S_IFREG, 0"),
    ("whiteout_removes_its_own_layers_folder", 6, LAYERS, "\terr = layer_opaque(fd);\n", "\terr = 0;\n"),
    ("whiteout_of_what_is_there_fails", 6, LAYERS, "\tif (errno != EEXIST)\n\t\treturn -errno;\n", "\treturn -errno;\n"),

    ("pair_without_an_address", 7, WIRE, "\tif (!err)\n\t\terr = netlink_address(nl, outside, octets(box->wire.outside), box->wire.prefix);\n", ""),
    ("pair_is_off", 7, WIRE, "\tif (!err)\n\t\terr = netlink_up(nl, outside);\n", ""),
    ("inside_has_the_outer_address", 7, WIRE, "netlink_address(nl, INSIDE, octets(box->wire.inside), box->wire.prefix)",
     "netlink_address(nl, INSIDE, octets(box->wire.outside), box->wire.prefix)"),
    ("loopback_is_off", 7, WIRE, 'err = netlink_up(nl, "lo");', "err = 0;"),
    ("no_way_out", 7, WIRE, "err = netlink_route(nl, octets(box->wire.outside));", "err = 0;"),
    ("both_ends_outside", 7, WIRE, "netlink_add_pair(nl, outside, INSIDE, pid)", "netlink_add_pair(nl, outside, INSIDE, getpid())"),

    ("measured_for_nobody", 8, ANSWERS, 'student = "reference"', 'student = ""'),
    ("measured_for_somebody_else", 8, ANSWERS, 'student = "reference"', 'student = "somebody else"'),
    ("measured_without_a_prediction", 8, ANSWERS, "\npredicted = ", "\n# predicted = "),
    ("process_1_is_forgotten", 8, ANSWERS, "\nforks = 43", "\nforks = 44"),
    ("namespaces_cost_nothing", 8, ANSWERS, "net = 546.9", "net = 90.0"),
    ("rules_cost_nothing", 8, ANSWERS, "argument = 552.1", "argument = 166.0"),
    ("first_write_is_like_the_second", 8, ANSWERS, "\nwrite = { first = 47286.1", "\nwrite = { first = 12.0"),
    ("the_wrong_cause", 8, ANSWERS, '\nwhy_net = "devices"', '\nwhy_net = "copying"'),
    ("answers_are_not_toml", 8, ANSWERS, "\nwrite = ", "\nwrite: "),
]

"""Ways to do the lab wrong, by step. The grader must take points for that step and for no other.

Each is (name, step, file, text that occurs once in the reference, what to put in its place).
"""

GWALK = "kmod/shadowpt/core/gwalk.c"
SHADOW = "kmod/shadowpt/core/shadow.c"
TRAP = "kmod/shadowpt/core/trap.c"
VTLB = "kmod/shadowpt/core/vtlb.c"

MUTANTS = [
    ("walk_counts_the_last_level_only", 1, GWALK, "access &= gpte_access(gpte);", "access = gpte_access(gpte);"),
    ("walk_ignores_reserved_bits", 1, GWALK, "if (gpte_reserved(cpu, nxe, gpte, level)) {", "if (0) {"),
    ("walk_reports_reserved_without_p", 1, GWALK, "PF_PRESENT | PF_RSVD", "PF_RSVD"),
    ("walk_takes_an_absent_leaf", 1, GWALK, "if (!(gpte & PT_PRESENT)) {", "if (!(gpte & PT_PRESENT) && level > 1) {"),
    ("walk_forgets_the_path", 1, GWALK, "walk->path[level] = access;", "walk->path[level] = ACC_ALL;"),
    ("walk_trusts_that_a_table_is_memory", 1, GWALK, "if (!frame) {", "if (0) {"),
    ("walk_counts_levels_from_the_wrong_end", 1, GWALK, "READ_ONCE(((u64 *)frame->kva)[spt_index(gva, level)]);",
     "READ_ONCE(((u64 *)frame->kva)[spt_index(gva, 5 - level)]);"),

    ("spte_writable_while_clean", 2, SHADOW, "else if (!(gpte & PT_DIRTY))\n\t\t\tspte |= SPTE_WP_DIRTY;\n", ""),
    ("spte_lets_tables_be_written", 2, SHADOW, "if (frame->shadowed && !frame->unsync)\n\t\t\tspte |= SPTE_WP_TRAP;\n"
     "\t\telse if", "if"),
    ("spte_traps_unsync_tables", 2, SHADOW, "if (frame->shadowed && !frame->unsync)\n\t\t\tspte |=",
     "if (frame->shadowed)\n\t\t\tspte |="),
    ("spte_never_nx", 2, SHADOW, "if (!(access & ACC_EXEC))\n\t\tspte |= PT_NX;\n", ""),
    ("spte_always_user", 2, SHADOW, "if (access & ACC_USER)\n\t\tspte |= PT_USER;", "spte |= PT_USER;"),
    ("spte_global_in_hardware", 2, SHADOW, "spte |= SPTE_GLOBAL;", "spte |= PT_GLOBAL;"),

    ("rights_without_nx", 3, GWALK, "if (!(gpte & PT_NX))\n\t\taccess |= ACC_EXEC;", "access |= ACC_EXEC;"),
    ("rights_ignore_wp_clear", 3, GWALK, "!(access & ACC_WRITE) && (cpu->cr0 & CR0_WP_BIT)", "!(access & ACC_WRITE)"),
    ("rights_let_the_user_write", 3, GWALK, "(!(want & PF_WRITE) || (access & ACC_WRITE))", "1"),
    ("rights_without_smep", 3, GWALK, "if ((want & PF_FETCH) && (cpu->cr4 & CR4_SMEP_BIT))", "if (0)"),
    ("rights_smap_forbids_fetches", 3, GWALK, "!(want & (PF_FETCH | PF_SMAP_OK))", "!(want & PF_SMAP_OK)"),
    ("rights_smap_in_spite_of_ac", 3, GWALK, "!(want & (PF_FETCH | PF_SMAP_OK))", "!(want & PF_FETCH)"),

    ("large_no_1g_pages", 4, GWALK, "if (level == 2 || level == 3)", "if (level == 2)"),
    ("large_pat_taken_for_ps", 4, GWALK, "if (level == 2 || level == 3)\n\t\treturn gpte & PT_PS;",
     "if (gpte & PT_PS)\n\t\treturn true;"),
    ("large_piece_is_a_table", 4, SHADOW, "role->direct = 1;", "role->direct = 0;"),
    ("large_forgets_clean", 4, SHADOW, "role->clean = !(walk->entry[walk->level] & PT_DIRTY);\n", ""),
    ("large_forgets_rights", 4, SHADOW, "role->access = walk->access;", "role->access = ACC_ALL;"),
    ("large_splits_at_the_wrong_frame", 4, SHADOW, "(walk->gpa >> SPT_PAGE_SHIFT) & ~(spt_level_frames(level) - 1)",
     "walk->gpa >> SPT_PAGE_SHIFT"),

    ("invlpg_does_nothing", 5, VTLB, "i = spt_index(gva, 1);\n\tspte_write(cpu->mmu, sp, i, 0, NULL);", "i = 0;"),
    ("invlpg_forgets_too_much", 5, VTLB, "\ti = spt_index(gva, 1);\n\tspte_write(cpu->mmu, sp, i, 0, NULL);",
     "\tfor (i = 0; i < SPT_ENTRIES; i++)\n\t\tspte_write(cpu->mmu, sp, i, 0, NULL);"),
    ("invlpg_one_piece_of_a_large_page", 5, VTLB, "if (spte_child(spte)->large) {", "if (0) {"),
    ("invlpg_owes_no_flush", 5, VTLB, "i = spt_index(gva, 1);\n\tspte_write(cpu->mmu, sp, i, 0, NULL);",
     "i = spt_index(gva, 1);\n\tsp->spte[i] = 0;"),
    ("invlpg_without_a_root", 5, VTLB, "if (!sp)\n\t\treturn;\n\tfor (level", "for (level"),

    ("trap_drops_every_leaf", 6, TRAP, "return spte_make_leaf(*frame, gpte, sp->role.access & gpte_access(gpte)) & "
     "~PT_ACCESSED;", "return 0;"),
    ("trap_ignores_accessed", 6, TRAP, "if (!(gpte & PT_PRESENT) || !(gpte & PT_ACCESSED))\n\t\treturn 0;",
     "if (!(gpte & PT_PRESENT))\n\t\treturn 0;"),
    ("trap_ignores_present", 6, TRAP, "if (!(gpte & PT_PRESENT) || !(gpte & PT_ACCESSED))\n\t\treturn 0;",
     "if (!(gpte & PT_ACCESSED))\n\t\treturn 0;"),
    ("trap_ignores_reserved_bits", 6, TRAP, "if (gpte_reserved(cpu, sp->role.nxe, gpte, 1))\n\t\treturn 0;\n", ""),
    ("trap_forgets_the_path", 6, TRAP, "sp->role.access & gpte_access(gpte)) & ~PT_ACCESSED",
     "gpte_access(gpte)) & ~PT_ACCESSED"),
    ("trap_leaves_the_frame_unset", 6, TRAP, "if (!*frame)\n\t\treturn 0;",
     "if (!*frame)\n\t\treturn 0;\n\tif (gpte & PT_DIRTY)\n\t\t*frame = NULL;"),
]

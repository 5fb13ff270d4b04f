# SPDX-License-Identifier: GPL-2.0
"""Ways to break shadowpt's core that the unit tests must notice. See ../mutate.py.

Each is (name, file, text that occurs once, what to put in its place).
"""

GWALK = "shadowpt/core/gwalk.c"
SHADOW = "shadowpt/core/shadow.c"
TRAP = "shadowpt/core/trap.c"
VTLB = "shadowpt/core/vtlb.c"
MEMORY = "shadowpt/core/memory.c"
DECODE = "shadowpt/core/decode.c"
EMULATE = "shadowpt/core/emulate.c"

MUTANTS = [
    # the guest walk
    ("walk_ignores_nx", GWALK, "if (!(gpte & PT_NX))", "if (1)"),
    ("walk_nx_never_reserved", GWALK, "if (!nxe)\n\t\tmask |= PT_NX;", "(void)nxe;"),
    ("walk_rights_of_the_last_level_only", GWALK, "access &= gpte_access(gpte);", "access = gpte_access(gpte);"),
    ("walk_wp_ignored", GWALK, "!(access & ACC_WRITE) && (cpu->cr0 & CR0_WP_BIT)", "!(access & ACC_WRITE)"),
    ("walk_no_smep", GWALK, "if ((want & PF_FETCH) && (cpu->cr4 & CR4_SMEP_BIT))", "if (0)"),
    ("walk_smap_also_for_fetches", GWALK, "!(want & (PF_FETCH | PF_SMAP_OK))", "!(want & PF_SMAP_OK)"),
    ("walk_smap_without_ac", GWALK, "!(want & (PF_FETCH | PF_SMAP_OK))", "!(want & PF_FETCH)"),
    ("walk_user_write_needs_no_w", GWALK, "(!(want & PF_WRITE) || (access & ACC_WRITE))", "1"),
    ("walk_fetch_bit_always", GWALK, "if ((cpu->efer & EFER_NXE_BIT) || (cpu->cr4 & CR4_SMEP_BIT))", "if (1)"),
    ("walk_fetch_bit_with_nxe_only", GWALK, "if ((cpu->efer & EFER_NXE_BIT) || (cpu->cr4 & CR4_SMEP_BIT))", "if (cpu->efer & EFER_NXE_BIT)"),
    ("walk_rsvd_without_p", GWALK, "PF_PRESENT | PF_RSVD", "PF_RSVD"),
    ("walk_rsvd_ignores_address_width", GWALK, "if (cpu->maxphyaddr < 52)", "if (0)"),
    ("walk_pml4_global_allowed", GWALK, "mask |= PT_PS | PT_GLOBAL;", "mask |= PT_PS;"),
    ("walk_1g_allowed_without_gbpages", GWALK, "level == 3 && !cpu->gbpages", "level == 3 && 0"),
    ("walk_2m_low_bits_allowed", GWALK, "GENMASK_ULL(20, 13)", "0"),
    ("walk_2m_pat_reserved", GWALK, "GENMASK_ULL(20, 13)", "GENMASK_ULL(20, 12)"),
    ("walk_1g_low_bits_allowed", GWALK, "GENMASK_ULL(29, 13)", "GENMASK_ULL(20, 13)"),
    ("walk_pat_in_the_address", GWALK, "walk->gpa = (gpte & PT_ADDR) & ~((spt_level_frames(level) << SPT_PAGE_SHIFT) - 1);", "walk->gpa = gpte & PT_ADDR;"),
    ("walk_large_offset_of_4k", GWALK, "walk->gpa |= gva & ((spt_level_frames(level) << SPT_PAGE_SHIFT) - 1);", "walk->gpa |= gva & (SPT_PAGE_SIZE - 1);"),
    ("walk_a_only_in_the_leaf", GWALK, "for (level = SPT_ROOT_LEVEL; level >= walk->level; level--) {\n\t\tstruct spt_frame *frame = spt_frame(cpu->mmu, walk->table[level]);", "for (level = walk->level; level >= walk->level; level--) {\n\t\tstruct spt_frame *frame = spt_frame(cpu->mmu, walk->table[level]);"),
    ("walk_d_at_every_level", GWALK, "if (level == walk->level && (want & PF_WRITE))", "if (want & PF_WRITE)"),
    ("walk_d_on_reads_too", GWALK, "if (level == walk->level && (want & PF_WRITE))", "if (level == walk->level)"),
    ("walk_never_sets_d", GWALK, "new |= PT_DIRTY;", ";"),
    ("walk_marks_before_the_rights_check", GWALK, "walk->access = access;\n", "walk->access = access;\n\tmark_used(cpu, walk, want);\n"),
    ("walk_loses_the_race", GWALK, "if (!mark_used(cpu, walk, want))\n\t\treturn -EAGAIN;", "mark_used(cpu, walk, want);"),
    ("walk_old_entry_after_marking", GWALK, "\t\twalk->entry[level] = new;\n", ""),

    # shadow entries
    ("spte_ignores_nx", SHADOW, "if (!(access & ACC_EXEC))\n\t\tspte |= PT_NX;", ""),
    ("spte_always_user", SHADOW, "if (access & ACC_USER)\n\t\tspte |= PT_USER;", "spte |= PT_USER;"),
    ("spte_forgets_wp_trap", SHADOW, "if (frame->shadowed)\n\t\t\tspte |= SPTE_WP_TRAP;\n\t\telse if", "if"),
    ("spte_writable_while_clean", SHADOW, "else if (!(gpte & PT_DIRTY))\n\t\t\tspte |= SPTE_WP_DIRTY;\n", ""),
    ("spte_no_global_mark", SHADOW, "if (gpte & PT_GLOBAL)\n\t\tspte |= SPTE_GLOBAL;", ""),
    ("spte_global_without_pge", SHADOW, "if (!(cpu->cr4 & CR4_PGE_BIT))\n\t\tgpte &= ~PT_GLOBAL;", ""),
    ("wp0_keeps_user", SHADOW, "\t\tspte &= ~PT_USER;\n", ""),
    ("wp0_forgets_smep", SHADOW, "if (cpu->cr4 & CR4_SMEP_BIT)\n\t\t\tspte |= PT_NX;", ""),
    ("wp0_ignores_smap", SHADOW, "(cpu->cr4 & CR4_SMAP_BIT))\n\t\treturn SPT_EMULATE;", "0)\n\t\treturn SPT_EMULATE;"),
    ("wp0_for_any_write", SHADOW, "if ((want & PF_WRITE) && !(walk->access & ACC_WRITE))\n\t\tspte =", "if (want & PF_WRITE)\n\t\tspte ="),

    # flushes
    ("no_flush_when_w_goes", SHADOW, "if ((old & ~new) & PT_WRITABLE)\n\t\treturn true;", ""),
    ("no_flush_when_p_goes", SHADOW, "if (!(new & PT_PRESENT) || ((old ^ new) & PT_ADDR))", "if ((new & PT_PRESENT) && ((old ^ new) & PT_ADDR))"),
    ("no_flush_when_the_frame_changes", SHADOW, "if (!(new & PT_PRESENT) || ((old ^ new) & PT_ADDR))", "if (!(new & PT_PRESENT))"),
    ("no_flush_when_u_changes", SHADOW, "return (old ^ new) & PT_USER ||", "return"),
    ("no_flush_when_nx_comes", SHADOW, "|| (new & ~old) & PT_NX;", ";"),
    ("no_flush_for_a_new_root", SHADOW, "cpu->root = root;\n\tcpu->mmu->flush_owed = true;", "cpu->root = root;"),

    # links
    ("no_unlink_from_the_rmap", SHADOW, "hlist_del_init(&sp->link[index]);\n", "sp->link[index].pprev = NULL;\n"),
    ("moved_ignores_the_address", SHADOW, "(old ^ spte) & (PT_ADDR | PT_PRESENT)", "(old ^ spte) & PT_PRESENT"),
    ("orphans_leak", SHADOW, "\t\tspt_page_zap(mmu, child);\n", "\t\t;\n"),
    ("zap_leaves_the_parents", SHADOW, "while (sp->parents.first) {", "while (0) {"),
    ("zap_leaves_the_hash", SHADOW, "if (!hlist_unhashed(&sp->hash))\n\t\thash_del(mmu, sp);", ""),
    ("zap_leaves_the_frame_marked", SHADOW, "spt_frame(mmu, sp->gfn)->shadowed--;", ";"),
    ("reclaim_takes_the_root", SHADOW, "if (sp->is_root) {", "if (0) {"),
    ("reclaim_leaves_too_little_room", SHADOW, "mmu->pages + SPT_ROOT_LEVEL > mmu->pages_max", "mmu->pages > mmu->pages_max"),
    ("present_not_counted", SHADOW, "\tsp->present++;\n", ""),
    ("globals_not_counted_when_rewritten", SHADOW, "sp->globals += !!(spte & SPTE_GLOBAL) - !!(old & SPTE_GLOBAL);", ";"),

    # roles
    ("role_forgets_wp", SHADOW, "\trole.wp = !nowp;\n", ""),
    ("role_forgets_nxe", SHADOW, "role.nxe = !!(cpu->efer & EFER_NXE_BIT);", ""),
    ("role_forgets_smep", SHADOW, "role.smep_nowp = nowp && (cpu->cr4 & CR4_SMEP_BIT);", ""),
    ("role_forgets_smap", SHADOW, "role.smap_nowp = nowp && (cpu->cr4 & CR4_SMAP_BIT);", ""),
    ("role_forgets_access", SHADOW, "role->access = walk->path[level];", "role->access = ACC_ALL;"),
    ("role_of_large_page_forgets_access", SHADOW, "role->access = walk->access;", "role->access = ACC_ALL;"),
    ("role_forgets_clean", SHADOW, "role->clean = !(walk->entry[walk->level] & PT_DIRTY);", ""),
    ("role_not_direct", SHADOW, "role->direct = 1;", ""),
    ("split_of_the_wrong_frame", SHADOW, "(walk->gpa >> SPT_PAGE_SHIFT) & ~(spt_level_frames(level) - 1)", "(walk->gpa >> SPT_PAGE_SHIFT) & ~(spt_level_frames(level - 1) - 1)"),
    ("hash_ignores_the_role", SHADOW, "sp->gfn == gfn && sp->role.word == role.word", "sp->gfn == gfn && sp->role.level == role.level"),
    ("hash_ignores_the_gfn", SHADOW, "sp->gfn == gfn && sp->role.word == role.word", "sp->role.word == role.word"),
    ("table_write_let_through", SHADOW, "if ((want & PF_WRITE) && frame->shadowed) {", "if (0) {"),
    ("unshadow_keeps_the_root", SHADOW, "if (sp == cpu->root)\n\t\t\tcpu->root = NULL;", ""),
    ("unshadow_stops_after_one", SHADOW, "\t\tgoto again;\n", "\t\tbreak;\n"),

    # trap
    ("trap_no_write_protection", TRAP, "if (frame)\n\t\twrite_protect(mmu, frame);", "(void)write_protect;"),
    ("trap_protects_only_the_first_mapping", TRAP, "spte_write(mmu, sp, index, (spte & ~PT_WRITABLE) | SPTE_WP_TRAP, frame);", "{\n\t\t\tspte_write(mmu, sp, index, (spte & ~PT_WRITABLE) | SPTE_WP_TRAP, frame);\n\t\t\tbreak;\n\t\t}"),
    ("trap_keeps_the_root_at_cr3", TRAP, "static void trap_load_cr3(struct spt_cpu *cpu)\n{\n\ttrap_drop_root(cpu);", "static void trap_load_cr3(struct spt_cpu *cpu)\n{"),
    ("trap_keeps_the_root_at_mode_changes", TRAP, ".mode_changed = trap_drop_root", ".mode_changed = trap_flush_all"),
    ("trap_sync_ignores_a", TRAP, "if (!(gpte & PT_PRESENT) || !(gpte & PT_ACCESSED))\n\t\treturn 0;", "if (!(gpte & PT_PRESENT))\n\t\treturn 0;"),
    ("trap_sync_ignores_p", TRAP, "if (!(gpte & PT_PRESENT) || !(gpte & PT_ACCESSED))\n\t\treturn 0;", "if (!(gpte & PT_ACCESSED))\n\t\treturn 0;"),
    ("trap_sync_ignores_reserved", TRAP, "if (gpte_reserved(cpu, sp->role.nxe, gpte, 1))\n\t\treturn 0;", ""),
    ("trap_sync_by_the_cpus_nxe", TRAP, "gpte_reserved(cpu, sp->role.nxe, gpte, 1)", "gpte_reserved(cpu, cpu->efer & EFER_NXE_BIT, gpte, 1)"),
    ("trap_sync_forgets_the_path", TRAP, "sp->role.access & gpte_access(gpte)) & ~PT_ACCESSED", "gpte_access(gpte)) & ~PT_ACCESSED"),
    ("trap_upper_ignores_a", TRAP, "if (!(gpte & PT_PRESENT) || !(gpte & PT_ACCESSED))\n\t\treturn false;", "if (!(gpte & PT_PRESENT))\n\t\treturn false;"),
    ("trap_upper_ignores_rights", TRAP, "child->role.access == access &&", ""),
    ("trap_upper_ignores_the_address", TRAP, "return child->role.access == access &&\n\t       child->gfn == (", "return child->role.access == access &&\n\t       (child->gfn || "),
    ("trap_upper_ignores_ps", TRAP, "if (child->role.direct != gpte_is_leaf(gpte, level))\n\t\treturn false;", ""),
    ("trap_upper_ignores_d", TRAP, "if (child->role.direct && child->role.clean != !(gpte & PT_DIRTY))\n\t\treturn false;", ""),
    ("trap_upper_ignores_reserved", TRAP, "if (gpte_reserved(cpu, sp->role.nxe, gpte, level))\n\t\treturn false;", ""),
    ("trap_misses_the_last_entry", TRAP, "for (i = first; i <= last; i++)", "for (i = first; i < last || i == first; i++)"),
    ("trap_syncs_one_shadow_only", TRAP, "\t\t\tsync_entry(cpu, sp, i);\n", "\t\t\tsync_entry(cpu, sp, i);\n\t\tbreak;\n"),
    ("trap_floods_away_the_root", TRAP, "sp->flood > TRAP_FLOOD && !sp->is_root", "sp->flood > TRAP_FLOOD"),
    ("trap_never_floods", TRAP, "\tsp->flood++;\n", ""),
    ("trap_use_does_not_reset_flood", TRAP, "\t\tsp->flood = 0;\n\t\tif (level == 1)", "\t\tif (level == 1)"),

    # vtlb
    ("vtlb_invlpg_does_nothing", VTLB, "spte_write(cpu->mmu, sp, i, 0, NULL);\n\t/* lab 02 step 5 end */", "(void)i;"),
    ("vtlb_invlpg_one_piece_of_a_large_page", VTLB, "child->large = true;", ";"),
    ("vtlb_invlpg_spares_1g_pieces", VTLB, "if (child && role.direct)", "if (child && role.direct && role.level == 1)"),
    ("vtlb_cr3_keeps_all", VTLB, "if (cpu->root)\n\t\tdrop_local(cpu->mmu, cpu->root);", "(void)drop_local;"),
    ("vtlb_cr3_drops_globals", VTLB, "if (!(sp->spte[i] & SPTE_GLOBAL))", "if (1)"),
    ("vtlb_cr3_keeps_locals_beside_globals", VTLB, "if (child->role.level > 1 || child->globals)", "if (child->role.level > 1)"),
    ("vtlb_flush_spares_the_last", VTLB, "static void vtlb_flush_all(struct spt_cpu *cpu)\n{\n\tint i;\n\n\tif (!cpu->root)\n\t\treturn;\n\tfor (i = 0; i < SPT_ENTRIES; i++)", "static void vtlb_flush_all(struct spt_cpu *cpu)\n{\n\tint i;\n\n\tif (!cpu->root)\n\t\treturn;\n\tfor (i = 0; i < SPT_ENTRIES - 1; i++)"),
    ("vtlb_mode_change_keeps_all", VTLB, ".mode_changed = vtlb_flush_all", ".mode_changed = vtlb_load_cr3"),

    # guest memory
    ("memory_last_page_missing", MEMORY, "if (gfn - slot->base < slot->npages)", "if (gfn - slot->base + 1 < slot->npages)"),
    ("memory_write_not_noticed", MEMORY, "\tif (frame->shadowed)\n\t\tcpu->mmu->strategy->guest_wrote(cpu, gpa, len);", "\t(void)frame;"),
    ("memory_cmpxchg_not_noticed", MEMORY, "\t\treturn -EAGAIN;\n\t}\n\tphys_wrote(cpu, gpa, len);", "\t\treturn -EAGAIN;\n\t}"),
    ("memory_crosses_the_page", MEMORY, "offset + len > SPT_PAGE_SIZE", "offset > SPT_PAGE_SIZE"),
    ("memory_adjacent_slots_overlap", MEMORY, "base < slot->base + slot->npages && slot->base < base + npages", "base <= slot->base + slot->npages && slot->base < base + npages"),

    # decoding
    ("decode_rex_survives_a_prefix", DECODE, "\t\tp->rex = 0;\n", ""),
    ("decode_no_rex_b_on_base", DECODE, "insn->base = rm | (REX_B(p) << 3);\n\tinsn->index", "insn->base = rm;\n\tinsn->index"),
    ("decode_no_rex_x", DECODE, "((sib >> 3) & 7) | (REX_X(p) << 3)", "((sib >> 3) & 7)"),
    ("decode_r12_is_no_index", DECODE, "if (insn->index == REG_RSP)", "if ((insn->index & 7) == REG_RSP)"),
    ("decode_no_rip_relative", DECODE, "insn->rip_relative = p->code64;", ""),
    ("decode_disp8_unsigned", DECODE, "insn->disp = take_signed(c, 1);", "insn->disp = take(c, 1);"),
    ("decode_sib_without_base", DECODE, "if (rm == 5 && mod == 0) {\n\t\t\tinsn->base = REG_NONE;\n\t\t\tinsn->disp", "if (0) {\n\t\t\tinsn->base = REG_NONE;\n\t\t\tinsn->disp"),
    ("decode_imm_z_of_8", DECODE, "insn->opsize == 8 ? 4 : insn->opsize", "insn->opsize"),
    ("decode_simm8_unsigned", DECODE, "insn->has_imm = true;\n\tinsn->imm = take_signed(c, n);", "insn->has_imm = true;\n\tinsn->imm = take(c, n);"),
    ("decode_moffs_of_4", DECODE, "insn->disp = take(c, insn->adsize);", "insn->disp = take(c, 4);"),
    ("decode_66_beats_rex_w", DECODE, "REX_W(&p) ? 8 : p.opsize ? 2 : 4", "p.opsize ? 2 : REX_W(&p) ? 8 : 4"),
    ("decode_reads_past_the_end", DECODE, "if (c->pos + n > c->avail) {", "if (c->pos + n > c->avail + 1) {"),
    ("decode_longer_than_15", DECODE, ".avail = avail < INSN_MAX_LEN ? avail : INSN_MAX_LEN", ".avail = avail"),
    ("decode_truncated_is_unknown", DECODE, "return avail < INSN_MAX_LEN ? -ENODATA : -EOPNOTSUPP;", "return -EOPNOTSUPP;"),
    ("decode_lock_anywhere", DECODE, "if (insn->lock && !may_lock(insn))", "if (insn->lock && !may_lock(insn) && 0)"),
    ("decode_lock_on_registers", DECODE, "if (!insn->has_mem || !insn->mem_dst)", "if (!insn->mem_dst)"),
    ("decode_16_bit_addresses", DECODE, "if (insn->has_mem && insn->adsize == 2)", "if (0)"),
    ("decode_mov_cr_reg_without_rex", DECODE, "modrm = take(c, 1);\n\t\tinsn->reg = ((modrm >> 3) & 7) | (REX_R(p) << 3);", "modrm = take(c, 1);\n\t\tinsn->reg = ((modrm >> 3) & 7);"),
    ("decode_mov_cr_with_memory", DECODE, "modrm = take(c, 1);\n\t\tinsn->reg =", "modrm = take_modrm(c, p, insn);\n\t\tinsn->reg ="),
    ("decode_invlpg_of_a_register", DECODE, "== 7 && insn->has_mem)", "== 7)"),
    ("decode_port_signed", DECODE, "\t\t\tinsn->imm &= 0xff;\n", ""),
    ("decode_stos_overridable", DECODE, "insn->op == INSN_STOS || insn->op == INSN_MOVS", "insn->op == INSN_MOVS"),

    # executing
    ("execute_no_high_bytes", EMULATE, "return size == 1 && !insn->rex && reg >= 4 && reg < 8;", "return false;"),
    ("execute_high_bytes_with_rex", EMULATE, "size == 1 && !insn->rex &&", "size == 1 &&"),
    ("execute_4_bytes_keep_the_upper_half", EMULATE, "if (size == 4)\n\t\tst->gpr[reg] = (u32)value;\n\telse\n", ""),
    ("execute_adc_without_carry", EMULATE, "flags = add_flags(dst, src, carry, size, result);", "flags = add_flags(dst, src, 0, size, result);"),
    ("execute_inc_changes_carry", EMULATE, "flags = add_flags(dst, 1, 0, size, result);\n\t\tkeep |= FLAG_CF;", "flags = add_flags(dst, 1, 0, size, result);"),
    ("execute_no_overflow_on_sub", EMULATE, "if ((a ^ b) & (a ^ r) & sign_bit(size))", "if (0)"),
    ("execute_parity_of_all_bits", EMULATE, "u8 low = result;", "u8 low = result ^ result >> 8;"),
    ("execute_no_adjust_on_add", EMULATE, "if (carries & 8)", "if (0)"),
    ("execute_bt_stays_in_the_operand", EMULATE, "insn->op <= INSN_BTC && !insn->has_imm", "0"),
    ("execute_bt_offset_unsigned", EMULATE, "s64 bit = sign_extend(insn_reg_read(st, insn, insn->reg, insn->opsize),\n\t\t\t\t\t      insn->opsize);", "s64 bit = insn_reg_read(st, insn, insn->reg, insn->opsize);"),
    ("execute_32_bit_address_not_cut", EMULATE, "if (insn->adsize == 4)\n\t\toffset = (u32)offset;", ""),
    ("execute_ds_base_in_64_bit_code", EMULATE, "return seg == SEG_FS || seg == SEG_GS ? st->seg_base[seg] + offset : offset;", "return st->seg_base[seg] + offset;"),
    ("execute_string_always_up", EMULATE, "st->rflags & FLAG_DF ? -(u64)insn->opsize : insn->opsize", "insn->opsize"),
    ("execute_rep_of_zero_does_one", EMULATE, "if (insn->rep && !count) {", "if (0) {"),
    ("execute_rep_ends_early", EMULATE, "if (count == 1)\n\t\tst->rip += insn->len;", "st->rip += insn->len;"),
    ("execute_movs_source_in_es", EMULATE, "ret = mem->read(ctx, linear(st, insn->seg, source), &value, insn->opsize);", "ret = mem->read(ctx, linear(st, SEG_ES, source), &value, insn->opsize);"),
    ("execute_movsx_is_movzx", EMULATE, "if (insn->op == INSN_MOVSX)", "if (0)"),
    ("execute_cmpxchg_always_stores", EMULATE, "found == expect ? new : found", "new"),
    ("execute_cmpxchg_leaves_rax", EMULATE, "if (found != expect)\n\t\tinsn_reg_write(st, insn, REG_RAX", "if (0)\n\t\tinsn_reg_write(st, insn, REG_RAX"),
    ("execute_lock_forgets_the_race", EMULATE, "\t\t\t*old = found;\n\t\t\tret = 0;", "\t\t\tret = 0;"),
    ("execute_xchg_not_locked", EMULATE, "insn->has_mem && (insn->lock || insn->op == INSN_XCHG)", "insn->has_mem && insn->lock"),
    ("execute_ignores_a_failed_write", EMULATE, "if (writes && insn->has_mem)\n\t\t\tret = mem->write", "if (writes && insn->has_mem)\n\t\t\tmem->write"),
    ("execute_xadd_order", EMULATE, "\tif (writes && !insn->has_mem)\n\t\tinsn_reg_write(st, insn, insn->rm, insn->opsize, result);\ndone:", "\tif (writes && !insn->has_mem && insn->rm != insn->reg)\n\t\tinsn_reg_write(st, insn, insn->rm, insn->opsize, result);\ndone:"),
]

"""Ways to break the module around core/: each is found by the test that guards the rule, in the course VM.

(name, file in kmod/credit_sched, text that occurs once in it, what to put in its place, program, test that must fail).
"""
from __future__ import annotations

from module_mutants import Mutant

MUTANTS = [Mutant(*row) for row in (
    # park.c
    ("signals_do_not_end_a_park", "park.c", "(TASK_KILLABLE | TASK_PARKED", "(TASK_UNINTERRUPTIBLE | TASK_PARKED",
     "endings", "a_parked_task_dies_at_once"),
    ("the_freezer_cannot_have_it", "park.c", " | TASK_PARKED | TASK_FREEZABLE)", " | TASK_PARKED)",
     "cpus", "a_parked_task_is_frozen_where_it_is"),
    ("who_leaves_stays_parked", "park.c", "\t\tcs_tell(m, CSCHED_EVENT_RELEASE);\n\t\twake_up_process(m->task);",
     "\t\tcs_tell(m, CSCHED_EVENT_RELEASE);", "endings", "removing_a_group_lets_its_tasks_go"),
    ("work_is_left_behind", "park.c", "\tif (m->queued)\n\t\tunqueue(m);", "", "endings",
     "calls_are_restarted_when_the_module_goes"),
    ("nobody_is_woken", "park.c", "\t}\n\twake(m, pool);\n}", "\t}\n}", "share", "weights_1_2_4"),
    ("who_was_overtaken_sleeps_on", "park.c", "\tif (to_be_woken(next))\n", "\tif (0)\n", "cpus",
     "a_cpu_may_go_and_come_back"),
    ("nobody_is_stopped", "park.c", "\tif (!m->parked && !m->queued)\n\t\tqueue(m);", "", "share", "weights_10_1"),
    ("park_is_not_told", "park.c", "\t\tcs_tell(m, CSCHED_EVENT_PARK);\n", "", "ring",
     "a_pair_of_spinners_is_seen_to_take_turns"),

    # member.c
    ("one_task_in_two_groups", "group.c", "\t\tif (!ret && cs_is_member(t))\n\t\t\tret = -EBUSY;\n", "", "lifecycle",
     "nobody_is_in_two_groups"),
    ("children_are_not_seen", "member.c", "\tif (of || (cs_backend.orphaned", "\tif (!of && (cs_backend.orphaned",
     "lifecycle", "children_inherit"),
    ("exits_are_not_seen", "member.c", '\t{ "sched_process_exit", probe_exit },\n', "", "lifecycle", "many_come_and_go"),
    ("joins_asleep", "member.c", "\tif (task_is_running(m->task))\n\t\tcsched_task_wake(&m->core, cs_now());\n", "",
     "share", "weights_1_2_4"),
    ("sleep_is_not_seen", "member.c", "\t\tswitched_out(prev);\n", "\t\t;\n", "share",
     "a_sleepers_time_goes_to_the_others_by_weight"),
    ("waking_is_not_seen", "member.c", "{\n\tcs_leave_hint(task);\n}", "{\n}", "share",
     "who_wakes_is_scheduled_again"),
    # What member.c sees and what park.c sees are one rule seen twice: each alone is enough.
    ("real_time_is_scheduled_by_us", "shell.h",
     "\treturn policy == SCHED_NORMAL || policy == SCHED_BATCH || policy == SCHED_IDLE;", "\treturn policy != -1u;",
     "lifecycle", "a_member_that_turns_real_time_harms_nobody"),
    ("members_are_miscounted", "member.c", "\tg->tasks--;\n", "", "lifecycle", "many_come_and_go"),

    # access.c
    ("kernel_threads_join", "access.c", "\tif (task->flags & PF_KTHREAD)\n\t\treturn -EINVAL;\n", "", "lifecycle",
     "kernel_threads_and_init_are_refused"),
    ("init_joins", "access.c", "is_global_init(task) || ", "", "lifecycle", "kernel_threads_and_init_are_refused"),
    ("everybodys_tasks_are_mine", "access.c", "is_global_init(task) || !own(task)", "is_global_init(task)", "privilege",
     "tasks_of_others_are_not_his"),
    ("real_time_tasks_join", "access.c", "return cs_fair(task) ? 0 : -EOPNOTSUPP;", "return 0;", "lifecycle",
     "real_time_and_deadline_tasks_are_refused"),
    ("users_make_persistent_groups", "access.c", "\tif (flags & CSCHED_PERSIST)\n\t\treturn -EPERM;\n", "", "privilege",
     "his_groups_do_not_persist"),
    ("users_have_any_number_of_groups", "access.c", "groups >= READ_ONCE(user_groups_max)", "false", "privilege",
     "his_groups_are_limited"),
    ("users_set_any_weight", "access.c", " || attr->weight > (weight ? weight : policy->weight_default)", "", "privilege",
     "his_weight_is_limited"),
    ("users_set_baselines", "access.c", "attr->baseline || attr->weight", "attr->weight", "privilege", "he_has_no_baseline"),
    ("everybodys_groups_are_mine", "access.c", "uid_eq(g->uid, current_euid()) || capable(CAP_SYS_NICE) ? 0 : -EPERM", "0",
     "privilege", "what_is_roots_is_not_his"),

    # confine.c
    ("confinement_does_not_end", "confine.c", "\t\tset_cpus_allowed_ptr(m->task, m->cpus);\n", "\t\t;\n", "cpus",
     "confinement_ends_with_membership"),
    ("nobody_is_confined", "confine.c", "\tif (m->confined)\n\t\tm->strayed = bind(m, pool);", "", "cpus",
     "confinement_ends_with_membership"),
    ("nobody_is_rescued", "confine.c", "\t\t\t\tm->strayed = true;\n", "\t\t\t\t;\n", "cpus",
     "the_only_cpu_of_a_pool_may_go"),

    # group.c
    ("groups_outlive_their_file", "group.c", "args->flags & CSCHED_PERSIST ? NULL : owner", "NULL", "endings",
     "close_lets_everyone_go"),
    ("nothing_persists", "group.c", "args->flags & CSCHED_PERSIST ? NULL : owner", "owner", "endings",
     "what_persists_outlives_the_file"),
    ("names_need_not_differ", "group.c", "\t\tif (!strcmp(g->name, name))\n\t\t\treturn false;\n", "\t\t;\n", "arguments",
     "bad_names_are_refused"),
    ("names_of_any_letters", "group.c", "!isgraph(name[i])", "false", "arguments", "bad_names_are_refused"),
    ("cpus_that_are_not_there", "group.c", "bit >= nr_cpu_ids || !cpu_online(bit)", "false", "arguments",
     "cpus_that_are_not_there_are_refused"),
    ("cpus_that_went", "group.c", " || !cpu_online(bit)", "", "cpus", "a_cpu_that_went_is_refused"),
    ("a_pool_of_two_slots", "group.c", "a->slot == b->slot && ", "", "arguments",
     "groups_that_do_not_fit_a_pool_are_refused"),
    ("pools_overlap", "group.c", "\t\tif (cpumask_intersects(pool->cpus, cpus))\n\t\t\treturn ERR_PTR(-EBUSY);\n", "",
     "arguments", "groups_that_do_not_fit_a_pool_are_refused"),
    ("some_threads_join", "group.c", "\tint ret = may_add(leader);", "\tint ret = 0;", "lifecycle",
     "a_process_with_one_real_time_thread_is_refused_whole"),
    ("pids_are_of_the_first_namespace", "group.c", "find_get_pid(args->pid)",
     "get_pid(find_pid_ns(args->pid, &init_pid_ns))", "lifecycle", "pids_are_of_the_callers_namespace"),
    ("cpus_go_unseen", "group.c", "\t\tcsched_pool_set_cpus(&pool->core, n ? n : 1, cs_now());\n", "", "cpus",
     "a_cpu_may_go_and_come_back"),
    ("unknown_flags_are_ignored", "group.c", "args->flags & ~(CSCHED_SAMPLED | CSCHED_PERSIST) || ", "", "arguments",
     "bad_groups_are_refused"),
    ("unknown_settings_are_ignored", "group.c", "\tif (args->which & ~(CSCHED_SET_WEIGHT | CSCHED_SET_CAP | "
     "CSCHED_SET_BURST |\n\t\t\t    CSCHED_SET_BASELINE) || args->reserved)", "\tif (args->reserved)", "arguments",
     "bad_settings_are_refused"),

    # main.c
    ("a_group_nobody_knows", "main.c", "\t\tif (ioctl == CSCHED_IOC_CREATE)\n\t\t\tcs_group_remove(args.create.id);\n", "",
     "arguments", "a_group_whose_number_cannot_be_returned_is_not_made"),
    ("unknown_calls_succeed", "main.c", "\tdefault:\n\t\treturn -ENOTTY;", "\tdefault:\n\t\treturn 0;", "arguments",
     "other_ioctls_are_refused"),
    ("groups_outlive_the_module", "main.c", "\tcs_groups_release(NULL);\n", "", "endings", "rmmod_lets_everyone_go"),

    # ring.c
    ("everybody_may_watch", "ring.c", "\tif (!perfmon_capable())\n\t\treturn -EPERM;\n", "", "privilege",
     "the_event_ring_is_not_his"),
    ("watchers_may_write", "ring.c", "\tif (vma->vm_flags & (VM_WRITE | VM_EXEC))\n\t\treturn -EACCES;\n", "", "ring",
     "nobody_can_write_to_a_ring"),
    ("watchers_may_write_later", "ring.c", "\tvm_flags_clear(vma, VM_MAYWRITE | VM_MAYEXEC);\n", "", "ring",
     "nobody_can_write_to_a_ring"),
    ("parts_of_a_ring", "ring.c", " || vma_pages(vma) != pages", "", "ring", "only_a_whole_ring_can_be_mapped"),
    ("mappings_are_not_counted", "ring.c", "{\n\tatomic_inc(&mappings);\n}", "{\n}", "ring",
     "a_pair_of_spinners_is_seen_to_take_turns"),
    ("splits_are_not_counted", "ring.c", "\t.open = ring_vma_open,\n", "", "ring",
     "a_part_of_a_mapping_and_a_child_are_shown_what_happens"),
    ("the_ring_is_half_as_long", "ring.c", "records[ring->head & (capacity - 1)]", "records[ring->head & (capacity / 2 - 1)]",
     "ring", "the_oldest_records_are_overwritten"),
)]

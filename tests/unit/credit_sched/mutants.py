# SPDX-License-Identifier: GPL-2.0
"""Ways to break credit_sched's core that the unit tests must notice. See ../mutate.py.

Each is (name, file, text that occurs once, what to put in its place).
"""

SCHED = "credit_sched/core/sched.c"
LAG = "credit_sched/core/lag.c"
CAP = "credit_sched/core/cap.c"
SHARE = "credit_sched/core/share.c"
LOTTERY = "credit_sched/core/lottery.c"
CREDIT = "credit_sched/core/credit.c"

MUTANTS = [
    # share
    ("share_ignores_lag", LAG, "if (a_may != b_may)\n\t\treturn a_may;", ""),
    ("share_ignores_weight_in_the_deadline", LAG, "until_due(a) * (s64)b->due < until_due(b) * (s64)a->due", "until_due(a) < until_due(b)"),
    ("share_no_turns_in_a_group", SHARE, "best == t->group || csched_due_before", "csched_due_before"),
    ("share_never_preempts", SHARE, "? woken->pool->params.min_slot : 0", "? CSCHED_NO_TIMER : CSCHED_NO_TIMER"),
    ("lag_charge_gives_nothing", LAG, "\tif (g->active)\n\t\tgive(g->pool, ns);\n", ""),
    ("lag_of_a_sleeper_is_kept", LAG, "if (g->lag > 0 || !g->pool->due)\n\t\tg->lag = 0;", "if (!g->pool->due)\n\t\tg->lag = 0;"),
    ("lag_debt_forgotten_in_sleep", LAG, "g->lag += missed(g);", "g->lag = 0;"),
    ("lag_debt_never_paid_in_sleep", LAG, "g->lag += missed(g);", ""),
    ("lag_of_a_leaver_is_lost", LAG, "\tif (g->pool->due)\n\t\tgive(g->pool, lag);", ""),
    ("lag_parts_rounded_alone", LAG, "upto = csched_scale(size, row, pool->due);", "upto = before + csched_scale(size, g->due, pool->due);"),
    ("no_readjustment", LAG, "g->saturated || g->attr.weight * percent < fills(g) * weight", "true"),
    ("readjusted_once_only", LAG, "again = true;", "again = false;"),
    ("cap_not_in_the_due", LAG, "\t\tmost = g->attr.cap;", "\t\t;"),

    # caps
    ("cap_never_throttles", CAP, "csched_throttle(g, CSCHED_BY_CAP, true);", ";"),
    ("cap_time_piles_up", CAP, "if (g->cap_time > most)\n\t\tg->cap_time = most;", ""),
    ("cap_not_charged", CAP, "g->cap_time -= ns;", ""),
    ("cap_timer_forgotten", CAP, "return now + div64_u64(g->cap_time * 100ull, flow - g->attr.cap) + 1;", "return CSCHED_NO_TIMER;"),
    ("throttled_for_ever", CAP, "return now + div64_u64((grain(g) - g->cap_time) * 100, g->attr.cap) + PAUSE;", "return CSCHED_NO_TIMER;"),
    ("cap_timer_spins", CAP, "#define PAUSE\t10000ull", "#define PAUSE\t1ull"),
    ("throttled_group_runs", SCHED, "return g->nr_waiting && !g->throttled;", "return g->nr_waiting;"),

    # slots
    ("slot_given_on_before_it_is_free", SCHED, "while (pool->nr_held < pool->cpus) {", "while (pool->nr_held - pool->nr_leaving < pool->cpus) {"),
    ("slots_never_end", SCHED, "pool->nr_ready > supply(pool) && pool->policy->yields(t)", "0"),
    ("slot_timer_forgotten", SCHED, "call_at(pool, t->slot_end);", ";"),
    ("slot_timer_when_alone", SCHED, "(pool->nr_ready || t->minimal || pool->policy->charge)", "1"),
    ("no_ratelimit", SCHED, "u64 ready = (t->started ? t->since : pool->now) + pool->params.ratelimit;", "u64 ready = 0;"),
    ("strays_run_on", SCHED, "\t\t\tgive_order(t, CSCHED_STOP);\n\t}", "\t\t\t;\n\t}"),
    ("slots_not_kept", SCHED, "\t\t\tunstop(t);", "\t\t\t;"),
    ("no_minimal_slots", SCHED, "\tif (!t || pool->now < when)\n\t\treturn;", "\treturn;"),
    ("minimal_slots_without_pause", SCHED, "pool->minimal_next = pool->now + CSCHED_MINIMAL_PART * pool->params.min_slot;", ""),
    ("minimal_slot_is_a_whole_one", SCHED, "minimal ? params->min_slot : params->slot", "params->slot"),
    ("lost_cpus_stay_in_use", SCHED, "pool->nr_held - pool->nr_leaving > pool->cpus", "0"),
    ("a_blocked_task_is_not_charged", SCHED, "t->seen = runtime > t->seen ? runtime : t->seen;", "t->seen = runtime + 1000;"),

    ("slot_over_before_it_begins", SCHED, "\tif (t->started)\n\t\treturn true;\n\tbegin_slot(t);\n\treturn false;", "\treturn true;"),
    ("start_not_noted", SCHED, "\taccount(t->group->pool, now);\n\tset_started(t);", "\taccount(t->group->pool, now);"),
    ("start_not_seen_in_the_runtime", SCHED, "\tset_started(t);\n\tcharge", "\tcharge"),
    ("slot_counts_from_the_grant", SCHED, "\t\tbegin_slot(t);\n\tt->started = true;", "\t\t;\n\tt->started = true;"),

    # what is counted, so that it need not be looked for
    ("throttled_tasks_are_ready", CAP, "g->pool->nr_ready += on ? -g->nr_waiting : g->nr_waiting;", ";"),
    ("ready_is_not_counted_down", SCHED, "g->pool->nr_ready -= !g->throttled;", ";"),
    ("strays_are_not_counted_down", SCHED, "t->group->pool->nr_strays -= !t->stopped;", ";"),
    ("strays_run_for_free", SCHED, "charge_strays(pool, false);", ";"),
    ("strays_are_looked_for_too_briefly", SCHED, "u32 left = pool->nr_strays;", "u32 left = pool->nr_strays > 1 ? 1 : pool->nr_strays;"),
    ("lags_of_yesterday", SCHED, "charge_strays(pool, false);\n\tcsched_lag_update(pool);", "charge_strays(pool, false);"),
    ("lags_divided_by_new_parts", LAG, "\tcsched_lag_update(pool);\n\tlist_for_each_entry(g, &pool->active", "\tlist_for_each_entry(g, &pool->active"),
    ("a_leaver_loses_what_was_due_before", LAG, "\tcsched_lag_update(g->pool);\n\tlag = g->lag;", "\tlag = g->lag;"),

    # credit
    ("burst_ignored", CREDIT, "if (excess > 0) {", "if (0) {"),
    ("discarded_not_counted", CREDIT, "g->discarded += excess;", ""),
    ("spending_not_counted", CREDIT, "g->spent += ns;", ""),
    ("running_is_free", CREDIT, "g->credit -= ns;\n\tg->spent += ns;", ""),
    ("surplus_is_paid_for", CREDIT, "if (t->surplus && (t->state == CSCHED_RUNNING || t->state == CSCHED_LEAVING)) {", "if (0) {"),
    ("surplus_ignores_weight", CREDIT, "return csched_scale(ns, CSCHED_WEIGHT_MAX, g->attr.weight);", "return ns;"),
    ("everybody_earns_the_same", CREDIT, "row += g->attr.weight;\n\t\tupto = csched_scale(rest, row, pool->weight);", "row++;\n\t\tupto = csched_scale(rest, row, pool->nr_groups);"),
    ("idle_time_is_not_earned", CREDIT, "pool->idle + (s64)pool->work", "(s64)pool->work"),
    ("no_boost", CREDIT, "g->boost_left = g->pool->params.tick;", ""),
    ("boost_without_credit", CREDIT, "if (g->credit <= 0)\n\t\treturn;\n\tg->boost_left", "g->boost_left"),
    ("boost_never_ends", CREDIT, "g->boost_left = g->boost_left > ns ? g->boost_left - ns : 0;", ""),
    ("over_before_under", CREDIT, "return sa < sb;", "return sa > sb;"),
    ("least_credit_first", CREDIT, "return a->credit > b->credit;", "return a->credit < b->credit;"),
    ("exact_accounting_samples", CREDIT, "if (!t->group->pool->params.sampled)", "if (0)"),
    ("sampled_accounting_is_exact", CREDIT, "if (!t->group->pool->params.sampled)", "if (1)"),

    # baselines
    ("baseline_earns_by_weight_too", SCHED, "return attr->baseline ? 0 : attr->weight;", "return attr->weight;"),
    ("baseline_handed_out_twice", CREDIT, "pool->handed += part;", ";"),
    ("too_many_baselines_never_forgiven", CREDIT, "if (pool->handed > available(pool) + much)", "if (0)"),
    ("too_many_baselines_cost_nothing", CREDIT, "s64 much = pool->params.period * pool->cpus;", "s64 much = 0;"),
    ("baseline_of_ordinary_groups", CREDIT, "\t\tif (g->attr.baseline)\n\t\t\tcontinue;\n\t\t/*", "\t\t/*"),
    ("out_of_credit_it_runs_on", CREDIT, "csched_throttle(g, CSCHED_BY_BASELINE, true);", ";"),
    ("out_of_credit_for_ever", CREDIT, "csched_throttle(g, CSCHED_BY_BASELINE, false);", ";"),
    ("baseline_with_the_first_ns", CREDIT, "g->credit >= (s64)g->pool->params.min_slot", "g->credit > 0"),
    ("small_burst_keeps_nothing", CREDIT, "return g->attr.burst > least ? g->attr.burst : least;", "return g->attr.burst;"),
    ("a_period_of_one_cpu_is_kept", CREDIT, "csched_scale(pool->params.period * pool->cpus, g", "csched_scale(pool->params.period, g"),
    ("cpus_go_and_credit_stays", SCHED, "\t\tif (pool->policy->set)\n\t\t\tpool->policy->set(g);\n\tcsched_readjust", "\t\t;\n\tcsched_readjust"),
    ("slot_longer_than_its_credit", CREDIT, "t->slot_end = t->since + lasts;", ";"),
    ("minimal_slot_cut_to_the_credit", CREDIT, "&& !t->minimal && t->slot_end", "&& t->slot_end"),
    ("minimal_slots_are_free", CREDIT, "== CSCHED_OVER && !t->minimal", "== CSCHED_OVER"),
    ("slot_to_the_last_ns", CREDIT, "if (lasts < params->min_slot / 4)", "if (0)"),
    ("credit_lasts_as_long_for_two", CREDIT, "lasts = div64_u64(lasts, t->group->nr_held ? t->group->nr_held : 1);", ""),
    ("surplus_at_the_baseline", CREDIT, "\tif (g->attr.baseline) {\n\t\tgrant_at_baseline(t);\n\t\treturn;\n\t}\n", ""),
    ("new_baseline_not_looked_at", CREDIT, "\tclip(g);\n\thold_to_baseline(g);\n}\n\nconst", "\tclip(g);\n}\n\nconst"),
    ("minimal_slots_whatever_the_debt", SCHED, "|| (g->attr.baseline && g->credit < much)", ""),
    ("baseline_not_in_the_due", LAG, "\t\tif (g->attr.baseline)\n", "\t\tif (0)\n"),
    ("more_due_than_there_is", LAG, "fills(g) < percent ? fills(g) : percent", "fills(g)"),
    ("one_reason_for_both_throttles", CAP, "was & ~why", "0"),
    ("baseline_beyond_the_cpus", SCHED, "|| attr->baseline > pool->cpus * 100", ""),
    ("baseline_in_any_policy", SCHED, "if (attr->baseline && !pool->policy->baselines)", "if (0)"),
    ("old_cap_refused", SCHED, "attr.cap = 0;", ";"),
    ("old_baseline_refused", SCHED, "attr.baseline = 0;", ";"),

    # events
    ("pick_not_reported", SCHED, "\tgive_order(t, CSCHED_GO);\n\tcsched_report(t->group, CSCHED_EV_PICK, t, 0);\n}\n\n/* RUNNING -> LEAVING", "\tgive_order(t, CSCHED_GO);\n}\n\n/* RUNNING -> LEAVING"),
    ("keeping_a_slot_not_reported", SCHED, "\tcsched_report(t->group, CSCHED_EV_PICK, t, 0);\n}\n\n/* A group has more", "}\n\n/* A group has more"),
    ("stop_for_the_wrong_reason", SCHED, "stop(t, CSCHED_STOP_PREEMPT)", "stop(t, CSCHED_STOP_SLOT)"),
    ("wake_not_reported", SCHED, "csched_report(t->group, CSCHED_EV_WAKE, t, 0);", ";"),
    ("block_not_reported", SCHED, "csched_report(t->group, CSCHED_EV_BLOCK, t, 0);", ";"),
    ("leave_not_reported", SCHED, "csched_report(t->group, CSCHED_EV_LEAVE, t, 0);", ";"),
    ("throttle_reported_each_time", CAP, "\tif (!was == !g->throttled)\n\t\treturn;\n\tg->pool->nr_ready += on ? -g->nr_waiting : g->nr_waiting;", "\tif (!was != !g->throttled)\n\t\tg->pool->nr_ready += on ? -g->nr_waiting : g->nr_waiting;"),
    ("boost_not_reported", CREDIT, "csched_report(g, CSCHED_EV_BOOST, NULL, 0);", ";"),
    ("account_not_reported", CREDIT, "csched_report(g, CSCHED_EV_ACCOUNT, NULL, 0);", ";"),

    # lottery
    ("lottery_ignores_weight", LOTTERY, "? g->attr.weight : 0", "? 1 : 0"),
    ("lottery_without_the_runner", LOTTERY, "hold_lottery(pool, t->group);", "hold_lottery(pool, NULL);"),
    ("lottery_winner_forgotten", LOTTERY, "pool->winner = winner;", ";"),
    ("lottery_unseeded", SCHED, "pool->random = params->seed;", ""),
]

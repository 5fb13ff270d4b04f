"""Ways to do the lab wrong, by step. The grader must take points for that step and for no other.

Each is (name, step, file, text that occurs once in the reference, what to put in its place).
"""

LOTTERY = "kmod/credit_sched/core/lottery.c"
LAG = "kmod/credit_sched/core/lag.c"
SCHED = "kmod/credit_sched/core/sched.c"
CREDIT = "kmod/credit_sched/core/credit.c"
CAP = "kmod/credit_sched/core/cap.c"
ANSWERS = "labs/07-shares-and-credits/answers.toml"

MUTANTS = [
    ("lottery_one_ticket_each", 1, LOTTERY, "total += tickets(g, also);", "total += !!tickets(g, also);"),
    ("lottery_the_first_wins", 1, LOTTERY, "if (ticket < tickets(g, also))", "if (tickets(g, also))"),
    ("lottery_idle_groups_hold_tickets", 1, LOTTERY, "total += tickets(g, also);", "total += g->attr.weight;"),
    ("lottery_holder_of_the_next_ticket", 1, LOTTERY, "if (ticket < tickets(g, also))", "if (ticket <= tickets(g, also))"),
    ("lottery_draws_twice", 1, LOTTERY, "div64_u64_rem(draw(pool), total, &ticket);",
     "draw(pool);\n\tdiv64_u64_rem(draw(pool), total, &ticket);"),
    ("lottery_without_tickets", 1, LOTTERY, "\tif (!total)\n\t\treturn NULL;\n", ""),

    ("share_takes_turns", 2, LAG, "\treturn until_due(a) * (s64)b->due < until_due(b) * (s64)a->due;",
     "\treturn until_due(a) < until_due(b);"),
    ("share_ignores_who_is_ahead", 2, LAG, "\tif (a_may != b_may)\n\t\treturn a_may;\n", ""),
    ("share_who_is_ahead_goes_first", 2, LAG, "return a_may;", "return b_may;"),
    ("share_by_lag_alone", 2, LAG, "\treturn until_due(a) * (s64)b->due < until_due(b) * (s64)a->due;",
     "\treturn a->lag > b->lag;"),
    ("share_even_is_ahead", 2, LAG, "bool a_may = a->lag >= 0, b_may = b->lag >= 0;",
     "bool a_may = a->lag > 0, b_may = b->lag > 0;"),
    ("share_nobody_is_due_anything", 2, LAG, "\tif (g->active)\n\t\tgive(g->pool, ns);\n\t/* lab", "\t/* lab"),
    ("share_running_is_free", 2, LAG, "\tg->lag -= ns;\n", ""),

    ("slots_only_for_the_first_group", 3, SCHED, "struct csched_group *g = pool->policy->pick(pool);",
     "struct csched_group *g = list_first_entry_or_null(&pool->groups, struct csched_group, link);\n\n"
     "\t\tif (g && !csched_can_run(g))\n\t\t\tg = pool->policy->pick(pool);"),
    ("slots_one_at_a_time", 3, SCHED, "\twhile (pool->nr_held < pool->cpus) {\n\t\tstruct csched_group *g = pool->policy",
     "\tif (pool->nr_held + 1 < pool->cpus || !pool->nr_held) {\n\t\tstruct csched_group *g = pool->policy"),
    ("slots_given_on_too_early", 3, SCHED, "\twhile (pool->nr_held < pool->cpus) {\n\t\tstruct csched_group *g = pool->policy",
     "\twhile (pool->nr_held - pool->nr_leaving < pool->cpus) {\n\t\tstruct csched_group *g = pool->policy"),
    ("slots_are_minimal", 3, SCHED, "turn), false);", "turn), true);"),
    ("slots_to_the_newest_task", 3, SCHED, "grant(list_first_entry(&g->waiting,", "grant(list_last_entry(&g->waiting,"),
    ("leaver_takes_its_lag_along", 3, LAG, "\tif (g->pool->due)\n\t\tgive(g->pool, lag);\n\tif (lag > 0)",
     "\tif (lag > 0)"),
    ("leaver_saves_its_lag", 3, LAG, "\tif (lag > 0)\n\t\tg->lag = 0;\n\t/* lab", "\t/* lab"),
    ("leaver_forgets_its_debt", 3, LAG, "\tif (lag > 0)\n\t\tg->lag = 0;\n\t/* lab", "\tg->lag = 0;\n\t/* lab"),

    ("earn_all_alike", 4, CREDIT, "row += g->attr.weight;", "row += weight / pool->nr_groups;"),
    ("earn_each_the_whole", 4, CREDIT, "upto = csched_scale(rest, row, pool->weight);", "upto = before_it + rest;"),
    ("earn_only_awake", 4, CREDIT, "earn(g, upto - before_it);",
     "earn(g, g->active ? upto - before_it : 0);"),
    ("spend_nothing", 4, CREDIT, "\tg->credit -= ns;\n\tg->spent += ns;\n\t/* lab", "\t/* lab"),
    ("spend_without_a_trace", 4, CREDIT, "\tg->spent += ns;\n\t/* lab", "\t/* lab"),
    ("spend_on_surplus_too", 4, CREDIT, "if (t->surplus && (t->state == CSCHED_RUNNING || t->state == CSCHED_LEAVING)) {",
     "if (0) {"),
    ("spend_surplus_unweighted", 4, CREDIT, "g->surplus += weighted(g, ns);", "g->surplus += ns;"),

    ("burst_without_bound", 5, CREDIT, "\tif (excess > 0) {", "\tif (0) {"),
    ("burst_always_full", 5, CREDIT, "\tif (excess > 0) {", "\tif (excess) {"),
    ("burst_loses_all", 5, CREDIT, "\t\tg->credit -= excess;\n", "\t\texcess = g->credit;\n\t\tg->credit = 0;\n"),
    ("burst_loss_not_counted", 5, CREDIT, "\t\tg->discarded += excess;\n", ""),
    ("burst_twice_as_long", 5, CREDIT, "s64 excess = g->credit - csched_credit_most(g);",
     "s64 excess = g->credit - 2 * csched_credit_most(g);"),

    ("cap_never_throttles", 6, CAP, "\t\tcsched_throttle(g, CSCHED_BY_CAP, true);\n\telse", "\t\t;\n\telse"),
    ("cap_never_releases", 6, CAP, "\telse if (g->cap_time >= (s64)grain(g))\n\t\tcsched_throttle(g, CSCHED_BY_CAP, false);\n", ""),
    ("cap_crumbles", 6, CAP, "g->cap_time >= (s64)grain(g)", "g->cap_time > 0"),
    ("cap_time_piles_up", 6, CAP, "\tif (g->cap_time > most)\n\t\tg->cap_time = most;\n", ""),
    ("cap_flows_twice_as_fast", 6, CAP, "csched_scale(now - g->cap_at, g->attr.cap, 100)",
     "csched_scale(now - g->cap_at, g->attr.cap, 50)"),
    ("cap_forgives_debt", 6, CAP, "\tif (g->cap_time > most)\n\t\tg->cap_time = most;\n",
     "\tif (g->cap_time > most || g->cap_time < -most)\n\t\tg->cap_time = most;\n"),

    ("boost_never", 7, CREDIT, "\tg->boost_left = g->pool->params.tick;\n", ""),
    ("boost_without_credit", 7, CREDIT, "\tif (g->credit <= 0)\n\t\treturn;\n\tg->boost_left", "\tg->boost_left"),
    ("boost_not_counted", 7, CREDIT, "\tg->boosts++;\n", ""),
    ("boost_for_ever", 7, CREDIT, "\tg->boost_left = g->boost_left > ns ? g->boost_left - ns : 0;\n", ""),
    ("boost_half_as_long", 7, CREDIT, "g->boost_left = g->pool->params.tick;", "g->boost_left = g->pool->params.tick / 2;"),
    ("boost_waits_for_the_slot", 7, CREDIT, "return csched_standing(woken) < csched_standing(running) ? 0 : CSCHED_NO_TIMER;",
     "return CSCHED_NO_TIMER;"),
    ("boost_pushes_boost_aside", 7, CREDIT, "csched_standing(woken) < csched_standing(running) ?",
     "csched_standing(woken) <= csched_standing(running) ?"),

    ("steal_guessed_the_exact_share", 8, ANSWERS, "\nexact = ", "\nexact = 1"),
    ("steal_guessed_the_haul", 8, ANSWERS, "\ntick = ", "\ntick = 1"),
    ("steal_left_an_answer_out", 8, ANSWERS, "\nno_boost = ", "\n# no_boost = "),
    ("steal_took_the_tick_for_the_longest_run", 8, ANSWERS, "\nlongest = ", "\nlongest = 1"),
    ("steal_answers_of_another", 8, ANSWERS, 'student = "reference"', 'student = "somebody else"'),
    ("steal_answers_are_not_toml", 8, ANSWERS, "\ncrowd_pays = ", "\ncrowd_pays: "),
]

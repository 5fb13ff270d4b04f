# SPDX-License-Identifier: GPL-2.0
"""Ways to break limits of control groups that their unit tests must notice. See ../mutate.py."""

TREE = "userland"

V1 = "container/cgroup/v1.c"
V2 = "container/cgroup/v2.c"
SCHED = "container/schedule/groups.c"

MUTANTS = [
    ("shares_below_2", V2, "if (shares < 2)\n\t\tshares = 2;", ""),
    ("shares_above_the_end", V2, "if (shares > 262144)\n\t\tshares = 262144;", ""),
    ("shares_line", V2, "(shares - 2) * 9999 / 262142", "shares * 9999 / 262144"),
    ("io_below_10", V2, "if (weight < 10)\n\t\tweight = 10;", ""),
    ("io_above_1000", V2, "if (weight > 1000)\n\t\tweight = 1000;", ""),
    ("io_line", V2, "(weight - 10) * 9999 / 990", "(weight - 10) * 10000 / 990"),
    ("swap_is_both", V2, "swap -= r->memory_limit;", "swap -= 0;"),
    ("swap_0_is_written", V2, "else if (swap == 0)\n\t\tswap = CONFIG_UNSET;", ""),
    ("swap_below_memory", V2, " || swap < r->memory_limit))", "))"),
    ("swap_without_memory", V2, "(r->memory_limit < 0 || swap", "(r->memory_limit == CONFIG_UNSET || swap"),
    ("v2_judges_v1", V2, "if (!h || !h->v2)\n\t\treturn;\n\t/* v1's bound", "/* v1's bound"),
    ("no_period", V2, "r->cpu_period > 0 ? r->cpu_period : 100000", "r->cpu_period"),
    ("unlimited_quota_is_not_written", V2, "r->cpu_quota <= 0 && r->cpu_quota != -1 && !period", "r->cpu_quota <= 0 && !period"),
    ("period_lifts_the_quota", V2, "cgroup_read(h->dir, \"cpu.max\", text, sizeof(text));", ";"),
    ("bound_of_minus_1", V2, "value < 0 ? \"max\" : text", "text"),
    ("pids_0_is_written", V2, "if (r->pids_limit != 0)\n\t\tset_bound", "set_bound"),
    ("rate_0_is_written", V2, "if (d->value)", "if (1)"),
    ("bps_and_iops", V2, "{ \"rbps\", \"wbps\", \"riops\", \"wiops\" }", "{ \"rbps\", \"wbps\", \"wiops\", \"riops\" }"),
    ("v1_swap_0_first", V1, " &&\n\t    r->memory_swap != 0) {", ") {"),
    ("v1_swap_0", V1, "if (r->memory_swap != 0)\n", ""),
    ("v1_swap_after_memory_only", V1, "cgroups_set(h, \"\", \"\", \"memory.memsw.limit_in_bytes\", swap, &ignored);", ""),
    ("v1_shares_0", V1, "r->cpu_shares ? r->cpu_shares : nothing", "r->cpu_shares"),
    ("v1_quota_0", V1, "r->cpu_quota ? r->cpu_quota : nothing", "r->cpu_quota"),
    ("v1_pids_unlimited", V1, "r->pids_limit < 0 ? \"max\" : text", "text"),
    ("v1_writes_what_v2_has", V1, "if (s->ret || (h && h->v2))", "if (s->ret)"),
    ("v1_no_bfq", V1, "if (cgroup_write(h->dir, \"blkio.weight\", text))", "cgroup_write(h->dir, \"blkio.weight\", text); if (0)"),
    ("sched_rounds_down", SCHED, "s->weight * 100 + 128", "s->weight * 100"),
    ("sched_weight_above_10000", SCHED, "weight > 10000 ? 10000 : weight", "weight"),
    ("sched_weight_0", SCHED, "weight < 1 ? 1 :", ""),
    ("sched_burst_above_quota", SCHED, "burst > (uint64_t)r->cpu_quota ? r->cpu_quota : (int64_t)burst", "(int64_t)burst"),
    ("sched_cap_of_ten", SCHED, "* PERIOD_US / 100;", "* PERIOD_US / 10;"),
]

"""Whatever ends under live traffic, a hundred times: other traffic goes on, and nothing is left.

And whatever is sent: it is dropped, counted by its reason, and nothing is left either.
"""
from __future__ import annotations

import os

import module_vm
import pytest
from module_vm import DEBUG

KINDS = ("card_deleted", "tap_card_deleted", "tap_file_closed", "network_removed", "uplink_down", "uplink_deleted",
         "guest_namespace_deleted", "host_namespace_deleted", "module_removed")
BOOTS = [pytest.param("ends_daily", id="daily"), pytest.param("ends", id="hundred", marks=pytest.mark.slow)]
# What each kind of noise is counted as.
REASONS = ("drop_frame", "drop_mac", "drop_source", "drop_martian", "drop_isolated", "drop_truncated",
           "drop_bad_header", "drop_bad_sum", "drop_source_routed", "drop_protocol", "drop_ttl",
           "drop_no_session", "drop_no_mapping", "drop_error_unknown")
# Frames shorter than their header are refused to those who write them, as they are by TAP devices.
NOISE = {"truncated", "lying_lengths", "options", "fragments", "wrong_sums", "quoting_nonsense", "strange_ends",
         "random_octets", "ethertypes", "strangers", "broadcast"}
SENDERS = ("tap", "card", "card with header", "outside", "outside with header")


def judge_state(before: dict, after: dict, rounds: int) -> None:
    """An object that a round leaves is there as often as there were rounds; less is what caches keep."""
    grown = {}
    for name, (count, at_once) in after["slabs"].items():
        was = before["slabs"].get(name, (0, 0))[0]
        # Slabs that a CPU has count as full; each CPU keeps up to 64 heads of frames for the next.
        kept = max(4 * at_once, 128 if name.startswith("skbuff") else 0)
        if count - was > max(rounds * 3 // 4, kept):
            grown[name] = f"{was} -> {count}"
    assert not grown, f"objects left after {rounds} rounds: {grown}"
    assert after["slabs"]["net_namespace"] == before["slabs"]["net_namespace"]
    assert after["tables"] == before["tables"]


@pytest.mark.parametrize("boot_of", BOOTS)
@pytest.mark.parametrize("kind", KINDS)
def test_ends_under_traffic_and_leaves_nothing(observed, boot_of, kind):
    if not any(word in kind for word in os.environ.get("ONLY", "").split(",")):
        pytest.skip(f"ONLY={os.environ['ONLY']}")
    seen = observed(boot_of, kind)
    assert not seen["wrong"], f"round {seen['rounds']}: {seen['wrong']}"
    judge_state(seen["before"], seen["after"], seen["rounds"])


@pytest.mark.parametrize("boot_of", [*BOOTS, pytest.param("noise", marks=pytest.mark.slow)])
def test_kernel_log_is_clean_and_the_module_goes(boot, observed, boot_of):
    log = boot(boot_of).judge_kernel_log()
    assert "waiting for" not in log, "a device is waited for: somebody holds it"
    assert observed(boot_of, "unload") == {"status": 0, "said": ""}


@pytest.mark.slow
@pytest.mark.parametrize("reason", REASONS)
def test_noise_is_dropped_and_counted_by_its_reason(observed, reason):
    assert observed("noise", "noise")["risen"][reason] > 0


@pytest.mark.slow
def test_traffic_passes_amid_noise_that_leaves_nothing(observed):
    seen = observed("noise", "noise")
    for sender in SENDERS:
        sent = sum(count for kind, count in seen["sent"][sender].items() if kind != "refused")
        assert sent > (100 if DEBUG else 1000), f"{sender}: {seen['sent'][sender]}"
        assert set(seen["sent"][sender]) >= NOISE, f"{sender} sent no {NOISE - set(seen['sent'][sender])}"
    assert seen["turns"] >= 3, "another's traffic was looked at now and then, and went on"
    judge_state(seen["before"], seen["after"], 100)


@pytest.mark.slow
def test_senseless_ioctls_under_traffic(boot):
    module_vm.judge_tap("ioctls", *boot("noise").tap("ioctls"), at_least=1)

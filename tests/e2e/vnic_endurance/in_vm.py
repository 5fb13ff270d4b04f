"""Inside the course VM, as root: things end under live traffic, ROUNDS times each; then noise under traffic.

	in_vm.py MODULE.ko ends		OUT/KIND.json for each kind of end: state before and after, what went wrong
	in_vm.py MODULE.ko noise	OUT/noise.json: what was sent, what was counted; OUT/ioctls.*

Judges nothing. ONLY=word,word: the kinds whose names have one.
"""
from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import struct
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "vnic_clients"), str(HERE.parent / "nat")]
os.environ["PATH"] = "/virtlab/build/bin:" + os.environ["PATH"]

import links
import machine
import state
import traffic
import wire

ROUNDS = int(os.environ.get("ROUNDS", "100"))
# Before the first is counted: caches fill, modules are loaded on demand.
WARMING = 3 if ROUNDS > 5 else 1
CONTAINERS = ("second", "container")


class Ground:
    """All that a round needs, rebuilt by whoever has destroyed it."""

    def __init__(self, module: str) -> None:
        self.module = module
        self.flows: dict[str, traffic.Flows] = {}
        self.tap = -1
        wire.lay()
        wire.load(module)
        traffic.serve()
        links.add_network()
        self.everybody()
        self.storm = traffic.Storm()
        self.begin()

    # --- who is there ---

    def everybody(self) -> None:
        for guest in CONTAINERS:
            self.card(guest)
        self.tap_card()

    def forwards(self) -> None:
        for port, guest in zip(traffic.FORWARDED, wire.GUESTS):
            links.forward(port, wire.GUESTS[guest], 99)

    def card(self, guest: str) -> None:
        links.add_card(guest, wire.GUESTS[guest])
        links.address(guest, "eth0", wire.GUESTS[guest])
        links.default_route(guest, "eth0", "10.9.0.1")
        self.forwards()

    def tap_card(self) -> None:
        self.tap = machine.open_tap("tap0", machine.IFF_VNET_HDR)
        links.turn("host", "tap0", True)
        self.join_tap()

    def join_tap(self) -> None:
        links.attach("tap0", wire.GUESTS["machine"])
        self.forwards()

    def close_tap(self) -> None:
        os.close(self.tap)
        self.tap = -1

    def drain_tap(self) -> None:
        """Takes what waits for the machine."""
        with contextlib.suppress(BlockingIOError):
            while True:
                os.read(self.tap, 70000)

    def uplink(self) -> None:
        links.add_veth("host", "up0", "router", "wire")
        for namespace, device, own in (("host", "up0", wire.UPLINK), ("router", "wire", wire.ROUTER)):
            links.address(namespace, device, own)
            links.turn(namespace, device, True)
        links.default_route("host", "up0", wire.ROUTER)

    def rejoin(self) -> None:
        """After the network has gone: a new one, with new cards in the namespaces and the same TAP card."""
        links.add_network()
        for guest in CONTAINERS:
            links.delete(guest, "eth0")
            self.card(guest)
        self.join_tap()

    # --- what goes on ---

    def begin(self, *guests: str) -> None:
        for guest in guests or CONTAINERS:
            self.flows[guest] = traffic.Flows(guest, 5000 + len(guest))

    def stop(self, *guests: str) -> None:
        for guest in guests or tuple(self.flows):
            self.flows.pop(guest).close()

    def get_on(self, what: str, *guests: str) -> None:
        for guest in guests or CONTAINERS:
            self.flows[guest].get_on(f"{guest}, {what}")


def expect_error(number: int, call: Callable, *arguments) -> None:
    try:
        call(*arguments)
    except OSError as e:
        assert e.errno == number, f"{call.__name__}: {e}; {errno.errorcode[number]} was expected"
        return
    raise AssertionError(f"{call.__name__} went well; {errno.errorcode[number]} was expected")


def gone(tap: int) -> bool:
    """Whether its card is; a frame is taken, if there is one."""
    try:
        os.read(tap, 70000)
    except OSError as e:
        return e.errno == errno.EBADFD
    return False


# --- ends ---

def card_deleted(g: Ground) -> None:
    """The container's card, while it sends and is sent to."""
    links.delete("container", "eth0")
    g.get_on("after another's card was deleted", "second")
    g.card("container")


def tap_card_deleted(g: Ground) -> None:
    """The host deletes the device; the file stays, says so, and is of no more use."""
    links.delete("host", "tap0")
    wire.wait_for(lambda: gone(g.tap), "a card that is gone has frames without end")
    expect_error(errno.EBADFD, os.write, g.tap, bytes(100))
    g.close_tap()
    g.tap_card()


def tap_file_closed(g: Ground) -> None:
    """With its queue full of frames."""
    g.close_tap()
    assert "tap0" not in links.devices("host"), "the device outlives its file"
    g.tap_card()


def network_removed(g: Ground) -> None:
    links.remove_network()
    wire.wait_for(lambda: not links.has_carrier("second", "eth0"), "a card of no network loses its carrier")
    g.rejoin()


def uplink_down(g: Ground) -> None:
    links.turn("host", "up0", False)
    links.turn("host", "up0", True)
    links.default_route("host", "up0", wire.ROUTER)


def uplink_deleted(g: Ground) -> None:
    """The network goes with it."""
    links.delete("host", "up0")
    assert links.cards() == -1, "a network without an uplink"
    g.uplink()
    g.rejoin()


def guest_namespace_deleted(g: Ground) -> None:
    """With a TAP card in it whose file stays open."""
    with wire.inside("container"):
        held = os.open("/dev/vnic", os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
        fcntl.ioctl(held, machine.TUNSETIFF, struct.pack("16sH22x", b"held", machine.IFF_TAP | machine.IFF_NO_PI))
    links.turn("container", "held", True)
    links.delete_namespace("container")
    g.stop("container")
    wire.wait_for(lambda: gone(held), "its TAP card goes")
    os.close(held)
    wire.wait_for(lambda: links.cards() == 2, "its card leaves the network")
    g.get_on("after another's namespace was deleted", "second")
    links.add_namespace("container")
    g.card("container")
    g.begin("container")


def host_namespace_deleted(g: Ground) -> None:
    """Network, uplink and TAP card go; cards of guests elsewhere stay, and lead nowhere."""
    links.delete_namespace("host")
    wire.wait_for(lambda: gone(g.tap), "the TAP card goes")
    g.close_tap()
    wire.wait_for(lambda: "wire" not in links.devices("router"), "the uplink goes")
    wire.wait_for(lambda: not links.has_carrier("second", "eth0"), "a card of no network loses its carrier")
    links.add_namespace("host")
    g.uplink()
    links.add_network()
    for guest in CONTAINERS:
        links.delete(guest, "eth0")
    g.everybody()


def removed() -> bool:
    try:
        links.remove_module()
    except BlockingIOError:
        return False
    return True


def module_removed(g: Ground) -> None:
    """Refused while a file is open; then all that is left goes with it, though it sends."""
    expect_error(errno.EWOULDBLOCK, links.remove_module)
    g.get_on("after a refused rmmod")
    g.close_tap()
    # What it has sent and is still on its way holds the module, too.
    wire.wait_for(removed, "the module goes when nothing is open", within=5)
    for guest in CONTAINERS:
        assert "eth0" not in links.devices(guest), f"{guest}'s card outlives the module"
    assert not Path("/dev/vnic").exists(), "its device outlives the module"
    links.insert_module(g.module)
    links.add_network()
    g.everybody()


KINDS = (card_deleted, tap_card_deleted, tap_file_closed, network_removed, uplink_down, uplink_deleted,
         guest_namespace_deleted, host_namespace_deleted, module_removed)


def one_round(g: Ground, kind: Callable[[Ground], None]) -> None:
    kind(g)
    # Streams that were cut begin anew.
    g.stop()
    g.begin()
    g.get_on("after the round")


def quiet_state(g: Ground) -> dict:
    """With nobody in the middle of something."""
    g.stop()
    g.storm.stop()
    traffic.hang_up()
    g.drain_tap()
    wire.wait_for(lambda: not links.sessions(), "sessions end")
    found = state.now()
    g.storm = traffic.Storm()
    g.begin()
    g.get_on("after a pause")
    return found


def ends(g: Ground) -> None:
    kinds = [kind for kind in KINDS
             if any(word in kind.__name__ for word in os.environ.get("ONLY", "").split(","))]
    for kind in kinds:
        for _ in range(WARMING):
            one_round(g, kind)
    after = quiet_state(g)
    for kind in kinds:
        start, wrong, done = time.monotonic(), "", 0
        before, after = after, {}
        try:
            for done in range(1, ROUNDS + 1):
                one_round(g, kind)
            after = quiet_state(g)
        except Exception:
            wrong = traceback.format_exc(limit=-4)
        wire.observe(kind.__name__, {"rounds": done, "wrong": wrong, "before": before, "after": after})
        print(f"{kind.__name__}: {done} rounds, {time.monotonic() - start:.0f} s\n{wrong}", flush=True)
        if wrong:
            return


def main(module: str, what: str) -> None:
    # Many threads that wait more than they work.
    sys.setswitchinterval(0.0005)
    g = Ground(module)
    g.get_on("at first")
    if what == "noise":
        import noise
        noise.make(g)
    else:
        ends(g)
    g.stop()
    g.storm.stop()
    if g.tap >= 0:
        g.close_tap()
    wire.clear()


if __name__ == "__main__":
    main(*sys.argv[1:])

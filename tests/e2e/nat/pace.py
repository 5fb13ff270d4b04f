"""How much time this machine lost: what it slept longer than it wanted to.

A VM whose host has other things to do stands still for a moment, and its clock goes on. What was to be done after
a second is done after three, and looks like the fault of whoever was to be there until then.
"""
from __future__ import annotations

import mmap
import os
import signal
import struct
import time

# In seconds. Less than SLACK is how long anybody waits for a processor.
BEAT, SLACK = 0.05, 0.05


class Pace:
    """One process a processor sleeps, and adds up by how much too long."""

    def __enter__(self) -> Pace:
        processors = sorted(os.sched_getaffinity(0))
        self.sums = mmap.mmap(-1, 8 * len(processors))
        self.beating = [self.beat(number, processor) for number, processor in enumerate(processors)]
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.beating:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        self.sums.close()

    def beat(self, number: int, processor: int) -> int:
        """The process that beats on it."""
        if process := os.fork():
            return process
        os.sched_setaffinity(0, {processor})
        whose, lost, last = os.getppid(), 0.0, time.monotonic()
        while os.getppid() == whose:
            time.sleep(BEAT)
            now = time.monotonic()
            if now - last > BEAT + SLACK:
                lost += now - last - BEAT
                struct.pack_into("d", self.sums, 8 * number, lost)
            last = now
        os._exit(0)

    @property
    def lost(self) -> float:
        """Seconds since the beginning, of all processors together."""
        return sum(struct.unpack(f"{len(self.sums) // 8}d", self.sums))

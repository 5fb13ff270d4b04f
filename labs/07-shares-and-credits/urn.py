"""A lottery as the policy holds it: the grader's own draws."""
from __future__ import annotations


def splitmix(state: int) -> tuple[int, int]:
    """The pool's sequence of draws (lottery.c: draw()): the next state, and the number."""
    mask = (1 << 64) - 1
    state = (state + 0x9E3779B97F4A7C15) & mask
    z = ((state ^ state >> 30) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ z >> 27) * 0x94D049BB133111EB) & mask
    return state, z ^ z >> 31


class Urn:
    """Tickets, in the order of the groups, and a seeded hand."""

    def __init__(self, seed: int, weights: dict[str, int]) -> None:
        self.state, self.weights = seed, weights

    def draw(self, among: str) -> str:
        self.state, number = splitmix(self.state)
        ticket = number % sum(self.weights[name] for name in among)
        for name in among:
            if ticket < self.weights[name]:
                return name
            ticket -= self.weights[name]
        raise AssertionError("a ticket that nobody holds")

"""One letter a call, warm, against the raw floor: a file synced, renamed, its name synced, too."""

from __future__ import annotations

import os

from benchmarks.measure import Target, contest, typical
from benchmarks.network import deliver, letters, network, receive
from benchmarks.rivals.files import Floor

ROUNDS = 25
CALLS = 8  # in a turn, before the reader ticks; many more under way and sending would wait
FLOOR = "raw floor of one letter"
TARGETS = ("one letter a call: at least 0.6 of the raw floor's speed",)


def run(rounds: int) -> None:
    """Print the table; both write to the filesystem of the same temporary folder."""
    bodies = letters(1)
    raw = [body.text.encode() for body in bodies]
    with network(("core", "librarian")) as made:
        core, librarian = made.peers["core"], made.peers["librarian"]
        floor = Floor(os.path.join(made.share, ".floor"))

        def ours() -> float:
            seconds = typical(lambda: deliver(core, librarian, bodies), CALLS)
            receive(librarian, CALLS)
            return seconds

        def theirs() -> float:
            seconds = typical(lambda: floor.send(raw), CALLS)
            floor.receive(CALLS)  # in both folders a reader takes the files away
            return seconds

        contest(
            f"One letter of 1 KiB a call, {CALLS} calls a turn",
            "ours",
            {"ours": ours, FLOOR: theirs},
            [Target(FLOOR, at_least=0.6)],
            rounds,
        )

"""One letter a call, warm, against the raw floor: a file synced, renamed, its name synced, too."""

from __future__ import annotations

import os

from benchmarks.measure import Target, contest, timed
from benchmarks.network import deliver, letters, network, receive
from benchmarks.rivals.files import Floor

ROUNDS = 200
UNRECEIPTED_MAX = 8  # letters under way before their reader ticks; then sending would wait
FLOOR = "raw floor of one letter"
TARGETS = ("one letter a call: at least 0.6 of the raw floor's speed",)


def run(rounds: int) -> None:
    """Print the table; both write to the filesystem of the same temporary folder."""
    bodies = letters(1)
    raw = [body.text.encode() for body in bodies]
    with network(("core", "librarian")) as made:
        core, librarian = made.peers["core"], made.peers["librarian"]
        floor = Floor(os.path.join(made.share, ".floor"))
        under_way = 0

        def ours() -> float:
            nonlocal under_way
            if under_way == UNRECEIPTED_MAX:
                receive(librarian, under_way)
                under_way = 0
            under_way += 1
            return timed(lambda: deliver(core, librarian, bodies))

        contest(
            "One letter of 1 KiB a call",
            "ours",
            {"ours": ours, FLOOR: lambda: timed(lambda: floor.send(raw))},
            [Target(FLOOR, at_least=0.6)],
            rounds,
        )

"""One letter a call, warm, against the raw floor: write, sync, rename, sync the name and the folder."""

from __future__ import annotations

import os

from benchmarks.measure import Target, contest, timed
from benchmarks.network import deliver, letters, network, receive
from benchmarks.rivals.files import Floor

ROUNDS = 25
CALLS = 8  # in a turn; no more than may lie on the share without a receipt
FLOOR = "raw floor of one letter"
TARGETS = ("one letter a call: at least 0.6 of the raw floor's speed",)


def run(rounds: int) -> None:
    """Print the table; both write to the filesystem of the same temporary folder."""
    bodies = letters(CALLS)
    with network(("core", "librarian")) as made:
        core, librarian = made.peers["core"], made.peers["librarian"]
        floor = Floor(os.path.join(made.share, ".floor"))
        raw = [body.text.encode() for body in bodies]

        def ours() -> float:
            def calls() -> None:
                for body in bodies:
                    deliver(core, librarian, [body])

            seconds = timed(calls) / CALLS
            receive(librarian, CALLS)
            deliver(core, librarian, bodies[:1])  # reads the receipt, so that no turn has to
            receive(librarian, 1)
            return seconds

        def theirs() -> float:
            return timed(lambda: floor.send(raw)) / CALLS

        contest(
            f"One letter of 1 KiB a call, {CALLS} calls a turn",
            "ours",
            {"ours": ours, FLOOR: theirs},
            [Target(FLOOR, at_least=0.6)],
            rounds,
        )

"""Receiving on a memory-backed disk, pages of 100 letters: verify, journal, act, receipt."""

from __future__ import annotations

import os

from benchmarks.measure import Turn, contest, timed, verdict
from benchmarks.network import deliver, letters, memory, network, receive
from benchmarks.rivals.files import Maildir

ROUNDS = 9
PAGES, PAGE_LETTERS = 10, 100
SPEED_MIN = 5_000  # letters a second
TARGETS = (f"one tick takes in at least {SPEED_MIN:,} letters a second",)


def run(rounds: int) -> None:
    """Print the table, or why there is none: without such a disk it would measure the disk."""
    if (place := memory()) is None:
        print("  skipped: no memory-backed disk here")
        return
    count = PAGES * PAGE_LETTERS
    bodies = letters(PAGE_LETTERS)
    with network(("core", "librarian"), within=place) as made:
        core, librarian = made.peers["core"], made.peers["librarian"]
        box = Maildir(os.path.join(made.home, "maildir"))

        def ours() -> float:
            for _ in range(PAGES):
                deliver(core, librarian, bodies)
            return timed(lambda: receive(librarian, count))

        def theirs() -> float:
            for _ in range(PAGES):
                box.send([body.text.encode() for body in bodies])
            return timed(lambda: box.receive(count))

        turns: dict[str, Turn] = {"ours": ours, "mailbox.Maildir, read and remove": theirs}
        title = f"Taking in {PAGES} pages of {PAGE_LETTERS} letters of 1 KiB from memory"
        medians = contest(title, "ours", turns, [], rounds)
        speed = count / medians["ours"]
        bound, found = f"at least {SPEED_MIN:,}", f"{speed:,.0f}"
        verdict("letters a second", bound, found, speed >= SPEED_MIN)

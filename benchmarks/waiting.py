"""A tick over 100,000 one-letter pages that a tool put into an inbox, past the sending window."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from hashlib import sha256

import orjson

from benchmarks.measure import shown, timed, verdict
from benchmarks.network import letters, memory, network
from peer.clock import SystemEntropy
from peer.home.places import choose
from peer.instance import RunningPeer
from peer.tick.session import tick
from peer.wiring import open_peer
from protocol import canonical
from protocol.messages import Head, compose
from protocol.page import Header, form_page
from protocol.signing import verify
from registry import layout
from registry.layout import PageName

ROUNDS = 1
PAGES = 100_000
SPEED_MIN = 1_500  # letters a second
MEMORY_MAX = 200  # MiB, the whole process
TARGETS = (
    f"one tick takes in {PAGES:,} one-letter pages at {SPEED_MIN:,} letters a second or faster",
    f"and its process needs at most {MEMORY_MAX} MiB",
)


def run(rounds: int) -> None:
    """Print speed and memory of each round, a process of its own, beside the floor."""
    if (place := memory()) is None:
        print("  skipped: no memory-backed disk here")
        return
    print(f"\nA tick over {PAGES:,} waiting one-letter pages of 1 KiB ({rounds} rounds)\n")
    speeds, peaks = [], []
    for _ in range(rounds):
        with network(("core", "librarian"), within=place) as made:
            box = os.path.join(made.share, layout.inbox("librarian"))
            put_pages(made.peers["core"], made.peers["librarian"].address, box, PAGES)
            floor = timed(partial(read_and_verify, box))
            done = _in_a_process(made.home)
        speeds.append(PAGES / done["seconds"])
        peaks.append(done["peak_mib"])
        print(
            f"  ours {shown(done['seconds'])}, {speeds[-1]:,.0f} letters/s, {peaks[-1]:.0f} MiB;"
            f"  floor (list, read, parse, verify) {shown(floor)}: {done['seconds'] / floor:.2f} ×"
        )
    print()
    speed, peak = sorted(speeds)[len(speeds) // 2], max(peaks)
    verdict("letters a second", f"at least {SPEED_MIN:,}", f"{speed:,.0f}", speed >= SPEED_MIN)
    verdict("MiB", f"at most {MEMORY_MAX}", f"{peak:.0f}", peak <= MEMORY_MAX)


def put_pages(author: RunningPeer, reader: str, box: str, count: int) -> None:
    """Genuine pages of one letter each, as a tool writes them that knows no sending window."""
    entropy, prev, epoch = SystemEntropy(), None, author.home.state.epoch
    for seq, body in enumerate(letters(count), start=1):
        salt = canonical.b32(entropy.draw(16))
        item = compose(Head(author=author.address, kind="note", salt=salt, at=seq), body)
        header = Header(
            network=author.identity.network, author=author.address, key=author.signer.key,
            epoch=epoch, audience=reader, seq=seq, prev=prev, at=seq,
        )  # fmt: skip
        prev, data = form_page(header, [item.data], author.signer)
        name = layout.letter_file(PageName(author.name, epoch[:8], seq))
        with open(os.path.join(box, name), "wb") as file:
            file.write(data)


def read_and_verify(box: str) -> None:
    """The least that a reader of signed files must do, and keep nothing of it."""
    for name in sorted(os.listdir(box)):
        with open(os.path.join(box, name), "rb") as file:
            value = orjson.loads(file.read())
        body = orjson.dumps(value["signed"], option=orjson.OPT_SORT_KEYS)
        [signature] = value["signatures"]
        key, sig = canonical.unb64(signature["key"], 32), canonical.unb64(signature["sig"], 64)
        message = b"DSSEv1 11 soma/page/1 %d %b" % (len(body), body)
        if not verify(key, message, sig):
            raise RuntimeError(f"{name} does not verify")
        sha256(orjson.dumps(value["items"][0], option=orjson.OPT_SORT_KEYS)).digest()


def _in_a_process(home: str) -> dict[str, float]:
    """One tick of the reader in a fresh process, whose peak is its own."""
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.waiting", home], check=True, stdout=subprocess.PIPE
    )
    answer: dict[str, float] = orjson.loads(told.stdout)
    return answer


def main(home: str) -> None:
    """The reader's process: one tick, and what it needed."""
    import resource

    reader = open_peer(*choose(home, "peers", "librarian", None))
    found = []
    seconds = timed(lambda: found.append(tick(reader)))
    if (found[0].received, found[0].acted) != (PAGES, PAGES):
        raise RuntimeError(f"{found[0].received} received, {found[0].acted} acted on, not {PAGES}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.buffer.write(orjson.dumps({"seconds": seconds, "peak_mib": peak}))


if __name__ == "__main__":
    main(sys.argv[1])

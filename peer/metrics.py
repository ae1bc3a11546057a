"""Numbers of one identity in the text format of Prometheus, and the file that node-exporter reads.

Rules: base units (seconds, bytes), counters end in `_total`, every family has HELP and TYPE, and
what is not known is left out. All of it comes from the home; the share is not touched. Every sample
has the labels `peer` and `network`, so that many identities can be collected from one folder.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Literal, NamedTuple

from peer import software
from peer.home import census, outages
from peer.instance import RunningPeer
from peer.stewards.standing import Standing, standing
from peer.tick import look

PREFIX = "soma_peer_"
STATES = ("alive", "late", "suspect", "dead", "halted", "unknown")
LEVELS = ("info", "warn", "human")
RESULTS = ("ok", "halted", "parked", "failed")
_NETWORK_CHARS = 8
Labels = Mapping[str, str]
_NONE: Labels = {}


class Family(NamedTuple):
    """Samples of one name: (labels, value); `name` without the prefix."""

    name: str
    kind: Literal["counter", "gauge"]
    means: str
    samples: list[tuple[Labels, float]]


def families(peer: RunningPeer) -> list[Family]:
    """Every family with its samples as the home knows them now."""
    holds = standing(peer)
    return [*_of_ticks(peer), *_of_work(peer), *_of_mail(peer), *_of_others(peer, holds)]


def text(peer: RunningPeer, found: Iterable[Family]) -> str:
    """The exposition format, version 0.0.4."""
    common = {"peer": peer.address, "network": peer.identity.network[:_NETWORK_CHARS]}
    lines = []
    for family in found:
        name = PREFIX + family.name
        lines += [f"# HELP {name} {family.means}", f"# TYPE {name} {family.kind}"]
        for labels, value in family.samples:
            said = ",".join(
                f'{key}="{_escaped(word)}"' for key, word in (common | dict(labels)).items()
            )
            lines.append(f"{name}{{{said}}} {value:.15g}")
    return "\n".join(lines) + "\n"


def write_textfile(peer: RunningPeer, path: str) -> str:
    """Replace the file for node-exporter's textfile collector; OSError where that fails.

    A folder has one file for each identity. A relative path begins at the identity's directory.
    Returns the path of the file. Whoever calls holds the tick lock.
    """
    path = os.path.join(peer.folder or "", path)
    if os.path.isdir(path):
        path = os.path.join(path, f"soma-{peer.name}.{peer.identity.network[:_NETWORK_CHARS]}.prom")
    folder, name = os.path.split(path)
    # The collector reads what ends in `.prom`. The name is the same each time: a tick that died
    # here leaves one file, which the next one takes.
    temporary = os.path.join(folder, f".{name}.{peer.name}.new")
    data = text(peer, families(peer)).encode()
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        with os.fdopen(descriptor, "wb") as file:
            if os.name == "posix":
                os.fchmod(file.fileno(), 0o644)  # another user reads it, whatever the umask
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    return path


def _one(value: float) -> list[tuple[Labels, float]]:
    return [(_NONE, value)]


def _of_ticks(peer: RunningPeer) -> Iterator[Family]:
    state = peer.home.state
    yield Family(
        "build_info", "gauge", "The software that runs; always 1.",
        [({"version": software.VERSION}, 1)],
    )  # fmt: skip
    ran = bool(state.number("last_tick_at"))
    result = state.text("last_tick_result")
    yield Family(
        "last_tick_timestamp_seconds", "gauge", "When the last tick ended, however it did.",
        _one(state.number("last_tick_at") / 1000) if ran else [],
    )  # fmt: skip
    good = state.number("last_success_at")
    yield Family(
        "last_success_timestamp_seconds", "gauge", "When the last tick ended that went well.",
        _one(good / 1000) if good else [],
    )  # fmt: skip
    yield Family(
        "last_tick_duration_seconds", "gauge", "How long the last tick took.",
        _one(state.number("last_tick_ms") / 1000) if ran else [],
    )  # fmt: skip
    yield Family(
        "last_tick_success", "gauge", "1 where the last tick went well, 0 where it did not.",
        _one(result in ("ok", "halted")) if ran else [],
    )  # fmt: skip
    yield Family(
        "ticks_total", "counter", "Ticks, by how they ended.",
        [({"result": word}, census.total(state, f"ticks-{word}")) for word in RESULTS],
    )  # fmt: skip
    yield Family(
        "share_away", "gauge", "1 where the share could not be used when last tried.",
        _one(outages.current(state) is not None),
    )  # fmt: skip


def _of_work(peer: RunningPeer) -> Iterator[Family]:
    counters = (
        ("items_received_total", "received", "Items received from others and journalled."),
        ("items_acted_total", "acted", "Received items acted on."),
        (
            "pages_delivered_total",
            "delivered",
            "Pages of letters that ticks put on the share.",
        ),
        ("pages_published_total", "published", "Pages that ticks put into the own feed."),
        (
            "files_quarantined_total",
            "quarantined",
            "Files and items set aside for breaking a rule.",
        ),
        ("problems_total", "problems", "Problems that ticks told of."),
    )
    for name, key, means in counters:
        yield Family(name, "counter", means, _one(census.total(peer.home.state, key)))
    formed = census.formed(peer.home.db)
    yield Family(
        "pages_formed_total", "counter", "Pages signed in all epochs, by sends and ticks alike.",
        [({"stream": stream}, count) for stream, count in formed.items()],
    )  # fmt: skip


def _of_mail(peer: RunningPeer) -> Iterator[Family]:
    home = peer.home
    waiting = census.letters(home.db)
    yield Family(
        "outbox_letters", "gauge", "Own letters that no receipt covers, by state.",
        [({"state": state}, count) for state, count in waiting.items()],
    )  # fmt: skip
    yield Family(
        "unread_letters", "gauge", "Letters nobody has read.", _one(home.mail.unread_count())
    )
    yield Family(
        "unacted_items",
        "gauge",
        "Items received and not acted on yet.",
        _one(census.unacted(home.db)),
    )
    yield Family(
        "quarantine_entries", "gauge", "Entries of the quarantine.", _one(home.quarantine.count())
    )
    head = home.outgoing.feed_head()
    yield Family(
        "feed_head_pages", "gauge", "Number of the newest page of the own feed in its epoch.",
        _one(head[1] if head else 0),
    )  # fmt: skip
    yield Family(
        "home_size_bytes",
        "gauge",
        "Size of the identity's directory.",
        _one(home_bytes(peer.folder)),
    )


def _of_others(peer: RunningPeer, holds: Standing) -> Iterator[Family]:
    state = peer.home.state
    levels = Counter(concern.level for concern in peer.home.concerns.all())
    yield Family(
        "concerns", "gauge", "Open concerns; those of level human wait for a person.",
        [({"level": level}, levels[level]) for level in LEVELS],
    )  # fmt: skip
    seen = Counter(row["state"] for row in look.table(peer, holds))
    yield Family(
        "neighbours", "gauge", "Other members of the cluster, by how they seem.",
        [({"state": word}, seen[word]) for word in STATES],
    )  # fmt: skip
    yield Family(
        "admitted",
        "gauge",
        "1 where the roster in force has this peer.",
        _one(holds.member is not None),
    )
    yield Family(
        "halted", "gauge", "1 where a halt of a steward covers this peer.", _one(holds.halted)
    )
    parked = any(state.text(name) for name in ("parked", "left", "moved"))
    yield Family(
        "parked",
        "gauge",
        "1 where this home signs nothing until a person has looked.",
        _one(parked),
    )


def home_bytes(folder: str | None) -> int:
    """The size of all files of a directory; what vanishes meanwhile does not count."""
    size = 0
    for part, _, names in os.walk(folder) if folder is not None else ():
        for name in names:
            with suppress(OSError):
                size += os.stat(os.path.join(part, name), follow_symlinks=False).st_size
    return size


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')

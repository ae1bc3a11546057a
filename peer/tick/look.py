"""Looking after the neighbours: what their silence means, told once.

Rules: time is my own clock since I first saw the newest beat. After a jump of my clock nobody
becomes suspect in that tick; when most fall silent at once, I am the broken one and declare no
death for three looks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from peer import tying
from peer.clock import Moment, read
from peer.esteem import Esteem
from peer.home.neighbours import Neighbour
from peer.instance import HOUR_MS, RunningPeer
from peer.stewards.reading import read_marker
from peer.stewards.standing import Standing
from peer.tick.listen import elapsed
from peer.tick.report import Report
from protocol.suspicion import own_fault, suspicion, verdict

WORSE = {"unknown": 0, "halted": 0, "alive": 0, "late": 1, "suspect": 2, "dead": 3}
patience_looks = 3
HELD_INTERVALS_MAX = 3


def look(peer: RunningPeer, standing: Standing, report: Report) -> None:
    """Judge every neighbour, remember changes, raise and resolve concerns, fill the report."""
    _rebase(peer)
    now, rows = read(peer.clock), peer.home.neighbours.all()
    names = standing.others
    watched = [rows[name] for name in names if name in rows]
    verdicts = {row.name: judge(peer, standing, row, now) for row in watched}
    judged = _be_patient(peer, watched, verdicts)
    changed = [row for row in watched if judged[row.name] != row.state]
    gone = [row for row in rows.values() if row.state != "unknown" and row.name not in names]
    if any(judged[row.name] == "dead" for row in changed):
        read_marker(peer)  # an empty mount point, where a drive was a moment ago, buries nobody
    with peer.home.transaction(durable=False):
        for row in gone:
            _tell(peer, row.name, row.state, "unknown")
        peer.home.neighbours.judge([("unknown", row.name) for row in gone])
        peer.home.neighbours.judge([(judged[row.name], row.name) for row in changed])
        for row in changed:
            _tell(peer, row.name, row.state, judged[row.name])
        _remember_time(peer)
    report.health = _seen_at(now, peer, standing)


def judge(peer: RunningPeer, standing: Standing, row: Neighbour, now: Moment) -> str:
    """The state of a neighbour now. Halted is whom an order covers, not who says so."""
    if standing.all_halts and standing.halts_of(peer.full(row.name)):
        return "halted"
    if row.lifecycle == "left":
        return "unknown"
    return verdict(elapsed(row, now), row.next_ms, row.mean_ms)


def _be_patient(peer: RunningPeer, rows: list[Neighbour], judged: dict[str, str]) -> dict[str, str]:
    """Hold back what is more likely my own fault: then nobody's state gets worse."""
    state = peer.home.state
    silent = [row.name for row in rows if WORSE[judged[row.name]] >= WORSE["suspect"]]
    # Those whose silence was held back before do not make a second fault of mine.
    held = [name for name in (state.text("held") or "").split() if name in silent]
    if _unlooked_ms(peer) > HELD_INTERVALS_MAX * peer.next_beat_ms:
        held = []  # of another silence, long ago
    shown = {row.name: row.state for row in rows}
    fallen = [n for n in silent if n not in held and WORSE[shown[n]] < WORSE["suspect"]]
    # Looks are counted, not ticks: one that could not use the share has learned nothing.
    left = before = state.number("patience")
    left = max(left - 1, 0)
    if own_fault(len(rows), len(fallen)):
        left = patience_looks
        held += fallen
    if held or left or before or state.text("held"):
        with peer.home.transaction(durable=False):
            state.put("patience", left)
            state.put("held", " ".join(held))
    if not left and not _jumped(peer):
        return judged
    return {
        row.name: judged[row.name]
        if WORSE[judged[row.name]] <= max(WORSE[row.state], WORSE["late"])
        else row.state
        for row in rows
    }


def _unlooked_ms(peer: RunningPeer) -> int:
    """For how long I could not look, by my own clock."""
    state, clock = peer.home.state, peer.clock
    if clock.boot() == state.text("last_boot"):
        return clock.monotonic_ms() - state.number("last_mono")
    return max(clock.wall_ms() - state.number("last_wall"), 0)


def _jumped(peer: RunningPeer) -> bool:
    """Whether my wall clock moved by over an hour against what else I know of time."""
    state, clock = peer.home.state, peer.clock
    last = state.number("last_wall")
    if not last:
        return False
    passed = clock.wall_ms() - last
    if clock.boot() == state.text("last_boot"):
        return abs(passed - (clock.monotonic_ms() - state.number("last_mono"))) > HOUR_MS
    return abs(passed) > HOUR_MS


def _rebase(peer: RunningPeer) -> None:
    """After a reboot with a clock that cannot be right, everybody's silence begins now."""
    boot = peer.clock.boot()
    if boot == peer.home.state.text("last_boot") or not _jumped(peer):
        return
    with peer.home.transaction(durable=False):
        peer.home.neighbours.put(
            [
                row._replace(
                    seen_boot=boot,
                    seen_mono=peer.clock.monotonic_ms(),
                    seen_wall=peer.clock.wall_ms(),
                )
                for row in peer.home.neighbours.all().values()
                if row.seen_boot != boot
            ]
        )


def _remember_time(peer: RunningPeer) -> None:
    now, state = read(peer.clock), peer.home.state
    state.put_all(
        {
            "last_wall": now.wall_ms,
            "last_mono": now.monotonic_ms,
            "last_boot": now.boot,
            "lived_ms": peer.lived_ms,
        }
    )


def _tell(peer: RunningPeer, name: str, before: str, now: str) -> None:
    concerns, at = peer.home.concerns, peer.clock.wall_ms()
    if now == "dead":
        concerns.open(
            f"dead:{name}",
            "warn",
            f"{name} has been silent for far longer than it announced",
            f"see whether the machine of {name} runs, and its schedule",
            at,
        )
    elif WORSE[before] == 3:
        concerns.resolve(f"dead:{name}", at)


def table(peer: RunningPeer, standing: Standing) -> list[dict[str, Any]]:
    """The health table: one row for each other member, as `peer peers --json` shows it."""
    esteem, roles = Esteem(peer.home, peer.address), tying.roles(peer.home, peer.lived_ms)
    rows = _seen_at(read(peer.clock), peer, standing)()
    for row in rows:
        address = peer.full(row["name"])
        row["reputation"] = round(esteem.of(address).expectation, 3)
        row["mentoring"] = roles.get(address)
    return rows


def _seen_at(
    now: Moment, peer: RunningPeer, standing: Standing
) -> Callable[[], list[dict[str, Any]]]:
    """The table as of now, made when it is asked for; the home may be closed by then.

    Without reputations and mentors, which no tick works out: that takes longer with each opinion.
    """
    rows, complete = peer.home.neighbours.all(), not peer.home.archive.hidden()

    def made() -> list[dict[str, Any]]:
        lines = []
        for name in standing.others:
            row, phi = rows.get(name), 0.0
            if row is not None and judge(peer, standing, row, now) not in ("halted", "unknown"):
                phi = suspicion(elapsed(row, now), row.next_ms, row.mean_ms)
            lines.append(_line(name, row, phi, now, complete))
        return lines

    return made


def _line(
    name: str, row: Neighbour | None, phi: float, now: Moment, complete: bool
) -> dict[str, Any]:
    if row is None:
        return {
            "name": name, "state": "unknown", "phi": 0.0, "last_seen_s": None,
            "lifecycle": "idle", "left": False, "reputation": None, "mentoring": None,
        }  # fmt: skip
    left = row.lifecycle == "left"
    return {
        "name": name,
        "state": row.state if complete else "unknown",
        "phi": round(phi, 3),
        "last_seen_s": elapsed(row, now) // 1000,
        "lifecycle": "parked" if left else row.lifecycle,
        "left": left,
        "reputation": None,
        "mentoring": None,
    }

"""Outcomes that no run wrote: as many peers and rounds as wanted, and a little of everything.

Arithmetic instead of chance, so that a test can say what must be on a page. They are no model of
a network: what a real run looks like, the simulator says.
"""

from __future__ import annotations

from dataclasses import replace

from peer.simulate.outcome import Outcome, Round, Strike, Violation

EVERY_MS = 6 * 3_600_000
FIRST_MS = 1_767_225_600_000
FAULTS = {"kill": 11, "power-cut": 17, "clock-jump": 23, "full": 29, "torn": 13, "partition": 31}
LASTING = {"full": 3, "partition": 5}
ANSWERS = ("put back", "share error", "quarantined PAGE-3", "parked", "concern dead", "repaired")


def outcome(peers: int = 5, ticks: int = 40, quiet: int = 12, violations: int = 0) -> Outcome:
    """A run of `peers` peers with strikes, waits, work and health that rise and fall."""
    names = tuple(f"peer-{n:02}" for n in range(peers))
    strikes = tuple(_strikes(names, ticks))
    rounds = tuple(_round(names, strikes, number, ticks) for number in range(ticks + quiet))
    waits = tuple(sorted((n * n) % 7 + (n % 41 == 0) * 9 for n in range(peers * ticks)))
    faults = sorted({strike.fault for strike in strikes})
    return Outcome(
        scenario="five-at-home",
        about="Five peers at home on a quiet drive.",
        seed=7,
        names=names,
        ticks=ticks,
        quiet=quiet,
        every_ms=EVERY_MS,
        violations=tuple(_violation(n, names) for n in range(violations)),
        strikes=strikes,
        answers={
            fault: {seen: 3 * n + m + 1 for m, seen in enumerate(ANSWERS) if (n + m) % 3}
            for n, fault in enumerate(faults)
        },
        rounds=rounds,
        waits=waits if rounds else (),
        totals={"ticks": sum(one.ticks for one in rounds), "acted": len(waits)},
        digest="5f" * 32,
    )


def empty() -> Outcome:
    """A run that ended before its first round."""
    return outcome(peers=0, ticks=0, quiet=0)


def renamed(name: str, text: str) -> Outcome:
    """An outcome in which everything that can be a text of somebody else's is one."""
    usual = outcome(violations=1)
    names = (name, *usual.names[1:])
    return replace(
        usual,
        scenario=text,
        about=text,
        names=names,
        violations=(Violation(text, FIRST_MS, 3, name, text),),
        strikes=tuple(replace(one, fault=text, who=name, text=text) for one in usual.strikes),
        answers={text: {text: 4}},
        digest=text,
    )


def _strikes(names: tuple[str, ...], ticks: int) -> list[Strike]:
    found = []
    for slot in range(ticks):
        for place, who in enumerate(names):
            for fault, every in FAULTS.items():
                if (slot * 7 + place * 5 + every) % (every * 3) == 0:
                    at = FIRST_MS + slot * EVERY_MS
                    until = at + LASTING[fault] * EVERY_MS if fault in LASTING else None
                    key = f"{who}:{slot}:{fault}"
                    found.append(Strike(key, fault, slot, at, who, f"{fault} at {who}", until))
    return found


def _round(names: tuple[str, ...], strikes: tuple[Strike, ...], number: int, ticks: int) -> Round:
    peers = len(names)
    quiet = number >= ticks
    played = min(number + 1, ticks)
    recent = sum(number - 3 < strike.round <= number for strike in strikes)
    under_way = max(ticks + 2 - number, 0) * peers // 8 if quiet else peers + recent % 7
    away = {names[(number // 20 * 3) % peers]} if not quiet and number % 20 > 5 else set()
    ticked = peers - len(away)
    return Round(
        number=number,
        at_ms=FIRST_MS + number * EVERY_MS,
        quiet=quiet,
        promised=played * peers,
        under_way=min(under_way, played * peers),
        ticks=ticked,
        calls=ticked * (31 + recent % 9),
        read_bytes=ticked * (9_000 + 700 * (recent % 5)),
        written_bytes=ticked * (2_100 + 150 * (number % 4)),
        files=peers * (8 + played // 3),
        share_bytes=peers * (6_000 + 900 * played),
        home_bytes=peers * (140_000 + 2_500 * played),
        quarantined=number // 6,
        problems=recent % 4,
        parked=len(away) // 2,
        health={name: _views(names, name, away, number) for name in names},
    )


def _views(names: tuple[str, ...], observer: str, away: set[str], number: int) -> str:
    """Everybody sees the same, but not in the same round; who is away sees nothing."""
    if observer in away:
        return "-" * len(names)
    lag = number % 20 - 6 + sum(map(ord, observer)) % 2
    state = "alssddddd"[min(max(lag, 0), 8)]
    return "".join(
        "." if name == observer else "u" if number == 0 else state if name in away else "a"
        for name in names
    )


def _violation(n: int, names: tuple[str, ...]) -> Violation:
    who = names[n % len(names)]
    return Violation("acted-once", FIRST_MS, n, who, f"letter {n} was acted on twice")

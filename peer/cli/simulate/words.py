"""What a simulated run says to a person: the verdict first, then what happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from peer.cli import output

if TYPE_CHECKING:
    from peer.simulate.outcome import Outcome, Violation
    from peer.simulate.plan import Plan

DAY_MS = 86_400_000
answers_max = 3


def outcome_lines(outcome: Outcome, again: str | None) -> Iterator[str]:
    """One run."""
    yield from _verdict(outcome)
    if outcome.strikes:
        yield ""
        yield from _faults(outcome)
    yield ""
    yield from _figures(outcome)
    if again is not None:
        yield f"{output.dim('again   ')}  {again}"
        if not outcome.ok:
            yield f"{output.dim('smaller ')}  {again} --minimise"


def smaller_lines(outcome: Outcome, plan: Plan, again: str | None) -> Iterator[str]:
    """What is left of a failing run."""
    yield from _verdict(outcome)
    if not outcome.ok:
        yield ""
        yield f"what it takes: {size(outcome)}, {_writers(plan)}, and"
        struck = {strike.key: strike.text for strike in outcome.strikes}
        struck |= {key: "could not strike, it says" for key in plan.only or () if key not in struck}
        for key, text in sorted(struck.items(), key=lambda row: (int(row[0].split(":")[1]), row)):
            yield f"  {output.bold(key)}  {output.line(text)}"
        if not struck:
            yield "  no strike at all"
    if again is not None:
        yield f"{output.dim('again')}  {again}"


def size(outcome: Outcome) -> str:
    """`3 peers, 12 rounds`, as they were played."""
    peers, rounds = len(outcome.names), max((one.number + 1 for one in outcome.rounds), default=0)
    return f"{output.counted(peers, 'peer')}, {output.counted(rounds, 'round')}"


def violation_line(violation: Violation) -> str:
    """What was broken, when, and at whom."""
    who = f", {output.line(violation.who)}" if violation.who else ""
    return f"{violation.checker}, round {violation.round}{who}: {output.line(violation.text)}"


def amount(count: int) -> str:
    """Bytes, to three digits or so."""
    size = float(count)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}" if unit != "bytes" else f"{count} bytes"
        size /= 1000
    return f"{size:.3g} GB"


def span(ms: int) -> str:
    """How long, as a person says it."""
    for unit, size in (("days", DAY_MS), ("hours", 3_600_000), ("minutes", 60_000)):
        if ms >= 2 * size:
            return f"{ms / size:.3g} {unit}"
    return f"{ms / 1000:.3g} s"


def _verdict(outcome: Outcome) -> Iterator[str]:
    name = f"{outcome.scenario}, seed {outcome.seed}"
    if outcome.ok:
        yield f"{output.good('every promise was kept')}: {output.line(name)}"
    else:
        yield f"{output.bad('A PROMISE WAS BROKEN')}: {output.line(name)}"
        for violation in outcome.violations:
            yield output.bad(f"  {violation_line(violation)}")
    every = span(outcome.every_ms)
    rounds = outcome.ticks + outcome.quiet
    yield output.dim(
        f"{output.counted(len(outcome.names), 'peer')},"
        f" {output.counted(rounds, 'round')} of {every} ({span(rounds * outcome.every_ms)}),"
        f" the last {outcome.quiet} without faults"
    )


def _faults(outcome: Outcome) -> Iterator[str]:
    struck = Counter(strike.fault for strike in outcome.strikes)
    rows = []
    for fault, times in sorted(struck.items(), key=lambda row: (-row[1], row[0])):
        seen = outcome.answers.get(fault, {})
        most = sorted(seen.items(), key=lambda row: (-row[1], row[0]))
        texts = [f"{word} {count}" for word, count in most[:answers_max]]
        more = ["…"] if len(most) > answers_max else []
        rows.append((fault, str(times), ", ".join(texts + more)))
    yield from output.table(("FAULT", "STRUCK", "SEEN AT PEERS IN THAT ROUND AND THE NEXT"), rows)


def _figures(outcome: Outcome) -> Iterator[str]:
    # Not what was acted on: what is published is acted on by newcomers, too.
    promised = outcome.rounds[-1].promised if outcome.rounds else 0
    waiting = outcome.rounds[-1].under_way if outcome.rounds else 0
    rest = "all acted on" if not waiting else f"{waiting} not acted on in the end"
    rows = [("letters", f"{promised} promised, {rest}")]
    if outcome.waits:
        rows.append(("waits", f"{_waits(outcome.waits)} (rounds of {span(outcome.every_ms)})"))
    ticks = sum(one.ticks for one in outcome.rounds)
    if ticks:
        calls, read, written = (
            sum(values)
            for values in zip(
                *((r.calls, r.read_bytes, r.written_bytes) for r in outcome.rounds), strict=True
            )
        )
        work = f"{ticks} ticks; in each {calls / ticks:.3g} calls,"
        work += f" {amount(read // ticks)} read, {amount(written // ticks)} written"
        rows.append(("work", work))
    if outcome.rounds:
        last = outcome.rounds[-1]
        share = f"{output.counted(last.files, 'file')}, {amount(last.share_bytes)} in the end;"
        rows.append(("share", f"{share} in homes {amount(last.home_bytes)}"))
    rows.append(("digest", outcome.digest[:16]))
    for name, text in rows:
        yield f"{output.dim(name.ljust(8))}  {text}"


def _waits(waits: tuple[int, ...]) -> str:
    half, most = waits[len(waits) // 2], waits[len(waits) * 95 // 100]
    return f"half within {half}, 95 of 100 within {most}, the longest {waits[-1]}"


def _writers(plan: Plan) -> str:
    if plan.letters is None:
        return "all letters"
    if not plan.letters:
        return "no letters"
    some = ", ".join(sorted(plan.letters)[:6]) + (" …" if len(plan.letters) > 6 else "")
    return f"letters in {output.counted(len(plan.letters), 'slot')} ({some})"

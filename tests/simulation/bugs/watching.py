"""Bugs of looking after neighbours: who is alive, who is dead, whose heartbeat it is."""

from __future__ import annotations

from tests.simulation.bugs import Bug, Constant, Edit

BUGS = (
    Bug(
        "dead-by-wall-clock",
        "Measures silence by its wall clock, which people set.",
        (
            Edit(
                "peer.tick.listen:elapsed",
                "    if now.boot == row.seen_boot:\n"
                "        return max(now.monotonic_ms - row.seen_mono, 0)\n",
                "",
            ),
            Edit("peer.tick.look:_jumped", "    if not last:", "    if last is not None:"),
        ),
        weather="clocks",
    ),
    Bug(
        "dead-too-soon",
        "Confuses the thresholds: who is late is dead.",
        (Constant("protocol.suspicion:PHI_DEAD", 1.0),),
    ),
    Bug(
        "no-doubt-in-itself",
        "Declares everybody dead when its own mount breaks.",
        (
            Edit(
                "protocol.suspicion:own_fault",
                "return watched >= 4 and",
                "return watched >= 400 and",
            ),
        ),
        weather="islands",
    ),
    Bug(
        "patience-of-one-tick",
        "Is patient for one tick instead of three.",
        (Constant("peer.tick.look:patience_looks", 1),),
        weather="islands",
    ),
    Bug(
        "bad-beat-ends-listening",
        "Lets one heartbeat that the drive gives no more end the hearing of all the others.",
        (
            Edit(
                "peer.tick.listen:listen",
                "_cannot_read(peer, member.name, data, report)",
                "_cannot_read(peer, member.name, data, report)\n"
                "                from protocol.errors import ShareUnavailableError\n"
                "                if isinstance(data, ShareUnavailableError):\n"
                "                    break",
            ),
        ),
        weather="rotten",
    ),
    Bug(
        "foreign-beat-believed",
        "Takes a heartbeat under whatever key signed it.",
        (
            Edit(
                "peer.tick.listen:_open",
                'if state != "active":',
                "if not beat.key:",
            ),
        ),
        weather="forgers",
    ),
    Bug(
        "beats-by-tick",
        "Takes a heartbeat for new only when its tick is: a beat between ticks says nothing.",
        (
            Edit(
                "peer.tick.listen:_open",
                "return beat if beat.seq > row.seq else None",
                "return beat if beat.seq > row.seq + 1 else None",
            ),
        ),
    ),
    Bug(
        "new-epoch-refused",
        "Takes no heartbeat of another epoch than the one it knows.",
        (
            Edit(
                "peer.tick.listen:_open",
                "    if beat.epoch in epochs.over(peer, address):",
                "    if row is not None or beat.epoch in epochs.over(peer, address):",
            ),
        ),
    ),
    Bug(
        "never-alive-again",
        "Keeps whoever was dead once dead.",
        (
            Edit(
                "peer.tick.look:judge",
                "    return verdict(elapsed(row, now), row.next_ms, row.mean_ms)",
                "    return 'dead' if row.state == 'dead' else"
                " verdict(elapsed(row, now), row.next_ms, row.mean_ms)",
            ),
        ),
    ),
    Bug(
        "stale-beat-believed",
        "Takes any heartbeat that differs from the last one for a newer one.",
        (
            Edit(
                "peer.tick.listen:_open",
                "return beat if beat.seq > row.seq else None",
                "return beat",
            ),
        ),
    ),
    Bug(
        "never-dead",
        "Gives everybody another chance, for ever: one silence never leads to the next state.",
        (
            Edit(
                "peer.tick.look:_be_patient",
                "    left = max(left - 1, 0)\n",
                "    left = max(left, 1)\n",
            ),
        ),
        weather="clocks",
    ),
    Bug(
        "death-told-nobody",
        "Tells a death only of whom it had called suspect before.",
        (Edit("peer.tick.look:_tell", 'if now == "dead":', 'if now == "dead" == before:'),),
        weather="clocks",
    ),
)

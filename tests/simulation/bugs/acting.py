"""Bugs of acting: twice, not at all, or in answer to what nobody asked."""

from __future__ import annotations

from tests.simulation.bugs import Bug, Edit

_SETTLE = (
    '        peer.home.journal.settle([new.n for new in done], "acted", peer.clock.wall_ms())\n'
)

BUGS = (
    Bug(
        "asks-for-a-mentor-again",
        "Asks the same peer to be its mentor at every tick.",
        (
            Edit("peer.tick.guide:candidate", "address not in spoken_to and ", ""),
            Edit("peer.tick.guide:_is_free", "return not any(", "return True or any("),
        ),
    ),
    Bug(
        "two-offers",
        "Answers who asks for a mentor twice.",
        (
            Edit(
                "peer.handlers.guiding:_answer",
                "    return [Send(to=author, body=offer)]",
                "    return [Send(to=author, body=offer), Send(to=author, body=offer)]",
            ),
        ),
    ),
    Bug(
        "end-names-the-last",
        "Says that the trouble of its newest alert is over, not that of the first.",
        (
            Edit(
                "peer.home.troubles:Troubles.tell",
                "alert = coalesce(alert, ?)",
                "alert = ?",
            ),
        ),
        weather="unwell",
    ),
    Bug(
        "trouble-told-each-tick",
        "Tells of what lasts at each tick, and for ever.",
        (
            Edit(
                "protocol.trouble:due",
                'return "again" if stale and known.times < times_max else "wait"',
                'return "again"',
            ),
        ),
        weather="unwell",
    ),
    Bug(
        "acted-in-two-steps",
        'Commits the effects of items, and marks them "acted" in a transaction after that.',
        (
            Edit(
                "peer.tick.act:_act_together",
                _SETTLE,
                "    with peer.home.transaction(durable=False):\n" + _SETTLE,
            ),
        ),
        weather="mortal",
    ),
    Bug(
        "marked-before-effects",
        'Marks items "acted" in a transaction before that of their effects.',
        (
            Edit(
                "peer.tick.act:_act_together",
                "    with peer.home.transaction(durable=False):\n",
                "    with peer.home.transaction(durable=False):\n"
                "        peer.home.journal.settle([n.n for n in batch], 'acted',"
                " peer.clock.wall_ms())\n"
                "    with peer.home.transaction(durable=False):\n",
            ),
        ),
        weather="mortal",
    ),
    Bug(
        "known-by-position",
        "Knows items by their place in a stream: what is offered again in a new epoch is new.",
        (
            Edit(
                "peer.home.journal:Journal.add_items",
                " seq = excluded.seq, place = excluded.place WHERE state = 'new'",
                " seq = excluded.seq, place = excluded.place, state = 'new'",
            ),
        ),
    ),
    Bug(
        "batch-left-behind",
        "Marks the whole batch acted, also what an error interrupted or was never tried.",
        (
            Edit(
                "peer.home.journal:Journal.next_items",
                "item.state = 'new'",
                "item.state = 'new' AND item.place < 1",
            ),
        ),
    ),
    Bug(
        "auto-answers-auto",
        "Answers automatic questions, too.",
        (
            Edit(
                "peer.effects:_unanswerable",
                "    if item.head.auto and not _answers_newcomer(effect, item):\n",
                "    if item.head.auto and item.head.kind != 'question':\n",
            ),
            Edit(
                "peer.handlers.knowing:_may_answer",
                "if item.head.auto or view.is_mailbox:",
                "if view.is_mailbox:",
            ),
        ),
        weather="flooders",
    ),
    Bug(
        "answers-to-everybody",
        "Publishes its answer instead of sending it to who asked.",
        (
            Edit(
                "peer.effects:_write",
                "audience = effect.to if isinstance(effect, Send) else ALL",
                "audience = ALL",
            ),
        ),
    ),
    Bug(
        "answers-notes",
        "Thanks for every alert with a note.",
        (
            Edit(
                "peer.handlers:raise_alert",
                "    line = ",
                "    from protocol.messages import Note\n"
                "    thanks = [Send(to=item.head.author, body=Note(text='thanks'))]\n"
                "    line = ",
            ),
            Edit(
                "peer.handlers:raise_alert",
                "    return [\n        Escalate(",
                "    return thanks + [\n        Escalate(",
            ),
        ),
    ),
    Bug(
        "effects-dropped",
        "Marks items acted whose effects it never applied, where they are no letters.",
        (
            Edit(
                "peer.effects:apply",
                "            _apply_one(peer, effect, item, audience, sealed=sealed)",
                "            pass",
            ),
        ),
    ),
    Bug(
        "answer-dropped",
        "Takes what it knows from the asker itself, and from nobody else, for an answer.",
        (
            Edit(
                "peer.tick.act:HomeView.recall",
                "by=by, but=but",
                "by=but",
            ),
        ),
    ),
)

"""What a newcomer is told first, and who could tell it: from what a home knows.

Reads the home and changes nothing. Not here: who is asked when (`peer.tick.guide`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from peer import claims
from peer.home.neighbours import Neighbour
from peer.knowing import TOPIC_NODES_MAX, Hit, Knowing
from peer.rows import one_line
from protocol import limits
from protocol.charter import Goal
from protocol.expertise import whom_to_ask
from protocol.guidance import Prospect, Starter
from protocol.messages import Announcement, Insight, Question

TOPICS_MAX = 8
PER_TOPIC = 3
EXPERTS_MAX = 3
CLAIMS_MAX = min(16, limits.claims_max)


def interests(knowing: Knowing) -> tuple[str, ...]:
    """What this peer itself announced, asked or learned about, the newest first."""
    kinds = (Announcement.kind, Question.kind, Insight.kind)
    nodes = knowing.home.knowledge.of(knowing.address, kinds, 20)
    topics = knowing.home.knowledge.topics_of([node.n for node in nodes])
    named = dict.fromkeys(topic for node in nodes for topic in topics.get(node.n, ()))
    return tuple(named)[:TOPICS_MAX]


def prospects(knowing: Knowing, among: Iterable[Neighbour]) -> tuple[list[Prospect], int]:
    """Who could guide this peer, with what he knows of its interests and of what all talk about.

    The number is how many insights this peer has published on that itself.
    """
    topics = _topics(knowing, interests(knowing))
    scores = knowing.scores(topics)
    cluster = knowing.address.partition("@")[2]
    known = knowing.home.knowledge.about(topics, TOPIC_NODES_MAX) if topics else []
    shared = Counter(node.author for node in known if node.public)
    found = [
        Prospect(address, scores.get(address, 0.0), shared[address], row.next_ms, row.tick)
        for row in among
        for address in (f"{row.name}@{cluster}",)
    ]
    return found, shared[knowing.address]


def starter(
    knowing: Knowing, goals: Sequence[Goal], wanted: Sequence[str], reader: str,
    alive: Collection[str],
) -> Starter | None:  # fmt: skip
    """What `reader` should know first, on the topics that it wants and on the main ones.

    Of others only those `alive` (full addresses) are named as who knows something. None where
    nothing is known that holds and everybody may know.
    """
    topics = _topics(knowing, wanted)
    chosen: dict[str, list[Hit]] = {}
    taken: set[str] = set()
    for topic in topics:
        hits = [
            hit
            for hit in knowing.on_topic([topic], PER_TOPIC * 4, public=True)
            if hit.belief.state == "current" and hit.belief.opinion.certainty >= 0.5
            and hit.node.author != reader and hit.node.id not in taken
        ][: min(PER_TOPIC, CLAIMS_MAX - len(taken))]  # fmt: skip
        if hits:
            chosen[topic] = hits
            taken |= {hit.node.id for hit in hits}
    if not chosen:
        return None
    claims = tuple(hit.node.id for hits in chosen.values() for hit in hits)
    lines = [
        *(line for topic, hits in chosen.items() for line in (f"{topic}:", *map(_claim, hits))),
        *_experts(knowing, list(chosen), {*alive, knowing.address} - {reader}),
        *_goals(goals),
        "Ask me with `peer send NAME --kind question TEXT`, or all with `peer ask TEXT --topic T`.",
    ]
    return Starter("\n".join(lines), tuple(chosen), claims)


def _topics(knowing: Knowing, first: Sequence[str]) -> list[str]:
    """These topics, and then those with most insights."""
    main = (topic for topic, _ in knowing.home.knowledge.topics())
    return list(dict.fromkeys([*first, *main]))[:TOPICS_MAX]


def _claim(hit: Hit) -> str:
    author = hit.node.author.partition("@")[0]
    sure = claims.standing(hit.belief)
    return f"- {claims.line(hit.node)} ({author}, {sure}, {hit.node.id[:8]})"


def _experts(knowing: Knowing, topics: Sequence[str], among: Collection[str]) -> list[str]:
    """Who of these knows what; of myself only what others say."""
    lines = []
    for topic in topics:
        names = whom_to_ask(knowing.experts([topic], among), EXPERTS_MAX)
        if names:
            lines.append(f"- {topic}: {', '.join(name.partition('@')[0] for name in names)}")
    return ["Who knows what:", *lines] if lines else []


def _goals(goals: Sequence[Goal]) -> list[str]:
    lines = [
        f"- {goal.id}: {one_line(goal.text, claims.LINE_CHARS)}" for goal in goals[:TOPICS_MAX]
    ]
    return ["Goals in force:", *lines] if lines else []

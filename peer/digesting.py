"""A digest: what was learned on some topics in some days of this home's life.

Reads what is known and changes nothing. Bounded: so many lines for each topic, so many topics, and
so much of what came is looked at. Days are those of this home; only how long a claim holds goes by
the dates that its author gave it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from peer import claims
from peer.home.nodes import Node, Spoken
from peer.knowing import TOPIC_NODES_MAX, Knowing
from peer.results.digests import Digest, Entry, Learned, Part
from protocol.knowledge import Belief
from protocol.messages import Answer, Insight, Question

lines_max = 5  # of each part of a topic
topics_max = 20
contributors_max = 8
nodes_max = 5_000  # of what came in these days, the newest of each author
_DAY_MS = 86_400_000
_TAKEN = ("superseded", "retracted")


def digest(
    knowing: Knowing, topics: Sequence[str] = (), since_day: int = 0, *, public: bool = False
) -> Digest:
    """What came, and what changed, from a day of this home's life (0 is its first) on.

    Of these topics; of none given, those on which most came. `public`: only what everybody may
    know, so that it can be told to others.
    """
    news = _gather(knowing, topics, since_day, public)
    days = max(knowing.day - since_day, 0) + 1
    wanted = list(dict.fromkeys(topics)) or news.busiest()
    told = [_learned(knowing, news, topic) for topic in wanted[:topics_max]]
    kept = tuple(one for one in told if one.parts)
    return Digest(days, kept, max(len(wanted) - topics_max, 0), news.passed_over)


@dataclass(frozen=True, slots=True)
class _News:
    """What came (`fresh`: ids), and all that is spoken of here, by id and by topic."""

    nodes: dict[str, Node]
    topics: dict[str, list[str]]
    fresh: frozenset[str]
    disputed: frozenset[str]
    taken: frozenset[str]
    answers: dict[str, list[str]]  # authors of fresh answers, by question
    beliefs: dict[str, Belief]
    answered: frozenset[str]
    passed_over: int

    def on(self, topic: str) -> list[Node]:
        """What is on a topic, the newest first."""
        found = [one for one in self.nodes.values() if topic in (self.topics[one.id] or [""])]
        return sorted(found, key=lambda node: -node.n)

    def busiest(self) -> list[str]:
        """Topics, those of most authors first, and of these those with most items."""
        count, authors = Counter[str](), defaultdict[str, set[str]](set)
        for node in self.nodes.values():
            for topic in self.topics[node.id] or [""]:
                count[topic] += 1
                authors[topic].add(node.author)
        return sorted(count, key=lambda topic: (-len(authors[topic]), -count[topic], topic))


def _gather(knowing: Knowing, topics: Sequence[str], since_day: int, public: bool) -> _News:
    known = knowing.home.knowledge
    after, upto = known.before(since_day), known.newest()
    came = [one for one in known.between(after, upto, nodes_max) if one.public or not public]
    spoken = known.spoken_by([one.n for one in came])
    by_number = {one.n: one for one in came}
    touched = known.many({one.target for one in spoken})
    said = [one for one in [*came, *touched.values()] if one.kind in (Insight.kind, Question.kind)]
    expired = [
        one for one in known.about(topics, TOPIC_NODES_MAX)
        if _expired_since(one, since_day, knowing)
    ] if topics else []  # fmt: skip
    nodes = {one.id: one for one in [*said, *expired] if one.public or not public}
    names = known.topics_of([one.n for one in nodes.values()])
    questions = [one.id for one in nodes.values() if one.kind == Question.kind]
    answered = {
        id_ for id_, links in known.said_of(questions).items()
        if any(link.link == "answers" for link in links)
    }  # fmt: skip
    return _News(
        nodes=nodes,
        topics={one.id: names.get(one.n, []) for one in nodes.values()},
        fresh=frozenset(one.id for one in came),
        disputed=frozenset(_targets(spoken, ("refutes", "supersedes"))),
        taken=frozenset(_targets(spoken, ("supersedes", "retracts"))),
        answers=_answers(spoken, by_number),
        beliefs=knowing.beliefs(one for one in nodes.values() if one.kind == Insight.kind),
        answered=frozenset(answered),
        passed_over=max(known.count(after, upto) - nodes_max, 0),
    )


def _targets(spoken: Iterable[Spoken], links: Collection[str]) -> set[str]:
    return {one.target for one in spoken if one.link in links}


def _answers(spoken: Iterable[Spoken], nodes: dict[int, Node]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for one in spoken:
        if one.link == "answers" and nodes[one.source].kind == Answer.kind:
            found[one.target].append(nodes[one.source].author)
    return found


def _expired_since(node: Node, since_day: int, knowing: Knowing) -> bool:
    body = node.item.body
    if not isinstance(body, Insight) or body.valid_until is None:
        return False
    begin = knowing.now_ms - (knowing.day - since_day + 1) * _DAY_MS
    return begin <= body.valid_until <= knowing.now_ms


def _learned(knowing: Knowing, news: _News, topic: str) -> Learned:
    on = news.on(topic)
    insights = [one for one in on if one.kind == Insight.kind]
    insights.sort(key=lambda one: (*news.beliefs[one.id].rank, -one.n))
    holds = [one for one in insights if news.beliefs[one.id].state in ("current", "early")]
    gone = [
        one for one in insights
        if (news.beliefs[one.id].state in _TAKEN and one.id in news.taken | news.fresh)
        or (news.beliefs[one.id].state == "expired")
    ]  # fmt: skip
    questions = [one for one in on if one.kind == Question.kind]
    new = [one for one in holds if one.id in news.fresh]
    contested = [
        one for one in holds
        if one.id not in news.fresh and one.id in news.disputed and news.beliefs[one.id].doubters
    ]  # fmt: skip
    by = Counter(one.author for one in insights if one.id in news.fresh)
    by.update(author for one in questions for author in news.answers.get(one.id, ()))
    return Learned(
        topic,
        new=_part(knowing, news, new),
        contested=_part(knowing, news, contested),
        gone=_part(knowing, news, gone),
        open=_part(knowing, news, [one for one in questions if one.id not in news.answered]),
        answered=_part(knowing, news, [one for one in questions if one.id in news.answered]),
        contributors=tuple(
            (claims.named(knowing, author), count)
            for author, count in sorted(by.items(), key=lambda one: (-one[1], one[0]))
        )[:contributors_max],
    )


def _part(knowing: Knowing, news: _News, nodes: list[Node]) -> Part:
    entries = []
    for node in nodes[:lines_max]:
        belief = news.beliefs.get(node.id)
        entries.append(
            Entry(
                node.id, claims.named(knowing, node.author), claims.line(node),
                None if belief is None else belief.opinion.certainty,
                "" if belief is None else claims.odd(belief),
            )
        )  # fmt: skip
    return Part(tuple(entries), max(len(nodes) - lines_max, 0))

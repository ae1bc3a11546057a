"""What is known, as rows for people and programs: claims of a topic, and why one is believed.

Names of the own cluster are bare, others full addresses. Texts were written by others: data, never
instructions. Not here: what may be believed (`peer.knowing`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from peer import claims
from peer.home.nodes import Node
from peer.knowing import CLAIM_KINDS, Knowing
from peer.rows import Row, moment
from protocol.errors import NotFoundError, UsageError
from protocol.knowledge import OPINIONS, Belief, Link, Said
from protocol.messages import Answer, Insight, Question
from protocol.opinion import observed

ID_CHARS_MIN = 4
LISTED_MAX = 50  # words of others, and items that followed; of the rest a row says how many
SOURCES_MAX = 100  # of one belief, followed through what it was concluded from


class Explaining:
    """Rows of what one home knows."""

    def __init__(self, knowing: Knowing) -> None:
        self._knowing = knowing
        self._knowledge = knowing.home.knowledge

    def topics(self) -> list[Row]:
        """Every topic, those first of which most is known."""
        return [
            {"topic": topic, "insights": insights} for topic, insights in self._knowledge.topics()
        ]

    def claims(self, topics: Sequence[str], rows_max: int) -> list[Row]:
        """What is claimed about one of these topics: what holds and has most standing first."""
        hits = self._knowing.on_topic(topics, rows_max)
        return self._rows([(hit.node, hit.belief, hit.topics) for hit in hits])

    def newest_claims(self, topics: Sequence[str], rows_max: int) -> list[Row]:
        """The newest insights and answers; with topics those on them, and to questions on them."""
        if topics:
            nodes = self._knowledge.about(topics, rows_max)
            asked = self._knowledge.about(topics, rows_max, kinds=(Question.kind,))
            said = self._knowledge.said_of([node.id for node in asked])
            answers = {one.id for several in said.values() for one in several}
            found = self._knowledge.many(answers).values()
            nodes += [node for node in found if node.kind == Answer.kind]
            nodes = _in_turns(nodes)[:rows_max]
        else:
            nodes = self._knowledge.of(None, CLAIM_KINDS, rows_max)
        beliefs = self._knowing.beliefs(nodes)
        named = self._knowledge.topics_of([node.n for node in nodes])
        return self._rows([(node, beliefs[node.id], named.get(node.n, ())) for node in nodes])

    def opinions(self, id_: str) -> list[tuple[str, Link, str]]:
        """(who, supports or refutes, by which item) of everybody who has an opinion of a claim."""
        said = self._knowledge.said_of([id_]).get(id_, [])
        return [
            (self._short(one.author), one.link, one.id)
            for one in said
            if one.link in ("supports", "refutes")
        ]

    def spoken_of(self, id_: str) -> list[tuple[str, str, str | None]]:
        """(link, id, text of it if it is a question) of what a claim says of others."""
        node = self._knowledge.get(id_)
        found = []
        for link, target in self._knowledge.spoken_of(0 if node is None else node.n):
            other = self._knowledge.get(target)
            asked = other is not None and other.kind == Question.kind
            found.append((link, target, _said(other) if asked else None))
        return found

    def why(self, prefix: str) -> Row:
        """Where a belief comes from: each word for and against it, and what it rests on.

        NotFoundError for what is not known, UsageError where several fit, or where it is no claim.
        """
        node = self.find(prefix)
        if node.kind not in CLAIM_KINDS:
            target = next((id_ for _, id_ in self._knowledge.spoken_of(node.n)), None)
            hint = f"; `peer why {target[:8]}` explains what it is about" if target else ""
            raise UsageError(f"{node.id[:8]} is a {node.kind}, which claims nothing{hint}")
        belief = self._knowing.beliefs([node])[node.id]
        said = self._knowledge.said_of([node.id]).get(node.id, [])
        topics = self._knowledge.topics_of([node.n]).get(node.n, [])
        row = self._row(node, belief, tuple(topics), said)
        seen = {node.id}
        replaced = [one.id for one in said if one.link == "supersedes"]
        led_to = [one.id for one in said if one.link == "derived-from"]
        words, more = self._words(node, belief, said)
        return row | {
            "words": words,
            "rests_on": self._sources(node, seen),
            "replaced_by": [self._short_of(id_) for id_ in replaced[:LISTED_MAX]],
            "led_to": [self._short_of(id_) for id_ in led_to[:LISTED_MAX]],
            "more": {
                "words": more,
                "replaced_by": max(len(replaced) - LISTED_MAX, 0),
                "led_to": max(len(led_to) - LISTED_MAX, 0),
            },
        }

    def find(self, prefix: str) -> Node:
        """The known item whose id begins with `prefix`; NotFoundError, UsageError if several do."""
        if len(prefix) < ID_CHARS_MIN:
            raise UsageError(f"give at least {ID_CHARS_MIN} characters of the id, not {prefix!r}")
        found = self._knowledge.beginning(prefix)
        if not found:
            raise NotFoundError(
                f"nothing known is {prefix}; `peer knowledge TOPIC` and `peer recall WORDS` list"
                " what is"
            )
        if len(found) > 1:
            raise UsageError(f"{prefix} fits several items; give more characters of the id")
        return found[0]

    def _rows(self, found: Iterable[tuple[Node, Belief, Sequence[str]]]) -> list[Row]:
        """Claims with what may be believed of them, and who says what."""
        rows = list(found)
        said = self._knowledge.said_of([node.id for node, _, _ in rows], OPINIONS)
        return [
            self._row(node, belief, topics, said.get(node.id, [])) for node, belief, topics in rows
        ]

    def _row(self, node: Node, belief: Belief, topics: Sequence[str], said: list[Said]) -> Row:
        body = node.item.body
        opinion = belief.opinion
        return claims.row(self._knowing, node, belief, topics) | {
            "evidence": list(body.evidence) if isinstance(body, Insight) else [],
            "belief": round(opinion.belief, 3),
            "disbelief": round(opinion.disbelief, 3),
            "uncertainty": round(opinion.uncertainty, 3),
            "valid_from": _moment_or_none(getattr(body, "valid_from", None)),
            "valid_until": _moment_or_none(getattr(body, "valid_until", None)),
            "supported_by": [self._short(one) for one in belief.supporters],
            "disputed_by": self._disputers(belief, said),
            "inconsistent": [self._short(one) for one in belief.inconsistent],
        }

    def _disputers(self, belief: Belief, said: list[Said]) -> list[Row]:
        first: dict[str, Said] = {}
        for one in said:
            if one.author in belief.doubters and one.link in ("refutes", "supersedes"):
                first.setdefault(one.author, one)
        known = self._knowledge.many([one.id for one in first.values()])
        return [
            {"from": self._short(author), "id": one.id, "because": _said(known.get(one.id))}
            for author, one in first.items()
        ]

    def _words(self, node: Node, belief: Belief, said: list[Said]) -> tuple[list[Row], int]:
        """Each word about a claim, and what it adds to the evidence for or against it.

        Those that count stand first; and how many more there are.
        """
        body = node.item.body
        stance = body.confidence / 1000 if isinstance(body, Insight) else 1.0
        words: list[tuple[Said, float, bool]] = []
        supporters, doubters = frozenset(belief.supporters), frozenset(belief.doubters)
        counted: set[tuple[str, bool]] = set()
        for one in said:
            stance_of = _STANCES.get(one.link)
            if stance_of is None or one.author == node.author:
                continue  # of his own claim its author says what he says with it
            who = supporters if stance_of else doubters
            counts = one.author in who and (one.author, stance_of > 0) not in counted
            counted.add((one.author, stance_of > 0))
            words.append((one, stance_of, counts))
        words.sort(key=lambda word: not word[2])
        shown = words[:LISTED_MAX]
        known = self._knowledge.many([one.id for one, _, _ in shown])
        rows = [
            self._word(one.link, one.author, known.get(one.id), stance_of, counts=counts)
            for one, stance_of, counts in shown
        ]
        own = self._word("claims", node.author, node, stance, counts=True)
        return [own, *rows], len(words) - len(shown)

    def _word(
        self, link: str, author: str, node: Node | None, stance: float, *, counts: bool
    ) -> Row:
        trust = self._knowing.trust(author)
        worth = observed(stance, trust)
        return {
            "link": link,
            "from": self._short(author),
            "id": None if node is None else node.id,
            "text": _said(node),
            "trust": round(trust, 3),
            "counts": counts,
            "support": round(worth.support, 3) if counts else 0.0,
            "dispute": round(worth.dispute, 3) if counts else 0.0,
        }

    def _sources(self, node: Node, seen: set[str]) -> list[Row]:
        """What a claim says it rests on, and what that rests on; rings end where they close."""
        rows = []
        for link, id_ in self._knowledge.spoken_of(node.n):
            if link not in ("derived-from", "answers", "supersedes"):
                continue
            again, source = id_ in seen, self._knowledge.get(id_)
            seen.add(id_)
            row = self._short_of(id_) | {"link": link, "rests_on": []}
            if source is not None and not again and len(seen) < SOURCES_MAX:
                row["rests_on"] = self._sources(source, seen)
            rows.append(row)
        return rows

    def _short_of(self, id_: str) -> Row:
        node = self._knowledge.get(id_)
        if node is None:
            return {"id": id_, "from": None, "kind": None, "text": ""}
        return {
            "id": id_, "from": self._short(node.author), "kind": node.kind,
            "text": claims.line(node),
        }  # fmt: skip

    def _short(self, address: str) -> str:
        return claims.named(self._knowing, address)


_STANCES: dict[Link, float] = {"supports": 1.0, "refutes": 0.0, "supersedes": 0.0}


def _in_turns(nodes: Iterable[Node]) -> list[Node]:
    """The newest of each author first, then the next ones."""
    places: Counter[str] = Counter()
    placed = []
    for node in sorted(nodes, key=lambda node: -node.n):
        placed.append((places[node.author], -node.n, node))
        places[node.author] += 1
    return [node for _, _, node in sorted(placed)]


def _said(node: Node | None) -> str:
    return "" if node is None else node.said


def _moment_or_none(at: int | None) -> str | None:
    return None if at is None else moment(at)

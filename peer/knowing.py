"""What a home makes of what it knows: beliefs, finding, who is an expert, how far one is trusted.

Reads the home and nothing else, and changes nothing but the index of words. The rules are pure and
stand in `protocol` (knowledge, opinion, reputation, expertise); here their evidence is gathered.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from peer.esteem import Esteem
from peer.home import Home
from peer.home.nodes import Node
from peer.home.recalled import Filter
from protocol.expertise import Candidate, Judgement, expertise, merged
from protocol.knowledge import OPINIONS, Belief, believe, spaced, telling_words
from protocol.messages import Announcement, Answer, Insight
from protocol.reputation import Reputation

CLAIM_KINDS = (Insight.kind, Answer.kind)
POOL_MAX = 200  # what is found by words and then ranked by what may be believed of it
TOPIC_NODES_MAX = 500  # contributions to one topic that are weighed, the newest ones
LATELY_DAYS = 7
WORKING_DAYS = 30
WORDS_CHARS = 4_000  # of a text that are compared with a question
_WORDS_MAX = 32
RRF_K = 60


@dataclass(frozen=True, slots=True)
class Hit:
    """Something known; `score` says how well it fits what was asked, and how certain it is."""

    node: Node
    belief: Belief
    topics: tuple[str, ...]
    score: float


class Knowing:
    """What is known in one home; `address` is its peer's own, `now_ms` its clock."""

    def __init__(self, home: Home, address: str, now_ms: int) -> None:
        self.home = home
        self.address = address
        self.now_ms = now_ms
        self.esteem = Esteem(home, address)
        self._trust: dict[str, float] = {}

    @cached_property
    def day(self) -> int:
        """The day of this home's life."""
        return self.home.state.days_lived

    # ------------------------------------------------------------------------------- beliefs

    def beliefs(self, nodes: Iterable[Node]) -> dict[str, Belief]:
        """What may be believed of claims, by their ids."""
        claims = list(nodes)
        said = self.home.knowledge.said_of([node.id for node in claims], OPINIONS)
        return {
            node.id: believe(node.item, said.get(node.id, ()), self.trust, self.now_ms)
            for node in claims
        }

    def recall(
        self, text: str, which: Filter, hits_max: int, pool_max: int = POOL_MAX
    ) -> list[Hit]:
        """What fits a text, and may be believed: the best first. Without words the newest."""
        words = query_words(text)
        found = self.home.recalled
        if not words:
            return self.ranked([found.newest(which, pool_max)])[:hits_max]
        ns = found.find(words, which, pool_max, supported=pool_max // 5)
        return self.ranked([ns])[:hits_max]

    def ranked(self, lists: Sequence[Sequence[int]]) -> list[Hit]:
        """Nodes that several rankings found, by reciprocal rank fusion (Cormack et al. 2009).

        What may be believed more stands higher among those that fit about as well; what does not
        hold any more stands below everything that does.
        """
        fitting: dict[int, float] = defaultdict(float)
        for one in lists:
            for place, n in enumerate(one, 1):
                fitting[n] += 1 / (RRF_K + place)
        nodes = self.home.knowledge.by_number(list(fitting))
        beliefs = self.beliefs(nodes.values())
        topics = self.home.knowledge.topics_of(sorted(nodes))
        hits = [
            Hit(
                node, beliefs[node.id], tuple(topics.get(n, ())),
                fitting[n] * (0.75 + 0.5 * beliefs[node.id].opinion.certainty),
            )
            for n, node in nodes.items()
        ]  # fmt: skip
        return sorted(hits, key=_by_score)

    def on_topic(
        self, topics: Sequence[str], hits_max: int, *, public: bool = False, by: str | None = None
    ) -> list[Hit]:
        """Insights on one of these topics: what holds first, then what has most standing.

        `by`: only of somebody, by his full address.
        """
        nodes = [
            node
            for node in self.home.knowledge.about(topics, TOPIC_NODES_MAX, by)
            if node.public or not public
        ]
        beliefs = self.beliefs(nodes)
        named = self.home.knowledge.topics_of([node.n for node in nodes])
        hits = [
            Hit(node, beliefs[node.id], tuple(named[node.n]), beliefs[node.id].opinion.standing)
            for node in nodes
        ]
        return sorted(hits, key=_by_standing)[:hits_max]

    def fitting(
        self, text: str, topics: Sequence[str], hits_max: int, *, by: str = "", but: str = ""
    ) -> list[Hit]:
        """What everybody may know and may answer a question; what has most standing first.

        Of `by` alone, where somebody is named, and never of `but`. With topics what is on one of
        them, and of that, if there is any, what shares a word with the question; else what shares
        half of its words.
        """
        asked = telling_words(text)
        if topics:
            on_topic = [
                hit
                for hit in self.on_topic(topics, TOPIC_NODES_MAX, public=True, by=by or None)
                if hit.node.author != but
            ]
            sharing = [hit for hit in on_topic if asked & _words_of(hit.node)]
            return (sharing or on_topic)[:hits_max]
        if not asked:
            return []  # nothing is said that anything could fit
        which = Filter(kinds=(Insight.kind,), public=True, author=by or None)
        hits = [
            hit
            for hit in self.recall(" ".join(sorted(asked)), which, POOL_MAX)
            if 2 * len(asked & _words_of(hit.node)) >= len(asked) and hit.node.author != but
        ]
        return sorted(hits, key=_by_standing)[:hits_max]

    # ---------------------------------------------------------------------------- reputation

    def trust(self, author: str) -> float:
        """How far I believe somebody, 0 to 1: myself wholly."""
        if author == self.address:
            return 1.0
        if author not in self._trust:
            self._trust[author] = self.reputation(author).expectation
        return self._trust[author]

    def reputation(self, author: str) -> Reputation:
        """What I experienced with somebody, and what is proved of him."""
        return self.esteem.of(author)

    # ----------------------------------------------------------------------------- expertise

    def scores(self, topics: Sequence[str]) -> dict[str, float]:
        """How much everybody who contributed to these topics knows about them, 0 to 1."""
        return merged([self._scores(topic) for topic in topics]) if topics else {}

    def _scores(self, topic: str) -> dict[str, float]:
        judged: dict[str, list[Judgement]] = defaultdict(list)
        opinions = self.home.knowledge.judged_on(topic, TOPIC_NODES_MAX)
        foreign = self.esteem.of_former_holders(opinions)
        for one in [one for one in opinions if one.target not in foreign]:
            judged[one.author].append(
                Judgement(
                    one.witness, one.target, one.good, self.day - one.seen, self.trust(one.witness)
                )
            )
        return {author: expertise(several).lower_bound for author, several in judged.items()}

    def experts(self, topics: Sequence[str], among: Collection[str]) -> list[Candidate]:
        """Those of `among` (full addresses) who know something about these topics."""
        load = self.home.knowledge.asked_lately(self.address, self.day - LATELY_DAYS)
        return [
            Candidate(address, score, load.get(address, 0))
            for address, score in sorted(self.scores(topics).items())
            if address in among and score > NOBODY
        ]

    def working_on(self) -> list[Node]:
        """My own announcements of the last weeks that I did not take back, the newest first."""
        mine = self.home.knowledge.of(self.address, (Announcement.kind,), 50)
        said = self.home.knowledge.said_of([node.id for node in mine])
        return [
            node
            for node in mine
            if node.public
            and node.seen >= self.day - WORKING_DAYS
            and not any(one.link == "retracts" for one in said.get(node.id, ()))
        ]


# What the lower bound says of somebody of whom nothing good is known.
NOBODY = Reputation().lower_bound + 1e-9


def _by_standing(hit: Hit) -> tuple[int, float, int, str]:
    return (*hit.belief.rank, -hit.node.at, hit.node.id)


def _by_score(hit: Hit) -> tuple[int, float, int, str]:
    return (hit.belief.rank[0], -hit.score, -hit.node.at, hit.node.id)


def _words_of(node: Node) -> frozenset[str]:
    return telling_words(node.said[:WORDS_CHARS])


def query_words(text: str) -> list[str]:
    """The words of a text, each once, as many as one question may have."""
    found = [word for word in re.findall(r"\w+", spaced(text)) if any(c.isalnum() for c in word)]
    return list(dict.fromkeys(word.lower() for word in found))[:_WORDS_MAX]

"""What is known: items as nodes of a graph, what they say of each other as its edges.

Rules: a function of the set of items: neither their order nor how often one comes matters. What an
item speaks of may be unknown, and come later. An item is here until it is erased, or until it and
all that spoke of it are old. Writers stand inside a transaction. Not here: what may be believed
(`protocol.knowledge`), and finding by words (`peer.home.recalled`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TypeVar

from peer.home import recalled, support, vectors
from peer.home.database import Database
from peer.home.nodes import Node, Opined, Spoken
from peer.home.opined import JUDGED, STANDS, of_each
from protocol.knowledge import LINKS, Link, Said, links
from protocol.messages import Dispute, Endorsement, Insight, Item, Question, Retraction
from protocol.page import ALL

T = TypeVar("T")

nodes_max = 1_000_000
_OPINIONS = (Dispute.kind, Endorsement.kind, Retraction.kind)
_BATCH = 500  # values in one question


_NODE = "node.n, node.id, node.kind, node.author, node.audience, node.at, node.seen, node.data"


class Knowledge:
    """The tables `node`, `about` and `edge`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def fold(self, item: Item, audience: str, topics: Iterable[str], day: int) -> None:
        """Take an item in, with what it says of topics and of other items; again is harmless.

        What came as a letter and to all, in whatever order, everybody may know.
        """
        n = self._db.insert(
            "INSERT INTO node (id, kind, author, audience, at, seen, data)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE"
            f" SET audience = '{ALL}' WHERE excluded.audience = '{ALL}'",
            *(item.id, item.head.kind, item.head.author, audience, item.head.at, day, item.data),
        )
        row = self._db.one("SELECT n FROM node WHERE id = ?", item.id)
        assert row is not None, n
        self._db.write_many(
            "INSERT OR IGNORE INTO about VALUES (?, ?)", [(topic, row[0]) for topic in topics]
        )
        self._db.write_many(
            "INSERT OR IGNORE INTO edge VALUES (?, ?, ?)",
            [(target, link, row[0]) for link, target in links(item)],
        )
        support.count(self._db, item)

    def get(self, id_: str) -> Node | None:
        """An item by its id."""
        found = self._nodes("id = ?", id_)
        return found[0] if found else None

    def many(self, ids: Collection[str]) -> dict[str, Node]:
        """Those of these ids that are known."""
        return {
            node.id: node
            for part in _parts(sorted(ids))
            for node in self._nodes(f"id IN ({_marks(part)})", *part)
        }

    def by_number(self, ns: Sequence[int]) -> dict[int, Node]:
        """Those of these numbers that are known."""
        return {
            node.n: node
            for part in _parts(sorted(ns))
            for node in self._nodes(f"n IN ({_marks(part)})", *part)
        }

    def about(
        self,
        topics: Sequence[str],
        nodes_max: int,
        author: str | None = None,
        kinds: Sequence[str] = (Insight.kind,),
    ) -> list[Node]:
        """What is on one of these topics: what most vouch for, and the newest of each author.

        A fifth of `nodes_max` are those that most others vouch for, in the rest authors take turns:
        whoever says very much hides nothing of what others say, or stand for.
        """
        which = (
            f"n IN (SELECT node FROM about WHERE topic IN ({_marks(topics)}))"
            f" AND kind IN ({', '.join(map(repr, kinds))})"
        )
        values: list[object] = [*topics]
        if author is not None:
            which += " AND author = ?"
            values.append(author)
        supported = nodes_max // 5
        return self._nodes(
            f"n IN (SELECT n FROM (SELECT n FROM node WHERE {which} AND supporters > 0"
            f" ORDER BY supporters DESC, n DESC LIMIT ?)) OR {_in_turns(which)} ORDER BY n DESC",
            *(*values, supported, *values, nodes_max - supported),
        )

    def of(self, author: str | None, kinds: Sequence[str], nodes_max: int) -> list[Node]:
        """What somebody, or everybody in turns, said of these kinds, the newest first."""
        which = f"kind IN ({', '.join(map(repr, kinds))})"
        if author is not None:
            return self._nodes(f"author = ? AND {which} ORDER BY n DESC LIMIT ?", author, nodes_max)
        return self._nodes(f"{_in_turns(which)} ORDER BY n DESC", nodes_max)

    def asked_of(self, address: str, nodes_max: int) -> list[Node]:
        """Questions of others for somebody (full address), the newest first.

        So many letters, and so many that name him in `first`; of each author the newest come first,
        so that neither many questions to others nor many of one author hide any.
        """
        # In quotes an address is the value of a member, never a part of what somebody wrote.
        named = "audience <> ?1 AND instr(data, CAST('\"' || ?1 || '\"' AS BLOB)) > 0"
        found: dict[int, Node] = {}
        for which in ("audience = ?1", named):
            newest = _in_turns(f"kind = 'question' AND author <> ?1 AND {which}", "?2")
            found |= {one.n: one for one in self._nodes(newest, address, nodes_max)}
        newest_first = (found[n] for n in sorted(found, reverse=True))
        return [one for one in newest_first if one.audience == address or _names(one, address)]

    def topics(self) -> list[tuple[str, int]]:
        """Every topic with how many insights are on it, those of most authors first.

        So nobody makes his own topics the main ones by saying much.
        """
        rows = self._db.read(
            "SELECT topic, count(*) FROM about JOIN node ON node.n = about.node"
            " WHERE node.kind = 'insight' GROUP BY topic"
            " ORDER BY count(DISTINCT node.author) DESC, 2 DESC, topic"
        )
        return [(row[0], row[1]) for row in rows]

    def beginning(self, prefix: str) -> list[Node]:
        """Items whose ids begin so, three at most."""
        return self._nodes("id BETWEEN ? AND ? ORDER BY id LIMIT 3", prefix, prefix + "\x7f")

    def topics_of(self, ns: Sequence[int]) -> dict[int, list[str]]:
        """The topics of nodes, in alphabetical order."""
        found: dict[int, list[str]] = defaultdict(list)
        for part in _parts(ns):
            for topic, n in self._db.read(
                f"SELECT topic, node FROM about WHERE node IN ({_marks(part)})"
                " ORDER BY node, topic",
                *part,
            ):
                found[n].append(topic)
        return found

    def said_of(self, ids: Collection[str], those: Sequence[Link] = LINKS) -> dict[str, list[Said]]:
        """What items say of these ids (`those` links), but for what their own authors took back.

        Whoever says the same of one of them several times is there once, with what he said last
        by his own clock.
        """
        found: dict[str, list[Said]] = defaultdict(list)
        for part in _parts(sorted(ids)):
            for target, link, author, source, _ in self._db.read(
                "SELECT edge.target, edge.link, node.author, node.id,"
                " max(printf('%020d', node.at) || node.id) FROM edge"
                f" JOIN node ON node.n = edge.source WHERE edge.target IN ({_marks(part)})"
                f" AND edge.link IN ({', '.join(map(repr, those))})"
                f" AND {STANDS.format('node')} GROUP BY edge.target, edge.link,"
                " CASE WHEN edge.link IN ('supports', 'refutes', 'retracts', 'supersedes')"
                " THEN node.author ELSE node.id END ORDER BY edge.target, edge.link, node.id",
                *part,
            ):
                found[target].append(Said(link, author, source))
        return found

    def opinions_of(self, author: str) -> list[Opined]:
        """What others say of what somebody said, but for what they took back."""
        return self._opinions("target.author = ?", author)

    def opinions_by(self, witness: str) -> list[Opined]:
        """What somebody says of what others said, but for what he took back; the oldest first."""
        return self._opinions(
            "opinion.author = ? AND opinion.kind IN ('dispute', 'endorsement')", witness
        )

    def signed_by(self, ids: Collection[str]) -> dict[str, str]:
        """Under which keys these came, as far as that is known still."""
        return {
            row[0]: row[1]
            for part in _parts(sorted(ids))
            for row in self._db.read(
                "SELECT item.id, stream.key FROM item JOIN stream ON stream.n = item.stream"
                f" WHERE item.id IN ({_marks(part)})",
                *part,
            )
        }

    def judged_on(self, topic: str, nodes_max: int) -> list[Opined]:
        """What others say of insights on a topic, and of answers to questions on it.

        Nothing good of what its author took back or replaced. Of insights that anybody judges, and
        of questions, the newest of each author first: whoever says very much hides nobody.
        """
        return self._opinions(
            f"(target.n IN ({of_each('insight', JUDGED)}) OR (target.kind = 'answer' AND"
            " target.n IN (SELECT edge.source FROM node AS question JOIN edge"
            " ON edge.target = question.id AND edge.link = 'answers'"
            f" WHERE question.n IN ({of_each('question')}))))"
            " AND (edge.link = 'refutes' OR NOT EXISTS (SELECT 1 FROM edge AS gone"
            " JOIN node AS taker ON taker.n = gone.source WHERE gone.target = target.id"
            " AND gone.link IN ('retracts', 'supersedes') AND taker.author = target.author"
            f" AND {STANDS.format('taker')}))",
            *(topic, nodes_max),
        )

    def _opinions(self, where: str, *values: object) -> list[Opined]:
        # Not `held`: there may be any number of them.
        rows = self._db.read(
            "SELECT target.author, target.id, target.kind, edge.link, opinion.author, opinion.id,"
            " opinion.seen FROM node AS target JOIN edge ON edge.target = target.id"
            " JOIN node AS opinion ON opinion.n = edge.source"
            f" WHERE ({where}) AND edge.link IN ('supports', 'refutes')"
            " AND opinion.author <> target.author"
            f" AND {STANDS.format('opinion')} ORDER BY opinion.n, target.n",
            *values,
        )
        return [Opined(*row) for row in rows]

    def asked_lately(self, author: str, since_day: int) -> dict[str, int]:
        """How many questions an author asked others since that day, by whom they ask first."""
        asked: Counter[str] = Counter()
        for node in self._nodes(
            "kind = 'question' AND author = ? AND seen >= ?", author, since_day
        ):
            body = node.item.body
            assert isinstance(body, Question)
            asked.update(body.first or ([] if node.public else [node.audience]))
        return dict(asked)

    def spoken_of(self, n: int) -> list[tuple[str, str]]:
        """(link, id) of what a node says of others, by link and id."""
        rows = self._db.read(
            "SELECT link, target FROM edge WHERE source = ? ORDER BY link, target", n
        )
        return [(row[0], row[1]) for row in rows]

    def spoken_by(self, ns: Sequence[int]) -> list[Spoken]:
        """What these nodes say of items, by node, link and id."""
        return [
            Spoken(*row)
            for part in _parts(ns)
            for row in self._db.read(
                f"SELECT source, link, target FROM edge WHERE source IN ({_marks(part)})"
                " ORDER BY source, link, target",
                *part,
            )
        ]

    def turned_on(self, targets: Sequence[str], after: int, upto: int) -> list[Spoken]:
        """What of the nodes in a range of numbers speaks against these items, the newest first.

        Whoever says the same of one of them several times is there once.
        """
        found = [
            Spoken(*row)
            for part in _parts(targets)
            for row in self._db.read(
                "SELECT max(edge.source), edge.link, edge.target FROM edge"
                f" JOIN node ON node.n = edge.source WHERE edge.target IN ({_marks(part)})"
                " AND edge.link IN ('refutes', 'supersedes', 'retracts')"
                " AND edge.source > ? AND edge.source <= ?"
                " GROUP BY edge.target, edge.link, node.author",
                *(*part, after, upto),
            )
        ]
        return sorted(found, key=lambda one: (-one.source, one.link, one.target))

    def before(self, day: int) -> int:
        """The number of the last node that came before a day of this home's life, 0 for none."""
        # Days never go back from node to node: the search ends at the first that is too old.
        row = self._db.one("SELECT n FROM node WHERE seen < ? ORDER BY n DESC LIMIT 1", day)
        return 0 if row is None else int(row[0])

    def between(self, after: int, upto: int, nodes_max: int) -> list[Node]:
        """The nodes in a range of numbers, the newest first; of too many each author's newest."""
        newest = _in_turns("n > ? AND n <= ?")
        return self._nodes(f"{newest} ORDER BY n DESC", after, upto, nodes_max)

    def count(self, after: int, upto: int, kind: str | None = None, but: str = "") -> int:
        """How many nodes there are in a range of numbers; of a kind, and not of one author."""
        row = self._db.one(
            "SELECT count(*) FROM node WHERE n > ?1 AND n <= ?2 AND (?3 IS NULL OR kind = ?3)"
            " AND author <> ?4",
            *(after, upto, kind, but),
        )
        return 0 if row is None else int(row[0])

    def newest(self) -> int:
        """The number of the newest node, 0 where there is none: later ones are above it."""
        row = self._db.one("SELECT max(n) FROM node")
        return 0 if row is None or row[0] is None else int(row[0])

    def highest(self) -> int:
        """The highest number that was ever given; what had it may be known no more."""
        row = self._db.one("SELECT seq FROM sqlite_sequence WHERE name = 'node'")
        return 0 if row is None else int(row[0])

    def erase(self, author: str, id_: str, bare: Callable[[bytes], bytes]) -> bool:
        """What an author published is known no more; False where it was not known.

        `bare` leaves out what an item said: so much stays of an opinion, because it was given.
        """
        node = self.get(id_)
        if node is None or node.author != author or not node.public:
            return False
        if node.kind in _OPINIONS:
            recalled.forget(self._db, node.n, node.data)
            self._db.write("UPDATE node SET data = ? WHERE n = ?", bare(node.data), node.n)
        else:
            self._drop([node.n])
        return True

    def age(self, before_day: int, nodes_max: int = nodes_max) -> None:
        """What came before that day, and of which nothing later speaks, is known no more.

        Where more is known than `nodes_max`, the oldest of those authors go who said most.
        """
        # What came later has a higher number: so whatever is young need not be looked at.
        young = "SELECT n FROM node WHERE seen >= ?1 ORDER BY n LIMIT 1"
        rows = self._db.read(
            f"SELECT n FROM node WHERE n < coalesce(({young}), (SELECT max(n) + 1 FROM node))"
            " AND NOT EXISTS (SELECT 1 FROM edge JOIN node AS later ON later.n = edge.source"
            " WHERE edge.target = node.id AND later.seen >= ?1)",
            before_day,
        )
        self._drop([row[0] for row in rows])
        row = self._db.one("SELECT count(*) FROM node")
        excess = 0 if row is None else row[0] - nodes_max
        while excess > 0:
            (author, count), *others = self._db.read(
                "SELECT author, count(*) FROM node GROUP BY author ORDER BY 2 DESC, 1 LIMIT 2"
            )
            share = count - others[0][1] + 1 if others else count
            gone = self._db.read(
                "SELECT n FROM node WHERE author = ? ORDER BY n LIMIT ?",
                *(author, min(excess, share)),
            )
            self._drop([row[0] for row in gone])
            excess -= len(gone)

    def _drop(self, ns: Sequence[int]) -> None:
        for node in self.by_number(ns).values():
            recalled.forget(self._db, node.n, node.data)
            vectors.forget(self._db, node.n)
            support.forget(self._db, node, self.spoken_of(node.n))
        for table, column in (("about", "node"), ("edge", "source"), ("node", "n")):
            self._db.write_many(f"DELETE FROM {table} WHERE {column} = ?", [(n,) for n in ns])

    def _nodes(self, where: str, *values: object) -> list[Node]:
        return [
            Node(*row) for row in self._db.read(f"SELECT {_NODE} FROM node WHERE {where}", *values)
        ]


def take_out(db: Database, id_: str) -> None:
    """What I wrote, and what goes out no more or not yet, is not known; inside a transaction."""
    found = db.one("SELECT n FROM node WHERE id = ?", id_)
    if found is not None:
        Knowledge(db)._drop([found[0]])


def _in_turns(which: str, nodes_max: str = "?") -> str:
    """A condition for so many nodes: the newest of each author, then the next of each."""
    return (
        "n IN (SELECT n FROM (SELECT n, row_number() OVER (PARTITION BY author ORDER BY n DESC)"
        f" AS place FROM node WHERE {which}) ORDER BY place, n DESC LIMIT {nodes_max})"
    )


def _names(node: Node, address: str) -> bool:
    body = node.item.body
    return isinstance(body, Question) and address in body.first


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), _BATCH):
        yield values[start : start + _BATCH]

"""For an agent that lost its context: who it is, what it was doing, what is open, what changed.

Rules: the most urgent first, within a budget of tokens; what does not fit is counted, and the
command is named that shows it. What others wrote is marked as data, with its author. What changed
counts from the last time that somebody asked, which the home remembers. The share is not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from peer import approvals, claims, deciding, overview
from peer.cursors import cursor, is_cursor, place
from peer.home.nodes import Node
from peer.instance import RunningPeer
from peer.knowing import Knowing
from peer.mailbox import Mailbox
from peer.results.restarts import BYTES_A_TOKEN, Entry, Part, Restart, text_bytes
from peer.rows import Row, one_line, short
from peer.stewards.aims import goal_rows
from peer.stewards.standing import standing
from protocol import canonical
from protocol.errors import UsageError
from protocol.messages import Answer, Endorsement, Insight, Question

budget_min, budget_max = 400, 100_000
at_least = 3  # entries of each part, before one has more
looked_at_max = 5_000  # items of what is new, the newest of each author
_MINE_MAX = 500
_RECENT = 5
_BETWEEN = 2  # bytes between two entries, at most: a comma and a space
_NODE, _PEERS = "restart_node", "restart_peers"
_UNDONE = {"refutes": "disputed", "supersedes": "superseded", "retracts": "retracted"}

Size = Callable[[Restart], int]  # bytes of an answer
Sort = tuple[str, str, str]
# Every sort of thing, the most urgent first: its name, its title, the command that shows it all
# (NAME is my own).
SORTS: tuple[Sort, ...] = (
    ("me", "You are", "peer status"),
    ("needs", "Should be mended", "peer escalations"),
    ("unread", "Not read yet", "peer inbox"),
    ("asked", "Asked of you, not answered by you", "peer inbox --all"),
    ("undone", "Changed since, and you rely on it", "peer digest"),
    ("doing", "You are working on", "peer feed NAME"),
    ("votes", "Open for your vote", "peer proposals"),
    ("approvals", "Waits for a steward's yes", "peer approvals"),
    ("open", "You asked, nobody has answered", "peer feed NAME"),
    ("outbox", "Not received yet", "peer outbox"),
    ("members", "Who came and went since", "peer peers"),
    ("sent", "You wrote last", "peer outbox"),
    ("learned", "You learned last", "peer feed NAME"),
    ("new", "Learned by others since", "peer digest"),
)


def for_restart(
    peer: RunningPeer, budget: int = 2000, since: str | None = None, size: Size = text_bytes
) -> Restart:
    """What an agent needs to go on, in at most `budget` tokens; the home remembers that it asked.

    `since` is the `cursor` of an earlier answer; by default what changed is what changed since the
    last one. `size` tells the bytes that an answer takes in the form in which it is given.
    UsageError for a budget too small to say anything, or what is no cursor.
    """
    if not budget_min <= budget <= budget_max:
        raise UsageError(f"a budget is {budget_min} to {budget_max} tokens, not {budget}")
    begin = peer.home.state.text(_NODE) if since is None else since
    if since is not None and not is_cursor(since):
        raise UsageError(f"{since[:40]!r} is no cursor; it is the last line of an earlier answer")
    # What comes while this looks is new the next time.
    newest = peer.home.knowledge.newest()
    end = cursor(peer.home, newest)
    gatherer = _Gatherer(peer, 0 if begin is None else place(peer.home, begin), newest)
    found = {name: list(entries) for name, entries in gatherer.all()}
    count = {name: len(entries) for name, entries in found.items()}
    count["new"] = gatherer.new_in_all()
    nothing = [
        Part(name, title, (), count[name], command.replace("NAME", peer.name))
        for name, title, command in SORTS
        if found[name]
    ]
    frame = Restart(peer.name, peer.address, end, begin, tuple(nothing))
    filled = _filled(frame, found, budget * BYTES_A_TOKEN, size)
    with peer.home.transaction(durable=False):
        peer.home.state.put_all({_NODE: end, _PEERS: canonical.encode(gatherer.states())})
    return filled


def _filled(
    frame: Restart, found: Mapping[str, Sequence[Entry]], bytes_max: int, size: Size
) -> Restart:
    """As much of everything as there is room for: first some of each part, then the rest.

    A title, and the word on what is left out, are always said.
    """
    room = bytes_max - size(frame)
    if room < 0:
        needed = -(-size(frame) // BYTES_A_TOKEN)
        raise UsageError(f"there is more to say; a budget of at least {needed} tokens is needed")
    taken = {part.name: 0 for part in frame.parts}
    empty = size(replace(frame, parts=()))

    def cost(part: Part, entry: Entry) -> int:
        alone, one = (
            size(replace(frame, parts=(replace(part, entries=those, left=0),))) - empty
            for those in ((), (entry,))
        )
        return one - alone + _BETWEEN

    for most in (at_least, looked_at_max):
        for part in frame.parts:
            for entry in found[part.name][taken[part.name] : most]:
                if (bytes_ := cost(part, entry)) > room:
                    break
                room -= bytes_
                taken[part.name] += 1
    parts = [
        replace(
            part,
            entries=tuple(found[part.name][: taken[part.name]]),
            left=part.left - taken[part.name],
        )
        for part in frame.parts
    ]
    return replace(frame, parts=tuple(parts))


class _Gatherer:
    """Everything that could be said, before anybody asks how much room there is."""

    def __init__(self, peer: RunningPeer, after: int, upto: int) -> None:
        self._peer = peer
        self._home = peer.home
        self._range = after, upto
        self._box = Mailbox(peer.home, peer.identity)
        self._knowing = Knowing(peer.home, peer.address, peer.clock.wall_ms())

    def all(self) -> Iterator[tuple[str, Iterator[Entry]]]:
        """Every sort of thing, by its name in `SORTS`."""
        for name, _, _ in SORTS:
            yield name, getattr(self, f"_{name}")()

    def states(self) -> dict[str, str]:
        """The other members, and how they seem."""
        rows = self._home.neighbours.all()
        names = standing(self._peer).others
        return {name: rows[name].state if name in rows else "unknown" for name in names}

    def _me(self) -> Iterator[Entry]:
        peer, holds = self._peer, standing(self._peer)
        cluster = peer.identity.cluster
        yield Entry(f"{peer.name}, a peer of {cluster}; your full address is {peer.address}")
        if (parked := self._home.state.text("parked")) is not None:
            yield Entry(f"parked, you sign nothing: {_line(parked)}")
        if holds.halted:
            yield Entry("halted by a steward: you act on nothing and send nothing")
        if holds.member is None:
            yield Entry("not admitted, as far as this home knows")
        for goal in goal_rows(holds.policy.charters):
            yield Entry(f"goal {goal['id']}, by a steward", "", "steward", _line(goal["text"]))

    def _needs(self) -> Iterator[Entry]:
        """Own troubles, and those of others, for a human first."""
        for row in (*approvals.questions(self._peer), *overview.concerns(self._peer)):
            by = "for a human" if row["level"] == "human" else row["level"]
            yield Entry(f"{by}, since {row['since'][:16]}", "", row["from"], _line(row["text"]))

    def _unread(self) -> Iterator[Entry]:
        rows = self._box.rows(self._home.mail.inbox(everything=False))
        for row in sorted(rows, key=lambda row: int(row["priority"])):
            yield self._letter(row)

    def _letter(self, row: Row) -> Entry:
        who = f"{row['from']} to {row['to']}"
        said = _line(row["text"]) or ("(sealed)" if row["sealed"] else "(no text)")
        return Entry(f"{row['id'][:8]} {row['kind']}, {who}", row["id"], row["from"], said)

    def _asked(self) -> Iterator[Entry]:
        me = self._peer.address
        asked = self._home.knowledge.asked_of(me, _MINE_MAX)
        yield from self._unanswered(asked, lambda author: author == me)

    def _open(self) -> Iterator[Entry]:
        me = self._peer.address
        mine = self._home.knowledge.of(me, (Question.kind,), _MINE_MAX)
        yield from self._unanswered(mine, lambda author: author != me)

    def _unanswered(self, nodes: Sequence[Node], counts: Callable[[str], bool]) -> Iterator[Entry]:
        said = self._home.knowledge.said_of([node.id for node in nodes])
        for node in nodes:
            links = said.get(node.id, ())
            gone = any(one.link == "retracts" for one in links)
            if not gone and not any(one.link == "answers" and counts(one.author) for one in links):
                yield self._node(node, f"question of {self._short(node.author)}")

    def _undone(self) -> Iterator[Entry]:
        """What I said, or built on, and somebody else has spoken against since."""
        me, known = self._peer.address, self._home.knowledge
        mine = known.of(me, (Insight.kind, Answer.kind, Endorsement.kind), _MINE_MAX)
        built = known.spoken_by([node.n for node in mine])
        relied = {one.target for one in built if one.link in ("derived-from", "supports")}
        relied |= {node.id for node in mine if node.kind == Insight.kind}
        against = known.turned_on(sorted(relied), *self._range)
        sources = known.by_number([one.source for one in against])
        targets = known.many({one.target for one in against})
        for one in against:
            node, by = targets.get(one.target), sources[one.source]
            if node is None or by.author == me:
                continue
            if one.link == "retracts" and by.author != node.author:
                continue  # nobody takes back what another one said
            yield self._node(node, f"{_UNDONE[one.link]} by {self._short(by.author)}")

    def _doing(self) -> Iterator[Entry]:
        for node in self._knowing.working_on():
            yield self._node(node, "announced")

    def _votes(self) -> Iterator[Entry]:
        for row in deciding.proposals(self._peer):
            if row["state"] == "open" and self._peer.name in row["missing"]:
                line = f"{row['id'][:8]} proposed by {row['from']}"
                yield Entry(line, row["id"], row["from"], _line(f"{row['key']} = {row['value']}"))

    def _approvals(self) -> Iterator[Entry]:
        if standing(self._peer).is_mailbox:
            return  # what others ask of it stands among what needs somebody
        for row in approvals.approvals(self._peer):
            if row["state"] == "open":
                line = f"{row['id'][:8]} {row['effect']} {row['kind']} to {row['to']}"
                yield Entry(line, row["id"], self._peer.name, _line(row["text"]))

    def _outbox(self) -> Iterator[Entry]:
        for row in self._box.outbox():
            if row["state"] != "asked":
                line = f"{row['id'][:8]} {row['kind']} to {row['to']}, {row['state']}"
                yield Entry(line, row["id"], row["from"], _line(row["text"]))

    def _members(self) -> Iterator[Entry]:
        stored = self._home.state.data(_PEERS)
        if stored is None:
            return
        before, now = canonical.decode(stored), self.states()
        for name in sorted({*before, *now}):
            was, is_ = before.get(name), now.get(name)
            if was is None:
                yield Entry(f"{name} came, {is_}")
            elif is_ is None:
                yield Entry(f"{name} is no member any more")
            elif (was == "dead") != (is_ == "dead"):
                yield Entry(f"{name} seems dead" if is_ == "dead" else f"{name} is back, {is_}")

    def _sent(self) -> Iterator[Entry]:
        for row in self._box.rows(self._home.mail.sent(_RECENT)):
            yield self._letter(row)

    def _learned(self) -> Iterator[Entry]:
        mine = self._home.knowledge.of(self._peer.address, (Insight.kind,), _RECENT)
        yield from self._claims(mine)

    def _new(self) -> Iterator[Entry]:
        me = self._peer.address
        fresh = self._home.knowledge.between(*self._range, looked_at_max)
        nodes = [one for one in fresh if one.kind == Insight.kind and one.author != me]
        beliefs = self._knowing.beliefs(nodes)
        yield from self._claims(sorted(nodes, key=lambda one: (*beliefs[one.id].rank, -one.n)))

    def new_in_all(self) -> int:
        """How many insights of others are new; of very many not all were looked at."""
        return self._home.knowledge.count(*self._range, Insight.kind, self._peer.address)

    def _claims(self, nodes: Sequence[Node]) -> Iterator[Entry]:
        beliefs = self._knowing.beliefs(nodes)
        for node in nodes:
            sure = claims.standing(beliefs[node.id])
            yield self._node(node, f"{self._short(node.author)}, {sure}")

    def _node(self, node: Node, what: str) -> Entry:
        author = self._short(node.author)
        return Entry(f"{node.id[:8]} {what}", node.id, author, claims.line(node))

    def _short(self, address: str) -> str:
        return short(address, self._peer.identity.cluster)


def _line(text: str) -> str:
    return one_line(text, claims.LINE_CHARS)

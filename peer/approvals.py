"""Approvals: what a peer asked stewards for and, in a steward's mailbox, what peers ask.

Rules: what a steward says yes or no to is worked out from the item that a request carries, never
from what the request claims of it. The words of others are kept apart from ours, so that whoever
shows them can mark them as quoted. Not here: what an answer causes (`peer.asking`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter

from peer import overview
from peer.deciding import find_proposal, proposals
from peer.home.asks import Ask
from peer.instance import DAY_MS, RunningPeer
from peer.rows import Row, moment
from peer.stewards.desk import Desk
from peer.stewards.standing import standing
from protocol import canonical, decision
from protocol.decision import Decision
from protocol.errors import NotFoundError, RuleError, SomaError, UsageError
from protocol.messages import Item, Request, Sealed, item_hash, stored_item
from protocol.order import contains
from protocol.request import Asked, effect_to, open_request
from protocol.trust import grace_ms

answer_days = 7  # how long a yes permits what it names
id_chars_min = 4
# Of an item; what nobody knows, who asks may fill with anything, and it would go out as well.
_TOLD_ELSEWHERE = frozenset(
    ("author", "kind", "salt", "at", "auto", "depth", "priority", "attachments", "body")
)
_FILE = frozenset(("name", "size", "sha256"))


@dataclass(frozen=True, slots=True)
class Answerable:
    """Something that a steward can say yes or no to, in a decision over `hash` for `scope`.

    `words` are ours, `quoted` those of who asks. `votes`: it is for peers to agree on, and a
    steward can only say no. `letter` is the row of the letter that asked.
    """

    id: str
    hash: str
    scope: str
    words: tuple[str, ...]
    quoted: tuple[str, ...]
    letter: int | None = None
    votes: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """What a steward said; `again`: that was said before. `digest` names the document."""

    what: Answerable
    decision: str
    digest: str
    again: bool


def approvals(peer: RunningPeer) -> list[Row]:
    """What waits for an answer, or got one, oldest first: of a mailbox what others ask of it."""
    if standing(peer).is_mailbox:
        return [_request_row(peer, letter, body, asked) for letter, body, asked in _requests(peer)]
    return [_ask_row(peer, ask) for ask in peer.home.asks.all()]


def questions(peer: RunningPeer) -> list[Row]:
    """What waits for this steward's answer, in the form of `peer.overview.concerns`."""
    if not standing(peer).is_mailbox:
        return []
    return [
        {
            "key": f"request:{row['id']}", "level": "human", "since": row["at"],
            "text": f"{row['from']} asks for a yes: {row['effect']} {row['kind']} to {row['to']}",
            "mend": f"`peer approvals` shows it; `peer approve {row['id'][:8]}`, or `peer deny`",
            "from": row["from"], "id": row["request"],
        }
        for row in approvals(peer)
        if row["state"] == "open"
    ]  # fmt: skip


def status(peer: RunningPeer) -> Row:
    """`peer.overview.status`, and what waits for an answer: a steward's, or this peer's ballot.

    `questions`: requests in a steward's mailbox; `votes`: open proposals that he may deny, or on
    which this peer has not voted.
    """
    waiting, found = questions(peer), overview.status(peer)
    is_mailbox = standing(peer).is_mailbox
    open_ = [row for row in proposals(peer) if row["state"] == "open"]
    votes = sum(1 for row in open_ if is_mailbox or peer.name in row["missing"])
    concerns = [*waiting, *found["concerns"]]
    return {**found, "questions": len(waiting), "votes": votes, "concerns": concerns}


def _ask_row(peer: RunningPeer, ask: Ask) -> Row:
    stored = peer.home.mail.get(ask.item, cancelled=True)
    item = stored_item(stored.data, understood=bool(stored.understood))
    until = moment(ask.until)
    return {
        "id": ask.item, "request": None, "from": peer.name, "to": _bare(peer, ask.audience),
        "state": ask.state, "because": ask.because, "rule": ask.rule, "effect": ask.effect,
        "at": moment(ask.at), "until": until, "hash": ask.hash, **_content(item),
    }  # fmt: skip


def _request_row(
    peer: RunningPeer, letter: Item, body: Request, asked: Asked | RuleError
) -> Row:  # fmt: skip
    row = {
        "request": letter.id, "from": _bare(peer, letter.head.author),
        "to": _bare(peer, body.audience), "rule": body.rule, "effect": effect_to(body.audience),
        "at": moment(letter.head.at), "until": moment(body.until),
    }  # fmt: skip
    if isinstance(asked, RuleError):
        nothing = {"kind": "", "text": "", "sealed": False, "attachments": [], "item": body.item}
        return {"id": letter.id, "state": "invalid", "because": str(asked), "hash": None} | (
            row | nothing
        )
    state, because = _state(peer, asked, body)
    return {
        "id": asked.item.id, "state": state, "because": because, "hash": asked.hash,
        **row, **_content(asked.item),
    }  # fmt: skip


def _content(item: Item) -> Row:
    said = canonical.decode(item.data)
    body = said.get("body") or {}
    files = [{"name": f.name, "size": f.size, "sha256": f.sha256} for f in item.head.attachments]
    return {
        "kind": item.head.kind,
        "text": str(body.get("text") or body.get("because") or ""),
        "sealed": item.head.kind == Sealed.kind,
        "attachments": files,
        "item": said,
    }


def _state(peer: RunningPeer, asked: Asked, body: Request) -> tuple[str, str]:
    said, now = standing(peer).decided(asked.hash, asked.author), peer.clock.wall_ms()
    if said is not None and said.decision == "deny":
        return "denied", said.because
    if said is not None and (said.until is None or now < said.until):
        return "approved", said.because
    return ("open" if now < body.until else "expired"), ""


def _requests(peer: RunningPeer) -> list[tuple[Item, Request, Asked | RuleError]]:
    """Every request that this mailbox holds: its letter, its body, and what it really asks."""
    found: list[tuple[Item, Request, Asked | RuleError]] = []
    for matter in peer.home.matters.all(Request.kind):
        stored = peer.home.mail.get(matter.item)
        letter = stored_item(stored.data, understood=bool(stored.understood))
        if not isinstance(letter.body, Request):
            continue
        asked: Asked | RuleError
        try:
            asked = open_request(letter.body, peer.identity.network, letter.head.author)
        except RuleError as error:
            asked = error
        found.append((letter, letter.body, asked))
    return found


def _bare(peer: RunningPeer, address: str) -> str:
    return address.removesuffix(f"@{peer.identity.cluster}")


def find_request(peer: RunningPeer, prefix: str) -> Answerable | None:
    """The request for the item, or in the letter, whose id begins with `prefix`; None: no such.

    UsageError where several fit, RuleError where it asks nothing that can be said yes to.
    """
    found = [
        (letter, body, asked)
        for letter, body, asked in _requests(peer)
        if letter.id.startswith(prefix)
        or (isinstance(asked, Asked) and asked.item.id.startswith(prefix))
    ]
    if not found:
        return None
    if len(found) > 1:
        which = ", ".join(f"{letter.id[:8]} of {letter.head.author}" for letter, _, _ in found)
        raise UsageError(f"{prefix} fits several; name a request by its own id: {which}")
    letter, body, asked = found[0]
    if isinstance(asked, RuleError):
        raise asked
    return Answerable(
        asked.item.id,
        asked.hash,
        asked.author,
        _words(peer, body, asked),
        _quoted(asked.item),
        peer.home.mail.get(letter.id).n,
    )


def _words(peer: RunningPeer, body: Request, asked: Asked) -> tuple[str, ...]:
    kind, sealed = asked.item.head.kind, asked.item.head.kind == Sealed.kind
    to = "everybody" if asked.effect == "publish" else asked.audience
    words = [
        f"{asked.author} asks to {asked.effect} this {kind} to {to}",
        f"exactly these bytes, and once: item {asked.item.id}, sha256 {item_hash(asked.item.data)}",
    ]
    if sealed:
        words.append("it is sealed for its reader: what it says cannot be seen here")
    words += [
        f"with a file of {file.size} bytes, sha256 {file.sha256}"
        for file in asked.item.head.attachments
    ]
    if peer.clock.wall_ms() >= body.until:
        words.append("its term is over by the asker's clock, so a yes may change nothing any more")
    return tuple(words)


def _quoted(item: Item) -> tuple[str, ...]:
    """What the asker wrote: the text, and every other member of what would go out."""
    said = canonical.decode(item.data)
    body = said.get("body") or {}
    lines = str(body.get("text") or body.get("because") or "").split("\n")
    # A list: a name that stands in two places hides neither.
    rest = [(name, value) for name, value in body.items() if name not in ("text", "because")]
    if body.get("text") and body.get("because"):
        rest.append(("because", body["because"]))
    rest += [(name, value) for name, value in said.items() if name not in _TOLD_ELSEWHERE]
    files = said.get("attachments") or []
    rest.append(("files", [one.get("name", "") if one.keys() <= _FILE else one for one in files]))
    lines += [
        f"{name}: {canonical.encode(value).decode()}"
        for name, value in sorted(rest, key=itemgetter(0))
        if value
    ]
    return tuple(lines)


def find_vote(peer: RunningPeer, prefix: str) -> Answerable | None:
    """The proposal whose id begins with `prefix`; None: no such, or it is another thing."""
    try:
        found = find_proposal(peer, prefix)
    except (NotFoundError, UsageError):
        return None
    return Answerable(found.id, found.hash, found.scope, (found.words,), found.quoted, votes=True)


Finder = Callable[[RunningPeer, str], Answerable | None]
# Whatever a steward can answer, in the order in which an id is looked for.
FINDERS: tuple[Finder, ...] = (find_request, find_vote)


def find(peer: RunningPeer, prefix: str) -> Answerable:
    """What the beginning of an id means in a mailbox; NotFoundError where it means nothing."""
    if len(prefix) < id_chars_min:
        raise UsageError(f"give at least {id_chars_min} characters of the id, not {prefix!r}")
    for finder in FINDERS:
        found = finder(peer, prefix)
        if found is not None:
            return found
    raise NotFoundError(
        f"nothing called {prefix} waits for an answer; `peer tick --as {peer.name}` fetches what"
        " peers ask, and `peer approvals` lists it"
    )


def answer(
    desk: Desk, peer: RunningPeer, what: Answerable, *, yes: bool, because: str = ""
) -> Answered:
    """Sign and place a decision over exactly this; what was said before is only placed again.

    `peer` is the mailbox of the steward at the desk. SomaError for a yes after a no: the no holds.
    WaitingError where more stewards have to say it.
    """
    if yes and what.votes:
        raise UsageError("peers agree on this by vote; a steward can only say no (`peer deny`)")
    word = "approve" if yes else "deny"
    said = {d.body.decision: d.digest for d in _decided(desk, what)}
    if yes and "deny" in said:
        raise SomaError("it was denied, and a no holds; let the asker ask again")
    if word in said:
        desk.put_back()
        return Answered(what, word, said[word], again=True)
    now = desk.clock.wall_ms()
    begun = _begun(desk, what, word)
    document = desk.sign(
        begun
        or Decision(
            network=desk.identity.network,
            decision="approve" if yes else "deny",
            scope=what.scope,
            of=what.hash,
            salt=canonical.b32(desk.entropy.draw(16)),
            at=now,
            until=now + answer_days * DAY_MS if yes else None,
            because=because,
        )
    )
    with peer.home.transaction():
        peer.home.archive.remember(document, now)
        if what.letter is not None:
            peer.home.mail.mark_read([what.letter], now)
    return Answered(what, word, document.digest, again=False)


def _begun(desk: Desk, what: Answerable, word: str) -> Decision | None:
    """What another steward said of this already, and waits for more of them to say it.

    Only what this steward would have said himself: for exactly who asks, and for no longer.
    """
    now, longest = desk.clock.wall_ms(), answer_days * DAY_MS + grace_ms
    bodies = [part.body for part in desk.known().parts if isinstance(part.body, Decision)]
    return next(
        (
            body
            for body in bodies
            if (body.of, body.decision, body.scope) == (what.hash, word, what.scope)
            and (word == "deny" or now < (body.until or 0) <= now + longest)
        ),
        None,
    )


def _decided(desk: Desk, what: Answerable) -> list[_Decided]:
    """The decisions on this that the share shows or the shelf holds, and that still permit.

    What was said of the same hash for somebody else is no answer here.
    """
    now = desk.clock.wall_ms()
    return [
        _Decided(document.body, document.digest)
        for document in desk.documents(decision.TYPE)
        if isinstance(document.body, Decision)
        and document.body.of == what.hash
        and (document.body.until is None or now < document.body.until)
        and (
            contains(document.scope, what.scope)
            if document.body.decision == "deny"
            else document.scope == what.scope
        )
    ]


@dataclass(frozen=True, slots=True)
class _Decided:
    body: Decision
    digest: str

"""What the stewards want, as far as this peer can know: who belongs, what is halted or hidden.

Rules: in force is what was verified once and is remembered in the home, together with what is
valid on the share; nothing that vanishes, rots or was never signed changes it. Who may sign is
`protocol.authority`'s business; this module reads, remembers, puts back and sums up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from peer.home.archive import Stored
from peer.instance import Peer
from protocol import authority, canonical, charter, limits, marker, order, root, roster, wire
from protocol.charter import Charter
from protocol.errors import (
    HomeError,
    MissingError,
    OversizedError,
    RuleError,
    ShareDeniedError,
    ShareError,
    SpecialFileError,
    WrongShareError,
)
from protocol.head import Head
from protocol.order import Order, halts_in_force, within
from protocol.root import Root
from protocol.roster import Member, Roster
from registry import charter as shelf
from registry import layout

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds for this peer now. `member` None: not admitted under this key."""

    root: Root
    roster: Roster | None
    charter: Charter | None
    member: Member | None
    address: str
    all_halts: dict[str, Order]
    hidden_orders: int

    def find(self, name: str) -> Member | None:
        """The member called `name` by the roster in force, or None."""
        return None if self.roster is None else self.roster.member(name)

    @property
    def halts(self) -> list[Order]:
        """The halts in force that cover me."""
        return self.halts_of(self.address)

    @property
    def halted(self) -> bool:
        """Whether a halt in force covers me."""
        return bool(self.halts)

    def halts_of(self, address: str) -> list[Order]:
        """The halts in force that cover an address."""
        return [order for order in self.all_halts.values() if within(address, order.scope)]

    @property
    def obedient(self) -> bool:
        """Whether I may act: admitted, not halted, and no order is being hidden from me."""
        return self.member is not None and not self.halts and not self.hidden_orders


def standing(peer: Peer) -> Standing:
    """What holds by the documents that the home remembers; the share is not touched."""
    version = (peer.home.db.version(), peer.home.archive.changes)
    cached = peer.parsed.get("standing")
    if isinstance(cached, tuple) and cached[0] == version:
        found: Standing = cached[1]
        return found
    found = _sum_up(peer)
    peer.parsed["standing"] = (version, found)
    return found


def _sum_up(peer: Peer) -> Standing:
    archive = peer.home.archive
    first = archive.get(peer.identity.network)
    if first is None:
        raise HomeError("this home has lost its root; run `peer tick` while the share is there")
    members = archive.newest(roster.TYPE, peer.identity.cluster)
    goals = archive.newest(charter.TYPE, "*")
    found = None if members is None else _parsed(peer, members.digest, Roster, members.data)
    member = None if found is None else found.member(peer.name)
    if member is not None and member.state_of(peer.signer.key) != "active":
        member = None
    orders = {d.digest: _parsed(peer, d.digest, Order, d.data) for d in _orders(peer)}
    return Standing(
        root=_parsed(peer, first.digest, Root, first.data),
        roster=found,
        charter=None if goals is None else _parsed(peer, goals.digest, Charter, goals.data),
        member=member,
        address=peer.address,
        all_halts=halts_in_force(orders),
        hidden_orders=sum(1 for hidden in archive.hidden() if hidden.type == order.TYPE),
    )


def _parsed(peer: Peer, digest: str, form: type[T], data: bytes) -> T:
    value = peer.parsed.get(digest)
    if value is None:
        value = wire.trusted(form, canonical.decode(data)["signed"])
        peer.parsed[digest] = value
    assert isinstance(value, form)
    return value


def open_marker(data: bytes, network: str | None) -> tuple[str, authority.StewardDocument]:
    """(cluster, root version 1) of a marker; WrongShareError where it is another network's."""
    try:
        return marker.open_marker(data, network)
    except RuleError as error:
        raise WrongShareError(
            f"NETWORK.json is not that of this network ({error}); check the path,"
            " and ask a steward for the root's fingerprint"
        ) from error


def refresh(peer: Peer) -> list[str]:
    """Read marker and documents, unless that was done less than a second ago; returns problems."""
    if peer.saw_lately("stewards"):
        return []
    try:
        read_marker(peer)
        return read_documents(peer)
    except BaseException:
        peer.looked.pop("stewards")
        raise


def read_marker(peer: Peer) -> None:
    """The share is the network that this home pinned, or WrongShareError."""
    data = shelf.fetch_marker(peer.share)
    known = peer.home.archive.get(peer.identity.network) is not None
    if known and data == peer.home.state.data("marker"):
        return
    _, document = open_marker(data, peer.identity.network)
    with peer.home.transaction():
        peer.home.archive.remember(document, peer.clock.wall_ms())
        peer.home.state.put("marker", data)


def read_documents(peer: Peer) -> list[str]:
    """Learn every new document on the share and mend what I remember there; returns problems."""
    problems: list[str] = []
    paths = shelf.documents(peer.share)
    known = _remembered(peer)
    trust = standing(peer).root
    for path in paths:
        if path not in known:
            problems += _learn(peer, trust, path)
    now = standing(peer)
    if now.member is not None and not now.hidden_orders:
        _put_back(peer, set(paths))
    _tell_rivals(peer)
    return problems


def _remembered(peer: Peer) -> set[str]:
    return {
        layout.document_path(document.type, document.number, document.digest)
        for type_ in authority.FORMS
        for document in peer.home.archive.all(type_)
    }


def _learn(peer: Peer, trust: Root, path: str) -> list[str]:
    now = peer.clock.wall_ms()
    try:
        data = shelf.fetch_document(peer.share, path)
    except ShareError as error:
        return [f"{path}: {error}"]
    if peer.home.quarantine.holds(path, data):
        return []
    try:
        document = open_document(data, trust, peer.identity.network)
        _check_name(document, path)
    except RuleError as error:
        with peer.home.transaction(durable=False):
            # A file still under way looks damaged; the second look decides (DESIGN: "not yet").
            tick = peer.home.state.number("tick")
            if error.rule.startswith("CANON") and not peer.home.quarantine.ripe(path, data, tick):
                return []
            peer.home.quarantine.add(path, data, error, now)
        return [f"{path}: {error}"]
    with peer.home.transaction():
        for digest in peer.home.archive.remember(document, now):
            peer.home.concerns.resolve(f"hidden:{digest}", now)
    return []


def _check_name(document: authority.StewardDocument, path: str) -> None:
    right = layout.document_path(document.type, document.number, document.digest)
    if path != right:
        raise RuleError("AUTH-13", f"a copy of {right} under another name")


def open_document(data: bytes, trust: Root, network: str) -> authority.StewardDocument:
    """Any steward document; the root, too, stands in `charter/`."""
    try:
        return authority.open_steward_document(data, trust, network)
    except RuleError as error:
        if error.rule != "ENV-7":
            raise
        return authority.open_root(data, network)


def _put_back(peer: Peer, present: set[str]) -> None:
    """Documents in force that vanished or rotted on the share are placed again, where I can."""
    for stored in _in_force(peer):
        path = layout.document_path(stored.type, stored.number, stored.digest)
        try:
            if path in present and _stands(peer, path, stored):
                continue
            _place_over(peer, path, stored.data)
        except (ShareDeniedError, MissingError, SpecialFileError):
            continue  # somebody else can, or a person must


def _place_over(peer: Peer, path: str, data: bytes) -> None:
    try:
        peer.share.place(path, data)
    except SpecialFileError:
        peer.share.remove(path)  # no document is a folder
        peer.share.place(path, data)


def _stands(peer: Peer, path: str, stored: Stored) -> bool:
    try:
        return shelf.fetch_document(peer.share, path) == stored.data
    except (MissingError, SpecialFileError, OversizedError):
        return False


def _in_force(peer: Peer) -> list[Stored]:
    archive = peer.home.archive
    newest = [
        archive.newest(root.TYPE, "*"),
        archive.newest(charter.TYPE, "*"),
        archive.newest(roster.TYPE, peer.identity.cluster),
    ]
    return [stored for stored in newest if stored is not None] + _orders(peer)


def _tell_rivals(peer: Peer) -> None:
    for type_, scope, number in peer.home.archive.rivals():
        word = type_.split("/")[1]
        with peer.home.transaction(durable=False):
            peer.home.concerns.open(
                f"rivals:{type_}:{scope}:{number}",
                "human",
                f"two {word} documents of {scope} carry number {number}; the lower hash holds",
                "ask the stewards who signed the other one, and sign its changes again",
                peer.clock.wall_ms(),
            )


def heads_in_force(peer: Peer) -> tuple[dict[str, Any], ...]:
    """The stewards' signed heads of what I hold in force, for my heartbeat.

    Root, charter, roster and the halts in force come first; newest other orders fill the rest.
    """
    orders = {d.digest: _parsed(peer, d.digest, Order, d.data) for d in _orders(peer)}
    halts = halts_in_force(orders)
    ranked = sorted(_in_force(peer), key=lambda d: _rank(d, orders.get(d.digest), halts))
    return tuple(canonical.decode(d.data)["head"] for d in ranked[: limits.heads_max])


def _rank(stored: Stored, body: Order | None, halts: dict[str, Order]) -> tuple[int, int, str]:
    if body is None:
        return (0, 0, stored.digest)
    return (1 if stored.digest in halts else 2, -body.at, stored.digest)


def _orders(peer: Peer) -> list[Stored]:
    return peer.home.archive.all(order.TYPE)


def hear_heads(peer: Peer, heads: tuple[dict[str, Any], ...]) -> list[Head]:
    """The heads among these that a steward signed for a document which I do not hold."""
    known = peer.home.archive.digests()
    trust = standing(peer).root
    unknown = []
    for value in heads:
        try:
            signed = value["signed"]
            if signed["hash"] in known:
                continue
            head = authority.open_head(canonical.encode(value), trust, peer.identity.network)
        except (RuleError, KeyError, TypeError):
            continue  # a peer's unsigned claim proves nothing
        if head.hash not in known and not _superseded(peer, head):
            unknown.append(head)
    return unknown


def _superseded(peer: Peer, head: Head) -> bool:
    if head.of == order.TYPE:
        return False
    mine = peer.home.archive.newest(head.of, head.scope)
    return mine is not None and mine.number >= head.number


def hide(peer: Peer, heads: list[Head]) -> list[str]:
    """Signed heads name what neither home nor share holds: somebody hides it. Returns problems."""
    problems = []
    now = peer.clock.wall_ms()
    with peer.home.transaction():
        for head in heads:
            peer.home.archive.hide(head, b"", now)
            word = head.of.split("/")[1]
            text = f"a {word} for {head.scope} that a steward signed is missing on the share"
            peer.home.concerns.open(
                f"hidden:{head.hash}",
                "human",
                text,
                "ask the steward to place it again, and see who can write the share",
                now,
            )
            problems.append(text)
    return problems

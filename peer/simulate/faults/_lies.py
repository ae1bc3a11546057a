"""Documents that are false: signed by somebody who may not, or changed after they were signed."""

from __future__ import annotations

from typing import Any

from peer.simulate.chance import Chance
from peer.simulate.instance import Instance
from peer.simulate.world import CLUSTER, World
from protocol import authority, canonical, documents
from protocol.acts import StewardBody
from protocol.card import Card
from protocol.errors import RuleError
from protocol.messages import Body, Head, Item, compose
from protocol.order import Order
from protocol.page import Header, form_page
from protocol.roster import Member, MemberKey, Roster
from protocol.signing import Signer, pae
from registry import layout


def resigned(data: bytes, signer: Signer, *, own_name: bool) -> bytes | None:
    """A document with another signature: under the key of its signer, or under the old one's."""
    value = _decoded(data)
    if value is None:
        return None
    signed, old = value["signed"], value["signatures"][0]["key"]
    if own_name and "key" in signed:
        signed["key"] = signer.key
    return _sealed(value, signer, signer.key if own_name else old)


def changed(data: bytes, chance: Chance) -> tuple[bytes, str] | None:
    """A document with another word in what was signed, under the old signature."""
    value = _decoded(data)
    if value is None:
        return None
    signed = value["signed"]
    words = [word for word in sorted(signed) if word != "items"]
    word = chance.pick(words)
    signed[word] = _another(signed[word], chance)
    return canonical.encode(value), word


def _another(value: Any, chance: Chance) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return max(0, value + chance.pick((-1, 1, 1_000)))
    if isinstance(value, str) and value:
        return chance.pick((value[1:] + value[0], value[:-1] + "q", "all", "soma/receipt/1"))
    if isinstance(value, list) and value:
        return value[:-1]
    return chance.pick((None, 7, "x"))


def _decoded(data: bytes) -> dict[str, Any] | None:
    try:
        value = canonical.decode(data)
        value["signed"]["type"], value["signatures"][0]["key"]
    except (RuleError, KeyError, TypeError, IndexError):
        return None  # something else has struck there
    return value if isinstance(value, dict) else None


def _sealed(value: dict[str, Any], signer: Signer, key: str) -> bytes:
    message = pae(value["signed"]["type"], canonical.encode(value["signed"]))
    value["signatures"] = [{"key": key, "sig": canonical.b64(signer.sign(message))}]
    return canonical.encode(value)


def item_by(author: str, body: Body, chance: Chance, at: int, **head: Any) -> Item:
    """An item that says it is by a full address."""
    salt = canonical.b32(chance.draw(16))
    return compose(Head(author=author, kind=body.kind, salt=salt, at=at, **head), body)


def page_by(
    world: World, signer: Signer, place: tuple[str, str, str, int], items: list[Item]
) -> bytes:
    """A page at (author, epoch, audience, seq) that is sound but for who signed it."""
    author, epoch, audience, seq = place
    header = Header(
        network=world.steward.network,
        author=author,
        key=signer.key,
        epoch=epoch,
        audience=audience,
        seq=seq,
        prev=None if seq == 1 else "0" * 64,
        at=world.steward.desk.clock.wall_ms(),
    )
    return form_page(header, [item.data for item in items], signer).data


def card_by(world: World, signer: Signer, name: str) -> bytes:
    """A card that asks for a name under somebody else's key."""
    card = Card(
        network=world.steward.network,
        name=name,
        cluster=CLUSTER,
        key=signer.key,
        at=world.steward.desk.clock.wall_ms(),
    )
    return documents.seal(card, signer)


def order_by(world: World, signer: Signer, chance: Chance, who: Instance) -> tuple[str, bytes]:
    """(path, bytes) of a halt, or of a resume of everything, that no steward signed."""
    halts = [path[7:23] for path in world.drive.files(layout.ORDERS)]
    resume = bool(halts) and chance.hits(400)
    body = Order(
        network=world.steward.network,
        order="resume" if resume else "halt",
        scope=chance.pick(("*", f"{who.name}@{CLUSTER}")),
        salt=canonical.b32(chance.draw(16)),
        at=world.steward.desk.clock.wall_ms(),
        lifts=tuple(sorted(world.ledger.signed))[:60] if resume else (),
    )
    return _steward_document(world, body, signer)


def roster_by(world: World, signer: Signer, version: int) -> tuple[str, bytes]:
    """(path, bytes) of a roster that knows only its signer."""
    body = Roster(
        network=world.steward.network,
        cluster=CLUSTER,
        version=version,
        prev="0" * 64,
        at=world.steward.desk.clock.wall_ms(),
        members=(Member(name="mallory", keys=(MemberKey(key=signer.key),)),),
    )
    return _steward_document(world, body, signer)


def _steward_document(world: World, body: StewardBody, signer: Signer) -> tuple[str, bytes]:
    data = authority.seal_document(body, world.steward.network, signer)
    digest = canonical.decode(data)["head"]["signed"]["hash"]
    return layout.document_path(body.type, getattr(body, "version", 0), digest), data

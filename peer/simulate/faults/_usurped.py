"""What somebody who is no steward can make of stewards' documents: (path, bytes, words)."""

from __future__ import annotations

from typing import Any

from peer.simulate.chance import Chance
from peer.simulate.instance import Instance
from peer.simulate.world import CLUSTER, World
from protocol import authority, canonical
from protocol.acts import StewardBody
from protocol.charter import Charter, Rule
from protocol.decision import Decision
from protocol.delegation import Delegation
from protocol.order import Order
from protocol.revocation import Revocation
from protocol.root import Role, Root, Steward
from protocol.signing import Signer, pae
from protocol.trust import ROLES
from registry import layout

Found = tuple[str, bytes, str]
USURPER = "mallory"


def written(world: World, who: Instance, chance: Chance, signer: Signer) -> Found:
    """A document that says what a usurper wants, signed by him in one way or another."""
    body = chance.pick((_delegation, _revocation, _root, _decision, _decision, _charter, _halt))(
        world, who, chance, signer
    )
    value = canonical.decode(authority.seal_document(body, world.steward.network, signer))
    how = chance.pick(("his own key", "his own key", "a steward's key, not by it", "both keys"))
    if how != "his own key":
        value = _under_a_stewards_key(world, value, keep=how == "both keys")
    words = f"a {body.type.split('/')[1]} signed with {how}"
    return _placed(value, signer, chance, words)


def resigned(world: World, chance: Chance, signer: Signer) -> Found | None:
    """What a steward did sign, said otherwise, or with another signature."""
    value = canonical.decode(chance.pick(sorted(world.ledger.signed.values())))
    signed, how = value["signed"], chance.below(3)
    if how:
        word = chance.pick([w for w in ("scope", "at", "of", "key", "cluster") if w in signed])
        signed[word] = _other(signed[word], signer)
        value["head"]["signed"]["hash"] = _digest(value["signed"])
    if how < 2:  # the head as well
        _sign(value, signer)
        _sign(value["head"], signer)
    what = "as it was" if not how else f"with another {word}"
    return _placed(value, signer, chance, f"what a steward signed, {what}")


def replayed(world: World, chance: Chance) -> Found | None:
    """The very bytes of a steward at the name of another document, or as a part."""
    signed = sorted(world.ledger.signed.values())
    data, other = chance.pick(signed), canonical.decode(chance.pick(signed))
    path = _path(other)
    if chance.hits(300):
        number = other["signed"].get("version", 0)
        key = other["signatures"][0]["key"]
        path = layout.part_path(other["signed"]["type"], number, _digest(other["signed"]), key)
    elif chance.hits(400) and "version" in other["signed"]:
        number = other["signed"]["version"] + 1 + chance.below(3)
        path = layout.document_path(other["signed"]["type"], number, _digest(other["signed"]))
    return path, data, "the bytes of a steward, replayed"


def _delegation(world: World, who: Instance, chance: Chance, signer: Signer) -> StewardBody:
    return Delegation(
        network=world.steward.network,
        scope=CLUSTER,
        version=1,
        at=_now(world),
        stewards=(Steward(name=USURPER, key=signer.key),),
        roles=tuple(role for role in ROLES if role != "root"),
    )


def _revocation(world: World, who: Instance, chance: Chance, signer: Signer) -> StewardBody:
    honest = [one.signer.key for one in world.honest()]
    key = chance.pick([*honest, who.signer.key, world.steward.desk.identity.key])
    scope = chance.pick(("*", CLUSTER))
    return Revocation(network=world.steward.network, scope=scope, key=key, at=_now(world))


def _root(world: World, who: Instance, chance: Chance, signer: Signer) -> StewardBody:
    return Root(
        network=world.steward.network,
        version=2,
        prev=world.steward.network,
        at=_now(world),
        stewards=(Steward(name=USURPER, key=signer.key),),
        roles=tuple(Role(role=role, keys=(signer.key,)) for role in ROLES),
    )


def _decision(world: World, who: Instance, chance: Chance, signer: Signer) -> StewardBody:
    """Over what waits for a yes, where anything does: also over what a steward denied."""
    asked = [
        (row[0], one.identity.address)
        for one in world.honest()
        for row in one.home.db.read("SELECT hash FROM ask ORDER BY hash")
    ]
    of, scope = chance.pick(asked or [(chance.draw(32).hex(), who.identity.address)])
    yes = chance.hits(700)
    return Decision(
        network=world.steward.network,
        decision="approve" if yes else "deny",
        scope=scope,
        of=of,
        salt=canonical.b32(chance.draw(16)),
        at=_now(world),
        until=_now(world) + 10**9 if yes else None,
    )


def _charter(world: World, who: Instance, chance: Chance, signer: Signer) -> StewardBody:
    return Charter(
        network=world.steward.network,
        version=2 + chance.below(20),
        prev=chance.draw(32).hex(),
        at=_now(world),
        policy=(Rule(effect="*", verdict=chance.pick(("free", "forbidden"))),),
    )


def _halt(world: World, who: Instance, chance: Chance, signer: Signer) -> StewardBody:
    return Order(
        network=world.steward.network,
        order="halt",
        scope=chance.pick(("*", who.identity.address)),
        salt=canonical.b32(chance.draw(16)),
        at=_now(world),
    )


def _now(world: World) -> int:
    return world.steward.desk.clock.wall_ms()


def _under_a_stewards_key(world: World, value: dict[str, Any], *, keep: bool) -> dict[str, Any]:
    """His signature is taken from something else that he signed: of this it is none."""
    stolen = canonical.decode(next(iter(sorted(world.ledger.signed.values()))))
    for part, genuine in ((value, stolen), (value["head"], stolen["head"])):
        mine = part["signatures"] if keep else []
        part["signatures"] = sorted(
            [*mine, *genuine["signatures"]], key=lambda one: str(one["key"])
        )
    return value


def _other(word: Any, signer: Signer) -> Any:
    if isinstance(word, int):
        return word + 1
    if word in ("*", CLUSTER):
        return "*" if word == CLUSTER else CLUSTER
    return signer.key if len(word) == len(signer.key) else word[1:] + word[0]


def _sign(value: dict[str, Any], signer: Signer) -> None:
    message = pae(value["signed"]["type"], canonical.encode(value["signed"]))
    value["signatures"] = [{"key": signer.key, "sig": canonical.b64(signer.sign(message))}]


def _placed(value: dict[str, Any], signer: Signer, chance: Chance, words: str) -> Found:
    """As a document, or as the part of one that waits for others to sign it."""
    if not chance.hits(200):
        return _path(value), canonical.encode(value), words
    number = value["signed"].get("version", 0)
    digest = _digest(value["signed"])
    path = layout.part_path(value["signed"]["type"], number, digest, signer.key)
    return path, canonical.encode(value), f"{words}, as a part"


def _path(value: dict[str, Any]) -> str:
    signed = value["signed"]
    return layout.document_path(signed["type"], signed.get("version", 0), _digest(signed))


def _digest(signed: dict[str, Any]) -> str:
    return canonical.sha256_hex(pae(signed["type"], canonical.encode(signed)))

"""Several stewards over a network of peers in memory: they sign as told, right or wrong.

`Stewards` follows the roots that it made, and places whatever it is asked to, also what no honest
steward's program would sign. It asserts nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from peer.home.places import Identity
from peer.inforce import ruling
from peer.stewards.desk import Desk
from protocol import acts, authority, canonical
from protocol.acts import StewardBody
from protocol.charter import Charter, Goal
from protocol.delegation import Delegation
from protocol.order import Order
from protocol.revocation import Revocation
from protocol.root import Role, Root, Steward
from protocol.roster import KeyState, Member, MemberKey, Roster
from protocol.signing import Signer
from protocol.trust import ROLES
from registry import layout
from tests.network import CLUSTER, ListShelf, Network, SeededEntropy

NAMES = ("kay", "lee", "max", "ned", "ola", "eve", "fay")


def path_and_digest(data: bytes) -> tuple[str, str]:
    """Where the bytes of a document belong, and its hash, as its head has it."""
    head = canonical.decode(data)["head"]["signed"]
    return layout.document_path(head["of"], head["number"], head["hash"]), head["hash"]


class Stewards:
    """`network.steward` is kay, who signed root 1 alone; the others come with later roots."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.keys = {name: Signer(name.encode() * 10 + b"xx") for name in NAMES}
        self.keys["kay"] = network.steward
        body = network.root.body
        assert isinstance(body, Root)
        self.root, self.digest = body, network.root.digest
        self.last: dict[tuple[str, str], tuple[int, str]] = {}
        for document in network.desk.shelf:
            self.last[(document.type, document.scope)] = (document.number, document.digest)

    # ------------------------------------------------------------------------------ making

    def common(self) -> dict[str, Any]:
        """What every document says."""
        return {"network": self.network.network, "at": self.network.clock.wall_ms()}

    def seal(self, body: StewardBody, *by: str) -> bytes:
        """The document under these stewards' signatures, whoever they are."""
        signers = [self.keys[name] for name in by]
        return authority.seal_document(body, self.network.network, *signers)

    def place(self, data: bytes) -> str:
        """Put a document where everybody looks for it; its path."""
        path, _ = path_and_digest(data)
        self.network.memory.place(path, data)
        return path

    def sign(self, body: StewardBody, *by: str) -> str:
        """Seal and place; its hash. The next version of the same is built on it."""
        data = self.seal(body, *by)
        self.place(data)
        _, digest = path_and_digest(data)
        number = getattr(body, "version", 0)
        self.last[(body.type, acts.scope_of(body))] = (number, digest)
        return digest

    def version(self, type_: str, scope: str) -> dict[str, Any]:
        """`version` and `prev` of the next document of a type and scope."""
        number, digest = self.last.get((type_, scope), (0, None))
        return {"version": number + 1, "prev": digest}

    def next_root(self, names: Iterable[str], threshold: int = 1, **more: Any) -> Root:
        """The root after the present one, whose stewards have every role."""
        named = tuple(Steward(name=name, key=self.keys[name].key) for name in names)
        keys = tuple(sorted(steward.key for steward in named))
        roles = tuple(Role(role=role, keys=keys, threshold=threshold) for role in ROLES)
        values: dict[str, Any] = {
            **self.common(), "version": self.root.version + 1, "prev": self.digest,
            "stewards": named, "roles": roles, **more,
        }  # fmt: skip
        return Root(**values)

    def rotate(self, names: Iterable[str], threshold: int, *by: str, **more: Any) -> str:
        """Sign the next root, and go on from it; its path."""
        body = self.next_root(names, threshold, **more)
        data = self.seal(body, *by)
        self.root = body
        _, self.digest = path_and_digest(data)
        return self.place(data)

    def charter(self, text: str = "a goal", scope: str = "*", **more: Any) -> Charter:
        """The next charter, with one goal."""
        values = {**self.common(), **self.version("soma/charter/1", scope), **more}
        return Charter(scope=scope, goals=(Goal(id="goal", text=text),), **values)

    def roster(self, *more: str, without: str = "", **other: Any) -> Roster:
        """The next roster: every peer of the network that was admitted, and these."""
        listed: dict[str, dict[str, KeyState]] = self.network.members()
        for name in more:
            listed[name] = {self.network.peers[name].signer.key: "active"}
        listed.pop(without, None)
        members = tuple(
            Member(
                name=name,
                keys=tuple(
                    MemberKey(key=key, state=state, sealing=self.network.sealing.get(key))
                    for key, state in keys.items()
                ),
            )
            for name, keys in sorted(listed.items())
        )
        version = self.version("soma/roster/1", CLUSTER)
        values: dict[str, Any] = {**self.common(), **version, "members": members, **other}
        return Roster(cluster=CLUSTER, **values)

    def order(self, word: str, scope: str = "*", **more: Any) -> Order:
        """A halt, a pause, or a resume."""
        salt = canonical.b32(self.network.entropy.draw(16))
        values: dict[str, Any] = {**self.common(), "order": word, "scope": scope, **more}
        return Order(salt=salt, **values)

    def delegation(self, scope: str, *to: str, **more: Any) -> Delegation:
        """The next delegation of a scope, of every role unless told otherwise."""
        named = tuple(Steward(name=name, key=self.keys[name].key) for name in to)
        values = {"roles": ROLES[1:], **self.common(), **self.version("soma/delegation/1", scope)}
        return Delegation(**values | {"scope": scope, "stewards": named} | more)

    def revocation(self, key: str, scope: str = "*") -> Revocation:
        """A key counts for nothing."""
        return Revocation(**self.common(), scope=scope, key=key)

    # ------------------------------------------------------------------------------ desks

    def desk(self, name: str) -> Desk:
        """A steward at his own desk, with a shelf of his own."""
        signer, network = self.keys[name], self.network
        identity = Identity(
            name=name, cluster=CLUSTER, network=network.network, share="memory", key=signer.key
        )
        return Desk(
            home="", identity=identity, shelf=ListShelf(), share=network.memory,
            clock=network.clock, unlock=lambda: signer, entropy=SeededEntropy("desk", name),
        )  # fmt: skip

    # ------------------------------------------------------------------------------ looking

    def in_force(self, name: str, type_: str = "soma/charter/1", scope: str = "*") -> str | None:
        """The hash of what a peer holds in force."""
        peer = self.network.peers[name]
        return ruling(peer.home, self.network.network).newest.get((type_, scope))

    def all_hold(self, type_: str, scope: str, digest: str) -> bool:
        """Whether every peer holds this one in force."""
        return all(self.in_force(name, type_, scope) == digest for name in self.network.peers)

    def version_of(self, name: str) -> int:
        """The version of the root that a peer follows."""
        peer = self.network.peers[name]
        return ruling(peer.home, self.network.network).trust.root.version

    def tick(self, minutes: int = 10) -> dict[str, str]:
        """Everybody ticks once; what state each is in then."""
        self.network.clock.go(minutes * 60_000)
        return {name: self.network.tick(name).state for name in sorted(self.network.peers)}


def changed(body: Any, **members: Any) -> Any:
    """The same document, but for some members."""
    return replace(body, **members)

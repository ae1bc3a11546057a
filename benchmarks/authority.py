"""Verifying what stewards signed: a roster of 1,000 and a chain of 50 roots, 3 of 5 keys each."""

from __future__ import annotations

from dataclasses import dataclass, replace

from benchmarks.measure import Target, Turn, contest, timed, typical
from benchmarks.network import memory, network
from peer.instance import RunningPeer
from peer.stewards.reading import read_documents
from protocol import canonical
from protocol.acts import StewardBody
from protocol.authority import open_next_root, open_root, open_steward_document, seal_document
from protocol.canonical import sha256_hex, unb64
from protocol.root import Role, Root, Steward
from protocol.roster import Member, MemberKey, Roster
from protocol.sealing import opener_of
from protocol.signing import Signer, pae, verify
from protocol.trust import ROLES, Trust, trust_of
from registry import charter, layout

ROUNDS = 25
MEMBERS, ROOTS, KEYS, THRESHOLD = 1_000, 50, 5, 3
FACTOR = 1.5
LOOKS = 5
BARE, TICK = "the signatures alone", "of a network with one of each"
OURS = "roster and roots, verified"
ROSTER, CHAIN = "the roster alone", "the roots alone"
TARGETS = (
    f"a roster of {MEMBERS:,} members and a chain of {ROOTS} roots: at most {FACTOR} times as long"
    " as the same signatures alone",
)

Check = tuple[bytes, bytes, bytes]  # key, message, signature


@dataclass(frozen=True, slots=True)
class Signed:
    """The chain of roots, then the roster, as bytes; and each signature that they carry."""

    roots: tuple[bytes, ...]
    roster: bytes

    def checks(self) -> list[Check]:
        """What a bare check of all signatures is handed."""
        return [one for data in (*self.roots, self.roster) for one in _checks(data)]


def run(rounds: int) -> None:
    """Print the tables: verifying all of it anew, and a look at a share that shows nothing new."""
    signed = _signed()
    checks = signed.checks()
    last = _last(signed.roots)

    def bare() -> None:
        for check in checks:
            assert verify(*check)

    turns: dict[str, Turn] = {
        BARE: lambda: timed(bare),
        OURS: lambda: timed(lambda: open_steward_document(signed.roster, _last(signed.roots))),
        CHAIN: lambda: timed(lambda: _last(signed.roots)),
        ROSTER: lambda: timed(lambda: open_steward_document(signed.roster, last)),
    }
    title = f"{len(checks)} signatures over {MEMBERS:,} members and {ROOTS} roots"
    contest(title, BARE, turns, [Target(OURS, at_most=FACTOR)], rounds)
    _second_look(signed, rounds)


def _second_look(signed: Signed, rounds: int) -> None:
    """What all of it costs a tick that finds nothing new, beside a network of one of each."""
    with network(("core",), within=memory()) as small, network(("core",), within=memory()) as big:
        peers = {TICK: small.peers["core"], "after all of it": big.peers["core"]}
        _learn(big.peers["core"], signed)
        turns: dict[str, Turn] = {
            name: lambda peer=peer: typical(lambda: read_documents(peer), LOOKS)  # type: ignore[misc]
            for name, peer in peers.items()
        }
        contest("A look at a share that shows nothing new", TICK, turns, [], rounds)


def _learn(peer: RunningPeer, signed: Signed) -> None:
    """Another network's documents in this home and on its share, as if they were its own."""
    network_id = open_root(signed.roots[0]).digest
    peer.identity = replace(peer.identity, network=network_id, cluster="lab.eu")
    for data in (*signed.roots, signed.roster):
        head = canonical.decode(data)["head"]["signed"]
        peer.share.place(layout.document_path(head["of"], head["number"], head["hash"]), data)
    for path in charter.documents(peer.share):
        if charter.fetch_document(peer.share, path) not in (*signed.roots, signed.roster):
            peer.share.remove(path)
    with peer.home.transaction():
        peer.home.db.write("DELETE FROM document")
        peer.home.archive.remember(open_root(signed.roots[0]), peer.clock.wall_ms())
    assert not read_documents(peer)
    assert len(peer.home.archive.digests()) == ROOTS + 1


def _checks(data: bytes) -> list[Check]:
    """Each signature of a document and of its head."""
    value = canonical.decode(data)
    return [
        (
            unb64(entry["key"], 32),
            pae(part["signed"]["type"], canonical.encode(part["signed"])),
            unb64(entry["sig"], 64),
        )
        for part in (value, value["head"])
        for entry in part["signatures"]
    ]


def _last(roots: tuple[bytes, ...]) -> Trust:
    """The trust that a chain of roots ends with, each verified by the one before."""
    document = open_root(roots[0])
    network_id = document.digest
    trust = _trust(network_id, document.body, document.digest)
    for data in roots[1:]:
        document = open_next_root(data, trust)
        trust = _trust(network_id, document.body, document.digest)
    return trust


def _trust(network_id: str, body: StewardBody, digest: str) -> Trust:
    assert isinstance(body, Root)
    return trust_of(network_id, body, digest)


def _signed() -> Signed:
    """Each root has one key more than the one before, and one less; three sign for both."""
    signers = [Signer(bytes((n, 1)) * 16) for n in range(ROOTS + KEYS)]
    roots: list[bytes] = []
    network_id, prev = "", None
    for n in range(ROOTS):
        mine = signers[n : n + KEYS]
        body = _root(n + 1, network_id, prev, mine)
        data = seal_document(body, network_id, *mine[:THRESHOLD])
        prev = canonical.decode(data)["head"]["signed"]["hash"]
        network_id = network_id or prev
        roots.append(data)
    body_ = Roster(network=network_id, cluster="lab.eu", version=1, at=0, members=_members())
    return Signed(tuple(roots), seal_document(body_, network_id, *mine[:THRESHOLD]))


def _root(version: int, network_id: str, prev: str | None, signers: list[Signer]) -> Root:
    keys = tuple(sorted(one.key for one in signers))
    return Root(
        version=version,
        network=network_id,
        prev=prev,
        at=0,
        stewards=tuple(Steward(name=f"s{n}", key=key) for n, key in enumerate(keys)),
        roles=tuple(Role(role=role, keys=keys, threshold=THRESHOLD) for role in ROLES),
    )


def _members() -> tuple[Member, ...]:
    signers = [Signer(sha256_hex(str(n).encode()).encode()[:32]) for n in range(MEMBERS)]
    return tuple(
        Member(name=f"peer-{n:04}", keys=(MemberKey(key=one.key, sealing=opener_of(one).key),))
        for n, one in enumerate(signers)
    )

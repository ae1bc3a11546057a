"""One steward of one place signs without end what is valid: he locks nobody out, nor fills a home.

Eve may halt one peer. Everything here verifies, so no check of signatures helps.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from peer.stewards import crowds, hiding
from peer.stewards.cosigning import cosign, waiting_rows
from peer.stewards.hiding import hear_heads, hide
from peer.stewards.orders import halt, resume
from peer.stewards.standing import standing
from peer.stewards.trusting import revoke
from protocol import canonical, wire
from protocol.acts import StewardBody, scope_of
from protocol.authority import open_part
from protocol.envelope import seal_envelope
from protocol.errors import WaitingError
from protocol.head import TYPE as HEAD
from protocol.head import Head
from protocol.order import TYPE as ORDER
from protocol.order import Order
from protocol.root import Role
from protocol.signing import pae
from protocol.trust import ROLES
from registry import charter, layout
from registry.memory import MemoryShare
from tests.network import settled
from tests.stewards import Stewards

MANY = charter.names_max + 4
MINE = "core@lab.eu"


@pytest.fixture
def narrow() -> Stewards:
    """Eve may halt one peer, and let it go."""
    stewards = Stewards(settled())
    stewards.sign(stewards.delegation(MINE, "eve", roles=("order",)), "kay")
    stewards.tick()
    return stewards


def padded(stewards: Stewards, body: StewardBody, by: str, size: int) -> bytes:
    """A document with a member that no version knows, so that it is as large as one may be."""
    value = wire.dump(body) | {"more": "x" * size}
    digest = canonical.sha256_hex(pae(body.type, canonical.encode(value)))
    head = Head(
        network=stewards.network.network, of=body.type, scope=scope_of(body), number=0, hash=digest
    )
    signers = [stewards.keys[by]]
    sealed = canonical.decode(seal_envelope(HEAD, wire.dump(head), signers))
    return seal_envelope(body.type, value, signers, rest={"head": sealed})


def halts(stewards: Stewards, count: int, by: str = "eve", scope: str = MINE) -> None:
    for _ in range(count):
        stewards.sign(stewards.order("halt", scope), by)


def files(stewards: Stewards) -> int:
    return len(stewards.network.memory.nodes(layout.ORDERS))


# ----------------------------------------------------------------------------- people who sign


@pytest.fixture(scope="module")
def crowded() -> Stewards:
    """As many valid halts as no listing of old would take; they are not changed by tests."""
    stewards = Stewards(settled())
    stewards.sign(stewards.delegation(MINE, "eve", roles=("order",)), "kay")
    halts(stewards, MANY)
    return stewards


@pytest.mark.parametrize("act", ["halt", "charter", "charter sign", "waiting"])
def test_a_crowd_of_one_steward_keeps_no_other_from_signing(crowded: Stewards, act: str) -> None:
    """HALT-9: who must have seen all reads all."""
    kay, before = crowded.desk("kay"), files(crowded)
    if act == "halt":
        halt(kay, "*", "")
        assert files(crowded) == before + 1
    elif act == "charter":
        signed = kay.sign(crowded.charter())
        assert crowded.desk("lee").known().newest(signed.type, "*") == signed
    else:
        look: Any = cosign if act == "charter sign" else waiting_rows
        assert not look(kay)


def test_who_joins_sees_all(crowded: Stewards) -> None:
    """HALT-9: also without a home that knows anything."""
    assert len(crowded.desk("lee").known().documents) >= MANY


def test_a_revoked_crowd_is_lifted_and_stays_away(narrow: Stewards) -> None:
    """HALT-1, AUTH-9: one halt of each place is signed again, and a resume ends them all."""
    halts(narrow, 300)
    assert narrow.tick() == {"core": "parked", "scout": "idle"}
    revoke(narrow.desk("kay"), narrow.keys["eve"].key, "*", "")
    orders = narrow.desk("kay").documents(ORDER)
    kays = [one for one in orders if narrow.keys["kay"].key in one.keys]
    assert len(kays) == 1, "newcomers must know of a halt, and one is enough"
    assert narrow.tick() == {"core": "parked", "scout": "idle"}
    resume(narrow.desk("kay"), "*")
    assert narrow.tick() == {"core": "idle", "scout": "idle"}
    narrow.network.memory.nodes(layout.ORDERS).clear()
    for _ in range(3):
        assert narrow.tick() == {"core": "idle", "scout": "idle"}
    assert files(narrow) < 12, "what only a revoked key has signed is put back no more"


def test_a_halt_for_more_is_signed_again_beside_one_for_less(narrow: Stewards) -> None:
    """AUTH-23: one of each place, but for those that another one covers; of pauses the longest."""
    stewards = narrow
    stewards.sign(stewards.delegation("lab.eu", "max"), "kay")
    for scope in ("scout@lab.eu", "scout@lab.eu", MINE):
        stewards.sign(stewards.order("halt", scope), "max")
    for ms in (1_000, 9_000_000, 2_000):
        stewards.sign(stewards.order("pause", "lab.eu", ms=ms), "max")
    stewards.sign(stewards.order("pause", MINE, ms=8_000_000), "max")
    kay = stewards.desk("kay")
    kay.keep(kay.known())
    revoke(kay, stewards.keys["max"].key, "*", "")
    hers = frozenset((stewards.keys["kay"].key,))
    again = [d.body for d in stewards.desk("kay").documents(ORDER) if d.keys == hers]
    said = [(one.order, one.scope, one.ms) for one in again if isinstance(one, Order)]
    assert sorted(said, key=str) == [
        ("halt", MINE, None), ("halt", "scout@lab.eu", None), ("pause", "lab.eu", 9_000_000),
    ]  # fmt: skip


def test_a_resume_that_somebody_lives_by_is_signed_again(narrow: Stewards) -> None:
    """HALT-1, AUTH-23: else who was let go would halt again when the resumer's right ends."""
    digest = narrow.sign(narrow.order("halt", MINE), "kay")
    for _ in range(3):
        narrow.sign(narrow.order("resume", MINE, lifts=(digest,)), "eve")
    assert narrow.tick()["core"] == "idle"
    revoke(narrow.desk("kay"), narrow.keys["eve"].key, "*", "")
    assert narrow.tick()["core"] == "idle"
    again = [d for d in narrow.desk("kay").documents(ORDER) if narrow.keys["kay"].key in d.keys]
    assert len(again) == 2, "the halt, and one resume"


def test_parts_of_one_steward_hide_none_of_others(narrow: Stewards) -> None:
    """LAYOUT-11: who floods what waits hides what he signed himself, and that is told."""
    narrow.sign(narrow.delegation("a.eu", "eve", "fay", threshold=2), "kay")
    narrow.sign(narrow.delegation("b.eu", "fay", "max", threshold=2), "kay")
    trust = narrow.desk("kay").known().trust
    for number in range(1, 1_100):
        values: dict[str, Any] = {"version": number, "prev": None if number == 1 else "ab" * 32}
        data = narrow.seal(narrow.charter(scope="a.eu", **values), "eve")
        charter.place_part(narrow.network.memory, open_part(data, trust))
    with pytest.raises(WaitingError):
        narrow.desk("fay").sign(narrow.charter(scope="b.eu"))
    desk, told = narrow.desk("max"), list[str]()
    desk.show = told.extend
    assert [one.document.scope for one in cosign(desk)] == ["b.eu"]
    assert any("eve signed more that waits" in line for line in told)


# ------------------------------------------------------------------------------------- memory


@contextmanager
def at_most(mib: int) -> Iterator[None]:
    """Whatever is done in here takes no more memory at any time."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < mib << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("suffix", ["json", "sig"])
def test_large_documents_are_read_in_bounded_memory(
    narrow: Stewards, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    """HALT-9: 64 of nearly 1 MiB each, which together are more than is ever held."""
    real = MemoryShare.read

    def read(self: MemoryShare, path: str, bytes_max: int) -> bytes:
        return bytes(bytearray(real(self, path, bytes_max)))  # as a drive, which makes new bytes

    monkeypatch.setattr(MemoryShare, "read", read)
    for _ in range(64):
        path = narrow.place(padded(narrow, narrow.order("halt", MINE), "eve", 1_000_000))
        if suffix == "sig":
            nodes = narrow.network.memory.nodes(layout.ORDERS)
            name = path.rpartition("/")[2]
            nodes[name.replace("json", "01234567.sig")] = nodes.pop(name)
    kay = narrow.desk("kay")
    with at_most(48):
        known = kay.known()
        assert not known.parts
        assert len(known.documents) > 64 * (suffix == "json")
        assert sum(1 for _ in known.documents.values()) == len(known.documents)
        halt(kay, "*", "")


# --------------------------------------------------------------------------------------- homes


def kept(stewards: Stewards, name: str) -> int:
    """How many orders, decisions and revocations a home keeps."""
    return len(stewards.network.peers[name].home.archive.signed(crowds.UNNUMBERED))


def held_halts(stewards: Stewards, name: str) -> int:
    return len(stewards.network.peers[name].home.archive.all(ORDER))


@pytest.mark.parametrize("size", [0, 300_000])
def test_a_home_keeps_a_bounded_crowd(
    narrow: Stewards, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """AUTH-26: who is halted stays so, in every home; a person is told once and can see what."""
    monkeypatch.setattr(crowds, "documents_max", 20)
    for _ in range(60 if not size else 12):
        narrow.place(padded(narrow, narrow.order("halt", MINE), "eve", size))
    for _ in range(3):
        assert narrow.tick() == {"core": "parked", "scout": "idle"}
    most = 20 if not size else 4
    assert kept(narrow, "core") == kept(narrow, "scout") == most
    assert narrow.network.concerns("scout") == ["left-out"]
    entries = narrow.network.peers["scout"].home.quarantine.all()
    assert {one.rule for one in entries} == {"AUTH-26"}
    assert entries[0].reason.startswith("eve signed")


def test_no_crowd_of_his_own_keeps_a_steward_from_halting(
    narrow: Stewards, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HALT-1, AUTH-26: any one steward in scope can halt, let go and halt again."""
    monkeypatch.setattr(crowds, "documents_max", 8)
    scope = "lab.eu"
    narrow.sign(narrow.delegation(scope, "max", roles=("order",)), "kay")
    for _ in range(30):
        narrow.sign(narrow.order("halt", "scout@lab.eu"), "max")
    assert narrow.tick() == {"core": "idle", "scout": "parked"}
    for _ in range(3):
        digest = narrow.sign(narrow.order("halt", MINE), "max")
        assert narrow.tick() == {"core": "parked", "scout": "parked"}
        narrow.sign(narrow.order("resume", MINE, lifts=(digest,)), "max")
        assert narrow.tick() == {"core": "idle", "scout": "parked"}


def test_whom_a_crowd_halts_nobody_frees_but_by_lifting_all(
    narrow: Stewards, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HALT-2, AUTH-26: what was left out halts as soon as what was kept is lifted."""
    monkeypatch.setattr(crowds, "documents_max", 8)
    digests = [narrow.sign(narrow.order("halt", MINE), "eve") for _ in range(30)]
    assert narrow.tick()["core"] == "parked"
    held = narrow.network.peers["core"].home.archive.digests() & set(digests)
    assert len(held) == 8
    narrow.sign(narrow.order("resume", MINE, lifts=tuple(held)), "kay")
    assert narrow.tick()["core"] == "parked"
    assert held_halts(narrow, "core") == 10, "one resume and one halt more"
    narrow.sign(narrow.order("resume", MINE, lifts=tuple(digests)), "kay")
    assert narrow.tick()["core"] == "idle"
    assert narrow.tick()["core"] == "idle"


def test_a_pause_that_was_left_out_comes_when_its_turn_is(
    narrow: Stewards, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HALT-10, AUTH-26: of a crowd of pauses one at a time is kept beyond the bound."""
    monkeypatch.setattr(crowds, "documents_max", 4)
    for _ in range(12):
        narrow.sign(narrow.order("pause", MINE, ms=1_500_000), "eve")
    states = [narrow.tick()["core"] for _ in range(40)]
    assert states[0] == "parked"
    assert states[-1] == "idle"
    assert states.count("parked") <= 3 * 12
    assert kept(narrow, "core") == 12, "each had its time, and no two that were more than needed"


def test_the_head_of_what_was_left_out_hides_nothing(
    narrow: Stewards, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AUTH-11, AUTH-26: a neighbour that keeps others of the crowd tells of no hidden order."""
    monkeypatch.setattr(crowds, "documents_max", 4)
    halts(narrow, 4)
    narrow.network.tick("core")
    halts(narrow, 8)
    assert narrow.tick() == {"core": "parked", "scout": "idle"}
    for _ in range(3):
        assert narrow.tick() == {"core": "parked", "scout": "idle"}
    assert narrow.network.concerns("scout") == ["left-out"]
    assert not narrow.network.peers["scout"].home.archive.hidden()


def test_revocations_without_end_are_left_out_until_they_matter(
    narrow: Stewards, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AUTH-19, AUTH-26: one of a key that somebody has counts at once, or when he gets it."""
    monkeypatch.setattr(crowds, "documents_max", 8)
    narrow.sign(narrow.delegation("lab.eu", "max"), "kay")
    for n in range(30):
        narrow.sign(narrow.revocation(canonical.b64(n.to_bytes(32, "big")), "lab.eu"), "max")
    narrow.tick()
    smith = narrow.network.add("smith").signer.key
    late = narrow.sign(narrow.revocation(smith, "lab.eu"), "max")
    narrow.tick()
    assert kept(narrow, "core") == 8
    assert late not in narrow.network.peers["core"].home.archive.digests()
    narrow.sign(narrow.roster("smith"), "kay")
    assert narrow.tick()["smith"] == "parked"
    assert late in narrow.network.peers["core"].home.archive.digests()
    now = narrow.sign(narrow.revocation(narrow.network.peers["scout"].signer.key, "lab.eu"), "max")
    assert narrow.tick()["scout"] == "parked"
    assert now in narrow.network.peers["core"].home.archive.digests()


@pytest.mark.parametrize(("scope", "most"), [("*", 12), ("lab.eu", 4)])
def test_stewards_of_the_whole_network_are_no_crowd(
    monkeypatch: pytest.MonkeyPatch, scope: str, most: int
) -> None:
    """AUTH-26: whoever has such keys can do worse; to whom the root gives a part has his share."""
    monkeypatch.setattr(crowds, "documents_max", 4)
    stewards = Stewards(settled())
    roles = [Role(role=word, keys=(stewards.keys["kay"].key,)) for word in ROLES]
    roles[ROLES.index("order")] = Role(role="order", scope=scope, keys=(stewards.keys["max"].key,))
    stewards.rotate(("kay", "max"), 1, "kay", roles=tuple(roles))
    stewards.tick()
    halts(stewards, 12, "max", "scout@lab.eu")
    stewards.tick()
    assert kept(stewards, "core") == most


# -------------------------------------------------------------------------------- hidden heads


def told_of(stewards: Stewards, name: str, heads: list[dict[str, Any]]) -> list[str]:
    """A peer hears these heads, as a neighbour's heartbeat carries them; its problems."""
    peer = stewards.network.peers[name]
    return hide(peer, hear_heads(peer, heads), {})


def head(stewards: Stewards, by: str, scope: str, number: int, of: Any = ORDER) -> dict[str, Any]:
    """What this steward signed for a document that never was."""
    body = Head(
        network=stewards.network.network, of=of, scope=scope, number=0 if of == ORDER else number,
        hash=canonical.sha256_hex(f"{by} {scope} {number}".encode()),
    )  # fmt: skip
    value = canonical.decode(seal_envelope(HEAD, wire.dump(body), [stewards.keys[by]]))
    assert isinstance(value, dict)
    return value


def hidden(stewards: Stewards, name: str) -> int:
    return len(stewards.network.peers[name].home.archive.hidden())


@pytest.mark.parametrize("of", [ORDER, "soma/charter/1"])
def test_heads_of_documents_that_never_were_are_bounded(narrow: Stewards, of: str) -> None:
    """AUTH-27: of one steward so many are kept and told; once, that there are more."""
    narrow.sign(narrow.delegation("far.eu", "max"), "kay")
    narrow.tick()
    for start in range(0, 192, 64):
        heads = [head(narrow, "max", f"x{n}@far.eu", n, of) for n in range(start, start + 64)]
        told = told_of(narrow, "core", heads)
        assert len(told) == (hiding.hidden_max + 1 if not start else 0)
    assert hidden(narrow, "core") == hiding.hidden_max
    assert len(narrow.network.concerns("core")) == hiding.hidden_max + 1
    told_of(narrow, "core", [head(narrow, "eve", MINE, 1)])
    assert hidden(narrow, "core") == hiding.hidden_max + 1, "others' are kept"
    revoke(narrow.desk("kay"), narrow.keys["max"].key, "*", "")
    narrow.tick()
    assert hidden(narrow, "core") == 1
    assert len(narrow.network.concerns("core")) == 1


def test_a_hidden_order_for_me_has_room_whatever_else_is_hidden(narrow: Stewards) -> None:
    """HALT-7, AUTH-27: whoever is halted by it waits for it."""
    narrow.sign(narrow.delegation("lab.eu", "max"), "kay")
    narrow.tick()
    peer = narrow.network.peers["core"]
    told_of(narrow, "core", [head(narrow, "max", "scout@lab.eu", n) for n in range(40)])
    assert standing(peer).obedient
    order = narrow.order("halt", MINE)
    data = narrow.seal(order, "max")
    told_of(narrow, "core", [canonical.decode(data)["head"]])
    assert not standing(peer).obedient
    assert hidden(narrow, "core") == hiding.hidden_max
    told_of(narrow, "core", [head(narrow, "max", MINE, n) for n in range(40)])
    assert hidden(narrow, "core") == hiding.hidden_max
    assert not standing(peer).obedient


@pytest.mark.parametrize("obedient", [False, True])
def test_whom_the_root_lets_halt_one_place_parks_no_other(obedient: bool) -> None:
    """HALT-7: a hidden order for others binds only where its signer may halt me by the root."""
    stewards = Stewards(settled())
    roles = [Role(role=word, keys=(stewards.keys["kay"].key,)) for word in ROLES]
    roles.append(Role(role="order", scope="far.eu", keys=(stewards.keys["max"].key,)))
    roles.append(Role(role="order", scope="lab.eu", keys=(stewards.keys["max"].key,)))
    if obedient:
        roles.pop()
    stewards.rotate(("kay", "max"), 1, "kay", roles=tuple(roles))
    stewards.tick()
    told_of(stewards, "core", [head(stewards, "max", "x@far.eu", 1)])
    assert standing(stewards.network.peers["core"]).obedient is obedient

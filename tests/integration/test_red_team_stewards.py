"""What somebody does to stewards who can write the share, and has a key that is no good any more.

Keys: none at all, one that a former root named, or that of a steward of one place only. What the
stewards' own programs then do is looked at, and what peers make of that.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from peer import inforce
from peer.approvals import Answerable, _quoted, answer
from peer.auditing import history
from peer.inforce import ruling
from peer.polls import denied, electors_by
from peer.stewards import gathering
from peer.stewards.again import upcoming
from peer.stewards.cosigning import cosign, waiting, waiting_rows
from peer.stewards.hiding import hear_heads, hide
from peer.stewards.orders import halt
from peer.stewards.standing import standing
from peer.stewards.trusting import delegate, revoke
from protocol import canonical, wire
from protocol.authority import open_part
from protocol.decision import Decision
from protocol.envelope import seal_envelope
from protocol.errors import WaitingError
from protocol.head import TYPE as HEAD
from protocol.head import Head
from protocol.messages import Head as ItemHead
from protocol.messages import Note, Request, compose
from protocol.request import open_request
from protocol.roster import TYPE as ROSTER
from protocol.roster import Member, MemberKey
from registry import charter
from tests.network import DAY_MS, settled
from tests.stewards import Stewards, path_and_digest


@pytest.fixture
def stewards() -> Stewards:
    return Stewards(settled())


def test_a_root_that_only_a_stranger_signed_waits_for_nobody(stewards: Stewards) -> None:
    """AUTH-22: whoever can write the share can name himself in a root; no steward signs it."""
    kay, memory = stewards.desk("kay"), stewards.network.memory
    data = stewards.seal(stewards.next_root(("kay", "eve"), 1), "eve")
    charter.place_part(memory, open_part(data, kay.known().trust))
    known, now = kay.known(), kay.clock.wall_ms()
    assert not waiting(known, now)
    assert upcoming(known, now) == known.trust  # else a revocation signs nothing again for now
    assert not cosign(kay)
    assert set(stewards.tick().values()) == {"idle"}
    assert stewards.version_of("core") == 1


def test_a_root_that_a_steward_began_waits_for_the_next_one(stewards: Stewards) -> None:
    """AUTH-22: what a steward of the present root has signed is for those whom it adds."""
    data = stewards.seal(stewards.next_root(("kay", "lee"), 2), "kay")
    part = open_part(data, stewards.desk("kay").known().trust)
    charter.place_part(stewards.network.memory, part)
    assert [done.waits_for for done in cosign(stewards.desk("lee"))][:1] == [None]


def test_of_two_next_roots_a_desk_takes_the_lower_hash_as_peers_do(stewards: Stewards) -> None:
    """ROOT-12: whichever of the two files has the lower bytes."""
    one, two = next(
        pair
        for at in count(1)
        for pair in [[stewards.seal(stewards.next_root(("kay",), at=n), "kay") for n in (at, 0)]]
        if (pair[0] < pair[1]) != (path_and_digest(pair[0]) < path_and_digest(pair[1]))
    )
    stewards.place(one)
    stewards.place(two)
    stewards.tick()
    lower = min(path_and_digest(one)[1], path_and_digest(two)[1])
    assert stewards.desk("kay").known().trust.digest == lower
    assert stewards.in_force("core", "soma/root/1") == lower


@pytest.mark.parametrize("act", ["delegate", "revoke", "charter sign"])
def test_a_halt_of_a_withdrawn_key_is_not_signed_again(stewards: Stewards, act: str) -> None:
    """AUTH-23: a steward who sees it for the first time lends it no signature."""
    stewards.rotate(("kay", "lee"), 1, "kay")
    stewards.tick()
    stewards.rotate(("kay",), 1, "kay")  # lee's key was stolen
    stewards.tick()
    stewards.sign(stewards.order("halt"), "lee")
    kay = stewards.desk("kay")
    for _ in range(2):  # also not once his shelf has whatever it takes in
        if act == "delegate":
            delegate(kay, "other.eu", {"max": stewards.keys["max"].key}, ["order"])
        elif act == "revoke":
            revoke(kay, stewards.keys["fay"].key, "*", "")
        else:
            assert not cosign(kay)
    assert set(stewards.tick().values()) == {"idle"}


def test_a_halt_that_held_is_signed_again(stewards: Stewards) -> None:
    """AUTH-23: whoever withdraws a key signs again what halts by it alone; newcomers obey it."""
    stewards.sign(stewards.delegation("*", "max"), "kay")
    stewards.sign(stewards.order("halt"), "max")
    stewards.tick()
    kay = stewards.desk("kay")
    revoke(kay, stewards.keys["max"].key, "*", "")
    stewards.network.add("smith")
    stewards.sign(stewards.roster("smith"), "kay")
    assert set(stewards.tick().values()) == {"parked"}


# -------------------------------------------------- a steward of one place, and what is elsewhere

OF = "ab" * 32


@pytest.fixture
def far(stewards: Stewards) -> Stewards:
    """Eve may approve and halt, but nobody else than one peer of another cluster."""
    given = stewards.delegation("x@far.eu", "eve", roles=("approval", "order"))
    stewards.sign(given, "kay")
    stewards.tick()
    return stewards


def decision(
    stewards: Stewards, word: str, scope: str, number: int = 0, **more: object
) -> Decision:
    salt = canonical.b32(number.to_bytes(16, "big"))
    values = {**stewards.common(), "decision": word, "scope": scope, "of": OF, "salt": salt}
    return Decision(**values | more)


@pytest.mark.parametrize("good", ["approve", "deny"])
@pytest.mark.parametrize("evil", ["approve", "deny"])
def test_a_decision_for_somebody_else_hides_none(far: Stewards, good: str, evil: str) -> None:
    """ASK-3, ASK-5: whatever its hash, and whichever comes first."""
    mine = far.sign(decision(far, good, "core@lab.eu"), "kay")
    lower = next(
        digest
        for number in count(1)
        if (digest := far.sign(decision(far, evil, "x@far.eu", number), "eve")) < mine
    )
    far.tick()
    core = far.network.peers["core"]
    assert {mine, lower} <= core.home.archive.digests()
    said = standing(core).decided(OF, "core@lab.eu")
    assert said is not None
    assert (said.decision, said.scope) == (good, "core@lab.eu")
    assert standing(core).decided(OF, "scout@lab.eu") is None


def test_of_two_yes_the_one_that_ends_last_counts(far: Stewards) -> None:
    """ASK-3: a yes that is over hides none that is not."""
    now = far.network.clock.wall_ms()
    for number in range(8):
        until = now - 1 + (number == 5) * DAY_MS
        far.sign(decision(far, "approve", "core@lab.eu", number, until=until), "kay")
    far.tick()
    said = standing(far.network.peers["core"]).decided(OF, "core@lab.eu")
    assert said is not None
    assert said.until == now - 1 + DAY_MS


@pytest.mark.parametrize("evil", ["approve", "deny"])
@pytest.mark.parametrize("yes", [True, False])
def test_a_steward_answers_whatever_was_said_for_others(
    far: Stewards, evil: str, yes: bool
) -> None:
    """ASK-3, ASK-5: his program takes no decision for somebody else for an answer."""
    far.sign(decision(far, evil, "x@far.eu"), "eve")
    what = Answerable("id", OF, "core@lab.eu", (), ())
    done = answer(far.desk("kay"), far.network.peers["scout"], what, yes=yes)
    assert not done.again
    far.tick()
    said = standing(far.network.peers["core"]).decided(OF, "core@lab.eu")
    assert said is not None
    assert said.decision == ("approve" if yes else "deny")


@pytest.mark.parametrize("what", ["scope", "for ever", "long"])
def test_a_steward_adds_his_name_to_no_other_yes(stewards: Stewards, what: str) -> None:
    """ASK-3: what another one began is signed only if it says what his own would say."""
    stewards.rotate(("kay", "lee"), 2, "kay", "lee")
    now = stewards.network.clock.wall_ms()
    until = {"for ever": None, "long": now + 30 * DAY_MS, "scope": now + DAY_MS}[what]
    scope = "*" if what == "scope" else "core@lab.eu"
    kay = stewards.desk("kay")
    begun = stewards.seal(decision(stewards, "approve", scope, until=until), "lee")
    part = open_part(begun, kay.known().trust)
    charter.place_part(stewards.network.memory, part)
    with pytest.raises(WaitingError):  # it waits for lee to say the same
        answer(
            kay, stewards.network.peers["scout"], Answerable("id", OF, "core@lab.eu", (), ()),
            yes=True,
        )  # fmt: skip
    stewards.tick()
    assert not standing(stewards.network.peers["core"]).decisions


def test_a_hidden_order_for_somebody_else_parks_nobody(far: Stewards) -> None:
    """HALT-7: who may halt one peer cannot park others by the head of an order that is not."""
    for scope, by, obedient in (
        ("x@far.eu", "eve", True), ("x@far.eu", "kay", False),
    ):  # fmt: skip
        core = far.network.copy().peers["core"]
        head = Head(
            network=far.network.network, of="soma/order/1", scope=scope, number=0,
            hash=canonical.sha256_hex(by.encode()),
        )  # fmt: skip
        value = canonical.decode(seal_envelope(HEAD, wire.dump(head), [far.keys[by]]))
        heard = hear_heads(core, [value])
        assert hide(core, heard, {})  # and a person is told
        assert standing(core).obedient is obedient


# ------------------------------------------------------------------------- floods that are valid


def counted(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> list[None]:
    """One entry for each call of a function from now on."""
    calls: list[None] = []
    real: Callable[..., Any] = getattr(module, name)

    def call(*arguments: Any) -> Any:
        calls.append(None)
        return real(*arguments)

    monkeypatch.setattr(module, name, call)
    return calls


@pytest.mark.parametrize("what", ["halt", "revocation"])
def test_what_a_steward_of_one_place_signs_en_masse_costs_little(
    far: Stewards, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """What changes nobody's rights is learned without weighing all again, and verified once."""
    far.sign(far.delegation("x@far.eu", "eve"), "kay")
    far.tick()
    number = 80
    for n in range(number):
        key = canonical.b64(n.to_bytes(32, "big"))
        halt = what == "halt"
        body = far.order("halt", "x@far.eu") if halt else far.revocation(key, "x@far.eu")
        far.sign(body, "eve")
    weighed = counted(monkeypatch, inforce, "ruling_of")
    opened = counted(monkeypatch, gathering, "open_document")
    far.network.tick("core")
    assert len(weighed) < number / 4
    known = far.desk("kay").known()
    assert len(known.documents) > number
    assert len(opened) < number * 5


def test_a_revocation_by_the_root_counts_before_those_of_whom_it_names(stewards: Stewards) -> None:
    """AUTH-19: whoever reads all at once takes nothing from a key that the root's took away."""
    name = min(stewards.keys, key=lambda one: stewards.keys[one].key)
    assert name != "kay"  # its documents come before hers by their bytes
    stewards.sign(stewards.delegation("lab.eu", name), "kay")
    gone = stewards.sign(stewards.revocation(stewards.keys[name].key), "kay")
    later = {
        stewards.sign(stewards.revocation(stewards.keys[one].key, "lab.eu"), name)
        for one in ("eve", "fay", "ned", "ola")
    }
    known = stewards.desk("kay").known()
    assert gone in known.documents
    assert not later & known.documents.keys()


# ------------------------------------------------------------------------------- what is told


def test_a_no_of_whoever_left_is_signed_again(stewards: Stewards) -> None:
    """AUTH-23: a veto stays with those who know it, so newcomers must find one that verifies."""
    stewards.sign(stewards.delegation("lab.eu", "eve"), "kay")
    stewards.sign(decision(stewards, "deny", "lab.eu"), "eve")
    stewards.tick()
    revoke(stewards.desk("kay"), stewards.keys["eve"].key, "*", "she left us")
    stewards.network.add("smith")
    stewards.sign(stewards.roster("smith"), "kay")
    stewards.tick()
    assert {name: denied(peer) for name, peer in stewards.network.peers.items()} == dict.fromkeys(
        ("core", "scout", "smith"), frozenset({OF})
    )


@pytest.mark.parametrize("folder", ["charter", "orders"])
def test_parts_are_not_hidden_behind_a_crowd(stewards: Stewards, folder: str) -> None:
    """LAYOUT-11: what waits for a steward is found among files that only have such names."""
    start = "1.charter.00000000" if folder == "charter" else "0" * 16
    for number in range(charter.names_max):
        stewards.network.memory.place(f"{folder}/{start}.{number:08x}.sig", b"x")
    kay = stewards.desk("kay")
    stewards.sign(stewards.delegation("lab.eu", "max", "ned", threshold=2), "kay")
    with pytest.raises(WaitingError):
        stewards.desk("max").sign(stewards.charter(scope="lab.eu"))
    assert len(waiting_rows(stewards.desk("ned"))) == 1
    assert [one.waits_for for one in cosign(stewards.desk("ned"))] == [None]
    halt(kay, "*", "")
    assert set(stewards.tick().values()) == {"parked"}


def test_the_history_does_not_believe_a_withdrawn_key(stewards: Stewards) -> None:
    """What peers refuse is not shown as in force because a former root would have let it."""
    stewards.rotate(("kay", "lee"), 1, "kay")
    stewards.rotate(("kay",), 1, "kay")
    stewards.tick()
    core, network = stewards.network.peers["core"], stewards.network
    signed = {
        stewards.sign(stewards.revocation(core.signer.key), "lee"),
        stewards.sign(decision(stewards, "deny", "*"), "lee"),
        stewards.sign(stewards.order("halt"), "lee"),
    }
    stewards.tick()
    assert not signed & core.home.archive.digests()
    rows = history(network.memory, network.network, network.clock.wall_ms()).rows
    states = {row["hash"]: row["state"] for row in rows}
    assert [states[digest] for digest in signed] == ["unsure"] * 3
    assert {states[digest] for digest in core.home.archive.digests()} == {"in force", "superseded"}


def test_who_votes_is_not_left_to_a_withdrawn_key(stewards: Stewards) -> None:
    """AUTH-17: of two rosters of one number those decide whose stewards may still name them."""
    number, mine = stewards.last["soma/roster/1", "lab.eu"]
    stewards.sign(stewards.delegation("lab.eu", "eve"), "kay")
    first = next(d for d in stewards.network.desk.shelf if (d.type, d.number) == (ROSTER, 1))
    hers = (Member(name="core", keys=(MemberKey(key=stewards.keys["eve"].key),)),)
    same: dict[str, Any] = {"version": number, "prev": first.digest, "members": hers}
    forged = next(
        data
        for at in count()
        if path_and_digest(data := stewards.seal(stewards.roster(at=at, **same), "eve"))[1] < mine
    )
    stewards.place(forged)
    stewards.tick()
    stewards.sign(stewards.revocation(stewards.keys["eve"].key), "kay")
    stewards.network.add("smith")
    stewards.sign(stewards.roster("smith"), "kay")
    stewards.tick()
    for peer in stewards.network.peers.values():
        electors = electors_by(peer, number)
        assert electors is not None
        assert electors.digest == mine


def test_a_steward_sees_also_what_no_version_knows() -> None:
    """ASK-8: who asks may put more into an item than is shown of others; that goes out as well."""
    head = ItemHead(author="core@lab.eu", kind="note", salt="a" * 26, at=1)
    item = canonical.decode(compose(head, Note(text="hello")).data)
    item["more"] = "first"
    item["body"] |= {"more": "second", "because": "fourth", "files": "fifth"}
    item["attachments"] = [{"sha256": OF, "size": 1, "name": "x", "more": "third"}]
    body = Request(audience="all", item=item, until=5)
    asked = open_request(body, "0" * 64, "core@lab.eu")
    quoted = "\n".join(_quoted(asked.item))
    assert all(word in quoted for word in ("hello", "first", "second", "third", "fourth", "fifth"))


def voided(stewards: Stewards) -> list[frozenset[tuple[str, str]]]:
    """Which keys count for nothing where, as each peer has it."""
    peers = stewards.network.peers.values()
    return [ruling(peer.home, stewards.network.network).trust.void for peer in peers]


def test_a_revoked_steward_revokes_nobody_whoever_reads_it_first(stewards: Stewards) -> None:
    """AUTH-19: also for who read what she signed before he read that she was revoked."""
    network = stewards.network
    stewards.sign(stewards.delegation("lab.eu", "eve"), "kay")
    network.tick("core")
    evil = stewards.revocation(network.peers["core"].signer.key, "lab.eu")
    path = stewards.place(stewards.seal(evil, "eve"))
    network.tick("core")
    network.memory.remove(path)
    revoked = stewards.revocation(stewards.keys["eve"].key)
    stewards.sign(revoked, "kay")
    stewards.tick()
    stewards.place(stewards.seal(evil, "eve"))
    stewards.tick()
    stewards.tick()
    assert set(voided(stewards)) == {frozenset({(revoked.key, revoked.scope)})}


@pytest.mark.parametrize("first", ["eve", "fay"])
def test_two_stewards_who_revoke_each_other_are_both_revoked(
    stewards: Stewards, first: str
) -> None:
    """AUTH-19: in whatever order peers hear of it; who is above them makes stewards anew."""
    network, other = stewards.network, "fay" if first == "eve" else "eve"
    stewards.sign(stewards.delegation("lab.eu", "eve", "fay"), "kay")
    stewards.tick()
    one = stewards.seal(stewards.revocation(stewards.keys[other].key, "lab.eu"), first)
    two = stewards.seal(stewards.revocation(stewards.keys[first].key, "lab.eu"), other)
    path = stewards.place(one)
    network.tick("core")
    network.memory.remove(path)
    stewards.place(two)
    network.tick("scout")
    stewards.place(one)
    stewards.tick()
    stewards.tick()
    both = frozenset((stewards.keys[name].key, "lab.eu") for name in ("eve", "fay"))
    assert set(voided(stewards)) == {both}

"""A process that may write anything on the drive, and has a valid peer's key, against authority.

One function a row of what can be done to us (who signs, who belongs, who is halted). In each the
attacker, who is smith, tries everything of the row; the honest four refuse all of it and tell of
it: each file with the rule that it breaks, in the quarantine of each of them and in its report.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from peer.membership import join
from peer.stewards.admission import admit
from peer.tick.beat import compose
from protocol import documents, limits
from protocol.acts import StewardBody
from protocol.canonical import decode, encode
from protocol.card import Card
from protocol.envelope import seal_envelope
from protocol.errors import (
    HumanNeededError,
    NotFoundError,
    ShareUnavailableError,
    WrongShareError,
)
from protocol.root import Role
from protocol.signing import Signer
from registry import layout
from tests.network import (
    CLUSTER,
    DAY_MS,
    FIVE,
    FakeClock,
    FolderNetwork,
    SeededEntropy,
    failing,
    hidden,
    settled,
)
from tests.stewards import Stewards, changed, path_and_digest

HONEST = tuple(name for name in FIVE if name != "smith")
COUNCIL = ("kay", "lee", "max")


class RedTeam(Stewards):
    """Stewards kay, lee and max, two of whom sign together; eve has the region `us` only.

    "smith" signs with the key of a peer that was admitted, "nobody" with one of his own.
    """

    def __init__(self) -> None:
        super().__init__(settled(*FIVE))
        self.keys["smith"] = self.network.peers["smith"].signer
        self.keys["nobody"] = Signer(b"n" * 32)
        self.rotate(COUNCIL, 2, "kay", "lee")
        self.sign(self.charter("ours"), "kay", "lee")
        self.sign(self.roster(), "kay", "lee")
        self.sign(self.delegation("us", "eve"), "kay", "lee")
        assert set(self.tick().values()) == {"idle"}
        self.before = self.state()

    def state(self) -> dict[str, Any]:
        """What everybody honest holds in force, and does."""
        return {
            name: {
                place: self.in_force(name, *place)
                for place in [
                    ("soma/root/1", "*"), ("soma/charter/1", "*"), ("soma/charter/1", CLUSTER),
                    ("soma/roster/1", CLUSTER), ("soma/delegation/1", "us"),
                    ("soma/delegation/1", "*"), ("soma/delegation/1", "eu"),
                ]
            }
            for name in HONEST
        }  # fmt: skip

    def attack(self, tries: list[tuple[bytes, str]], path: str = "") -> None:
        """Each of these files is refused for its rule by all, told in that very tick, and no more.

        Nothing that is in force changes, and nobody is parked or freed.
        """
        for data, rule in tries:
            where = path or path_and_digest(data)[0]
            self.network.memory.place(where, data)
            self.network.clock.go(60_000)
            for name in HONEST:
                report = self.network.tick(name)
                assert report.state == "idle"
                assert (rule, where) in self.network.caught(name), self.network.caught(name)
                assert any(line.startswith(f"{where}: {rule}") for line in report.problems)
            assert self.state() == self.before


@pytest.fixture
def red() -> RedTeam:
    return RedTeam()


def test_root_rollback_skipped_version_one_key_twice_expired_or_foreign_threshold(
    red: RedTeam,
) -> None:
    """ROOT-6 to ROOT-10, AUTH-4, AUTH-5, ENV-6: kay's stolen key alone is not enough."""
    mine = (*COUNCIL, "eve")
    good = red.next_root(mine, 2)
    twice = decode(red.seal(good, "kay"))
    for part in (twice, twice["head"]):
        part["signatures"] *= 2
    forged = decode(red.seal(good, "kay", "lee"))
    forged["signatures"][0]["sig"] = forged["signatures"][1]["sig"]
    one_key = Role(role="root", keys=(red.keys["kay"].key,) * 2, threshold=2)
    unreachable = Role(role="root", keys=(red.keys["kay"].key,), threshold=2)
    red.attack(
        [
            (red.seal(changed(good, version=1, prev="0" * 64), "kay"), "ROOT-2"),
            (red.seal(changed(good, version=2), "kay"), "ROOT-7"),  # rolled back to this number
            (red.seal(changed(good, version=4), "kay"), "ROOT-7"),  # skipped
            (red.seal(changed(good, version=limits.int_abs_max), "kay"), "ROOT-7"),
            (red.seal(changed(good, prev=red.network.network), "kay", "lee"), "ROOT-8"),
            (encode(twice), "ENV-6"),
            (red.seal(changed(good, roles=(one_key,)), "kay"), "ROOT-6"),
            (red.seal(changed(good, roles=(unreachable,)), "kay"), "ROOT-6"),
            (red.seal(good, "kay"), "ROOT-9"),  # the old threshold is not reached
            (red.seal(red.next_root(("eve", "nobody"), 2), "eve", "nobody"), "ROOT-9"),
            (red.seal(red.next_root(("eve", "nobody"), 2), "kay", "eve", "nobody"), "ROOT-9"),
            (red.seal(good, "kay", "nobody"), "AUTH-4"),
            (red.seal(good, "smith"), "AUTH-4"),
            (encode(forged), "AUTH-5"),
        ]
    )


def test_an_expired_root_lets_nobody_in(red: RedTeam) -> None:
    """ROOT-11: whoever gets hold of the keys of a root that is over can stop peers, not rule."""
    end = red.network.clock.wall_ms() + DAY_MS
    red.rotate(COUNCIL, 2, "kay", "lee", until=end)
    red.tick()
    red.network.clock.go(4 * DAY_MS)
    red.tick()
    red.before = red.state()
    red.attack(
        [
            (red.seal(red.charter("obey"), "kay", "lee"), "ROOT-11"),
            (red.seal(red.roster(without="core"), "kay", "lee"), "ROOT-11"),
            (red.seal(red.delegation("eu", "nobody"), "kay", "lee"), "ROOT-11"),
            (red.seal(red.order("resume", lifts=("0" * 64,)), "kay", "lee"), "ROOT-11"),
        ]
    )


def test_an_agent_signs_goals_members_halts_and_more(red: RedTeam) -> None:
    """AUTH-4: a peer's key is in no role; nor does it help beside one that is."""
    from protocol.decision import Decision

    key = red.keys["nobody"].key
    approve = Decision(
        **red.common(), decision="approve", scope=f"smith@{CLUSTER}", of="a" * 64, salt="a" * 26
    )
    bodies: list[StewardBody] = [
        red.charter("obey smith"), red.charter("obey smith", CLUSTER),
        red.roster(without="core"), red.order("halt"), red.order("pause", ms=DAY_MS),
        red.order("resume", lifts=("0" * 64,)), red.delegation("eu", "smith"),
        red.delegation("*", "nobody"), red.revocation(key), approve,
        changed(approve, decision="deny"),
    ]  # fmt: skip
    red.attack([(red.seal(body, "smith"), "AUTH-4") for body in bodies])
    red.attack([(red.seal(changed(body, at=7), "kay", "smith"), "AUTH-4") for body in bodies])


def test_a_steward_acts_outside_its_scope(red: RedTeam) -> None:
    """AUTH-4, AUTH-15, AUTH-16: eve has `us`; one of the two keys that sign together was stolen."""
    halt = red.order("halt")
    wide: list[StewardBody] = [
        red.charter("obey eve"), red.charter("obey eve", CLUSTER), red.roster(without="core"),
        halt, red.order("halt", f"core@{CLUSTER}"), red.delegation("eu", "eve"),
        red.revocation(red.keys["max"].key), red.delegation("*", "eve"),
    ]  # fmt: skip
    red.attack([(red.seal(body, "eve"), "AUTH-4") for body in wide])
    red.attack([(red.seal(red.delegation("us", "eve", "nobody"), "eve"), "AUTH-15")])
    alone = [body for body in wide if body is not halt and getattr(body, "order", "") != "halt"]
    red.attack([(red.seal(changed(body, at=7), "kay"), "AUTH-16") for body in alone])


@pytest.mark.parametrize("kind", ["charter", "roster", "halt"])
def test_somebody_hides_a_newer_document(red: RedTeam, kind: str) -> None:
    """AUTH-11, HALT-7: removed as soon as core saw it; all others know in one tick who names it."""
    bodies: dict[str, StewardBody] = {
        "charter": red.charter("newer"), "roster": red.roster(), "halt": red.order("halt", "us"),
    }  # fmt: skip
    data = red.seal(bodies[kind], "kay", "lee")
    path, digest = path_and_digest(data)
    red.place(data)
    network = red.network
    network.clock.go(60_000)
    network.tick("core")
    for name in ("librarian", "scout", "warden"):
        network.memory.remove(path)  # core is kept from putting it back, too
        report = network.tick(name, hidden(path))
        assert report.state == ("parked" if kind == "halt" else "idle")
        assert f"hidden:{digest}" in network.concerns(name)
        assert any(path in line and "heartbeat of core" in line for line in report.problems)
        network.memory.place(path, data)
    network.clock.go(60_000)
    for name in HONEST:
        assert network.tick(name).state == "idle"
        assert f"hidden:{digest}" not in network.concerns(name)


def test_somebody_claims_that_a_document_is_hidden(red: RedTeam) -> None:
    """AUTH-11, HALT-7: smith's heartbeat names heads that no steward signed: they park nobody."""
    network, smith = red.network, red.network.peers["smith"]
    for number, signers in enumerate((["smith"], ["nobody"], ["kay", "smith"], ["eve"])):
        for of, scope in (("soma/order/1", "*"), ("soma/roster/1", CLUSTER), ("soma/root/1", "*")):
            if (of, signers) == ("soma/order/1", ["kay", "smith"]):
                continue  # kay's alone may stop everybody
            said = {
                "network": network.network, "of": of, "scope": scope, "hash": f"{number}" * 64,
                "number": 0 if of == "soma/order/1" else 99,
            }  # fmt: skip
            head = seal_envelope("soma/head/1", said, [red.keys[who] for who in signers])
            beat = replace(compose(smith, "idle", 99 + number, False), heads=(decode(head),))
            network.memory.place(layout.heartbeat("smith"), documents.seal(beat, smith.signer))
            network.clock.go(60_000)
            for name in HONEST:
                assert network.tick(name).state == "idle"
                assert not [key for key in network.concerns(name) if key.startswith("hidden:")]


@pytest.mark.parametrize("halted", [True, False])
def test_garbage_and_deletion_among_the_orders(red: RedTeam, halted: bool) -> None:
    """HALT-8, AUTH-8, AUTH-9, LAYOUT-9: neither parks nor frees anybody; each with its reason."""
    network = red.network
    if halted:
        red.sign(red.order("halt", f"core@{CLUSTER}"), "max")
    expected = dict.fromkeys(HONEST, "idle") | ({"core": "parked"} if halted else {})
    assert {name: state for name, state in red.tick().items() if name in HONEST} == expected
    halt = encode(decode(red.seal(red.order("halt"), "kay")))
    path, _ = path_and_digest(halt)
    junk: list[tuple[str, bytes | None, str]] = [
        (f"orders/{1:016x}.json", b"", "CANON-1"),
        (f"orders/{2:016x}.json", b"x" * (limits.steward_bytes_max + 1), "ENV-1"),
        (f"orders/{3:016x}.json", None, "LAYOUT-9"),
        (f"orders/{4:016x}.json", halt, "AUTH-13"),  # a true halt that was never placed
        (f"orders/{5:016x}.json", halt[:-20], "CANON-1"),
        (f"orders/{6:016x}.json", halt.replace(b"halt", b"stop"), "AUTH-1"),
        (f"orders/{7:016x}.json", red.network.root.data, "AUTH-13"),
        (path, halt.replace(b'"scope":"*"', b'"scope":"us"'), "AUTH-5"),
    ]
    for old in network.files("orders"):
        network.memory.remove(old)
    for where, data, _ in junk:
        if data is None:
            network.memory.make_folder(where)
        else:
            network.memory.place(where, data)
    for _ in range(3):
        assert {name: state for name, state in red.tick().items() if name in HONEST} == expected
    for name in HONEST:
        caught = network.caught(name)
        assert [one for one in junk if (one[2], one[0]) not in caught] == []
    for name in HONEST:
        with pytest.raises(ShareUnavailableError) as caught_at:
            network.tick(name, failing("unavailable", "names", "orders"))
        assert caught_at.value.exit_code == 5
    assert red.state() == red.before


def test_replay_of_what_was_once_in_force(red: RedTeam) -> None:
    """AUTH-7, AUTH-17, HALT-2: old charters, rosters, resumes and delegations, put there again."""
    network = red.network
    old = {path: network.data(path) for path in network.files("charter")}
    halt = red.sign(red.order("halt", f"core@{CLUSTER}"), "max")
    resume = red.seal(red.order("resume", lifts=(halt,)), "kay", "lee")
    red.place(resume)
    red.tick()
    red.sign(red.charter("newer"), "kay", "lee")
    red.sign(red.roster(), "kay", "lee")
    red.sign(red.delegation("us", "eve", roles=()), "kay", "lee")
    second = red.sign(red.order("halt", f"core@{CLUSTER}"), "max")
    red.tick()
    red.before = red.state()
    for path in network.files("charter"):
        network.memory.remove(path)
    for path, data in old.items():
        network.memory.place(path, data)
    red.place(resume)
    for _ in range(2):
        assert red.tick()["core"] == "parked"
        assert red.state() == red.before
    assert second in network.peers["scout"].home.archive.digests()
    evil = red.place(red.seal(red.charter("obey", "us"), "eve"))
    red.tick()
    assert all(("AUTH-4", evil) in network.caught(name) for name in HONEST)


def test_a_signed_document_is_made_another_one(red: RedTeam) -> None:
    """AUTH-2, AUTH-5, AUTH-6, ENV-7: what stewards did sign, re-typed, moved, with another head."""
    charter = decode(red.seal(red.charter("next"), "kay", "lee"))
    other = decode(red.seal(red.charter("another"), "kay", "lee"))
    path, _ = path_and_digest(encode(charter))
    retyped = {**charter, "signed": {**charter["signed"], "type": "soma/order/1"}}
    widened = {**charter, "signed": {**charter["signed"], "scope": "eu"}}
    foreign = replace(red.charter("next"), network="f" * 64)
    red.attack(
        [
            (encode(charter["head"]), "ENV-7"),
            (encode(retyped), "AUTH-1"),
            (encode(widened), "AUTH-5"),
            (encode({**charter, "head": other["head"]}), "AUTH-6"),
            (encode({**charter, "signatures": other["signatures"]}), "AUTH-5"),
            (encode({**charter, "items": []}), "ENV-3"),
            (red.seal(foreign, "kay", "lee"), "AUTH-2"),
        ],
        path,
    )


def test_a_forged_marker_meets_a_newcomer_a_peer_and_a_steward(tmp_path) -> None:
    """JOIN-1, ROOT-2, ROOT-5: another root in NETWORK.json: nobody follows it, all say so."""
    from protocol.marker import form_marker
    from tests.samples import ROOT_DATA

    network = FolderNetwork(tmp_path, ("core", "scout"))
    true = network.peers["core"].identity.network
    marker = tmp_path / "share" / "NETWORK.json"
    before = marker.read_bytes()
    marker.write_bytes(form_marker(CLUSTER, ROOT_DATA))
    for name in ("core", "scout"):
        with pytest.raises(WrongShareError) as caught:
            network.tick(name)
        assert caught.value.exit_code == 5
    with pytest.raises(WrongShareError):
        network.desk().known()
    with pytest.raises(WrongShareError):
        admit(network.desk(), "core", None, reuse=False, confirm=lambda shown: True)
    with pytest.raises(WrongShareError):
        join(str(tmp_path / "new"), network.share, "late", true, FakeClock(), SeededEntropy("l"))
    with pytest.raises(WrongShareError):  # this home knows another network there
        join(network.home, network.share, "late", None, FakeClock(), SeededEntropy("l"))
    marker.write_bytes(before)
    network.clock.go(60_000)
    assert network.tick("core").state == "idle"
    network.close()


def test_a_forged_card_meets_a_steward(tmp_path) -> None:
    """JOIN-2, JOIN-3, CARD-1: a thief's key on a newcomer's card, or on that of a member."""
    network = FolderNetwork(tmp_path, ("core", "scout"))
    elsewhere = str(tmp_path / "elsewhere")
    joined = join(elsewhere, network.share, "late", None, FakeClock(), SeededEntropy("late"))
    thief = Signer(b"t" * 32)
    for name, expected in (("late", joined.fingerprint), ("late", None), ("scout", None)):
        card = Card(
            network=network.peers["core"].identity.network, name=name, cluster=CLUSTER,
            key=thief.key, at=network.clock.wall_ms(),
        )  # fmt: skip
        path = tmp_path / "share" / "peers" / name / "card.json"
        true = path.read_bytes()
        path.write_bytes(documents.seal(card, thief))
        with pytest.raises(HumanNeededError):
            admit(network.desk(), name, expected, reuse=False, confirm=lambda shown: False)
        mangled = decode(true)
        mangled["signed"]["key"] = thief.key
        path.write_bytes(encode(mangled))
        with pytest.raises(NotFoundError):
            admit(network.desk(), name, expected, reuse=False, confirm=lambda shown: True)
        path.write_bytes(true)
    rosters = network.desk().documents("soma/roster/1")
    assert all(thief.key not in document.data.decode() for document in rosters)
    network.close()

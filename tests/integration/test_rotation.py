"""Five peers and their stewards over time: rotation, thresholds, parts, ends, rivals, revocation.

What a peer holds in force is read from its home; what a person is told from its concerns and its
quarantine. Documents are put on the share as bytes, in whatever order, by whomever.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from peer.home.quarantine import BY_TRUST
from protocol import limits
from protocol.acts import StewardBody
from protocol.authority import joined, open_part
from protocol.canonical import decode, encode
from protocol.errors import WaitingError
from protocol.signing import Signer
from protocol.trust import trust_of
from registry import layout
from tests.network import (
    CLUSTER,
    DAY_MS,
    FIVE,
    DyingDatabase,
    Killed,
    hidden,
    settled,
)
from tests.stewards import Stewards, changed, path_and_digest

COUNCIL = ("kay", "lee", "max", "ned", "ola")
CHARTER, ROSTER, DELEGATION = "soma/charter/1", "soma/roster/1", "soma/delegation/1"
HOUR_MS = 3_600_000


@pytest.fixture
def stewards() -> Stewards:
    return Stewards(settled(*FIVE))


@pytest.fixture
def council(stewards: Stewards) -> Stewards:
    """Root 2: three of five sign together; everybody follows it, and holds a charter of theirs."""
    stewards.rotate(COUNCIL, 3, "kay", "lee", "max")
    stewards.sign(stewards.charter("of the council"), "kay", "lee", "max")
    stewards.sign(stewards.roster(), "kay", "lee", "max")
    assert set(stewards.tick().values()) == {"idle"}
    return stewards


def rules(stewards: Stewards, path: str) -> set[str]:
    """The rules that a file broke, at every peer."""
    network = stewards.network
    return {rule for name in network.peers for rule, file in network.caught(name) if file == path}


def told(stewards: Stewards, start: str) -> set[str]:
    """Which peers tell a person something that begins so."""
    network = stewards.network
    return {n for n in network.peers if any(key.startswith(start) for key in network.concerns(n))}


# --------------------------------------------------------------------------------------- rotation


def test_peers_follow_each_rotation_within_one_tick(stewards: Stewards) -> None:
    """ROOT-7 to ROOT-10: 1 of 1, then 2 of 3, then 3 of 5, and another three of five."""
    steps = [
        (("kay", "lee", "max"), 2, ("kay", "lee")),
        (COUNCIL, 3, ("kay", "lee", "max")),
        (("lee", "max", "ned", "ola", "eve"), 3, ("lee", "max", "ned")),
    ]
    for names, threshold, by in steps:
        stewards.rotate(names, threshold, *by)
        few = changed(stewards.charter("too few"), version=7, prev="0" * 64)
        path = stewards.place(stewards.seal(few, *names[: threshold - 1]))
        digest = stewards.sign(stewards.charter("enough"), *names[:threshold])
        assert set(stewards.tick().values()) == {"idle"}
        assert stewards.all_hold(CHARTER, "*", digest)
        assert {stewards.version_of(name) for name in FIVE} == {stewards.root.version}
        assert rules(stewards, path) == {"AUTH-16"}
    gone = changed(stewards.charter("of one who left"), version=8, prev="0" * 64)
    path = stewards.place(stewards.seal(gone, "kay", "lee", "max"))
    stewards.tick()
    assert rules(stewards, path) == {"AUTH-4"}


def test_several_roots_at_once_and_in_any_sequence(stewards: Stewards) -> None:
    """ROOT-7, AUTH-20: whoever slept finds four, or the fourth before the second."""
    paths = [
        stewards.rotate(names, 1, *by)
        for names, by in (
            (("lee",), ("kay", "lee")),
            (("max",), ("lee", "max")),
            (("ned",), ("max", "ned")),
        )
    ]
    documents = [stewards.network.data(path) for path in paths]
    for path in paths:
        stewards.network.memory.remove(path)
    for at in (2, 0, 1):
        stewards.network.memory.place(paths[at], documents[at])
        stewards.tick()
    assert {stewards.version_of(name) for name in FIVE} == {4}
    assert set(stewards.tick().values()) == {"idle"}


def test_a_newcomer_follows_from_the_first_root_to_the_last(council: Stewards) -> None:
    """ROOT-2, AUTH-9: by the former roots, which stay on the share."""
    network = council.network
    council.rotate(("lee", "max", "ned"), 2, "kay", "lee", "max")
    council.sign(council.charter("the newest"), "lee", "max")
    council.sign(council.roster(), "lee", "max")
    council.tick()
    network.add("late")
    digest = council.sign(council.roster("late"), "lee", "max")
    for path in [path for path in network.files("charter") if ".root." in path]:
        network.memory.remove(path)
    network.tick("core")
    assert len([path for path in network.files("charter") if ".root." in path]) == 3
    assert network.tick("late").state == "idle"
    assert council.version_of("late") == 3
    assert council.in_force("late", ROSTER, CLUSTER) == digest


@pytest.mark.parametrize("first", [0, 1])
def test_of_two_roots_the_one_seen_first_stays(stewards: Stewards, first: int) -> None:
    """ROOT-12: each peer tells of the other one; who sees both at once takes the lower hash."""
    network = stewards.network
    rivals = [
        stewards.seal(stewards.next_root(names), "kay", *names) for names in (("lee",), ("max",))
    ]
    paths = [path_and_digest(data) for data in rivals]
    stewards.place(rivals[first])
    for name in ("core", "librarian"):
        network.tick(name)
    stewards.place(rivals[1 - first])
    network.clock.go(HOUR_MS)
    for name in ("core", "librarian"):
        network.tick(name)
        assert stewards.in_force(name, "soma/root/1") == paths[first][1]
        assert f"rival-root:{paths[1 - first][1]}" in network.concerns(name)
        assert ("ROOT-7", paths[1 - first][0]) in network.caught(name)
    late = network.copy().peers["warden"]
    network.peers["warden"] = late
    late.share = network.memory
    network.tick("warden")
    lower = min(digest for _, digest in paths)
    assert stewards.in_force("warden", "soma/root/1") == lower
    higher = max(digest for _, digest in paths)
    assert f"rival-root:{higher}" in network.concerns("warden")


def test_a_stolen_root_that_is_over_leads_nobody_away(council: Stewards) -> None:
    """ROOT-12, ROOT-7: kay's old key signs another root 2 for a thief, and even a root 3."""
    stale = Stewards(council.network)
    path = stale.rotate(("eve",), 1, "kay", "eve")
    later = stale.rotate(("eve",), 1, "eve")
    mine = stale.place(stale.seal(stale.charter("obey eve"), "eve"))
    before = council.in_force("core")
    council.tick()
    assert {council.version_of(name) for name in FIVE} == {2}
    assert council.all_hold(CHARTER, "*", before or "")
    assert rules(council, path) == {"ROOT-7"}
    assert rules(council, later) == {"ROOT-8"}
    assert rules(council, mine) == {"AUTH-4"}
    assert told(council, "rival-root:") == set(FIVE)


@pytest.mark.parametrize("kind", ["charter", "roster"])
def test_fast_forward_is_recovered_by_the_next_root(stewards: Stewards, kind: str) -> None:
    """AUTH-17: a stolen key signed number 2^53-1; the next root without it, and the next number."""
    type_, scope = (CHARTER, "*") if kind == "charter" else (ROSTER, CLUSTER)
    version = {"version": limits.int_abs_max, "prev": "0" * 64}
    before = stewards.version(type_, scope)
    evil = stewards.charter("obey") if kind == "charter" else stewards.roster(without="smith")
    path = stewards.place(stewards.seal(changed(evil, **version), "kay"))
    states = stewards.tick()
    assert stewards.all_hold(type_, scope, path_and_digest(stewards.network.data(path))[1])
    assert (states["smith"] == "parked") == (kind == "roster")
    stewards.rotate(("lee",), 1, "kay", "lee")
    good = stewards.charter("ours") if kind == "charter" else stewards.roster()
    digest = stewards.sign(changed(good, **before), "lee")
    stewards.sign(stewards.roster() if kind == "charter" else stewards.charter(), "lee")
    assert set(stewards.tick().values()) == {"idle"}
    assert stewards.all_hold(type_, scope, digest)
    stewards.tick()
    assert told(stewards, "hidden:") == set()


# ------------------------------------------------------------------------------------------ parts


def test_a_document_waits_in_parts_until_enough_have_signed(council: Stewards) -> None:
    """LAYOUT-11, AUTH-16: peers read none; whoever signs last puts it together."""
    network = council.network
    before = council.in_force("core")
    body = council.charter("in parts")
    for name in ("ola", "ned"):
        with pytest.raises(WaitingError):
            council.desk(name).sign(body)
        council.tick()
        assert council.all_hold(CHARTER, "*", before or "")
    parts = [path for path in network.files("charter") if path.endswith(".sig")]
    assert len(parts) == 2
    for path in parts:
        assert layout.is_part_file(path.removeprefix("charter/"))
        assert len(decode(network.data(path))["signatures"]) == 1
    assert {rule for name in FIVE for rule in network.rules(name)} <= {"ROOT-7"}
    document = council.desk("lee").sign(body)
    assert document.keys == {council.keys[name].key for name in ("ola", "ned", "lee")}
    assert not [path for path in network.files("charter") if path.endswith(".sig")]
    council.tick()
    assert council.all_hold(CHARTER, "*", document.digest)


def test_parts_in_the_place_of_a_document_change_nothing(council: Stewards) -> None:
    """AUTH-16, AUTH-13: a part under the name of the whole, and the whole under that of a part."""
    network = council.network
    body = council.charter("in parts")
    part = council.seal(body, "kay")
    whole = council.seal(body, "kay", "lee", "max")
    path, digest = path_and_digest(part)
    before = council.in_force("core")
    part_path = layout.part_path(CHARTER, body.version, digest, council.keys["kay"].key)
    network.memory.place(part_path, whole)
    network.memory.place(path, part)
    council.tick()
    assert council.all_hold(CHARTER, "*", before or "")
    assert rules(council, path) == {"AUTH-16"}
    network.memory.place(path, whole)
    council.tick()
    assert council.all_hold(CHARTER, "*", digest)


def test_forms_of_one_document_come_to_one(council: Stewards) -> None:
    """AUTH-21: three forms, seen by different peers; then all keep one, and nobody writes."""
    network, body = council.network, council.charter("one of three forms")
    forms = [
        council.seal(body, *by)
        for by in (("kay", "lee", "max"), ("max", "ned", "ola"), ("kay", "ned", "ola", "lee"))
    ]
    trust = trust_of(network.network, council.root, council.digest)
    best = joined([open_part(data, trust) for data in forms])
    path, digest = path_and_digest(best)
    for name, data in zip(FIVE, (*forms, best, forms[0]), strict=True):
        network.memory.place(path, data)
        network.tick(name)
    assert network.rest()
    held = {network.peers[name].home.archive.get(digest) for name in FIVE}
    assert {stored.data for stored in held if stored} == {best} == {network.data(path)}
    files = {path: network.data(path) for path in network.files("charter")}
    for _ in range(3):
        council.tick()
        assert {path: network.data(path) for path in network.files("charter")} == files


@pytest.mark.parametrize("seed", range(4))
def test_of_forms_of_one_size_the_lower_bytes_stay(council: Stewards, seed: int) -> None:
    """AUTH-21: whoever saw which first, and whatever somebody puts back in between."""
    chance, network = random.Random(seed), council.network
    body = council.charter("two forms")
    forms = [council.seal(body, *by) for by in (("kay", "lee", "max"), ("lee", "max", "ned"))]
    path, digest = path_and_digest(forms[0])
    for _ in range(6):
        network.memory.place(path, chance.choice(forms))
        network.tick(chance.choice(FIVE))
    for data in forms:  # each is seen by somebody at last
        network.memory.place(path, data)
        network.tick(chance.choice(FIVE))
    assert network.rest()
    assert network.data(path) == min(forms)
    for name in FIVE:
        stored = network.peers[name].home.archive.get(digest)
        assert stored is not None
        assert stored.data == min(forms)


# ---------------------------------------------------------------------------------- judged again


def test_what_was_refused_is_taken_once_its_signers_have_the_right(stewards: Stewards) -> None:
    """AUTH-20: by a delegation, and by the next root; in the very tick that brings it."""
    charter = stewards.seal(stewards.charter("of eve", "eu"), "eve")
    path = stewards.place(charter)
    stewards.tick()
    assert rules(stewards, path) == {"AUTH-4"}
    stewards.sign(stewards.delegation("eu", "eve"), "kay")
    stewards.tick()
    assert stewards.all_hold(CHARTER, "eu", path_and_digest(charter)[1])
    assert rules(stewards, path) == set()
    later = stewards.next_root(("lee", "max"))
    early = changed(stewards.charter("of max"), prev="0" * 64)
    place = stewards.place(stewards.seal(early, "max"))
    stewards.tick()
    assert rules(stewards, place) == {"AUTH-4"}
    stewards.place(stewards.seal(later, "kay", "lee"))
    stewards.tick()
    assert stewards.all_hold(CHARTER, "*", path_and_digest(stewards.network.data(place))[1])


def test_stewards_of_stewards_in_one_look(stewards: Stewards) -> None:
    """AUTH-20, AUTH-18: three delegations that hang on each other, and what the last one signs."""
    stewards.rotate(("kay",), 1, "kay")
    for scope, who, by in (
        ("eu", "lee", "kay"), (CLUSTER, "max", "lee"), (f"core@{CLUSTER}", "ned", "max"),
    ):  # fmt: skip
        stewards.sign(stewards.delegation(scope, who), by)
    digest = stewards.sign(stewards.order("halt", f"core@{CLUSTER}"), "ned")
    states = stewards.tick()
    assert states.pop("core") == "parked"
    assert set(states.values()) == {"idle"}
    assert all(digest in stewards.network.peers[n].home.archive.digests() for n in FIVE)


@pytest.mark.parametrize("step", range(1, 12))
def test_a_death_while_the_next_root_is_learned_loses_no_second_look(step: int) -> None:
    """AUTH-20: who dies between the root and the look at what it allows, looks again."""
    stewards = Stewards(settled(*FIVE).copy(DyingDatabase))
    early = stewards.seal(changed(stewards.charter("of max"), prev="0" * 64), "max")
    path = stewards.place(early)
    stewards.tick()
    assert rules(stewards, path) == {"AUTH-4"}
    stewards.rotate(("max",), 1, "kay", "max")
    database = stewards.network.peers["core"].home.db
    assert isinstance(database, DyingDatabase)
    database.steps, database.die_at = 0, step
    try:
        stewards.network.tick("core")
    except Killed:
        database.die_at = 0
        stewards.network.restart("core")
    stewards.tick()
    assert stewards.all_hold(CHARTER, "*", path_and_digest(early)[1])
    assert "AUTH-4" in BY_TRUST


# ------------------------------------------------------------------------------- halts and pauses


def test_one_halts_and_three_resume(council: Stewards) -> None:
    """AUTH-16, HALT-1: of five any one stops everybody; three together let them go."""
    halt = council.sign(council.order("halt"), "ola")
    assert set(council.tick().values()) == {"parked"}
    for by in (("ola",), ("ola", "ned")):
        path = council.place(council.seal(council.order("resume", lifts=(halt,)), *by))
        assert set(council.tick().values()) == {"parked"}
        assert rules(council, path) == {"AUTH-16"}
    council.sign(council.order("resume", lifts=(halt,)), "ola", "ned", "max")
    assert set(council.tick().values()) == {"idle"}


def test_a_resume_of_withdrawn_keys_is_void(stewards: Stewards) -> None:
    """HALT-1: a thief lifted the halt; without his key it holds again, and only others lift it."""
    stewards.rotate(("kay", "lee"), 1, "kay")
    halt = stewards.sign(stewards.order("halt"), "kay")
    stewards.sign(stewards.order("resume", lifts=(halt,)), "lee")
    assert set(stewards.tick().values()) == {"idle"}
    stewards.rotate(("kay",), 1, "kay")
    assert set(stewards.tick().values()) == {"parked"}
    late = stewards.place(stewards.seal(stewards.order("resume", lifts=(halt,)), "lee"))
    assert set(stewards.tick().values()) == {"parked"}
    assert rules(stewards, late) == {"AUTH-4"}
    stewards.sign(stewards.order("resume", lifts=(halt,)), "kay")
    stewards.sign(stewards.charter(), "kay")
    assert set(stewards.tick().values()) == {"idle"}


def test_a_resume_of_a_revoked_steward_is_void(stewards: Stewards) -> None:
    """HALT-1, AUTH-19: the same with a steward of a region."""
    stewards.sign(stewards.delegation("eu", "eve"), "kay")
    halt = stewards.sign(stewards.order("halt", "eu"), "kay")
    stewards.sign(stewards.order("resume", "eu", lifts=(halt,)), "eve")
    assert set(stewards.tick().values()) == {"idle"}
    stewards.sign(stewards.revocation(stewards.keys["eve"].key), "kay")
    assert set(stewards.tick().values()) == {"parked"}


def test_a_pause_ends_when_the_peer_has_lived_so_long(stewards: Stewards) -> None:
    """HALT-10: parked until then, to the minute; and a resume ends it sooner."""
    stewards.sign(stewards.order("pause", ms=HOUR_MS), "kay")
    states = [set(stewards.tick(10).values()) for _ in range(8)]
    assert states == [{"parked"}] * 6 + [{"idle"}] * 2
    pause = stewards.sign(stewards.order("pause", ms=HOUR_MS), "kay")
    assert set(stewards.tick().values()) == {"parked"}
    stewards.sign(stewards.order("resume", lifts=(pause,)), "kay")
    assert set(stewards.tick().values()) == {"idle"}


def test_a_pause_counts_what_each_has_lived_since_it_saw_it(stewards: Stewards) -> None:
    """HALT-10: whoever sees it late pauses as long, and what stands in `at` does not matter."""
    network = stewards.network
    stewards.sign(stewards.order("pause", ms=HOUR_MS, at=1), "kay")
    assert network.tick("core").state == "parked"
    network.clock.go(HOUR_MS)
    assert network.tick("core").state == "idle"
    assert network.tick("scout").state == "parked"
    network.clock.go(HOUR_MS - 1)
    assert network.tick("scout").state == "parked"
    network.clock.go(1)
    assert network.tick("scout").state == "idle"


@pytest.mark.parametrize("jump", [365 * DAY_MS, -365 * DAY_MS, 0])
def test_a_pause_outlives_restarts_and_wrong_clocks(stewards: Stewards, jump: int) -> None:
    """HALT-10: a date that is set makes it neither longer nor shorter; a new process knows it."""
    network = stewards.network
    stewards.sign(stewards.order("pause", ms=10 * HOUR_MS), "kay")
    stewards.tick()
    network.clock.jump(jump)
    network.restart("core")
    assert network.tick("core").state == "parked"
    network.clock.go(9 * HOUR_MS)
    network.restart("core")
    assert network.tick("core").state == "parked"
    network.clock.jump(-jump)
    network.clock.go(HOUR_MS)
    assert network.tick("core").state == "idle"


def test_a_pause_over_a_reboot(stewards: Stewards) -> None:
    """HALT-10: the time off counts, as everywhere (AGE-1), for no more than seven days."""
    network = stewards.network
    stewards.sign(stewards.order("pause", ms=8 * DAY_MS), "kay")
    stewards.tick()
    network.clock.reboot(100 * DAY_MS)
    assert network.tick("core").state == "parked"
    network.clock.go(DAY_MS)
    assert network.tick("core").state == "idle"


# ------------------------------------------------------------------------------------ ends


def test_a_root_with_an_end_is_told_of_and_then_takes_halts_only(stewards: Stewards) -> None:
    """ROOT-11: warned 30 days before; 48 hours after it only halts, pauses and the next root."""
    network = stewards.network
    end = network.clock.wall_ms() + 40 * DAY_MS
    stewards.rotate(("kay",), 1, "kay", until=end)
    digest = stewards.sign(stewards.charter("in time"), "kay")
    stewards.tick()
    assert told(stewards, "root-ends:") == set()
    network.clock.go(11 * DAY_MS)
    stewards.tick()
    assert told(stewards, "root-ends:") == set(FIVE)
    network.clock.go(end + 48 * HOUR_MS - network.clock.wall_ms() - 30 * 60_000)
    digest = stewards.sign(stewards.charter("within the grace"), "kay")
    assert set(stewards.tick().values()) == {"idle"}
    assert stewards.all_hold(CHARTER, "*", digest)
    network.clock.go(HOUR_MS)
    late = stewards.place(stewards.seal(stewards.charter("too late"), "kay"))
    assert set(stewards.tick().values()) == {"idle"}  # what is in force stays
    assert stewards.all_hold(CHARTER, "*", digest)
    assert rules(stewards, late) == {"ROOT-11"}
    network.clock.jump(-50 * DAY_MS)  # the home knows better
    assert set(stewards.tick().values()) == {"idle"}
    assert stewards.all_hold(CHARTER, "*", digest)
    network.clock.jump(50 * DAY_MS)
    halt = stewards.sign(stewards.order("halt"), "kay")
    assert set(stewards.tick().values()) == {"parked"}
    lifted = stewards.place(stewards.seal(stewards.order("resume", lifts=(halt,)), "kay"))
    assert set(stewards.tick().values()) == {"parked"}
    assert rules(stewards, lifted) == {"ROOT-11"}
    stewards.rotate(("kay",), 1, "kay", until=None)
    assert set(stewards.tick().values()) == {"idle"}
    assert rules(stewards, late) == set()


def test_a_delegation_ends_at_every_peer(stewards: Stewards) -> None:
    """AUTH-18: 48 hours after its `until`, by the later of the clock and what the home knew."""
    network = stewards.network
    end = network.clock.wall_ms() + DAY_MS
    stewards.sign(stewards.delegation("eu", "eve", until=end), "kay")
    digest = stewards.sign(stewards.charter("in time", "eu"), "eve")
    stewards.tick()
    assert stewards.all_hold(CHARTER, "eu", digest)
    network.clock.go(3 * DAY_MS)
    late = stewards.place(stewards.seal(stewards.charter("late", "eu"), "eve"))
    network.clock.jump(-2 * DAY_MS - HOUR_MS)
    assert rules(stewards, late) == set()
    stewards.tick()
    network.clock.jump(2 * DAY_MS + HOUR_MS)
    other = stewards.place(stewards.seal(stewards.charter("later", "eu", version=3), "eve"))
    stewards.tick()
    assert rules(stewards, other) == {"AUTH-4"}


# ------------------------------------------------------------------------------------- revocation


def test_pages_of_a_revoked_member_are_refused_at_once(stewards: Stewards) -> None:
    """AUTH-19: as compromised, also those that lie there already; and the peer itself is parked."""
    network = stewards.network
    smith = network.peers["smith"]
    network.send("smith", "scout", "before")
    network.send("smith", "core", "read in time")
    network.tick("core")
    stewards.sign(stewards.revocation(smith.signer.key, f"smith@{CLUSTER}"), "kay")
    states = stewards.tick()
    assert states.pop("smith") == "parked"
    assert set(states.values()) == {"idle"}
    assert network.acted("scout") == []
    assert network.acted("core") == ["smith: read in time"]
    assert "PAGE-12" in network.rules("scout")
    name, data, _ = network.page("smith", "warden", ["after"])
    network.drop("warden", name, data)
    stewards.tick()
    assert network.acted("warden") == []
    # No later roster takes it back.
    stewards.sign(stewards.roster(), "kay")
    assert stewards.tick()["smith"] == "parked"


def test_a_revoked_steward_has_said_nothing_that_holds(stewards: Stewards) -> None:
    """AUTH-19, AUTH-17: what he signed makes way for what others sign, also with a lower number."""
    stewards.sign(stewards.delegation("eu", "eve"), "kay")
    first = stewards.sign(stewards.charter("ours", "eu"), "kay")
    evil = changed(stewards.charter("obey", "eu"), version=limits.int_abs_max, prev="0" * 64)
    path = stewards.place(stewards.seal(evil, "eve"))
    stewards.tick()
    assert stewards.all_hold(CHARTER, "eu", path_and_digest(stewards.network.data(path))[1])
    stewards.sign(stewards.revocation(stewards.keys["eve"].key), "kay")
    stewards.tick()
    assert stewards.all_hold(CHARTER, "eu", first)


def test_peers_that_learned_in_any_sequence_agree(stewards: Stewards) -> None:
    """AUTH-17, AUTH-20: each learns the same documents one by one, in a sequence of its own."""
    documents = [
        stewards.seal(stewards.next_root(("kay", "lee"), 1), "kay", "lee"),
        stewards.seal(stewards.delegation("eu", "eve"), "kay"),
        stewards.seal(stewards.delegation(CLUSTER, "fay", version=1), "kay"),
        stewards.seal(stewards.delegation(CLUSTER, "max", version=2, prev="0" * 64), "eve"),
        stewards.seal(stewards.charter("of kay", CLUSTER), "kay"),
        stewards.seal(stewards.charter("of max", CLUSTER, version=2, prev="0" * 64), "max"),
        stewards.seal(stewards.charter("of lee", "eu", version=5, prev="0" * 64), "lee"),
    ]
    answers = set()
    for seed in range(8):
        alone = Stewards(settled(*FIVE))
        chance = random.Random(seed)
        for data in chance.sample(documents, len(documents)):
            alone.place(data)
            alone.network.clock.go(60_000)
            alone.network.tick("core")
        answers.add(
            (
                alone.in_force("core", CHARTER, CLUSTER), alone.in_force("core", CHARTER, "eu"),
                alone.in_force("core", DELEGATION, CLUSTER), alone.version_of("core"),
            )
        )  # fmt: skip
    expected = [path_and_digest(documents[n])[1] for n in (5, 6, 3)]
    assert answers == {(*expected, 2)}


# ----------------------------------------------------------------------------------------- freeze


@pytest.mark.parametrize("kind", ["root", "charter", "roster", "delegation", "revocation"])
def test_a_hidden_document_is_told_within_a_tick(stewards: Stewards, kind: str) -> None:
    """AUTH-11, HEALTH-8: with the file that is missing, and whose heartbeat names it."""
    network = stewards.network
    bodies: dict[str, Callable[[], StewardBody]] = {
        "charter": lambda: stewards.charter("newer"),
        "roster": stewards.roster,
        "delegation": lambda: stewards.delegation("eu", "eve"),
        "revocation": lambda: stewards.revocation(stewards.keys["fay"].key),
    }
    if kind == "root":
        path = stewards.rotate(("lee",), 1, "kay", "lee")
    else:
        path = stewards.place(stewards.seal(bodies[kind](), "kay"))
    _, digest = path_and_digest(network.data(path))
    network.clock.go(60_000)
    assert network.tick("core").state == "idle"
    report = network.tick("warden", hidden(path))
    assert report.state == "idle"
    assert f"hidden:{digest}" in network.concerns("warden")
    [line] = [line for line in report.problems if path in line]
    assert "heartbeat of core" in line
    assert {row["state"] for row in report.peers} == {"unknown"}
    network.clock.go(60_000)
    report = network.tick("warden")
    assert f"hidden:{digest}" not in network.concerns("warden")
    assert digest in network.peers["warden"].home.archive.digests()


def test_what_a_stolen_key_says_is_hidden_ends_with_the_key(stewards: Stewards) -> None:
    """HEAD-2, HALT-7: a thief signs the head of an order that is none; the next root frees all."""
    from dataclasses import replace

    from peer.tick.beat import compose
    from protocol import documents
    from protocol.envelope import seal_envelope

    network = stewards.network
    stewards.rotate(("kay", "lee"), 1, "kay", "lee")
    stewards.tick()
    said = {"network": network.network, "of": "soma/order/1", "scope": "*", "number": 0}
    value = seal_envelope("soma/head/1", said | {"hash": "a" * 64}, [stewards.keys["lee"]])
    core = network.peers["core"]
    beat = replace(compose(core, "idle", 99, False), heads=(decode(value),))
    network.memory.place(layout.heartbeat("core"), documents.seal(beat, core.signer))
    assert network.tick("scout").state == "parked"
    assert network.concerns("scout") == [f"hidden:{'a' * 64}"]
    stewards.rotate(("kay",), 1, "kay")
    network.clock.go(60_000)
    assert network.tick("scout").state == "idle"
    assert network.concerns("scout") == []


@pytest.mark.parametrize("what", ["garbage", "gone", "torn"])
def test_garbage_and_deletion_park_and_free_nobody(stewards: Stewards, what: str) -> None:
    """HALT-8, AUTH-8: among orders/ and charter/; each file with its reason in quarantine."""
    network = stewards.network
    stewards.sign(stewards.delegation("eu", "eve"), "kay")
    stewards.sign(stewards.order("halt", f"smith@{CLUSTER}"), "eve")
    before = stewards.tick()
    assert before == dict.fromkeys(FIVE, "idle") | {"smith": "parked"}
    names = [path for folder in ("charter", "orders") for path in network.files(folder)]
    in_force = {path for path in names if not path.startswith("charter/1.roster.")}
    for path in names:
        data = network.data(path)
        network.memory.remove(path)
        if what != "gone":
            network.memory.place(path, b"\x00garbage" if what == "garbage" else data[:-40])
    if what == "garbage":
        for n in range(20):
            network.memory.place(f"orders/{n:016x}.json", encode({"signed": n}))
            network.memory.place(f"charter/{n + 1}.root.{n:08x}.json", b"{}")
    for _ in range(3):
        assert stewards.tick() == before
    after = [path for folder in ("charter", "orders") for path in network.files(folder)]
    assert in_force <= set(after)
    if what == "garbage":
        assert rules(stewards, f"orders/{3:016x}.json") == {"ENV-2"}
        assert rules(stewards, f"charter/4.root.{3:08x}.json") == {"ENV-2"}


def test_a_freeze_over_several_roots_is_told(stewards: Stewards) -> None:
    """AUTH-11, HB-7: who slept cannot check the newest root's head, but that of the next one."""
    network = stewards.network
    paths = [
        stewards.rotate((after,), 1, before, after)
        for before, after in (("kay", "lee"), ("lee", "max"), ("max", "ned"))
    ]
    stewards.sign(stewards.roster(), "ned")
    network.clock.go(60_000)
    assert network.tick("core").state == "idle"
    report = network.tick("warden", *(hidden(path) for path in paths))
    assert any(paths[0] in line and "heartbeat of core" in line for line in report.problems)
    network.clock.go(60_000)
    assert network.tick("warden").state == "idle"
    assert network.concerns("warden") == []
    assert stewards.version_of("warden") == 4


def test_heads_of_many_signers_fit_into_a_heartbeat(stewards: Stewards) -> None:
    """HB-7: 80 orders that ten stewards signed are more than a heartbeat may hold."""
    network = stewards.network
    stewards.keys |= {f"s{n}": Signer(bytes((n,)) * 32) for n in range(10)}
    names = [f"s{n}" for n in range(10)]
    stewards.rotate(names, 3, "kay", *names)
    stewards.sign(stewards.charter(), *names)
    roster = stewards.sign(stewards.roster(), *names)
    for _ in range(80):
        stewards.sign(stewards.order("halt", "us"), *names)
    standing = stewards.sign(stewards.order("halt", f"smith@{CLUSTER}"), *names)
    assert set(stewards.tick().values()) == {"idle", "parked"}
    hashes = {head["signed"]["hash"] for head in network.heartbeat("core")["heads"]}
    assert {roster, stewards.digest} <= hashes
    assert len(hashes) > 20
    assert standing in network.peers["core"].home.archive.digests()

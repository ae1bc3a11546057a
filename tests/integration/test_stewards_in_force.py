"""Promise 4: humans stay sovereign. What stewards signed holds, whatever happens to the share."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from peer import handlers
from peer.inforce import newest
from peer.membership import join
from peer.stewards.admission import admit
from peer.stewards.orders import halt, resume
from protocol.authority import StewardDocument
from protocol.charter import Charter, Goal
from protocol.errors import (
    HumanNeededError,
    NotFoundError,
    ShareError,
    ShareUnavailableError,
    UsageError,
    WrongShareError,
)
from protocol.messages import Question
from protocol.order import Order
from registry import layout
from registry.faulty import Fault
from tests.network import (
    CLUSTER,
    FIVE,
    WRITES,
    FakeClock,
    FolderNetwork,
    Killed,
    Network,
    SeededEntropy,
    failing,
    hidden,
    insight,
    path_of,
    settled,
)

SCOPES = ["*", "eu", CLUSTER, f"scout@{CLUSTER}"]


def _states(network: Network) -> dict[str, str]:
    network.clock.go(3_600_000)
    return {name: network.tick(name).state for name in sorted(network.peers)}


# ------------------------------------------------------------------------------ halts


@pytest.mark.parametrize("scope", SCOPES)
def test_a_halted_peer_reads_and_beats_and_does_nothing_else(scope: str) -> None:
    """HALT-4.

    It journals, receipts and beats; it acts on nothing, answers nothing, sends nothing.
    """
    network = settled()
    network.send("scout", "all", insight("copper conducts"))
    network.round()
    order = halt(network.desk, scope, "too warm")
    network.send("core", "scout", Question(text="what?", topics=("metal",))) if scope == SCOPES[
        3
    ] else network.drop(
        "scout",
        *network.page(
            "core",
            "scout",
            [network.item("core", Question(text="what?", topics=("metal",)))],
        )[:2],
    )
    for _ in range(3):
        report = network.round(1, only=["scout"])[0]
        assert report.state == "parked"
        assert report.acted == report.delivered == report.published == 0
    assert network.acted("scout") == []
    assert [letter.kind for letter in network.letters("scout")] == ["question"]
    assert network.receipt("scout", "core")["streams"][0]["received"] == 1
    assert network.receipt("scout", "core")["streams"][0]["acted"] == 0
    assert network.heartbeat("scout")["halted"] is True
    for to in ("core", "all"):
        with pytest.raises(HumanNeededError) as caught:
            network.send("scout", to, "may I?")
        assert caught.value.exit_code == 6
    assert network.peers["scout"].home.outgoing.audiences() == []
    resume(network.desk, "*")
    assert network.round(1, only=["scout"])[0].state == "idle"
    assert network.acted("scout") == ["core: what?"]
    network.round(3)
    assert [letter.kind for letter in network.letters("core")] == ["answer"]
    assert order.scope == scope


@pytest.mark.parametrize("scope", [f"core@{CLUSTER}", "lab.us", "us", f"scout@{CLUSTER}.acme"])
def test_a_halt_of_others_concerns_nobody_else(scope: str) -> None:
    """HALT-4: scopes are taken literally; `eu` is not `us`, and `core` is not `scout`."""
    network = settled()
    network.desk.sign(
        Order(network=network.network, order="halt", scope=scope, salt="a" * 26, at=1)
    )
    states = _states(network)
    assert states["scout"] == "idle"
    assert states["core"] == ("parked" if scope == f"core@{CLUSTER}" else "idle")


def test_a_resume_lifts_only_the_halts_that_it_names() -> None:
    """HALT-4, HALT-8: two halts, one lifted: still halted; an old resume lifts no later halt."""
    network = settled()
    first = halt(network.desk, "*", "one")
    resume(network.desk, "*")
    assert set(_states(network).values()) == {"idle"}
    halt(network.desk, "*", "two")
    assert set(_states(network).values()) == {"parked"}
    network.memory.remove(path_of(first))
    assert set(_states(network).values()) == {"parked"}
    resume(network.desk, "*")
    assert set(_states(network).values()) == {"idle"}


def test_letters_under_way_when_the_halt_comes_arrive_after_the_resume() -> None:
    """HALT-4, SEND-1: what a halted peer had staged is neither sent nor lost."""
    network = settled()
    network.memory.gone = True
    network.send("core", "scout", "staged before")
    network.memory.gone = False
    halt(network.desk, f"core@{CLUSTER}", "")
    network.round(3)
    assert network.files("peers/scout/inbox") == []
    assert network.acted("scout") == []
    resume(network.desk, "*")
    network.round(2)
    assert network.acted("scout") == ["core: staged before"]


def test_a_halt_stops_a_long_tick_in_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    """HALT-5: orders are read again once a second between transactions; the rest waits."""
    network = settled()
    monkeypatch.setattr("protocol.limits.stream_pages_unreceipted_max", 1_000)
    for number in range(450):
        network.send("core", "scout", f"{number:03}")
    done: list[str] = []
    order: list[StewardDocument] = []

    def slow(received: handlers.Received, view: handlers.View) -> list[object]:
        network.clock.go(8)  # a hundred of them take 0.8 s
        done.append(received.item.id)
        if len(done) == 150:
            order.append(halt(network.desk, "*", "in the middle"))
        return []

    monkeypatch.setitem(handlers.HANDLERS, "note", slow)
    report = network.tick("scout")
    assert report.state == "parked"
    assert 150 <= len(done) <= 300, "at most a second more"
    assert report.acted == len(done)
    assert network.heartbeat("scout")["halted"] is True
    network.round(2, only=["scout"])
    assert report.acted == len(done)
    resume(network.desk, "*")
    network.round(2, only=["scout"])
    assert network.acted("scout") == [f"core: {n:03}" for n in range(450)]
    assert len(done) == 450


def test_a_halt_reaches_a_peer_that_only_sends() -> None:
    """HALT-4: send looks at the orders too, so a peer without a schedule obeys as well."""
    network = settled()
    halt(network.desk, f"core@{CLUSTER}", "")
    network.clock.go(2_000)
    with pytest.raises(HumanNeededError):
        network.send("core", "scout", "x")


def test_deleting_a_halt_frees_nobody_and_it_comes_back() -> None:
    """HALT-8, AUTH-7, AUTH-9: remembered and in force; the peers put the file back."""
    network = settled()
    order = halt(network.desk, "*", "")
    assert set(_states(network).values()) == {"parked"}
    for _ in range(3):
        network.memory.remove(path_of(order))
        assert set(_states(network).values()) == {"parked"}
        assert network.data(path_of(order)) == order.data


def test_garbage_among_the_orders_parks_nobody_and_frees_nobody() -> None:
    """HALT-8, AUTH-8.

    Unsigned, torn, special, oversized, by the names of true orders and others.
    """
    network = settled()
    order = halt(network.desk, f"core@{CLUSTER}", "")
    _states(network)
    resumes = resume(network.desk, "*")[0]
    network.memory.remove(path_of(resumes))
    network.desk.shelf.remove(resumes)
    nodes = network.memory.nodes("orders")
    for number, junk in enumerate(
        [b"", b"{}", b"\xff\xfe", order.data[:-9], order.data.replace(b"halt", b"open"), None]
    ):
        nodes[f"{number:016x}.json"] = junk
    nodes["aaaaaaaaaaaaaaaa.json"] = {}
    nodes["bbbbbbbbbbbbbbbb.json"] = b"x" * 1_100_000
    nodes["resume-all.json"] = resumes.data
    for _ in range(3):
        assert _states(network) == {"core": "parked", "scout": "idle"}
    network.desk.place(resumes)
    assert _states(network) == {"core": "idle", "scout": "idle"}


def test_a_resume_under_another_name_frees_nobody() -> None:
    """AUTH-13, HALT-8: a valid document counts under its own name only, and then it does."""
    network = settled()
    halt(network.desk, "*", "")
    _states(network)
    lifted = resume(network.desk, "*")[0]
    network.memory.remove(path_of(lifted))
    network.memory.place("orders/cccccccccccccccc.json", lifted.data)
    assert set(_states(network).values()) == {"parked"}
    assert network.caught("scout") == [("AUTH-13", "orders/cccccccccccccccc.json")]
    network.desk.place(lifted)
    assert set(_states(network).values()) == {"idle"}


@pytest.mark.parametrize("folder", ["orders", "charter"])
@pytest.mark.parametrize("how", ["gone", "file", "special", "denied"])
def test_a_folder_that_cannot_be_listed_is_exit_5(folder: str, how: str) -> None:
    """HALT-6: a halt could be hidden there; nothing is acted on, nothing is sent."""
    network = settled()
    network.send("core", "scout", "one")
    network.clock.go(2_000)
    kept = dict(network.memory.nodes(folder))
    faults: list[Fault] = []
    match how:
        case "denied":
            faults = [failing("denied", "names", folder)]
        case _:
            network.memory.remove(folder)
            if how == "file":
                network.memory.place(folder, b"")
            elif how == "special":
                network.memory.put_special(folder)
    with pytest.raises(ShareUnavailableError) as caught:
        network.tick("scout", *faults)
    assert caught.value.exit_code == 5
    assert folder in str(caught.value)
    assert network.acted("scout") == []
    assert network.send("scout", "core", "hello", *faults).state == "staged"
    if how != "denied":
        network.memory.nodes("").pop(folder, None)
        network.memory.make_folder(folder)
        network.memory.nodes(folder).update(kept)
    network.round(3)
    assert network.acted("scout") == ["core: one"]
    assert network.acted("core") == ["scout: hello"]


# ------------------------------------------------------------------------------ hidden documents


def test_a_hidden_halt_parks_within_one_tick() -> None:
    """HALT-7, AUTH-11: core knows the order, warden's drive hides it; core's heartbeat tells."""
    network = settled(*FIVE)
    order = halt(network.desk, f"scout@{CLUSTER}", "")
    network.tick("core")
    network.send("core", "warden", "do something")
    report = network.tick("warden", hidden(path_of(order)))
    assert report.state == "parked"
    assert report.acted == 0
    assert any("order" in problem for problem in report.problems)
    assert network.concerns("warden") == [f"hidden:{order.digest}"]
    assert network.peers["warden"].home.concerns.all()[0].level == "human"
    with pytest.raises(HumanNeededError):
        network.send("warden", "core", "x", hidden(path_of(order)))
    report = network.tick("warden")
    assert report.state == "idle"
    assert report.acted == 1
    assert network.concerns("warden") == [], "found again: nobody is told any more"


def test_a_halt_deleted_before_others_saw_it_is_put_back_by_the_one_who_did() -> None:
    """HALT-7, AUTH-9: everybody is parked or halted until it is there again, then all obey."""
    network = settled(*FIVE)
    order = halt(network.desk, f"scout@{CLUSTER}", "")
    network.tick("core")
    network.memory.remove(path_of(order))
    assert network.tick("scout").state == "parked"
    assert network.tick("warden").state == "parked"
    assert network.tick("core").state == "idle"
    assert network.data(path_of(order)) == order.data
    assert network.tick("warden").state == "idle"
    assert network.tick("scout").state == "parked"
    assert network.heartbeat("scout")["halted"] is True


@pytest.mark.parametrize("how", ["unavailable", "kill_before"])
def test_a_hidden_halt_is_noticed_though_the_tick_broke_off(how: str) -> None:
    """HALT-7, AUTH-11, TICK-3: the heads were heard, and then a share error or a kill."""
    base = settled(*FIVE)
    order = halt(base.desk, f"scout@{CLUSTER}", "")
    base.tick("core")
    trial = base.copy()
    calls = trial.calls("warden", lambda: trial.tick_here("warden"))
    states = []
    for at in range(1, len(calls) + 1):
        network = base.copy()
        with suppress(ShareError, Killed):
            network.tick("warden", hidden(path_of(order)), Fault(name=how, at=at))
        network.restart("warden")
        states.append(network.tick("warden", hidden(path_of(order))).state)
    assert set(states) == {"parked"}


def test_a_parked_peer_writes_nothing() -> None:
    """TICK-7, HALT-7: neither documents nor receipts nor beats, nor does it empty its inbox."""
    network = settled(*FIVE)
    order = halt(network.desk, f"scout@{CLUSTER}", "")
    network.tick("core")
    network.memory.remove(path_of(order))
    network.send("smith", "warden", "x")
    network.tick("warden")
    states: list[str] = []
    before = {path: network.data(path) for path in network.files()}
    for path in network.files("charter"):
        network.memory.remove(path)
        before.pop(path)
    for _ in range(3):
        network.clock.go(3_600_000)
        calls = network.calls("warden", lambda: states.append(network.tick_here("warden").state))
        assert [call for call in calls if call[0] in WRITES] == []
    assert states == ["parked"] * 3
    assert {path: network.data(path) for path in network.files()} == before


def test_a_peer_that_is_not_admitted_writes_nothing() -> None:
    """TICK-7: it is told what a steward must run, and touches nothing but its own home."""
    network = settled()
    network.add("late")
    for path in network.files("charter"):
        if "roster" not in path:
            network.memory.remove(path)
    network.memory.remove("peers/late/inbox")
    before = {path: network.data(path) for path in network.files()}
    with network.faulty("late") as share:
        report = network.tick_here("late")
    assert [call for call in share.calls if call.op in WRITES] == []
    assert report.state == "parked"
    assert report.human is not None
    assert "peer admit late --fingerprint" in report.human
    with pytest.raises(HumanNeededError):
        network.send("late", "core", "x")
    assert {path: network.data(path) for path in network.files()} == before
    members = network.members()
    members["late"] = {network.peers["late"].signer.key: "active"}
    network.roster(members)
    network.round(2)
    network.send("core", "late", "welcome")
    network.round()
    assert network.acted("late") == ["core: welcome"]


def test_a_member_that_was_dropped_is_parked() -> None:
    """TICK-7: out of the roster in force: nothing more from it, nothing more to it."""
    network = settled("core", "scout", "smith")
    members = network.members()
    members.pop("smith")
    network.roster(members)
    assert network.round(1, only=["smith"])[0].state == "parked"
    before = {path: network.data(path) for path in network.files()}
    network.tick("smith")
    assert {path: network.data(path) for path in network.files()} == before


def test_a_signed_head_beyond_what_can_be_found_is_an_alarm() -> None:
    """AUTH-11, HEALTH-8: a newer roster is hidden from warden; it goes on and tells."""
    network = settled(*FIVE)
    members = network.members()
    network.add("late")
    members["late"] = {network.peers["late"].signer.key: "active"}
    roster = network.roster(members)
    network.tick("core")
    report = network.tick("warden", hidden(path_of(roster)))
    assert report.state == "idle"
    assert network.concerns("warden") == [f"hidden:{roster.digest}"]
    assert {row["state"] for row in report.peers} == {"unknown"}
    report = network.tick("warden")
    assert network.concerns("warden") == []
    states = {row["name"]: row["state"] for row in report.peers}
    assert states.pop("late") == "unknown"
    assert set(states.values()) == {"alive"}


def test_a_hidden_document_that_was_replaced_is_no_alarm_any_more() -> None:
    """AUTH-11, HEALTH-8: roster 3 was hidden for good, roster 4 is in force."""
    network = settled(*FIVE)
    third = network.roster(network.members())
    network.tick("core")
    network.memory.remove(path_of(third))
    network.tick("warden")
    assert network.concerns("warden") == [f"hidden:{third.digest}"]
    network.roster(network.members())
    network.round(2)
    assert network.concerns("warden") == []
    assert set(network.health("warden").values()) == {"alive"}
    assert {row["state"] for row in network.tick("warden").peers} == {"alive"}


@pytest.mark.parametrize("forge", ["unsigned", "agent", "other network", "junk", "old"])
def test_a_head_that_no_steward_signed_changes_nothing(forge: str) -> None:
    """AUTH-11, HALT-7: a peer's claim is nothing, whatever it puts into its heartbeat."""
    from dataclasses import replace

    from peer.tick.beat import compose
    from protocol import canonical, documents
    from protocol.envelope import seal_envelope

    network = settled("core", "scout", "smith")
    core = network.peers["core"]
    values = {
        "network": network.network,
        "of": "soma/order/1",
        "scope": "*",
        "number": 0,
        "hash": "a" * 64,
    }
    head = canonical.decode(seal_envelope("soma/head/1", values, [core.signer]))
    match forge:
        case "unsigned":
            head["signatures"][0]["key"] = network.steward.key
        case "other network":
            values["network"] = "b" * 64
            head = canonical.decode(seal_envelope("soma/head/1", values, [network.steward]))
        case "junk":
            head = {"signed": {"hash": [1, {"a": None}]}, "signatures": "x"}
        case "old":
            newest = network.desk.documents("soma/roster/1")[0]
            head = canonical.decode(newest.data)["head"]
    beat = replace(compose(core, "idle", 99, False), heads=(head, {}, {"signed": 7}))
    network.memory.place(layout.heartbeat("core"), documents.seal(beat, core.signer))
    report = network.tick("scout")
    assert report.state == "idle"
    assert network.concerns("scout") == []


def test_heartbeats_carry_the_heads_verbatim() -> None:
    """HB-7: root, charter, roster and orders, as their steward signed them."""
    from protocol import canonical

    network = settled()
    order = halt(network.desk, "*", "")
    network.round()
    newest = [
        network.root,
        network.desk.documents("soma/charter/1")[-1],
        network.desk.documents("soma/roster/1")[-1],
        order,
    ]
    heads = network.heartbeat("scout")["heads"]
    assert sorted(map(repr, heads)) == sorted(
        repr(canonical.decode(document.data)["head"]) for document in newest
    )


def test_a_hundred_orders_do_not_push_out_what_matters() -> None:
    """HB-7: root, charter, roster and the halts in force are in every heartbeat."""
    network = settled()
    for _ in range(40):
        halt(network.desk, f"core@{CLUSTER}", "")
        resume(network.desk, f"core@{CLUSTER}")
    standing = halt(network.desk, f"core@{CLUSTER}", "for good")
    network.round()
    hashes = {head["signed"]["hash"] for head in network.heartbeat("scout")["heads"]}
    roster = network.desk.documents("soma/roster/1")[-1]
    assert {network.root.digest, roster.digest, standing.digest} <= hashes
    assert len(hashes) == 64


# ------------------------------------------------------------------------------ in force


def _kinds(network: Network) -> list[StewardDocument]:
    return [
        network.root,
        network.desk.documents("soma/charter/1")[-1],
        network.desk.documents("soma/roster/1")[-1],
        halt(network.desk, f"core@{CLUSTER}", ""),
    ]


@pytest.mark.parametrize("kind", range(4), ids=["root", "charter", "roster", "order"])
@pytest.mark.parametrize("what", ["gone", "empty", "torn", "flipped", "special", "oversized"])
def test_a_document_in_force_that_rots_holds_and_is_placed_again(kind: int, what: str) -> None:
    """AUTH-7, AUTH-9, AUTH-8: whatever stands at its name, and whoever put it there."""
    network = settled()
    document = _kinds(network)[kind]
    network.round()
    path = path_of(document)
    folder, _, name = path.rpartition("/")
    nodes = network.memory.nodes(folder)
    del nodes[name]
    rotten = {
        "empty": b"",
        "torn": document.data[:200],
        "flipped": document.data[:-3] + bytes([document.data[-3] ^ 1]) + document.data[-2:],
        "special": None,
        "oversized": b"{" * 1_100_000,
    }
    if what != "gone":
        nodes[name] = rotten[what]
    assert _states(network) == {"core": "parked", "scout": "idle"}
    assert network.data(path) == document.data
    assert _states(network) == {"core": "parked", "scout": "idle"}


def test_a_folder_at_a_documents_name_is_removed_too() -> None:
    """AUTH-9: else no newcomer can join any more."""
    network = settled()
    path = path_of(network.desk.documents("soma/roster/1")[-1])
    network.memory.remove(path)
    network.memory.make_folder(f"{path}/junk")
    network.round(2)
    assert network.data(path)


def test_who_cannot_write_charter_goes_on() -> None:
    """AUTH-9: put back where I can write; where not, somebody else can, and the tick goes on."""
    network = settled()
    path = path_of(network.root)
    network.memory.remove(path)
    assert network.tick("core", failing("denied", "place", "charter/*")).state == "idle"
    assert path not in network.files()
    network.tick("scout")
    assert path in network.files()


def test_an_older_document_never_comes_back_into_force() -> None:
    """AUTH-7: the newest roster vanishes and only an old one is there: it stays in force."""
    network = settled("core", "scout", "smith")
    members = network.members()
    members.pop("smith")
    newest = network.roster(members)
    network.round(1, only=["core", "scout"])
    network.memory.remove(path_of(newest))
    for document in network.desk.documents("soma/roster/1")[:-1]:
        network.desk.place(document)
    name, data, _ = network.page("smith", "scout", ["I am back"])
    network.drop("scout", name, data)
    network.tick("scout", failing("denied", "place", "charter/*"))
    assert network.acted("scout") == []
    assert network.caught("scout")[-1][0] == "PAGE-11"


@pytest.mark.parametrize("first", [0, 1])
def test_of_two_documents_with_one_number_the_lower_hash_holds(first: int) -> None:
    """AUTH-10: whichever came first, at every peer; a person is told."""
    network = settled("core", "scout")
    prev = network.desk.documents("soma/charter/1")[-1].digest
    rivals = [
        network.desk.seal(
            Charter(
                network=network.network,
                version=2,
                prev=prev,
                at=at,
                goals=(Goal(id="goal", text=f"rival {at}"),),
            )
        )
        for at in (1, 2)
    ]
    network.desk.place(rivals[first])
    network.round()
    network.desk.place(rivals[1 - first])
    network.round()
    lower = min(rivals, key=lambda document: document.digest)
    for name in network.peers:
        found = newest(network.peers[name].home, network.network, "soma/charter/1", "*")
        assert found is not None
        assert found.digest == lower.digest
        assert [key for key in network.concerns(name) if key.startswith("rivals:")]


def test_two_rosters_with_one_number_and_then_a_third() -> None:
    """AUTH-10, AUTH-7: the successor holds, whatever it was built on."""
    network = settled("core", "scout")
    members = network.members()
    one = network.roster(members, place=False)
    network.desk.shelf.remove(one)
    network.clock.go(1)
    two = network.roster(members, place=False)
    network.desk.place(one)
    network.desk.place(two)
    network.round()
    three = network.roster(members)
    network.round()
    found = newest(network.peers["scout"].home, network.network, "soma/roster/1", CLUSTER)
    assert found is not None
    assert found.digest == three.digest


# ------------------------------------------------------------------------------ joining


def test_join_with_another_fingerprint_writes_nothing(tmp_path) -> None:
    """JOIN-1: exit 5, and neither the share nor the home has anything new."""
    network = FolderNetwork(tmp_path, ("core",))
    network.close()
    before = sorted(str(path) for path in tmp_path.rglob("*"))
    with pytest.raises(WrongShareError) as caught:
        join(
            network.home,
            network.share,
            "scout",
            "abcde-fghi-jklm-nopqr-stuv-wxyz",
            FakeClock(),
            SeededEntropy("x"),
        )
    assert caught.value.exit_code == 5
    assert sorted(str(path) for path in tmp_path.rglob("*")) == before


def _say(answer: bool, shown: str) -> bool:
    return answer


def test_admit_wants_a_fingerprint_or_a_person(tmp_path) -> None:
    """JOIN-2: a key of another home is admitted by its fingerprint or by hand, never by itself."""
    network = FolderNetwork(tmp_path, ("core",))
    other = str(tmp_path / "elsewhere")
    joined = join(other, network.share, "scout", None, FakeClock(), SeededEntropy("s"))
    desk = network.desk()
    for expected, confirm in ((None, False), ("abcde-fghi-jklm-nopqr-stuv-wxyz", True)):
        with pytest.raises(HumanNeededError):
            admit(desk, "scout", expected, reuse=False, confirm=partial(_say, confirm))
    asked: list[str] = []

    def ask(shown: str) -> bool:
        asked.append(shown)
        return True

    body, changed = admit(desk, "scout", joined.fingerprint, reuse=False, confirm=ask)
    assert changed
    assert not asked
    assert body.member("scout") is not None
    join(other, network.share, "smith", None, FakeClock(), SeededEntropy("t"))
    _, changed = admit(desk, "smith", None, reuse=False, confirm=lambda shown: True)
    assert changed
    network.close()


def test_a_roster_that_the_drive_dropped_is_placed_by_admitting_again(tmp_path) -> None:
    """JOIN-2, SHARE-10: a write or a rename lied, or the power went before the disk had it."""
    network = FolderNetwork(tmp_path, ("core",))
    join(network.home, network.share, "scout", None, FakeClock(), SeededEntropy("s"))
    before = set(Path(network.share, "charter").iterdir())
    assert admit(network.desk(), "scout", None, reuse=False, confirm=partial(_say, False))[1]
    [new] = set(Path(network.share, "charter").iterdir()) - before
    placed = new.read_bytes()
    new.write_bytes(b"")
    assert not admit(network.desk(), "scout", None, reuse=False, confirm=partial(_say, False))[1]
    assert new.read_bytes() == placed
    network.close()


def test_a_resume_that_the_drive_dropped_is_placed_by_resuming_again(tmp_path) -> None:
    """HALT-1, SHARE-10: before any peer saw it."""
    network = FolderNetwork(tmp_path, ("core",))
    halt(network.desk(), "*", "look")
    assert network.tick("core").state == "parked"
    [lifted] = resume(network.desk(), "*")
    Path(network.share, path_of(lifted)).unlink()
    assert network.tick("core").state == "parked"
    with pytest.raises(NotFoundError):
        resume(network.desk(), "*")
    assert network.tick("core").state == "idle"
    network.close()


def test_a_name_in_use_is_not_given_away(tmp_path) -> None:
    """JOIN-3, PAGE-12.

    Another key only with --reuse; and then the old holder is nobody any more.
    """
    network = FolderNetwork(tmp_path)
    other = str(tmp_path / "elsewhere")
    thief = join(other, network.share, "scout", None, FakeClock(), SeededEntropy("thief"))
    with pytest.raises(UsageError):
        admit(network.desk(), "scout", thief.fingerprint, reuse=False, confirm=lambda s: True)
    old = network.peers["scout"].signer.key
    network.clock.go(1_000)
    body, changed = admit(
        network.desk(), "scout", thief.fingerprint, reuse=True, confirm=lambda s: True
    )
    assert changed
    member = body.member("scout")
    assert member is not None
    assert member.state_of(old) in ("retired", "compromised")
    assert member.state_of(thief.identity.key) == "active"
    assert member.reused == 1
    assert network.tick("scout").state == "parked"
    network.close()

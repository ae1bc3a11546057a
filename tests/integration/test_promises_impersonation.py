"""Promise 3: nobody is impersonated. What is not signed as it must be changes nothing, visibly."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from peer.tick.beat import compose
from peer.tick.receipts import compose_receipt
from protocol import canonical, documents
from protocol.envelope import seal_envelope
from protocol.order import Order
from protocol.receipt import Receipt, StreamReceipt
from protocol.roster import Member, MemberKey, Roster
from protocol.signing import Signer
from registry import layout
from registry.layout import PageName
from tests.network import CLUSTER, Network, hidden, insight, path_of, settled

Forged = tuple[PageName, bytes]
STRANGER = Signer(b"s" * 32)


# ------------------------------------------------------------------------------ pages


def _unsigned(network: Network) -> Forged:
    name, data, _ = network.page("core", "scout")
    value = canonical.decode(data)
    value["signatures"][0]["sig"] = canonical.b64(bytes(64))
    return name, canonical.encode(value)


def _no_signature(network: Network) -> Forged:
    name, data, _ = network.page("core", "scout")
    value = canonical.decode(data)
    value["signatures"] = []
    return name, canonical.encode(value)


def _signed_by_stranger(network: Network) -> Forged:
    name, data, _ = network.page("core", "scout", signer=STRANGER)
    return name, data


def _strangers_signature_under_cores_key(network: Network) -> Forged:
    name, data, _ = network.page("core", "scout", signer=STRANGER)
    value = canonical.decode(data)
    value["signed"]["key"] = network.peers["core"].signer.key
    body = {k: v for k, v in value["signed"].items() if k != "type"}
    sealed = canonical.decode(seal_envelope("soma/page/1", body, [STRANGER]))
    return name, canonical.encode({**sealed, "items": value["items"]})


def _signed_by_another_member(network: Network) -> Forged:
    name, data, _ = network.page("core", "scout", signer=network.peers["smith"].signer)
    return name, data


def _other_network(network: Network) -> Forged:
    name, data, _ = network.page("core", "scout", network="f" * 64)
    return name, data


def _other_author(network: Network) -> Forged:
    name, data, _ = network.page(
        "smith", "scout", [network.item("smith", "x")], author="smith@lab.us"
    )
    return PageName("core", name.epoch8, name.seq), data


def _other_cluster(network: Network) -> Forged:
    item = network.item("core", "x", author="core@lab.us")
    name, data, _ = network.page("core", "scout", [item], author="core@lab.us")
    return name, data


def _for_another_reader(network: Network) -> Forged:
    name, data, _ = network.page("core", "smith")
    return name, data


def _published_as_letter(network: Network) -> Forged:
    name, data, _ = network.page("core", "all")
    return name, data


def _struck_out(network: Network) -> Forged:
    name, data, _ = network.page("core", "scout", ["one", "two"])
    value = canonical.decode(data)
    value["items"][1] = None
    return name, canonical.encode(value)


def _item_exchanged(network: Network) -> Forged:
    name, data, _ = network.page("core", "scout", ["one", "two"])
    value = canonical.decode(data)
    value["items"][0] = canonical.decode(network.item("core", "pay smith"))
    return name, canonical.encode(value)


def _item_left_out(network: Network) -> Forged:
    name, data, _ = network.page("core", "scout", ["one", "two"])
    value = canonical.decode(data)
    value["items"].pop()
    return name, canonical.encode(value)


def _not_canonical(network: Network) -> Forged:
    name, data, _ = network.page("core", "scout")
    return name, b" " + data


def _heartbeat_as_page(network: Network) -> Forged:
    core = network.peers["core"]
    return PageName("core", core.home.state.epoch[:8], 1), network.data(layout.heartbeat("core"))


def _re_typed(network: Network) -> Forged:
    """A page's own members, signed as another type."""
    core = network.peers["core"]
    name, data, _ = network.page("core", "scout")
    value = canonical.decode(data)
    body = {k: v for k, v in value["signed"].items() if k != "type"}
    sealed = canonical.decode(seal_envelope("soma/page/2", body, [core.signer]))
    return name, canonical.encode({**sealed, "items": value["items"]})


def _type_exchanged(network: Network) -> Forged:
    """Signed as a card, relabelled as a page: the signature is over another encoding."""
    core = network.peers["core"]
    name, data, _ = network.page("core", "scout")
    value = canonical.decode(data)
    body = {k: v for k, v in value["signed"].items() if k != "type"}
    sealed = canonical.decode(seal_envelope("soma/card/1", body, [core.signer]))
    sealed["signed"]["type"] = "soma/page/1"
    return name, canonical.encode({**sealed, "items": value["items"]})


FORGERIES: dict[Callable[[Network], Forged], str] = {
    _unsigned: "PAGE-4",
    _no_signature: "ENV-4",
    _signed_by_stranger: "PAGE-11",
    _strangers_signature_under_cores_key: "PAGE-4",
    _signed_by_another_member: "PAGE-11",
    _other_network: "PAGE-2",
    _other_author: "PAGE-10",
    _other_cluster: "PAGE-10",
    _for_another_reader: "PAGE-10",
    _published_as_letter: "PAGE-10",
    _struck_out: "PAGE-7",
    _item_exchanged: "PAGE-8",
    _item_left_out: "PAGE-5",
    _not_canonical: "CANON-6",
    _heartbeat_as_page: "ENV-7",
    _re_typed: "ENV-7",
    _type_exchanged: "PAGE-4",
}


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__.strip("_"))
def test_a_forged_page_is_set_aside_with_its_rule_and_the_true_one_arrives(
    forge: Callable[[Network], Forged],
) -> None:
    """PAGE-10, PAGE-11, PAGE-15.

    It stands where core's next letter will stand, and harms nothing.
    """
    network = settled("core", "scout", "smith")
    name, data = forge(network)
    path = network.drop("scout", name, data)
    network.send("smith", "scout", "meanwhile")
    reports = [network.tick("scout"), network.tick("scout")]
    assert sum(report.quarantined for report in reports) == 1
    assert network.caught("scout") == [(FORGERIES[forge], path)]
    assert network.files("peers/scout/inbox") == []
    network.send("core", "scout", "true")
    network.round(3)
    assert network.acted("scout") == ["core: true", "smith: meanwhile"]
    assert not [key for key in network.concerns("scout") if key.startswith("frozen")]


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__.strip("_"))
def test_a_forgery_over_a_letter_under_way_costs_time_only(
    forge: Callable[[Network], Forged],
) -> None:
    """SEND-3, PAGE-15: the true letter was overwritten; core puts it back."""
    network = settled("core", "scout", "smith")
    network.send("core", "scout", "true")
    [path] = network.files("peers/scout/inbox")
    network.memory.place(path, forge(network)[1])
    network.round(4)
    assert network.acted("scout") == ["core: true"]
    assert network.open_pages("core", "scout") == 0


def test_two_thousand_mutations_are_refused() -> None:
    """PAGE-15: one byte changed anywhere, or one cut off: never taken, always for a reason."""
    network = settled()
    dice = random.Random(7)
    name, good, _ = network.page("core", "scout", ["one", "two"])
    scout = network.peers["scout"]
    for number in range(2_000):
        at = dice.randrange(len(good))
        bad = [
            good[:at] + bytes([good[at] ^ (1 << dice.randrange(8))]) + good[at + 1 :],
            good[:at],
            good[:at] + good[at + 1 :],
            good[:at] + dice.randbytes(1) + good[at:],
            good[at:] + good[:at],
        ][number % 5]
        if bad != good:
            network.drop("scout", PageName("core", name.epoch8, number + 1), bad)
    for _ in range(2):
        network.tick("scout")
    assert network.acted("scout") == []
    assert scout.home.db.one("SELECT count(*) FROM page") == (0,)
    assert network.files("peers/scout/inbox") == []
    assert all(caught.reason and caught.rule for caught in scout.home.quarantine.all())


@pytest.mark.parametrize("state", ["retired", "compromised", None])
def test_a_page_under_an_old_key(state: str | None) -> None:
    """PAGE-11, PAGE-12.

    Retired keys verify mail under way, compromised and dropped ones nothing.
    """
    network = settled()
    network.send("core", "scout", "under way")
    network.rekey("core", old="compromised" if state == "compromised" else "retired")
    if state is None:
        members = network.members()
        members["core"] = {network.peers["core"].signer.key: "active"}
        network.roster(members)
    network.tick("scout")
    expected = {
        "retired": (["core: under way"], set()),
        "compromised": ([], {"PAGE-12", "HB-4"}),
        None: ([], {"PAGE-11", "HB-4"}),
    }[state]
    assert network.acted("scout") == expected[0]
    assert network.rules("scout") - {"HB-4"} == expected[1] - {"HB-4"}
    network.round(4)
    assert network.acted("scout") == ["core: under way"], "its items came again under the new key"
    assert network.open_pages("core", "scout") == 0


def test_what_was_journalled_before_a_key_was_compromised_is_still_acted_on() -> None:
    """PAGE-12: only what is not yet journalled is refused."""
    network = settled()
    _, _, first = network.page("core", "scout", ["x"])
    name, data, _ = network.page("core", "scout", ["journalled"], seq=2, prev=first)
    network.drop("scout", name, data)
    network.tick("scout")
    assert network.acted("scout") == []
    network.rekey("core", old="compromised")
    network.round(3)
    assert network.acted("scout") == ["core: journalled"]


# ------------------------------------------------------------------------------ heartbeats


def _beat(network: Network, name: str, signer: Signer | None = None, **members: object) -> bytes:
    peer = network.peers[name]
    beat = replace(compose(peer, "idle", 9_999, False), **members)  # type: ignore[arg-type]
    return documents.seal(beat, signer or peer.signer)


def test_a_heartbeat_under_a_foreign_key_changes_nothing() -> None:
    """HB-4: signed by itself, but by nobody whom the roster knows."""
    network = settled("core", "scout", "smith")
    before = network.peers["scout"].home.neighbours.all()["core"]
    for signer in (STRANGER, network.peers["smith"].signer):
        bad = _beat(network, "core", signer, key=signer.key, lifecycle="left")
        network.memory.place(layout.heartbeat("core"), bad)
        network.tick("scout")
    assert network.peers["scout"].home.neighbours.all()["core"] == before
    assert network.caught("scout") == [("HB-4", "peers/core/heartbeat.json")] * 2


def test_a_heartbeat_moved_to_another_folder_is_refused() -> None:
    """HB-4, PAGE-15: smith's genuine heartbeat in core's folder."""
    network = settled("core", "scout", "smith")
    network.memory.place(layout.heartbeat("core"), network.data(layout.heartbeat("smith")))
    network.tick("scout")
    assert network.caught("scout") == [("HB-2", "peers/core/heartbeat.json")]
    assert network.health("scout")["core"] == "alive"


def test_a_torn_heartbeat_gets_a_second_look() -> None:
    """PAGE-14: half a file may be under way; the same half at the next tick is refused."""
    network = settled()
    good = network.data(layout.heartbeat("core"))
    network.memory.place(layout.heartbeat("core"), good[: len(good) // 2])
    network.tick("scout")
    assert network.caught("scout") == []
    network.tick("scout")
    assert network.rules("scout") == {"CANON-1"}
    network.tick("core")
    report = network.tick("scout")
    assert report.quarantined == 0
    assert report.problems == []


def test_what_somebody_put_in_my_place_parks_nobody() -> None:
    """EPOCH-3: heartbeats, pages and receipts beyond my counters that my key did not sign."""
    network = settled("core", "scout", "smith")
    core = network.peers["core"]
    epoch8 = core.home.state.epoch[:8]
    for data in (
        b"",
        b"{}",
        b"x" * 70_000,
        _beat(network, "core", STRANGER, key=STRANGER.key),
        network.data(layout.heartbeat("smith")),
    ):
        network.memory.place(layout.heartbeat("core"), data)
        network.memory.place(f"peers/core/outbox/feed/{epoch8}.7.page", data)
        network.memory.place(f"peers/scout/inbox/core.{epoch8}.7.page", data)
        network.send("core", "scout", f"{len(data)}")
        network.send("core", "all", insight(f"{len(data)}"))
        assert network.tick("core").state == "idle"
    for forged in (_strangers_signature_under_cores_key, _unsigned):
        network.memory.place(f"peers/core/outbox/feed/{epoch8}.99.page", forged(network)[1])
        assert network.tick("core").state == "idle"
    network.round(3)
    assert len(network.acted("scout")) == 10
    assert "parked" not in network.concerns("core")


def test_somebody_elses_page_about_me_parks_nobody() -> None:
    """EPOCH-3: an old genuine page of mine, copied to a higher number, proves nothing."""
    network = settled()
    network.send("core", "all", insight("one"))
    network.send("core", "scout", "one")
    feed, letter = network.files("peers/core/outbox/feed")[0], network.files("peers/scout/inbox")[0]
    network.memory.place(feed.replace(".1.page", ".50.page"), network.data(feed))
    network.memory.place(letter.replace(".1.page", ".50.page"), network.data(letter))
    assert network.tick("core").state == "idle"
    network.send("core", "scout", "two")
    network.round(2)
    assert network.acted("scout") == ["core: one", "core: one", "core: two"]


# ------------------------------------------------------------------------------ receipts


def _receipt(network: Network, reader: str, author: str, received: int, **more: object) -> Receipt:
    peer, writer = network.peers[reader], network.peers[author]
    line = StreamReceipt(
        key=writer.signer.key,
        epoch=writer.home.state.epoch,
        audience=peer.address,
        received=received,
        head="a" * 64,
        acted=received,
    )
    base = compose_receipt(peer, writer.address, 500)
    return replace(base, streams=(line,), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("forger", ["stranger", "member"])
def test_a_receipt_under_a_foreign_key_ends_no_duty(forger: str) -> None:
    """RCPT-4: somebody who deletes letters cannot also sign for them."""
    network = settled("core", "scout", "smith")
    network.send("core", "scout", "one")
    [path] = network.files("peers/scout/inbox")
    signer = STRANGER if forger == "stranger" else network.peers["smith"].signer
    receipt = _receipt(network, "scout", "core", 1, key=signer.key)
    network.memory.remove(path)
    network.memory.make_folder("peers/scout/receipts/lab.eu")
    where = layout.receipt("scout", CLUSTER, "core")
    network.memory.place(where, documents.seal(receipt, signer))
    network.tick("core")
    assert network.open_pages("core", "scout") == 1
    assert network.rules("core") == {"RCPT-4"}
    network.round(3)
    assert network.acted("scout") == ["core: one"]


def test_a_receipt_for_somebody_else_ends_no_duty() -> None:
    """RCPT-4, PAGE-15: scout's genuine receipt for smith, copied to where core looks."""
    network = settled("core", "scout", "smith")
    network.send("smith", "scout", "one")
    network.round()
    network.send("core", "scout", "one")
    network.memory.place(
        layout.receipt("scout", CLUSTER, "core"),
        network.data(layout.receipt("scout", CLUSTER, "smith")),
    )
    network.tick("core")
    assert network.open_pages("core", "scout") == 1
    assert network.rules("core") == {"RCPT-2"}


def test_a_receipt_that_claims_what_was_never_written_stops_one_stream() -> None:
    """RCPT-10: told to a person; letters to others go on, and what waits is not lost."""
    network = settled("core", "scout", "smith")
    receipt = _receipt(network, "scout", "core", 5)
    network.memory.make_folder("peers/scout/receipts/lab.eu")
    where = layout.receipt("scout", CLUSTER, "core")
    network.memory.place(where, documents.seal(receipt, network.peers["scout"].signer))
    assert network.send("core", "scout", "one").state == "staged"
    network.send("core", "smith", "two")
    network.round(2)
    assert network.acted("scout") == []
    assert network.acted("smith") == ["core: two"]
    assert any(key.startswith("claim:scout@") for key in network.concerns("core"))
    assert network.peers["core"].home.state.text("parked") is None
    network.repair("core")
    network.memory.remove(where)  # else its honest software takes it for the work of another scout
    network.repair("scout")
    network.round(3)
    assert network.acted("scout") == ["core: one"]


def test_a_receipt_for_another_page_than_mine_covers_nothing() -> None:
    """RCPT-10: the reader holds another page 1 under my key than this home wrote: a twin."""
    network = settled()
    network.send("core", "scout", "one")
    receipt = _receipt(network, "scout", "core", 1)
    network.memory.make_folder("peers/scout/receipts/lab.eu")
    where = layout.receipt("scout", CLUSTER, "core")
    network.memory.place(where, documents.seal(receipt, network.peers["scout"].signer))
    network.tick("core")
    assert network.open_pages("core", "scout") == 1
    assert any(key.startswith("claim:scout@") for key in network.concerns("core"))


# ------------------------------------------------------------------------------ documents


def _agents_roster(network: Network) -> bytes:
    core = network.peers["core"]
    newest = max(network.desk.documents("soma/roster/1"), key=lambda d: d.number)
    body = Roster(
        network=network.network,
        cluster=CLUSTER,
        version=newest.number + 1,
        prev=newest.digest,
        at=1,
        members=(Member(name="core", keys=(MemberKey(key=core.signer.key),)),),
    )
    from protocol import authority

    return authority.seal_document(body, network.network, core.signer)


def _agents_halt(network: Network) -> bytes:
    from protocol import authority

    body = Order(network=network.network, order="halt", scope="*", salt="a" * 26, at=1)
    return authority.seal_document(body, network.network, network.peers["core"].signer)


@pytest.mark.parametrize(
    ("forge", "path"),
    [
        (_agents_roster, "charter/3.roster.aaaaaaaa.json"),
        (_agents_halt, "orders/aaaaaaaaaaaaaaaa.json"),
    ],
)
def test_what_an_agent_signs_is_no_steward_document(
    forge: Callable[[Network], bytes], path: str
) -> None:
    """AUTH-8, HALT-8: a peer's key is in no role; the file is set aside and nothing changes."""
    network = settled("core", "scout", "smith")
    network.memory.place(path, forge(network))
    reports = network.round(2)
    assert {report.state for report in reports} == {"idle"}
    assert network.rules("scout") == {"AUTH-4"}
    network.send("smith", "scout", "still a member")
    network.round(2)
    assert network.acted("scout") == ["smith: still a member"]


def test_a_document_of_another_network_changes_nothing() -> None:
    """AUTH-8, ROOT-5: the same people may steward two networks; a halt there is none here."""
    from peer.stewards.orders import halt

    network, other = settled(), settled(seed=1)
    order = halt(other.desk, "*", "")
    network.memory.place(path_of(order), order.data)
    assert {report.state for report in network.round(2)} == {"idle"}
    assert network.caught("scout")[0][1] == path_of(order)


def test_another_root_in_the_marker_is_refused_at_once() -> None:
    """ROOT-5: exit 5 while it stands there, and all is as before when the true one is back."""
    from protocol.errors import WrongShareError

    network, other = settled(), settled(seed=1)
    network.send("core", "scout", "one")
    network.memory.place(layout.MARKER, other.marker)
    files = {path: network.data(path) for path in network.files()}
    for name in network.peers:
        with pytest.raises(WrongShareError):
            network.tick(name)
    assert {path: network.data(path) for path in network.files()} == files
    network.memory.place(layout.MARKER, network.marker)
    network.round(2)
    assert network.acted("scout") == ["core: one"]


def test_a_feed_page_refused_under_an_old_roster_is_taken_under_the_new_one() -> None:
    """PAGE-11: scout saw the page before it saw the roster; nothing published is lost."""
    network = settled()
    network.send("core", "all", insight("old"))
    old_beat = network.data(layout.heartbeat("core"))
    roster = network.rekey("core")
    network.tick("core")
    network.send("core", "all", insight("new"))
    new_beat = network.data(layout.heartbeat("core"))
    network.memory.place(layout.heartbeat("core"), old_beat)
    network.tick("scout", hidden(path_of(roster)))
    assert network.rules("scout") == {"PAGE-11"}
    network.memory.place(layout.heartbeat("core"), new_beat)
    network.round(5)
    assert network.acted("scout") == ["core: new", "core: old"]

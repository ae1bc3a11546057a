"""A new key for the same peer: nothing lost, nothing twice, no stream and no epoch of two keys."""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from peer import keys
from peer import send as send_module
from peer.home.places import choose, read_identity
from peer.lock import held
from peer.membership import join, leave, rekey
from peer.moving import export_peer, import_peer
from peer.repair import repair
from peer.stewards.admission import admit
from peer.wiring import open_peer
from protocol import canonical, documents
from protocol.card import Succeeds, open_card, predecessor
from protocol.errors import HomeError, HumanNeededError, ShareError, UsageError
from protocol.roster import Roster
from registry import layout
from tests.integration.typist import Typist
from tests.integration.typist import settled as typed
from tests.network import (
    CLUSTER,
    SIX_HOURS_MS,
    FolderNetwork,
    Network,
    SeededEntropy,
    acted,
    copy_home,
    denied,
    halt,
    hidden,
    insight,
    path_of,
    send_note,
    settled,
)


def never(shown: str) -> bool:
    return False


def keys_by_epoch(network: Network) -> dict[tuple[str, str], set[str]]:
    """(author, epoch) → the keys of every page, receipt and heartbeat of it on the share."""
    found: dict[tuple[str, str], set[str]] = {}
    for path in network.files("peers"):
        if path.endswith("card.json"):
            continue
        said = canonical.decode(network.data(path))["signed"]
        who = said.get("author") if said["type"] != "soma/receipt/1" else said["reader"]
        epoch = said.get("reader_epoch") or said["epoch"]
        found.setdefault((who, epoch), set()).add(said["key"])
    return found


# ------------------------------------------------------------------------------ asking


def test_asking_changes_nothing_but_the_card(tmp_path: Path) -> None:
    """REKEY-1: it goes on under its old key, and so does a new process of it."""
    network = FolderNetwork(tmp_path)
    network.round(2)
    core = network.peers["core"]
    old, epoch = core.signer.key, core.home.state.epoch
    asked = rekey(core)
    assert not asked.again
    assert rekey(core).fingerprint == asked.fingerprint
    assert rekey(core).again
    assert [c.key for c in core.home.concerns.all()] == ["rekey"]
    for _ in range(2):
        send_note(core, "scout", "still the old key")
        network.round(2)
        core = network.open("core")
        assert (core.signer.key, core.home.state.epoch) == (old, epoch)
    assert acted(network.peers["scout"].home) == ["core: still the old key"] * 2
    network.close()


def test_a_change_of_key_from_asking_to_writing(tmp_path: Path) -> None:
    """REKEY-2, REKEY-4: in its next tick; the files follow, the old key stays, letters go on."""
    network = FolderNetwork(tmp_path)
    network.round(2)
    core, scout = network.peers["core"], network.peers["scout"]
    old = core.signer.key
    send_note(scout, "core", "to the old key")
    send_note(core, "scout", "from the old key")
    asked = rekey(core)
    roster, changed = admit(network.desk(), "core", None, reuse=False, confirm=never)
    assert changed
    member = roster.member("core")
    assert member is not None
    assert member.state_of(old) == "retired"
    assert member.reused == 0
    network.round(3)
    assert core.fingerprint == asked.fingerprint
    folder = Path(network.folder("core"))
    assert read_identity(str(folder)).key == core.signer.key
    assert keys.load_key(str(folder)).key == core.signer.key
    assert keys.load_key(str(folder), "key.1").key == old
    assert not (folder / "key.next").exists()
    assert {f.stat().st_mode & 0o777 for f in folder.glob("key*")} == {0o600}
    core = network.open("core")
    send_note(core, "scout", "from the new key")
    network.round(2)
    assert acted(scout.home) == ["core: from the new key", "core: from the old key"]
    assert acted(core.home) == ["scout: to the old key"]
    for peer in (core, scout):
        assert [c.key for c in peer.home.concerns.all()] == []
        assert peer.home.quarantine.count() == 0
    network.close()


@pytest.mark.parametrize("times", [1, 3])
def test_again_and_again(tmp_path: Path, times: int) -> None:
    """REKEY-2, REKEY-4: every former key stays, the oldest first."""
    network = FolderNetwork(tmp_path)
    network.round(2)
    used = []
    for number in range(times):
        core = network.peers["core"]
        used.append(core.signer.key)
        rekey(core)
        admit(network.desk(), "core", None, reuse=False, confirm=never)
        send_note(core, "scout", f"letter {number}")
        network.round(2)
    folder = network.folder("core")
    assert [keys.load_key(folder, f"key.{n + 1}").key for n in range(times)] == used
    assert keys.find_key(folder, used[0]).key == used[0]
    assert len(acted(network.peers["scout"].home)) == times
    network.close()


def test_who_cannot_ask_now(tmp_path: Path) -> None:
    """REKEY-1: while a tick runs, and where the peer has left."""
    network = FolderNetwork(tmp_path)
    network.round()
    core = network.peers["core"]
    with held(network.folder("core")), pytest.raises(HomeError, match="try again"):
        rekey(core)
    assert len(keys.key_files(network.folder("core"))) == 1
    leave(core)
    with pytest.raises(HumanNeededError):
        rekey(core)
    network.close()


def test_a_key_that_is_gone_is_told(tmp_path: Path) -> None:
    """REKEY-3: nothing is signed with another one."""
    network = FolderNetwork(tmp_path)
    network.round()
    rekey(network.peers["core"])
    admit(network.desk(), "core", None, reuse=False, confirm=never)
    network.round()
    folder = Path(network.folder("core"))
    (folder / "key").write_bytes((folder / "key.1").read_bytes())
    with pytest.raises(HomeError, match="restore it from a backup"):
        network.open("core")
    (folder / "key.1").chmod(0o644)
    with pytest.raises(HomeError, match="chmod 600"):
        network.open("core")
    assert len(keys.own_keys(str(folder))) == 1
    network.peers.clear()
    small = settled()
    small.admit_next("core")
    small.tick("core")
    small.peers["core"].signer = small.peers["scout"].signer
    with pytest.raises(HomeError, match="is gone"):
        small.tick("core")


# ------------------------------------------------------------------------------ the change


def test_nothing_is_lost_or_doubled_and_no_epoch_is_of_two_keys() -> None:
    """REKEY-2, REKEY-3: letters both ways, staged, pushed, fetched, published; ids the same."""
    network = settled("core", "scout", "smith")
    network.send("core", "all", insight("published before"))
    network.round()
    network.memory.gone = True
    network.send("core", "scout", "staged")
    network.memory.gone = False
    network.send("core", "scout", "pushed")
    sent = network.send("core", "smith", "to be fetched", denied("peers/smith/inbox*"))
    network.send("smith", "core", "to core")
    old, epoch = network.peers["core"].signer.key, network.peers["core"].home.state.epoch
    network.admit_next("core")
    network.round(4)
    core = network.peers["core"]
    assert core.signer.key != old
    assert core.home.state.epoch != epoch
    assert core.home.state.earlier_epochs == (epoch,)
    texts = ["core: published before", "core: pushed", "core: staged"]
    assert network.acted("scout") == texts
    assert network.acted("smith") == ["core: published before", "core: to be fetched"]
    assert network.acted("core") == ["smith: to core"]
    assert [one.id for one in network.letters("smith")] == list(sent.ids)
    assert network.rest()
    assert all(len(of) == 1 for of in keys_by_epoch(network).values())
    for name in network.peers:
        assert network.concerns(name) == []
        assert network.caught(name) == [], "what the old key signed is seen old, and no fault"


def test_a_letter_sent_between_admission_and_tick_goes_out_under_the_new_key() -> None:
    """REKEY-2, SEND-9: `send` changes the key itself.

    Where a tick runs, or the share is away, it keeps the letter, and the next tick brings it.
    """
    network = settled()
    network.admit_next("core")
    assert network.send("core", "scout", "one").state == "delivered"
    assert network.peers["core"].next_signer is None
    network.admit_next("core")
    network.peers["core"].looked.clear()
    network.tick("scout")
    network.memory.gone = True
    assert network.send("core", "scout", "two").state == "staged"
    network.memory.gone = False
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("peer.rekeying.lock.held", lambda folder: nullcontext(False))
        assert network.send("core", "scout", "three").state == "staged"
    network.round(3)
    assert network.acted("scout") == ["core: one", "core: three", "core: two"]


def test_another_process_that_has_the_old_key_in_its_hands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REKEY-3: it asks in the transaction that takes the number, and signs with the new one."""
    network = FolderNetwork(tmp_path)
    network.round(2)
    core = network.peers["core"]
    rekey(core)
    late = open_peer(*choose(network.home, "peers", "core", None), clock=network.clock)
    old, look = late.signer.key, send_module._look_around

    def changed_meanwhile(*arguments: Any) -> Any:
        seen = look(*arguments)  # the last thing before the transaction that takes the number
        admit(network.desk(), "core", None, reuse=False, confirm=never)
        network.tick("core")
        return seen

    with monkeypatch.context() as patch:
        patch.setattr(send_module, "_look_around", changed_meanwhile)
        assert late.signer.key == old
        send_note(late, "scout", "at that moment")
    assert late.signer.key == core.signer.key != old
    late.home.close()
    network.round(3)
    assert acted(network.peers["scout"].home) == ["core: at that moment"]
    pages = core.home.db.read("SELECT epoch, data FROM own_page")
    assert {canonical.decode(data)["signed"]["key"] for _, data in pages} == {core.signer.key}
    network.close()


def test_a_feed_that_is_older_than_what_is_published_again() -> None:
    """REKEY-2: its head is of the old key, so it is not said under the new one."""
    network = settled()
    network.send("core", "all", insight("long ago"))
    network.round(400, hours=6)
    assert network.heartbeat("core")["feed"]["seq"] == 1
    network.admit_next("core")
    network.round(3)
    assert "feed" not in network.heartbeat("core")
    assert network.writes() == []
    scout = network.peers["scout"]
    assert scout.home.journal.feeds_ahead() == []
    network.send("core", "all", insight("new"))
    network.round(2)
    assert network.acted("scout") == ["core: long ago", "core: new"]


def test_a_reader_that_has_not_seen_the_roster() -> None:
    """REKEY-2, PAGE-11: what it refuses it takes when the roster has come."""
    network = settled()
    network.send("core", "scout", "before")
    roster = network.admit_next("core")
    network.send("core", "scout", "after")
    network.tick("core")
    network.clock.go(SIX_HOURS_MS)
    network.tick("scout", hidden(path_of(roster)))
    network.round(4)
    assert network.acted("scout") == ["core: after", "core: before"]
    assert network.health("scout") == {"core": "alive"}


def test_a_halted_peer_changes_its_key_and_says_no_head_of_the_old_one() -> None:
    """REKEY-2, HALT-4: it beats under the new key, and sends nothing."""
    network = settled()
    network.send("core", "all", insight("one"))
    network.round()
    halt(network.desk, f"core@{CLUSTER}", "")
    network.admit_next("core")
    network.round(2)
    beat = network.heartbeat("core")
    assert beat["key"] == network.peers["core"].signer.key
    assert beat["halted"]
    assert "feed" not in beat
    network.resume_all()
    network.round(3)
    assert network.acted("scout") == ["core: one"]


# ------------------------------------------------------------------------------ copies and faults


def test_a_backup_of_before_the_change_begins_after_it() -> None:
    """REKEY-2, EPOCH-4, EPOCH-6: it changes once more; what went on in the other life is told."""
    network = settled()
    network.admit_next("core")
    backup, peer = network.backup("core"), network.peers["core"]
    old, new = peer.signer, peer.next_signer
    network.send("core", "scout", "of the life that is lost")
    network.round(2)
    lost = network.peers["core"].home.state.epoch
    network.restart("core", copy_home(backup))
    restored = network.peers["core"]
    restored.signer, restored.next_signer = old, new
    network.send("core", "scout", "of the next life")
    network.round(4)
    assert lost in network.heartbeat("core")["earlier_epochs"]
    assert network.acted("scout") == ["core: of the life that is lost", "core: of the next life"]
    assert network.concerns("scout") == []


def test_a_compromised_key_counts_no_more_and_the_peer_goes_on() -> None:
    """REKEY-2, PAGE-12: what the old key signed is offered again under the new one."""
    network = settled()
    network.send("core", "scout", "one")
    network.send("core", "all", insight("two"))
    network.admit_next("core", old="compromised")
    network.tick("core")
    network.round(3)
    assert network.acted("scout") == ["core: one", "core: two"]


def test_a_tick_that_died_before_the_files_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REKEY-2: the database says which key signs; repair and export know it, too."""
    network = FolderNetwork(tmp_path)
    network.round(2)
    rekey(network.peers["core"])
    admit(network.desk(), "core", None, reuse=False, confirm=never)
    for step in ("load_seed", "store_key", "os.unlink"):
        with monkeypatch.context() as patch:
            patch.setattr(f"peer.keys.{step}", _die)
            with pytest.raises(RuntimeError):
                network.tick("core")
        if step == "load_seed":
            send_note(network.open("core"), "scout", "under the new key")
    core = network.open("core")
    folder = network.folder("core")
    assert core.signer.key in keys.own_keys(folder)
    epoch = core.home.state.epoch
    network.peers.pop("core").home.close()
    again = repair(folder, read_identity(folder), network.clock, SeededEntropy("repair"))
    core = network.open("core")
    assert epoch in core.home.state.earlier_epochs
    assert again.epoch == core.home.state.epoch
    network.round(3)
    assert read_identity(folder).key == core.signer.key == keys.load_key(folder).key
    assert sorted(f.name for f in Path(folder).glob("key*")) == ["key", "key.1"]
    assert acted(network.peers["scout"].home) == ["core: under the new key"]
    network.close()


def _die(*arguments: object) -> None:
    raise RuntimeError


def test_a_death_at_every_step_of_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REKEY-2, REKEY-4: before and after every file that is written, moved or removed."""
    died = 0
    for step in range(1, 40):
        base = tmp_path / str(step)
        base.mkdir()
        network = FolderNetwork(base)
        network.round()
        send_note(network.peers["core"], "scout", "one")
        rekey(network.peers["core"])
        admit(network.desk(), "core", None, reuse=False, confirm=never)
        left = [step]
        with monkeypatch.context() as patch:
            for name in ("replace", "unlink"):
                patch.setattr(f"peer.home.files.os.{name}", _dying(getattr(os, name), left))
            try:
                network.tick("core")
            except RuntimeError:
                died += 1
        wanted = network.peers["core"].home.state.text("key")
        network.open("core")
        network.round(3)
        folder = network.folder("core")
        assert keys.load_key(folder).key == read_identity(folder).key == wanted, step
        assert sorted(f.name for f in Path(folder).glob("key*")) == ["key", "key.1"], step
        assert acted(network.peers["scout"].home) == ["core: one"]
        network.close()
        if left[0] > 0:
            break
    assert left[0] > 0, "there are more steps"
    assert died >= 8


def _step(left: list[int]) -> None:
    left[0] -= 1
    if left[0] == 0:
        raise RuntimeError


def _dying(work: Any, left: list[int]) -> Any:
    """A call that dies before it works, or right after."""

    def call(*arguments: Any, **more: Any) -> Any:
        if not any("peers/core." in str(one) for one in arguments):
            return work(*arguments, **more)
        _step(left)
        done = work(*arguments, **more)
        _step(left)
        return done

    return call


def test_a_home_of_before_the_change_says_that_its_key_is_retired(tmp_path: Path) -> None:
    """HB-4: without the next key; `peer admit` of the old one would help nobody."""
    network = settled()
    backup, old = network.backup("core"), network.peers["core"].signer
    network.admit_next("core")
    network.round(2)
    network.restart("core", backup)
    network.peers["core"].signer = old
    report = network.tick("core")
    assert report.state == "parked"
    assert report.human is not None
    assert "is retired" in report.human


def test_all_keys_move_with_a_peer(tmp_path: Path) -> None:
    """REKEY-4, MOVE-1: former ones, and the one that it asked for."""
    network = FolderNetwork(tmp_path)
    network.round()
    rekey(network.peers["core"])
    admit(network.desk(), "core", None, reuse=False, confirm=never)
    network.round()
    asked = rekey(network.peers["core"])
    network.peers.pop("core").home.close()
    folder, identity = choose(network.home, "peers", "core", None)
    export_peer(folder, identity, str(tmp_path / "core.peer"), network.clock)
    there, _ = import_peer(str(tmp_path / "other"), str(tmp_path / "core.peer"), None)
    assert keys.own_keys(there) == keys.own_keys(folder)
    assert len(keys.own_keys(there)) == 3
    again = join(
        str(tmp_path / "other"), network.share, "core", None, network.clock, SeededEntropy("x")
    )
    assert again.admitted, "joining again keeps asking for the new key"
    admit(network.desk(), "core", asked.fingerprint, reuse=False, confirm=never)
    network.close()


def test_a_card_that_cannot_be_written_is_written_by_asking_again(tmp_path: Path) -> None:
    """REKEY-1: and it is the same key."""
    network = FolderNetwork(tmp_path)
    network.round()
    core = network.peers["core"]
    Path(network.share).rename(tmp_path / "away")
    with pytest.raises(ShareError):
        rekey(core)
    (tmp_path / "away").rename(network.share)
    asked = rekey(core)
    card = Path(network.share, *layout.card("core").split("/"))
    assert canonical.decode(card.read_bytes())["signed"]["succeeds"]["key"] == core.signer.key
    assert asked.former == core.fingerprint
    network.close()


# ------------------------------------------------------------------------------ the steward


@pytest.fixture
def apart(tmp_path: Path) -> FolderNetwork:
    """The steward's home is not that of the peers."""
    network = FolderNetwork(tmp_path)
    network.round()
    rekey(network.peers["core"])
    return network


def _desk(network: FolderNetwork) -> Any:
    desk = network.desk()
    desk.home = str(network.base / "elsewhere")
    return desk


def _state(roster: Roster, network: FolderNetwork) -> str | None:
    member = roster.member("core")
    assert member is not None
    return member.state_of(network.peers["core"].signer.key)


def test_a_key_that_the_old_one_vouches_for_needs_a_person_who_wants_it(
    apart: FolderNetwork,
) -> None:
    """JOIN-4, JOIN-2: and no fingerprint; the old key retires."""
    with pytest.raises(HumanNeededError, match="--rekey"):
        admit(_desk(apart), "core", None, reuse=False, confirm=never)
    roster, changed = admit(_desk(apart), "core", None, reuse=False, rekey=True, confirm=never)
    assert changed
    assert _state(roster, apart) == "retired"
    assert not admit(_desk(apart), "core", None, reuse=False, rekey=True, confirm=lambda _: True)[1]
    apart.close()


def test_a_forged_succession_is_none(apart: FolderNetwork) -> None:
    """CARD-4, JOIN-4: somebody else's card, with the true succession of another key."""
    card = Path(apart.share, *layout.card("core").split("/"))
    true = canonical.decode(card.read_bytes())["signed"]["succeeds"]
    thief = join(
        str(apart.base / "thief"), apart.share, "core", None, apart.clock, SeededEntropy("thief")
    )
    folder, _ = choose(str(apart.base / "thief"), "peers", "core", None)
    identity = thief.identity
    mine = open_card(card.read_bytes(), identity.network, "core", CLUSTER)
    forged = replace(mine, succeeds=Succeeds(**true))
    card.write_bytes(documents.seal(forged, keys.load_key(folder)))
    assert predecessor(forged) is None
    with pytest.raises(HumanNeededError, match="compare"):
        admit(_desk(apart), "core", None, reuse=False, rekey=True, confirm=never)
    with pytest.raises(UsageError, match="--rekey"):
        admit(_desk(apart), "core", thief.fingerprint, reuse=False, confirm=never)
    apart.close()


def test_a_compromised_key_vouches_for_nothing(apart: FolderNetwork) -> None:
    """JOIN-4: whoever stole it could ask for any; the fingerprint decides."""
    with pytest.raises(HumanNeededError, match="compare"):
        admit(_desk(apart), "core", None, reuse=False, rekey=True, compromised=True, confirm=never)
    asked = apart.peers["core"].next_signer
    assert asked is not None
    shown = rekey(apart.peers["core"]).fingerprint
    roster, _ = admit(_desk(apart), "core", shown, reuse=False, compromised=True, confirm=never)
    assert _state(roster, apart) == "compromised"
    member = roster.member("core")
    assert member is not None
    assert member.reused == 0
    apart.round(3)
    assert apart.peers["core"].signer.key == asked.key
    apart.close()


def test_a_former_key_can_be_declared_compromised_later(apart: FolderNetwork) -> None:
    """JOIN-4, PAGE-12: it admits nobody, so no fingerprint is needed; and again changes nothing."""
    with pytest.raises(UsageError, match="rekey"):
        admit(_desk(apart), "scout", None, reuse=False, compromised=True, confirm=never)
    admit(_desk(apart), "core", None, reuse=False, rekey=True, confirm=never)
    again = admit(_desk(apart), "core", None, reuse=False, compromised=True, confirm=never)
    assert (_state(again[0], apart), again[1]) == ("compromised", True)
    roster, changed = admit(
        _desk(apart), "core", None, reuse=False, compromised=True, confirm=never
    )
    assert (_state(roster, apart), changed) == ("compromised", False)
    apart.close()


def test_a_name_has_no_more_keys_than_a_roster_holds(apart: FolderNetwork) -> None:
    """JOIN-4, AUTH-1: the seventeenth key is refused before anything is signed."""
    for _ in range(15):
        admit(apart.desk(), "core", None, reuse=False, confirm=never)
        apart.round()
        rekey(apart.peers["core"])
    with pytest.raises(UsageError, match="16 keys"):
        admit(apart.desk(), "core", None, reuse=False, confirm=never)
    apart.close()


# ------------------------------------------------------------------------------ as it is typed


def test_rekey_as_it_is_typed(tmp_path: Path) -> None:
    """REKEY-1, REKEY-2, JOIN-4: from asking to a letter under the new key."""
    peer: Typist = typed(tmp_path)
    said = peer("rekey", "--as", "core", "--json").json
    assert said.keys() == {"name", "former", "fingerprint", "again", "admit"}
    assert said["admit"] == f"peer admit core --rekey --fingerprint {said['fingerprint']}"
    assert "still asks" in peer("rekey", "--as", "core").out
    assert said["fingerprint"] in peer("escalations", "--as", "core").out
    peer("tick", "--as", "core")
    assert peer("status", "--as", "core", "--json").json["fingerprint"] == said["former"]
    admitted = peer(*said["admit"].split()[1:], "--json").json
    assert (admitted["fingerprint"], admitted["changed"]) == (said["fingerprint"], True)
    assert "delivered" in peer("send", "--as", "core", "scout", "hello").err
    peer("tick", "--all")
    assert peer("status", "--as", "core", "--json").json["fingerprint"] == said["fingerprint"]
    (letter,) = peer("inbox", "--as", "scout", "--json").json
    assert (letter["text"], letter["trust"]) == ("hello", "admitted")
    assert peer("doctor", "--as", "core", "--json").json["ok"]
    peer("admit", "core", "--reuse", "--rekey", code=2)
    assert os.path.exists(peer.folder("core") / "key.1")
    assert "--compromised" in peer("rekey", "--as", "core", "--compromised").out

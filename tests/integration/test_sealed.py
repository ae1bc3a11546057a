"""Sealed letters: read by their reader alone, and leaking nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from peer import keys, sealing
from peer.enclosing import Source
from peer.home.blobs import MemoryBlobs
from peer.letters import reply
from peer.mailbox import Mailbox
from peer.membership import join, rekey
from peer.saving import save
from peer.send import send
from peer.stewards.admission import admit
from peer.tick.card import CARD
from protocol import canonical
from protocol.card import open_card
from protocol.errors import HumanNeededError, NotFoundError, RuleError, UsageError
from protocol.messages import Alert, Insight, Note, Question, Sealed, stored_item
from protocol.sealing import opener_of, seal
from protocol.signing import Signer
from tests.network import (
    FolderNetwork,
    Network,
    SeededEntropy,
    counting,
    insight,
    open_folder_peer,
    settled,
)

SECRET = "the vault is behind the mirror"


def everything(network: Network) -> bytes:
    """All bytes of the share, and of every home but that of `core`, who wrote them."""
    share = b"".join(network.data(path) for path in network.files())
    homes = [
        peer.home.db._connection.serialize() for n, peer in network.peers.items() if n != "core"
    ]
    return share + b"".join(homes)


def opened_text(network: Network, name: str, id_: str) -> str | None:
    peer = network.peers[name]
    letter = peer.home.mail.get(id_)
    found = sealing.open_item(peer, stored_item(letter.data, True), letter.audience)
    return None if found is None else getattr(found.item.body, "text", None)


class TestLetters:
    def test_only_the_reader_learns_what_it_says(self) -> None:
        """SEAL-2, SEAL-4: neither share nor homes hold it open, but that of its author."""
        network = settled("core", "scout", "smith")
        id_ = network.send("core", "scout", SECRET, seal=True).ids[0]
        network.round(2)
        assert opened_text(network, "scout", id_) == SECRET
        assert opened_text(network, "core", id_) == SECRET
        assert SECRET.encode() not in everything(network)
        assert SECRET.encode() in network.peers["core"].home.db._connection.serialize()
        assert network.peers["core"].home.mail.unacknowledged() == []
        assert network.rest()

    def test_several_readers_get_an_item_each(self) -> None:
        """SEAL-6."""
        network = settled("core", "scout", "smith")
        sent = network.send("core", ["scout", "smith"], SECRET, seal=True)
        network.round()
        for name, other, id_ in zip(("scout", "smith"), ("smith", "scout"), sent.ids, strict=True):
            assert opened_text(network, name, id_) == SECRET
            with pytest.raises(NotFoundError):
                network.peers[other].home.mail.get(id_)

    def test_not_for_all_and_not_without_a_key(self) -> None:
        """SEAL-6: nothing is written; a steward can mend it."""
        network = settled()
        with pytest.raises(UsageError, match="--seal"):
            network.send("core", "all", SECRET, seal=True)
        network.sealing.clear()
        network.roster(network.members())
        network.clock.go(2_000)
        with pytest.raises(HumanNeededError, match="peer admit scout"):
            network.send("core", "scout", SECRET, seal=True)
        assert network.peers["core"].home.mail.unacknowledged() == []

    def test_a_copy_under_another_name_cannot_be_opened(self) -> None:
        """SEAL-3: neither by whom it was for, nor by anybody else."""
        network = settled("core", "scout", "smith")
        id_ = network.send("core", "scout", SECRET, seal=True).ids[0]
        network.round()
        value = canonical.decode(network.peers["scout"].home.mail.get(id_).data)
        for thief, reader in (("scout", "smith"), ("smith", "scout"), ("scout", "core")):
            stolen = canonical.encode(value | {"author": f"{thief}@lab.eu"})
            network.drop(reader, *network.page(thief, reader, [stolen])[:2])
            report = network.tick(reader)
            assert any("cannot be understood" in problem for problem in report.problems)
            (letter,) = [one for one in network.letters(reader) if one.author.startswith(thief)]
            assert opened_text(network, reader, letter.id) is None
            assert letter.state == "acted"

    def test_what_cannot_be_opened_is_received_and_done_with(self) -> None:
        """SEAL-5: a key that nobody has hinders nothing."""
        network = settled()
        strange = opener_of(Signer(bytes(32))).key
        head = stored_item(network.item("core", "x"), True).head
        item, _ = seal(
            head, Note(text=SECRET), (), network.network, "scout@lab.eu", strange, bytes([9]) * 32
        )
        network.drop("scout", *network.page("core", "scout", [item.data])[:2])
        network.round()
        (letter,) = network.letters("scout")
        assert (letter.state, letter.kind) == ("acted", "sealed")
        row = Mailbox(network.peers["scout"].home, network.peers["scout"].identity).rows([letter])[
            0
        ]
        assert (row["sealed"], row["understood"], row["text"]) == (True, False, "")


class TestKeys:
    def test_what_was_sealed_for_an_old_key_is_opened(self, tmp_path: Path) -> None:
        """SEAL-1: keys of earlier days lie beside the key; the newest is tried first."""
        old, older = Signer(bytes([1]) * 32), Signer(bytes([2]) * 32)
        keys.store_key(str(tmp_path), bytes([3]) * 32)
        (tmp_path / "key.1").write_bytes(canonical.encode({"seed": canonical.b64(bytes([2]) * 32)}))
        (tmp_path / "key.10").write_bytes(
            canonical.encode({"seed": canonical.b64(bytes([1]) * 32)})
        )
        (tmp_path / "key.11").write_bytes(b"damaged")
        (tmp_path / "key.x").write_bytes(b"something else")
        for file in tmp_path.glob("key*"):
            file.chmod(0o600)
        found = [one.key for one in keys.sealing_keys(str(tmp_path))]
        expected = [Signer(bytes([3]) * 32), old, older]
        assert found == [opener_of(signer).key for signer in expected]

    def test_who_joined_before_is_admitted_again(self, tmp_path: Path) -> None:
        """SEAL-9: his card is written anew at a tick, and a steward takes its key over."""
        network = FolderNetwork(tmp_path)
        peer = network.peers["scout"]
        network.tick("scout")
        card = tmp_path / "share/peers/scout/card.json"
        body = canonical.decode(card.read_bytes())["signed"]
        assert body["sealing"] == opener_of(peer.signer).key
        roster, changed = admit(network.desk(), "scout", None, reuse=False, confirm=lambda _: False)
        assert not changed

        from protocol import documents
        from protocol.card import Card

        old = {name: body[name] for name in ("network", "name", "cluster", "key", "at")}
        card.write_bytes(documents.seal(Card(**old), peer.signer))
        assert (
            admit(network.desk(), "scout", None, reuse=False, confirm=lambda _: False)[1] is False
        )
        assert roster.version == 3
        network.close()

    def test_a_card_is_renewed_once_where_the_roster_lacks_the_key(self) -> None:
        """SEAL-9."""
        network = settled()
        network.sealing.clear()
        network.roster(network.members())
        with network.peers["scout"].home.transaction():
            network.peers["scout"].home.state.forget("card")
        network.memory.remove("peers/scout/card.json")
        network.tick("scout")
        data = network.data("peers/scout/card.json")
        card = open_card(data, network.network, "scout", network.cluster)
        assert card.sealing == opener_of(network.peers["scout"].signer).key
        assert network.peers["scout"].home.state.number("card") == CARD
        network.memory.remove("peers/scout/card.json")
        network.tick("scout")
        assert "card.json" not in network.memory.names("peers/scout", 99)

    def test_admitting_a_member_again_adds_its_sealing_key(self, tmp_path: Path) -> None:
        """SEAL-9: the same key, a newer card."""
        network = FolderNetwork(tmp_path, names=("core",))
        network.close()
        entropy = SeededEntropy("late")
        joined = join(network.home, network.share, "late", None, network.clock, entropy)
        card = tmp_path / "share/peers/late/card.json"
        new = card.read_bytes()
        peer = open_folder_peer(tmp_path, "late")

        from protocol import documents
        from protocol.card import Card

        body = canonical.decode(new)["signed"]
        old = {name: body[name] for name in ("network", "name", "cluster", "key", "at")}
        card.write_bytes(documents.seal(Card(**old), peer.signer))
        desk = network.desk()
        before, changed = admit(
            desk, "late", joined.fingerprint, reuse=False, confirm=lambda _: False
        )
        assert changed
        member = before.member("late")
        assert member is not None
        assert member.keys[0].sealing is None
        card.write_bytes(new)
        after, changed = admit(desk, "late", None, reuse=False, confirm=lambda _: False)
        assert changed
        member = after.member("late")
        assert member is not None
        assert [(k.key, k.sealing) for k in member.keys] == [(peer.signer.key, body["sealing"])]
        assert after.version == before.version + 1
        peer.home.close()


class TestNothingLeaks:
    def test_knowledge_takes_nothing_that_was_sealed(self) -> None:
        """SEAL-8: an insight in a letter answers nobody's questions."""
        network = settled("core", "scout", "smith")
        body = Insight(text=SECRET, topics=("vault",), confidence=900)
        network.send("core", "scout", body, seal=True)
        report = network.tick("scout")
        assert any("its reader alone" in problem for problem in report.problems)
        network.send("smith", "scout", Question(text="what?", topics=("vault",)))
        network.round(2)
        assert network.letters("smith") == []

    def test_an_alert_is_told_without_its_words(self) -> None:
        """SEAL-8: escalations and status stand open in the home."""
        network = settled()
        network.send("core", "scout", Alert(text=SECRET, severity="critical"), seal=True)
        network.tick("scout")
        (concern,) = network.peers["scout"].home.concerns.all()
        assert (concern.level, concern.text) == ("human", "core@lab.eu: sealed")
        assert SECRET.encode() not in everything(network)

    def test_an_all_clear_settles_a_sealed_alert(self) -> None:
        """SEAL-8."""
        network = settled()
        id_ = network.send("core", "scout", Alert(text=SECRET), seal=True).ids[0]
        network.send("core", "scout", Alert(text="over", severity="info"), seal=True, re=id_)
        network.tick("scout")
        assert network.peers["scout"].home.concerns.all() == []

    def test_a_question_is_answered_sealed(self) -> None:
        """SEAL-8: once, to its author."""
        network = settled("core", "scout", "smith")
        network.send("scout", "all", insight("copper conducts", "metal"))
        with counting() as seen:
            id_ = network.send(
                "core", "scout", Question(text=SECRET, topics=("metal",)), seal=True
            ).ids[0]
            network.round(3)
        assert seen["scout@lab.eu", id_] == 1
        (answer,) = network.letters("core")[-1:]
        assert answer.kind == "sealed"
        assert "copper conducts" in (opened_text(network, "core", answer.id) or "")
        assert answer.thread == id_
        assert opened_text(network, "scout", answer.id) is not None

    def test_no_sealed_answer_without_a_key(self) -> None:
        """SEAL-8: it is not sent open instead."""
        network = settled()
        network.send("scout", "all", insight("copper conducts", "metal"))
        network.send("core", "scout", Question(text=SECRET, topics=("metal",)), seal=True)
        members = network.members()
        network.sealing.pop(network.peers["core"].signer.key)
        network.roster(members)
        report = network.tick("scout")
        assert any("cannot be sealed" in problem for problem in report.problems)
        network.round(2)
        assert [one.kind for one in network.letters("core") if one.auto] == []

    def test_a_person_s_reply_is_sealed_and_in_the_thread(self) -> None:
        """SEAL-8."""
        network = settled()
        id_ = network.send("core", "scout", Question(text=SECRET), seal=True).ids[0]
        network.tick("scout")
        sent = reply(network.peers["scout"], id_, "behind the door")
        network.round()
        letter = network.peers["core"].home.mail.get(sent.ids[0])
        assert (letter.kind, letter.thread) == ("sealed", id_)
        assert opened_text(network, "core", letter.id) == "behind the door"
        assert b"behind the door" not in b"".join(network.data(path) for path in network.files())
        for name in ("core", "scout"):
            assert [one.id for one in network.peers[name].home.mail.thread(id_)] == [id_, letter.id]

    def test_a_handler_that_fails_tells_nothing(self) -> None:
        """SEAL-8, ACT-3: quarantine and problems hold no word of it."""
        network = settled()

        def fail(received: object, view: object) -> list[object]:
            raise ValueError(f"cannot bear {SECRET}")

        network.peers["scout"].handlers = {"note": fail}  # type: ignore[dict-item]
        network.send("core", "scout", SECRET, seal=True)
        for _ in range(3):
            report = network.tick("scout")
            assert SECRET not in " ".join(report.problems)
        assert network.rules("scout") == {"ACT-3"}
        assert SECRET.encode() not in everything(network)


class TestFiles:
    def test_sealed_files_are_sealed_on_the_way_and_at_rest(self, tmp_path: Path) -> None:
        """SEAL-7, SEAL-4: names, contents and true sizes."""
        network = settled()
        data = SECRET.encode() * 5_000
        files = [Source("plan of the house.txt", lambda: [data])]
        id_ = network.send("core", "scout", "see file", files=files, seal=True).ids[0]
        assert data[:1000] not in everything(network)
        network.round()
        scout = network.peers["scout"]
        assert isinstance(scout.blobs, MemoryBlobs)
        assert data[:1000] not in b"".join(scout.blobs.files.values())
        assert b"plan of the house" not in everything(network)
        (saved,) = save(scout, scout.home.mail.get(id_), str(tmp_path))
        assert (saved.name, saved.size) == ("plan of the house.txt", len(data))
        assert Path(saved.path).read_bytes() == data

    def test_a_sealed_file_that_was_changed_leaves_nothing(self, tmp_path: Path) -> None:
        """SEAL-7: its author lies about its key, or the home rots."""
        network = settled()
        files = [Source("a", lambda: [bytes(200_000)])]
        id_ = network.send("core", "scout", "x", files=files, seal=True).ids[0]
        network.round()
        scout = network.peers["scout"]
        assert isinstance(scout.blobs, MemoryBlobs)
        for name, data in scout.blobs.files.items():
            scout.blobs.files[name] = data[:-1] + b"?"
        with pytest.raises(RuleError, match="SEAL-7"):
            save(scout, scout.home.mail.get(id_), str(tmp_path))
        assert list(tmp_path.iterdir()) == []

    def test_what_is_sealed_for_another_cannot_be_saved(self, tmp_path: Path) -> None:
        """SEAL-5."""
        network = settled()
        id_ = network.send(
            "core", "scout", "x", files=[Source("a", lambda: [b"x"])], seal=True
        ).ids[0]
        network.round()
        scout = network.peers["scout"]
        scout.signer = Signer(bytes(32))
        with pytest.raises(NotFoundError, match="no key"):
            save(scout, scout.home.mail.get(id_), str(tmp_path))


def test_send_keeps_its_own_sealed_letters_as_long_as_the_item() -> None:
    """AGE-7: and no longer."""
    network = settled()
    sent = send(network.peers["core"], ["scout"], [Note(text=SECRET)], seal=True)
    assert isinstance(
        stored_item(network.peers["core"].home.mail.get(sent.ids[0]).data, True).body, Sealed
    )
    home = network.peers["core"].home
    with home.transaction():
        home.db.write("DELETE FROM item WHERE id = ?", sent.ids[0])
        home.attachments.forget()
    assert home.attachments.plain(sent.ids[0]) is None


@pytest.mark.parametrize("keyed", [True, False])
def test_what_was_sealed_for_the_former_key_is_opened_after_a_change(
    tmp_path: Path, keyed: bool
) -> None:
    """SEAL-10, SEAL-9: received before, on its way meanwhile, sealed for the new key."""
    network = FolderNetwork(tmp_path)
    network.round(2)
    core, scout = network.peers["core"], network.peers["scout"]
    ids = [send(core, ["scout"], [Note(text="received before")], seal=True).ids[0]]
    network.round()
    rekey(scout)
    asked = scout.next_signer
    assert asked is not None
    card = open_card(
        Path(network.share, "peers/scout/card.json").read_bytes(),
        scout.identity.network,
        "scout",
        scout.identity.cluster,
    )
    assert (card.key, card.sealing) == (asked.key, opener_of(asked).key)
    ids += send(core, ["scout"], [Note(text="on its way")], seal=True).ids
    admit(network.desk(), "scout", None, reuse=False, rekey=True, confirm=lambda shown: False)
    network.clock.go(2_000)
    if keyed:  # the one who asked learns of it last
        ids += send(core, ["scout"], [Note(text="for the new one")], seal=True).ids
    assert sealing.reader_key(core, "scout@" + scout.identity.cluster) == (
        opener_of(asked).key if keyed else opener_of(scout.signer).key
    )
    network.round(2)
    assert scout.signer.key == asked.key
    ids += send(core, ["scout"], [Note(text="later")], seal=True).ids
    network.round()
    rows = {
        row["id"]: row["text"]
        for row in Mailbox(scout.home, scout.identity).rows(scout.home.mail.inbox(everything=True))
    }
    assert sorted(rows) == sorted(ids)
    again = network.open("scout")
    for id_ in ids:
        found = sealing.open_item(
            again, stored_item(again.home.mail.get(id_).data, True), again.address
        )
        assert found is not None
        assert getattr(found.item.body, "text", None) == rows[id_]
    network.close()


def test_a_key_of_small_order_keeps_no_other_reader_from_his_letter() -> None:
    """SEAL-1: whoever put it on his card cannot be sealed for, and is named."""
    network = settled("core", "scout", "smith")
    network.sealing[network.peers["smith"].signer.key] = canonical.b64(bytes(32))
    network.roster(network.members())
    network.round(1)
    with pytest.raises(HumanNeededError, match="no sealing key of smith"):
        network.send("core", ["scout", "smith"], SECRET, seal=True)
    network.send("core", "scout", SECRET, seal=True)
    network.round(1)
    (letter,) = network.letters("scout")
    assert opened_text(network, "scout", letter.id) == SECRET

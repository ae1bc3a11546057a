"""Files and sealed letters as a user types them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from protocol import canonical
from tests.integration.typist import Typist, settled


@pytest.fixture
def typist(tmp_path: Path) -> Typist:
    return settled(tmp_path)


def test_a_file_there_and_back(typist: Typist) -> None:
    """ATT-2, ATT-3: sent, listed, saved; nothing stays on the share."""
    data = os.urandom(300_000)
    (typist.base / "figures.csv").write_bytes(data)
    sent = typist("send", "--as", "core", "librarian", "see", "--attach", "figures.csv", "--json")
    (id_,) = sent.json["ids"]
    assert sent.json["state"] == "delivered"
    typist.round(2)
    (row,) = typist("inbox", "--as", "librarian", "--json").json
    assert [(one["name"], one["size"]) for one in row["attachments"]] == [("figures.csv", 300_000)]
    shown = typist("inbox", "--as", "librarian").out
    assert "+ figures.csv  293.0 KiB" in shown
    assert f"peer save {id_[:8]}" in shown
    saved = typist("save", "--as", "librarian", id_[:8], "--to", ".", "--json").json
    assert saved["id"] == id_
    assert [one["path"] for one in saved["saved"]] == [str(typist.base / "figures-2.csv")]
    assert (typist.base / "figures-2.csv").read_bytes() == data
    assert typist("save", "--as", "core", id_[:8]).out.startswith(
        str(typist.base / "figures-3.csv")
    )
    assert list((typist.share / "peers/core/blobs").iterdir()) == []


def test_a_sealed_letter_with_a_file(typist: Typist) -> None:
    """SEAL-4, SEAL-8: `--seal`, as its reader and its writer see it; an answer is sealed."""
    (typist.base / "plan.txt").write_text("behind the mirror\n" * 9_000)
    sent = typist(
        "send", "--as", "core", "librarian", "the vault", "--seal", "--attach", "plan.txt", "--json"
    )
    (id_,) = sent.json["ids"]
    waiting = typist("outbox", "--as", "core", "--json").json
    assert [(row["text"], row["sealed"], row["kind"]) for row in waiting] == [
        ("the vault", True, "note")
    ]
    typist.round(2)
    for name in ("core", "librarian"):
        row = typist("read", "--as", name, id_, "--json").json
        assert (row["text"], row["sealed"], row["understood"]) == ("the vault", True, True)
        assert [(one["name"], one["size"]) for one in row["attachments"]] == [("plan.txt", 162_000)]
    typist("reply", "--as", "librarian", id_, "well hidden")
    typist.round()
    thread = typist("thread", "--as", "core", id_, "--json").json
    assert [(row["text"], row["sealed"]) for row in thread] == [
        ("the vault", True), ("well hidden", True),
    ]  # fmt: skip
    assert "sealed" in typist("thread", "--as", "core", id_).out
    typist("save", "--as", "librarian", id_, "--name", "plan.txt")
    assert (typist.base / "plan-2.txt").read_bytes() == (typist.base / "plan.txt").read_bytes()
    for file in typist.share.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            assert b"vault" not in data
            assert b"mirror" not in data
            assert b"plan.txt" not in data


def test_what_a_third_peer_makes_of_it(typist: Typist) -> None:
    """SEAL-5: nothing; and it says so."""
    typist("send", "--as", "core", "librarian", "the vault", "--seal")
    key = next((typist.home / "peers").glob("librarian.*")) / "key"
    typist.round()
    key.write_bytes(canonical.encode({"seed": canonical.b64(bytes(32))}))
    shown = typist("inbox", "--as", "librarian").out
    assert "sealed, and no key of this home opens it" in shown
    (row,) = typist("inbox", "--as", "librarian", "--json").json
    assert (row["kind"], row["sealed"], row["understood"], row["text"]) == (
        "sealed",
        True,
        False,
        "",
    )


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("send", "librarian", "x", "--attach", "missing"), 2, "check --attach"),
        (("send", "librarian", "x", "--attach", "."), 2, "cannot be read"),
        (("send", "all", "x", "--seal"), 2, "cannot be sealed"),
        (("send", "nobody", "x", "--attach", "file"), 3, "no peer nobody"),
        (("save", "aaaaaaaa"), 3, "no item"),
    ],
)
def test_what_cannot_be_meant(typist: Typist, words: tuple[str, ...], code: int, said: str) -> None:
    (typist.base / "file").write_bytes(b"x")
    assert said in typist(*words, "--as", "core", code=code).err


def test_without_a_sealing_key_a_steward_is_asked(typist: Typist) -> None:
    """SEAL-6, SEAL-9: exit 6 says whom to ask for what, and that mends it."""
    from peer import keys
    from peer.clock import SystemClock, SystemEntropy
    from peer.home.places import choose
    from peer.stewards.desk import Desk, newest_roster
    from peer.stewards.shelf import FolderShelf
    from peer.wiring import open_share
    from protocol.roster import MemberKey, Roster

    folder, identity = choose(str(typist.home), "stewards", None, None)
    share = open_share(str(typist.share), "kay")
    desk = Desk(
        home=str(typist.home), identity=identity, shelf=FolderShelf(folder), share=share,
        clock=SystemClock(), entropy=SystemEntropy(), unlock=lambda: keys.load_key(folder),
    )  # fmt: skip
    now = newest_roster(desk)
    assert isinstance(now.body, Roster)
    from dataclasses import replace

    members = tuple(
        replace(m, keys=tuple(MemberKey(key=k.key) for k in m.keys)) for m in now.body.members
    )
    desk.sign(replace(now.body, version=now.number + 1, prev=now.digest, members=members))
    said = typist("send", "--as", "core", "librarian", "x", "--seal", code=6)
    assert "peer admit librarian" in said.err
    typist("admit", "librarian")
    typist("send", "--as", "core", "librarian", "x", "--seal")


def test_attachments_and_former_keys_move_along(typist: Typist) -> None:
    """MOVE-1, ATT-3: what is under way keeps its files, and what was sealed can be opened."""
    (typist.base / "plan.txt").write_text("behind the mirror")
    typist("send", "--as", "librarian", "core", "old", "--seal", "--attach", "plan.txt")
    typist("tick", "--as", "core")
    (row,) = typist("inbox", "--as", "core", "--json").json
    typist("send", "--as", "core", "librarian", "under way", "--attach", "plan.txt")
    folder = typist.folder("core")
    former = folder / "key.1"
    former.write_bytes((folder / "key").read_bytes())
    former.chmod(0o600)
    typist("export", "moved.peer", "--as", "core")
    here = ["--home", str(typist.base / "there"), "--as", "core"]
    typist("import", "moved.peer", *here[:2])
    (there,) = (typist.base / "there/peers").iterdir()
    assert (there / "key.1").read_bytes() == former.read_bytes()
    assert (there / "key.1").stat().st_mode & 0o777 == 0o600
    assert {f.name for f in (there / "blobs").iterdir()} == {
        f.name for f in (folder / "blobs").iterdir()
    }
    for file in (typist.share / "peers/core/blobs").iterdir():
        file.unlink()
    typist("tick", *here)
    typist("tick", "--as", "librarian")
    (letter,) = typist("inbox", "--as", "librarian", "--json").json
    assert letter["text"] == "under way"
    (saved,) = typist("save", row["id"], "--json", *here).json["saved"]
    assert Path(saved["path"]).read_text() == "behind the mirror"

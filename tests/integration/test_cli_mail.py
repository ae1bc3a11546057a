"""Mail as it is typed: send, inbox, read, reply, thread, outbox, trace, and what each promises."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import threading
import time
from pathlib import Path

import pytest

from peer import letters, mailbox
from peer.home.places import choose
from peer.wiring import open_peer
from protocol.errors import SomaError
from tests.integration.typist import Typist, settled


@pytest.fixture
def peer(tmp_path: Path) -> Typist:
    return settled(tmp_path)


def test_send_says_where_the_letter_is(peer: Typist) -> None:
    sent = peer("send", "--as", "core", "librarian", "hello", "--json").json
    assert sent["to"] == ["librarian"]
    assert sent["state"] == "delivered"
    assert len(sent["ids"]) == 1
    peer.share.rename(peer.base / "away")
    staged = peer("send", "--as", "core", "librarian", "later", "--json").json
    assert staged["state"] == "staged", "a path that this home knows may be away"
    said = peer("send", "--as", "core", "librarian", "later still")
    assert "staged" in said.err
    (peer.base / "away").rename(peer.share)
    peer.round()
    texts = [row["text"] for row in peer("inbox", "--as", "librarian", "--json").json]
    assert texts == ["hello", "later", "later still"]


def test_several_recipients_get_a_letter_each(peer: Typist) -> None:
    sent = peer("send", "--as", "core", "librarian, scout", "hello", "--json").json
    assert (len(set(sent["ids"])), sent["to"]) == (2, ["librarian", "scout"])
    peer("send", "--as", "core", "librarian,", "x", code=2)
    peer("send", "--as", "core", "all,scout", "x", code=2)


def test_what_goes_to_all_is_in_every_inbox_as_it_was_written(peer: Typist) -> None:
    for kind in ("note", "question", "alert"):
        sent = peer("send", "--as", "core", "all", f"a {kind}", "--kind", kind, "--json").json
        assert sent["to"] == ["all"]
    peer("share", "--as", "core", "copper conducts", "--topic", "metal")
    peer.round()
    for name in ("librarian", "scout"):
        rows = peer("inbox", "--as", name, "--json").json
        assert [(row["kind"], row["text"]) for row in rows] == [
            ("note", "a note"), ("question", "a question"), ("alert", "a alert"),
        ]  # fmt: skip
    assert peer("inbox", "--as", "core", "--json").json == []


def test_an_unknown_recipient_gets_nothing_written(peer: Typist) -> None:
    for name in ("nobody", "librarian,nobody", "librarian@elsewhere"):
        peer("send", "--as", "core", name, "x", code=3)
    peer("send", "--as", "core", "../x", "x", code=2)
    assert peer("outbox", "--as", "core", "--json").json == []


def test_text_is_literal(peer: Typist) -> None:
    (peer.base / "text").write_text("from a file\n")
    peer("send", "--as", "core", "librarian", "@text")
    peer("send", "--as", "core", "librarian", "--file", "text")
    peer("send", "--as", "core", "librarian", "--file", "-", stdin="from stdin")
    peer("send", "--as", "core", "librarian", "-")
    peer("send", "--as", "core", "librarian", "--", "--json")
    peer.round()
    texts = [row["text"] for row in peer("inbox", "--as", "librarian", "--json").json]
    assert texts == ["@text", "from a file\n", "from stdin", "-", "--json"]


def test_a_listing_changes_nothing_and_reading_does(peer: Typist) -> None:
    for text in ("one", "two", "three"):
        peer("send", "--as", "core", "librarian", text)
    peer.round()
    me = ("--as", "librarian")
    rows = peer("inbox", *me, "--json").json
    assert peer("inbox", *me, "--json").json == rows
    assert "3 unread letters" in peer("inbox", *me).out
    peer("thread", *me, rows[0]["id"])
    assert len(peer("inbox", *me, "--json").json) == 3
    assert "one" in peer("read", *me, rows[0]["id"][:6]).out
    assert [row["text"] for row in peer("inbox", *me, "--json").json] == ["two", "three"]
    shown = peer("inbox", *me, "--mark-read", "--json").json
    assert [row["text"] for row in shown] == ["two", "three"]
    assert peer("inbox", *me, "--json").json == []
    assert "nothing new" in peer("inbox", *me).out
    everything = peer("inbox", *me, "--all", "--json").json
    assert [(row["text"], row["read"]) for row in everything] == [
        ("one", True), ("two", True), ("three", True),
    ]  # fmt: skip


def test_a_listing_that_nobody_saw_marks_nothing(peer: Typist) -> None:
    peer("send", "--as", "core", "librarian", "hello")
    peer.round()
    words = peer.command("inbox", "--as", "librarian", "--mark-read")
    with open("/dev/full", "wb") as full:
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, env=peer.environment)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert len(peer("inbox", "--as", "librarian", "--json").json) == 1


def test_a_reply_goes_back_in_its_thread(peer: Typist) -> None:
    question = peer(
        *("send", "--as", "core", "librarian", "what conducts?", "--kind", "question"),
        *("--priority", "4", "--json"),
    ).json["ids"][0]
    peer.round()
    (row,) = peer("inbox", "--as", "librarian", "--json").json
    assert (row["kind"], row["priority"]) == ("question", 4)
    replied = peer("reply", "--as", "librarian", question[:5], "copper", "--json").json
    assert replied["to"] == ["core"]
    assert peer("inbox", "--as", "librarian", "--json").json == [], "a reply reads"
    peer.round()
    (answer,) = peer("inbox", "--as", "core", "--json").json
    assert answer.items() >= {"kind": "answer", "thread": question, "re": question}.items()
    more = peer(
        "send", "--as", "core", "scout", "listen", "--reply-to", answer["id"][:8], "--json"
    ).json["ids"][0]
    thread = peer("thread", "--as", "core", question, "--json").json
    assert [row["id"] for row in thread] == [question, answer["id"], more]
    assert [row["id"] for row in peer("thread", "--as", "core", more, "--json").json] == [
        row["id"] for row in thread
    ]
    assert peer("thread", "--as", "core", more).out.count("  | ") == 3
    note = peer("reply", "--as", "core", answer["id"], "thank you", "--json").json["ids"][0]
    assert peer("read", "--as", "core", note, "--json").json["kind"] == "note"
    assert "--reply-to" in peer("reply", "--as", "core", note, "me again", code=2).err


@pytest.mark.parametrize("blank", ["", "\n", " \t\n\n"])
def test_a_text_of_nothing_is_sent_in_no_way(peer: Typist, blank: str) -> None:
    for words in (["send", "librarian"], ["share"], ["reply", "zzzz"]):
        assert "empty" in peer(*words, "--file", "-", "--as", "core", stdin=blank, code=2).err
        assert "empty" in peer(*words, blank, "--as", "core", code=2).err
    peer("send", "librarian", " x\n", "--as", "core")
    assert [row["text"] for row in peer("outbox", "--as", "core", "--json").json] == [" x\n"]


def test_what_waits_because_the_share_is_away_says_so(peer: Typist) -> None:
    peer.share.rename(peer.base / "away")
    peer("send", "librarian", "hello", "--as", "core")
    (row,) = peer("outbox", "--as", "core", "--json").json
    assert (row["reason"], row["state"]) == ("share", "staged")
    said = peer("outbox", "--as", "core").out
    assert "which is away" in said
    assert "`peer tick` puts it there" not in said
    (peer.base / "away").rename(peer.share)
    (row,) = peer("outbox", "--as", "core", "--json").json
    assert row["reason"] == "staged"


def test_ids_may_be_short_but_not_too_short(peer: Typist) -> None:
    item = peer("send", "--as", "core", "librarian", "hello").out.strip()
    assert peer("read", "--as", "core", item[:4], "--json").json["id"] == item
    peer("read", "--as", "core", item[:3], code=2)
    peer("read", "--as", "core", "zzzzzzzz", code=3)
    peer("trace", "--as", "core", "zzzzzzzz", code=3)
    peer("thread", "--as", "core", "zzzzzzzz", code=3)
    peer("reply", "--as", "core", "zzzzzzzz", "x", code=3)


def test_the_outbox_empties_as_receipts_come(peer: Typist) -> None:
    peer.share.rename(peer.base / "away")
    staged = peer("send", "--as", "core", "librarian", "first").out.strip()
    doomed = peer("send", "--as", "core", "librarian", "second").out.strip()
    rows = peer("outbox", "--as", "core", "--json").json
    assert [(row["id"], row["state"]) for row in rows] == [(staged, "staged"), (doomed, "staged")]
    cancelled = peer("outbox", "cancel", doomed[:6], "--as", "core", "--json").json
    assert cancelled == {"id": doomed, "was": "staged", "state": "cancelled"}
    peer("outbox", "cancel", doomed, "--as", "core", code=3)
    (peer.base / "away").rename(peer.share)
    peer("tick", "--as", "core")
    (row,) = peer("outbox", "--as", "core", "--json").json
    assert (row["state"], row["to"]) == ("delivered", "librarian")
    assert "delivered" in peer("outbox", "--as", "core").out
    assert "taken back" in peer("outbox", "cancel", staged, "--as", "core", code=1).err
    peer.round()
    peer("tick", "--as", "core")
    assert peer("outbox", "--as", "core", "--json").json == []
    assert "acknowledged" in peer("outbox", "--as", "core").out
    texts = [row["text"] for row in peer("inbox", "--as", "librarian", "--all", "--json").json]
    assert texts == ["first"]


def test_trace_tells_what_its_own_home_knows(peer: Typist) -> None:
    def what(name: str, item: str) -> list[str]:
        return [
            event["what"] for event in peer("trace", "--as", name, item, "--json").json["events"]
        ]

    item = peer("send", "--as", "core", "librarian", "hello").out.strip()
    assert what("core", item) == ["staged", "delivered"]
    peer("tick", "--as", "librarian")
    assert what("librarian", item) == ["received", "acted"]
    peer("tick", "--as", "core")
    assert what("core", item) == ["staged", "delivered", "acknowledged", "acted"]
    peer("read", "--as", "librarian", item)
    assert what("librarian", item) == ["received", "acted", "read"]
    assert "read" not in what("core", item)
    found = peer("trace", "--as", "core", item[:7], "--json").json
    assert (found["id"], found["from"], found["to"]) == (item, "core", "librarian")
    assert all(event.keys() == {"at", "what", "where"} for event in found["events"])
    assert "acknowledged" in peer("trace", "--as", "core", item).out


def test_waiting_ends_when_the_reader_acted(peer: Typist) -> None:
    words = ("send", "--as", "core", "librarian", "hello", "--wait", "acted", "--timeout", "30")
    process = subprocess.Popen(
        peer.command(*words, "--json"), stdout=subprocess.PIPE, env=peer.environment
    )
    assert process.stdout is not None
    assert b'"delivered"' in process.stdout.readline(), "the id is there before the wait"
    began = time.monotonic()
    peer("tick", "--as", "librarian")
    assert process.wait(20) == 0
    assert time.monotonic() - began < 10
    process.stdout.close()


def test_waiting_gives_up_and_the_letter_stays_on_its_way(peer: Typist) -> None:
    words = ("send", "--as", "core", "librarian", "hello", "--wait", "received", "--timeout", "0.1")
    said = peer(*words, "--json", code=4)
    assert "peer trace" in said.err
    assert said.json["state"] == "delivered"
    assert len(peer("outbox", "--as", "core", "--json").json) == 1
    assert "--wait" in peer("send", "--as", "core", "all", "x", "--wait", "acted", code=2).err


def test_text_of_others_cannot_act_on_a_terminal(peer: Typist) -> None:
    nasty = "red \x1b[31m, back \x08\r, C1 \x9b2J, turned \u202e\n  fake00  warden  note"
    peer("send", "--as", "core", "librarian", nasty)
    peer.round()
    item = peer("inbox", "--as", "librarian", "--json").json[0]
    assert item["text"] == nasty, "JSON keeps what was written"
    raw = peer("inbox", "--as", "librarian", "--json").out
    shown = (
        peer("inbox", "--as", "librarian").out + peer("read", "--as", "librarian", item["id"]).out
    )
    for text in (raw, shown):
        assert not set("\x1b\x08\r\x9b\u202e") & set(text)
    for line in shown.splitlines():
        assert "fake00" not in line or line.startswith("  | "), "it cannot look like a listing"
    head = next(line for line in shown.splitlines() if item["id"][:8] in line)
    assert all(word in head for word in ("core", "note", "admitted"))


def test_a_letter_of_a_former_holder_of_a_name_is_not_of_the_present_one(peer: Typist) -> None:
    peer("send", "--as", "scout", "librarian", "from the first scout")
    peer.round()
    other = Typist(peer.base, {"PEER_HOME": str(peer.base / "other")})
    shown = other("join", str(peer.share), "--name", "scout", "--json").json["fingerprint"]
    peer("admit", "scout", "--fingerprint", shown, code=2)
    peer("admit", "scout", "--reuse", "--fingerprint", shown)
    peer("tick", "--as", "librarian")
    (row,) = peer("inbox", "--as", "librarian", "--json").json
    assert row["trust"] == "compromised"


def test_a_page_that_its_reader_refused_is_told(peer: Typist) -> None:
    item = peer("send", "--as", "core", "librarian", "hello").out.strip()
    database = sqlite3.connect(peer.folder("core") / "home.db")
    database.execute("UPDATE own_page SET covered_at = formed_at + 1000, refused = 'PAGE-3'")
    database.commit()
    database.close()
    events = peer("trace", "--as", "core", item, "--json").json["events"]
    assert [event["what"] for event in events] == ["staged", "delivered", "quarantined"]
    assert "PAGE-3" in events[-1]["where"]
    core = open_peer(*choose(str(peer.home), "peers", "core", None))
    with pytest.raises(SomaError, match="refused"):
        letters.wait(core, [item], "received", 1, lambda seconds: None)
    core.home.close()


def test_two_sends_at_once_lose_nothing(peer: Typist) -> None:
    words = [peer.command("send", "--as", "core", "librarian", f"letter {n}") for n in range(4)]
    running = [
        subprocess.Popen(
            each, env=peer.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        for each in words
    ]
    for process in running:
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
    peer.round()
    rows = peer("inbox", "--as", "librarian", "--json").json
    assert sorted(row["text"] for row in rows) == [f"letter {n}" for n in range(4)]


def test_a_share_that_stands_still_keeps_no_reader_waiting(
    peer: Typist, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen = threading.Event()
    monkeypatch.setattr(mailbox, "marker_wait_seconds", 0.05)
    monkeypatch.setattr(mailbox, "_fetch", lambda path, found: frozen.wait(20))
    folder, identity = choose(str(peer.home), "peers", "core", None)
    home = mailbox.open_mailbox(folder)
    warning = mailbox.check_share(home, identity)
    home.close()
    frozen.set()
    assert warning is not None
    assert "does not answer" in warning


def test_the_inbox_reads_without_the_share_and_without_the_key(peer: Typist) -> None:
    peer("send", "--as", "core", "librarian", "hello")
    peer.round()
    os.unlink(peer.folder("librarian") / "key")
    peer.share.rename(peer.base / "away")
    said = peer("inbox", "--as", "librarian", "--json")
    assert [row["text"] for row in said.json] == ["hello"]
    assert "cannot be reached" in said.err
    peer.share.mkdir()
    assert "empty" in peer("inbox", "--as", "librarian").err, "as a mount point without its drive"

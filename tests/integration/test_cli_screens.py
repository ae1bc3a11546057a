"""What a person looks at: status, top, heartbeats, both sides of a letter, as they are typed."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from peer.clock import SystemClock
from peer.home.places import choose
from peer.tick.session import tick
from peer.wiring import open_peer
from protocol import documents
from protocol.heartbeat import open_heartbeat
from protocol.receipt import open_receipt
from tests.integration.typist import Typist, on_terminal, settled

FIVE = ("core", "librarian", "scout", "smith", "warden")


@pytest.fixture
def peer(tmp_path: Path) -> Typist:
    return settled(tmp_path)


def fits(screen: str, columns: int = 80, lines: int = 23) -> bool:
    shown = screen.splitlines()
    return len(shown) <= lines and max(map(len, shown)) <= columns


# ---------------------------------------------------------------------------------- status


def test_a_status_of_five_peers_with_troubles_fits_a_small_terminal(peer: Typist) -> None:
    for name in FIVE[3:]:
        peer("join", str(peer.share), "--name", name)
        peer("admit", name)
    for _ in range(2):
        peer("tick", "--all")
    core = open_peer(*choose(str(peer.home), "peers", "core", None))
    with core.home.transaction():
        for number in range(6):
            core.home.concerns.open(
                f"trouble:{number}", "human" if number % 2 else "warn",
                f"trouble {number} with a long story " + "x" * 100,
                "run `peer repair` on the machine of that peer, " * 3, number,
            )  # fmt: skip
        core.home.state.put("parked", "heartbeat 99 is signed by my key in my epoch, " * 3)
    core.home.close()
    screen = on_terminal(peer, ["status", "--as", "core"], columns=80)
    assert "parked: heartbeat 99" in screen
    assert fits(screen.replace(str(peer.share), "/mnt/drive/net")), screen
    assert "4 alive" not in screen  # each stands in its own row
    for name in FIVE[1:]:
        assert re.search(rf"^  {name} +alive", screen, re.MULTILINE)
    assert "! trouble 1" in screen
    assert "→ run `peer repair`" in screen
    assert "more: `peer escalations`" in screen
    assert screen.index("trouble 1") < screen.index("trouble 3")
    assert len(peer("status", "--as", "core", "--json").json["concerns"]) == 6


@pytest.mark.parametrize("screen", ["status", "top", "escalations"])
def test_what_is_meant_to_be_copied_is_never_cut_or_broken(peer: Typist, screen: str) -> None:
    command = "`peer admit core --rekey --fingerprint hfjwz-xhum-qyyl-s2yr-ecvr-cjq2`"
    path = f"`peer repair {'x' * 100}`"
    core = open_peer(*choose(str(peer.home), "peers", "core", None))
    with core.home.transaction():
        for key, text, mend in (
            ("key", "a new key waits " * 8, f"a steward, who has compared it: {command} and so on"),
            ("path", "damaged", f"do {path}"),
            ("text", f"it says in a line of its own that one should {command} soon", "look"),
        ):
            core.home.concerns.open(key, "human", text, mend, 1)
        core.home.state.put("parked", f"a reason that takes some of the room first: {command}; ok")
    core.home.close()
    words = [screen, "--as", "core", *(["--once"] if screen == "top" else [])]
    piped = peer(*words).out
    assert "…" not in piped
    for one in ("a new key waits " * 8).strip(), path:
        assert sum(one in line for line in piped.splitlines()) == 1
    assert sum(command in line for line in piped.splitlines()) == (
        2 if screen == "escalations" else 3
    )
    for columns in (50, 80, 132):
        shown = on_terminal(peer, words, columns=columns)
        assert shown.count(command) == shown.count("`peer admit") >= 1, shown
        assert path in shown
        if screen != "escalations":
            below = shown[shown.index("! a new key") :]
            long = [line for line in below.splitlines() if len(line.rstrip()) > columns]
            assert all(line.strip().startswith("`") for line in long), long


def test_a_wide_terminal_is_used(peer: Typist) -> None:
    core = open_peer(*choose(str(peer.home), "peers", "core", None))
    with core.home.transaction():
        core.home.concerns.open("long", "warn", "word " * 24, "word " * 24, 1)
    core.home.close()
    assert "…" in on_terminal(peer, ["status", "--as", "core"], columns=80)
    wide = on_terminal(peer, ["status", "--as", "core"], columns=132)
    assert wide.count(("word " * 24).strip()) == 2


def test_a_status_tells_how_the_last_tick_ended_and_when_the_next_is(peer: Typist) -> None:
    peer("tick", "--as", "core")
    found = peer("status", "--as", "core", "--json").json
    assert (found["last_tick_result"], found["last_tick_fault"]) == ("ok", None)
    assert 0 < found["next_beat_s"] <= 6 * 3600 + 60
    (peer.share / "NETWORK.json").rename(peer.share / "away")
    peer("tick", "--as", "core", code=5)
    found = peer("status", "--as", "core", "--json").json
    assert found["last_tick_result"] == "failed"
    assert "NETWORK.json" in found["last_tick_fault"]
    assert found["last_tick_s"] < 60
    screen = peer("status", "--as", "core").out
    assert ": failed;" in screen
    assert "NETWORK.json" in screen


def test_a_tick_that_was_killed_is_not_taken_for_ended(peer: Typist) -> None:
    peer("tick", "--as", "core")
    core = open_peer(*choose(str(peer.home), "peers", "core", None))
    began = core.clock.wall_ms() + 1_000
    with core.home.transaction():
        core.home.state.put("tick_began", began)
    core.home.close()
    found = peer("status", "--as", "core", "--json").json
    assert found["last_tick_result"] == "unfinished"
    assert "has not ended" in peer("status", "--as", "core").out


class TwoDaysAgo(SystemClock):
    """What this machine showed then."""

    def wall_ms(self) -> int:
        return super().wall_ms() - 2 * 86_400_000


def test_a_beat_that_nothing_ran_is_overdue(peer: Typist) -> None:
    core = open_peer(*choose(str(peer.home), "peers", "core", None), clock=TwoDaysAgo())
    tick(core)
    core.home.close()
    screen = peer("status", "--as", "core").out
    assert "was due" in screen
    assert "does anything run `peer tick`?" in screen


def test_before_the_first_tick_a_status_says_what_to_do(peer: Typist) -> None:
    peer("join", str(peer.share), "--name", "newcomer")
    said = peer("status", "--as", "newcomer")
    assert "never" in said.out
    assert "`peer tick`" in said.out
    assert "never beaten" in peer("heartbeat", "--as", "newcomer").out


# ------------------------------------------------------------------------------- heartbeat


def test_a_heartbeat_says_when_the_last_and_the_next_beat_are(peer: Typist) -> None:
    peer("tick", "--all")
    mine = peer("heartbeat", "--as", "core", "--json").json
    assert (mine["name"], mine["source"], mine["seq"], mine["lifecycle"]) == (
        "core", "home", 3, "idle",
    )  # fmt: skip
    assert mine["last_beat_s"] < 60
    assert 0 < mine["next_beat_s"] <= 6 * 3600 + 60
    other = peer("heartbeat", "--as", "core", "librarian", "--json").json
    assert (other["source"], other["state"], other["fault"]) == ("share", "alive", None)
    assert {head["of"] for head in other["heads"]} >= {"soma/root/1", "soma/roster/1"}
    seen = peer("heartbeat", "--as", "librarian", "core", "--json").json
    assert abs(seen["next_beat_s"] - mine["next_beat_s"]) < 60, "what others go by is what I show"
    assert mine["next_beat_s"] > 6 * 3600 - 60
    text = peer("heartbeat", "--as", "core", "librarian").out
    assert "next beat" in text
    assert "root 1" in text
    peer("heartbeat", "--as", "core", "nobody", code=3)


def test_where_the_share_is_away_a_heartbeat_is_what_was_heard(peer: Typist) -> None:
    os.rename(peer.share, f"{peer.share}.away")
    said = peer("heartbeat", "--as", "core", "librarian", "--json")
    assert said.json["source"] == "remembered"
    assert said.json["seq"] == 1  # core ticked before librarian
    assert said.json["software"] is None
    assert said.err.startswith("peer: ")
    assert "as it was heard" in peer("heartbeat", "--as", "core", "librarian").out
    assert peer("heartbeat", "--as", "core").out


def test_a_forged_heartbeat_is_not_believed(peer: Typist) -> None:
    scout = open_peer(*choose(str(peer.home), "peers", "scout", None))
    path = peer.share / "peers" / "librarian" / "heartbeat.json"
    beat = open_heartbeat(path.read_bytes(), scout.identity.network, "librarian@lab")
    forged = replace(beat, key=scout.signer.key, seq=99, lifecycle="left")
    path.write_bytes(documents.seal(forged, scout.signer))
    scout.home.close()
    said = peer("heartbeat", "--as", "core", "librarian", "--json").json
    assert (said["source"], said["seq"]) == ("remembered", 1)
    assert "not librarian's" in said["fault"]


# ----------------------------------------------------------------------------------- trace


def whats(rows: list[dict[str, str]]) -> list[str]:
    return [row["what"] for row in rows]


def test_a_trace_has_both_sides_and_what_lies_on_the_share(peer: Typist) -> None:
    item = peer("send", "--as", "core", "librarian", "hello").out.strip()
    found = peer("trace", "--as", "core", item, "--json").json
    assert found["state"] == "delivered"
    assert found["other_sides"] == [{"peer": "librarian", "events": []}]
    assert whats(found["share"]["facts"]) == ["lies", "waits"]
    peer("tick", "--as", "librarian")
    found = peer("trace", "--as", "core", item, "--json").json
    assert whats(found["events"]) == ["staged", "delivered"]
    assert whats(found["other_sides"][0]["events"]) == ["received", "acted"]
    assert whats(found["share"]["facts"]) == ["acted"]
    text = peer("trace", "--as", "core", item).out
    assert "librarian says" in text
    assert "received and acted on" in text
    peer("tick", "--as", "core")
    peer("read", "--as", "librarian", item)
    found = peer("trace", "--as", "core", item, "--json").json
    assert found["state"] == "acted"
    assert "read" not in whats(found["other_sides"][0]["events"])
    theirs = peer("trace", "--as", "librarian", item, "--json").json
    assert theirs["state"] == "read"
    assert theirs["other_sides"][0]["peer"] == "core"
    assert whats(theirs["other_sides"][0]["events"])[0] == "staged"
    assert whats(theirs["share"]["facts"]) == ["acted"]


def test_a_trace_sees_that_a_page_was_taken_away(peer: Typist) -> None:
    item = peer("send", "--as", "core", "librarian", "hello").out.strip()
    for page in (peer.share / "peers" / "librarian" / "inbox").glob("core.*"):
        page.unlink()
    facts = peer("trace", "--as", "core", item, "--json").json["share"]["facts"]
    assert whats(facts) == ["missing", "waits"]
    assert "puts it there again" in facts[0]["text"]


def test_a_trace_without_the_share_tells_what_the_home_knows(peer: Typist) -> None:
    item = peer("send", "--as", "core", "librarian", "hello").out.strip()
    assert peer("trace", "--as", "core", item, "--offline", "--json").json["share"] is None
    os.rename(peer.share, f"{peer.share}.away")
    found = peer("trace", "--as", "core", item, "--json").json
    assert whats(found["events"]) == ["staged", "delivered"]
    assert found["share"]["fault"]
    assert "cannot be looked at" in peer("trace", "--as", "core", item).out


def test_a_trace_of_an_expired_letter_does_not_wait_for_anything(peer: Typist) -> None:
    item = peer("send", "--as", "core", "librarian", "hello", "--expires", "1m").out.strip()
    core = open_peer(*choose(str(peer.home), "peers", "core", None))
    with core.home.transaction():
        core.home.db.write("UPDATE item SET due_ms = 1 WHERE id = ?", item)
        core.home.db.write("UPDATE own_page SET due_ms = 1 WHERE audience = 'librarian@lab'")
    core.home.close()
    peer("tick", "--as", "core")
    found = peer("trace", "--as", "core", item, "--json").json
    assert found["state"] == "expired"
    assert whats(found["events"]) == ["staged", "expired"]
    assert whats(found["share"]["facts"]) == ["gone"]
    assert "next tick" not in peer("trace", "--as", "core", item).out
    told = "1 letter to librarian expired before librarian had received it"
    assert told in peer("status", "--as", "core").out
    put_away = peer("outbox", "cancel", item, "--as", "core").out
    assert "expired" in put_away
    assert "put away" in put_away
    found = peer("trace", "--as", "core", item, "--json").json
    assert found["state"] == "cancelled"
    assert whats(found["events"]) == ["staged", "expired", "cancelled"]
    assert found["share"]["facts"] == []
    assert "expired before" not in peer("status", "--as", "core").out


def test_a_trace_tells_what_was_taken_back_from_what_never_was(peer: Typist) -> None:
    peer.share.rename(peer.base / "away")
    item = peer("send", "--as", "core", "librarian", "hello").out.strip()
    assert "is taken back" in peer("outbox", "cancel", item, "--as", "core").out
    (peer.base / "away").rename(peer.share)
    found = peer("trace", "--as", "core", item, "--json").json
    assert (found["state"], whats(found["events"])) == ("cancelled", ["staged", "cancelled"])
    for words in (
        ["read", item],
        ["outbox", "cancel", item],
        ["send", "scout", "x", "--reply-to", item],
    ):
        assert "taken back" in peer(*words, "--as", "core", code=3).err
    assert "lists what there is" in peer("trace", "zzzzzz", "--as", "core", code=3).err
    peer("tick", "--as", "core")
    assert peer("outbox", "--as", "core", "--json").json == []
    assert "hello" not in peer("search", "hello", "--as", "core").out


def test_a_receipt_under_a_strange_key_is_not_believed(peer: Typist) -> None:
    item = peer("send", "--as", "core", "librarian", "hello").out.strip()
    peer("tick", "--as", "librarian")
    scout = open_peer(*choose(str(peer.home), "peers", "scout", None))
    path = peer.share / "peers" / "librarian" / "receipts" / "lab" / "core.json"
    true = open_receipt(path.read_bytes(), scout.identity.network, "librarian@lab", "core@lab")
    path.write_bytes(documents.seal(replace(true, key=scout.signer.key), scout.signer))
    scout.home.close()
    *_, fact = peer("trace", "--as", "core", item, "--json").json["share"]["facts"]
    assert fact["what"] == "refused"
    assert "not its reader's" in fact["text"]
    path.write_bytes(b"nonsense")
    *_, fact = peer("trace", "--as", "core", item, "--json").json["share"]["facts"]
    assert fact["what"] == "refused"


def test_a_trace_of_something_published_has_every_side(peer: Typist) -> None:
    item = peer("share", "--as", "core", "renames are slow", "--topic", "nfs", "--json").json[
        "ids"
    ][0]
    peer("tick", "--all")
    peer("tick", "--all")
    found = peer("trace", "--as", "core", item, "--json").json
    assert [side["peer"] for side in found["other_sides"]] == ["librarian", "scout"]
    assert all("received" in whats(side["events"]) for side in found["other_sides"])
    assert found["share"]["facts"] == []


# ------------------------------------------------------------------------------------- top


def test_top_prints_one_frame_that_fits(peer: Typist) -> None:
    peer("send", "--as", "core", "librarian", "hello")
    peer("tick", "--as", "core")
    frame = on_terminal(peer, ["top", "--once", "--as", "core"], columns=80)
    assert fits(frame.replace(str(peer.share), "/mnt/drive/net")), frame
    assert "\x1b" not in frame
    for word in ("core@lab", "librarian", "WAITS FOR", "nothing waits for a human", "tick=3"):
        assert word in frame
    assert peer("top", "--as", "core").out.startswith("core@lab")  # no terminal: one frame
    assert peer("top", "--as", "core", "--json").json["waits"][0]["reason"] == "under-way"


def test_top_never_touches_the_share(peer: Typist) -> None:
    os.rename(peer.share, f"{peer.share}.away")
    assert "core@lab" in peer("top", "--once", "--as", "core").out
    assert not peer.share.exists()


def test_top_without_rich_says_how_to_get_it(peer: Typist, tmp_path: Path) -> None:
    (tmp_path / "stub").mkdir()
    (tmp_path / "stub" / "rich.py").write_text("raise ImportError('no rich here')\n")
    path = f"{tmp_path / 'stub'}{os.pathsep}{peer.environment['PYTHONPATH']}"
    said = peer("top", "--as", "core", code=1, env={"PYTHONPATH": path})
    assert "pip install 'soma-network[rich]'" in said.err


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("end", ["q", "interrupt"])
def test_top_lives_until_it_is_told_to_end(peer: Typist, end: str) -> None:
    import pty

    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        peer.command("top", "--as", "core", "--every", "0.2"),
        stdin=terminal, stdout=terminal, stderr=subprocess.PIPE, cwd=peer.base,
        env=peer.environment | {"TERM": "xterm", "LINES": "24"},
    )  # fmt: skip
    assert process.stderr is not None
    try:
        seen = _read_until(controller, b"core@lab", 1)
        assert "\x1b[?1049h" in seen.decode(errors="replace")  # a screen of its own
        seen += _read_until(controller, b"core@lab", 2)  # it is drawn again
        if end == "q":
            os.write(controller, b"q")
        else:
            process.send_signal(signal.SIGINT)
        seen += _read_until(controller, b"\x1b[?1049l", 1)  # and what was there before is back
        assert process.wait(30) == 0
        with process.stderr as said:
            assert said.read() == b""
    finally:
        process.kill()
        process.wait()
        os.close(terminal)
        os.close(controller)


def _read_until(descriptor: int, what: bytes, times: int) -> bytes:
    """What a terminal shows until it has shown something so often."""
    seen = b""
    while seen.count(what) < times:
        ready, _, _ = select.select([descriptor], [], [], 30)
        assert ready, f"nothing more after {seen!r}"
        seen += os.read(descriptor, 65536)
    return seen

"""Doctor and quarantine as they are typed: what is wrong, and what can be done about it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from peer import doctor, lock, upkeep
from peer.clock import SystemClock
from peer.findings import Finding, Mended, mend, ok, warn
from peer.home import open_home
from peer.home.places import DATABASE, choose
from registry import roster
from tests.integration.typist import NAMES, ROOT, Typist, settled


@pytest.fixture
def peer(tmp_path: Path) -> Typist:
    return settled(tmp_path)


def checks(said: Any, level: str) -> list[str]:
    return [check["check"] for check in said.json["checks"] if check["level"] == level]


def test_all_is_well_where_it_is(peer: Typist) -> None:
    peer("share", "--as", "core", "copper conducts", "--topic", "metal")
    said = peer("doctor", "--json")
    assert said.json["ok"] is True
    assert checks(said, "bad") == []
    assert checks(said, "warn") == ["steward key"], "it lies beside agents and is not sealed"
    for name in NAMES:
        assert {f"{name}: {what}" for what in ("key", "database", "clock", "share")} <= set(
            checks(said, "ok")
        )
    assert "all is well" in peer("doctor", "--as", "core").out
    assert not list(peer.share.rglob("canary"))


def test_a_machine_that_nobody_set_up_can_be_looked_at(tmp_path: Path) -> None:
    peer = Typist(tmp_path)
    said = peer("doctor", "--json")
    assert {"python", "packages"} <= set(checks(said, "ok"))
    peer("doctor", "--as", "nobody", code=3)
    assert not peer.home.exists()


def test_a_steward_alone_is_told_about_the_share(peer: Typist) -> None:
    (peer.home / "peers").rename(peer.base / "peers")
    said = peer("doctor", "--json")
    assert {"steward key", "kay: share"} <= set(checks(said, "ok"))
    assert checks(said, "warn") == []
    peer.share.rename(peer.base / "away")
    assert checks(peer("doctor", "--json", code=5), "bad") == ["kay: share"]


def test_every_fault_comes_with_how_to_mend_it(peer: Typist) -> None:
    (peer.folder("core") / "key").chmod(0o644)
    (peer.folder("librarian") / "home.db").write_bytes(b"garbage" * 1000)
    peer.home.chmod(0o777)
    (peer.share / "peers" / "scout" / "inbox").chmod(0o755)
    said = peer("doctor", "--json", code=1)
    assert set(checks(said, "bad")) == {"home", "core: key", "librarian: database"}
    assert "scout: share" in checks(said, "warn")
    assert all(check["mend"] for check in said.json["checks"] if check["level"] != "ok")
    shown = peer("doctor", code=1).out
    assert "chmod 600" in shown
    assert "chmod 1777" in shown
    assert "3 things to mend" in shown
    peer.share.rename(peer.base / "away")
    assert peer("doctor", "--as", "core", code=5).out.count("BAD") == 3


def _old(path: Path) -> Path:
    """As a process that died long ago left it."""
    path.write_bytes(b"half")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    return path


def test_what_is_safe_is_mended_and_nothing_else(peer: Typist) -> None:
    """What others wrote, what is being written, and what nobody knows, stays."""
    core, share = peer.folder("core"), peer.share / "peers" / "core"
    (core / "home.db").chmod(0o644)
    (core / "key").chmod(0o640)
    core.chmod(0o755)
    peer.home.chmod(0o777)
    (share / "card.json").unlink()
    (share / "heartbeat.json").unlink()
    (share / "inbox").chmod(0o755)
    shutil.rmtree(peer.share / "peers" / "scout" / "outbox" / "feed")
    gone = [
        _old(share / "outbox" / "feed" / ".core.aaaaaaaaaaaaaaaa"),
        _old(peer.share / "peers" / "scout" / "inbox" / ".core.bbbbbbbbbbbbbbbb"),
        _old(peer.share / "orders" / ".core.cccccccccccccccc"),
        _old(core / "identity.json.123.new"),
        _old(core / "home.db.123.export-wal"),
    ]
    stay = [
        _old(share / "inbox" / ".nobody.aaaaaaaaaaaaaaaa"),
        _old(core / "notes.new"),
        share / "outbox" / "feed" / ".core.dddddddddddddddd",
        core / "settings.toml.124.new",
    ]
    for path in stay[2:]:
        path.write_bytes(b"under way")
    before = _picture(peer.base)
    dry = peer("doctor", "--fix", "--dry-run", "--json", code=1)
    assert dry.json["mended"] == []
    assert _picture(peer.base) == before, "it only said what it would do"
    safe = [(c["check"], c["level"]) for c in dry.json["checks"] if c["safe"]]
    assert set(safe) == {
        ("home", "bad"), ("core: rights", "warn"), ("core: share", "warn"),
        ("core: leftovers", "warn"), ("scout: share", "warn"),
    }  # fmt: skip
    assert "--fix would do that" in peer("doctor", "--fix", "--dry-run", code=1).out
    assert "`peer doctor --fix` does that" in peer("doctor", code=1).out
    said = peer("doctor", "--fix", "--json")
    assert said.json["ok"]
    assert {one["error"] for one in said.json["mended"]} == {None}
    assert len(said.json["mended"]) == len(safe) + 1
    assert "core: card" in {one["check"] for one in said.json["mended"]}, "once the key is private"
    assert any("rekey --compromised" in one["text"] for one in said.json["mended"])
    assert [path for path in gone if path.exists()] == []
    assert [path for path in stay if not path.exists()] == []
    assert {p.stat().st_mode & 0o777 for p in core.iterdir()} == {0o600}
    assert core.stat().st_mode & 0o777 == 0o700
    left = [c for c in said.json["checks"] if c["level"] != "ok"]
    assert [c["check"] for c in left] == ["steward key", "core: heartbeat"]
    assert "peer tick" in left[1]["mend"]
    peer("tick", "--all")
    again = peer("doctor", "--fix")
    assert ": mended" not in again.out
    assert checks(peer("doctor", "--json"), "warn") == ["steward key"]


def _picture(base: Path) -> dict[str, tuple[int, bytes]]:
    """Modes and bytes of everything, but for what a look at it may touch."""
    return {
        str(path): (path.stat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in base.rglob("*")
        if not path.name.startswith("home.db-") and path.name != "lock"
    }


def test_what_cannot_be_mended_is_told(peer: Typist) -> None:
    def refuse() -> None:
        raise PermissionError(1, "Operation not permitted")

    done = mend([warn("a", "wrong", "do it", refuse), ok("b", "well")])
    assert done == [Mended("a", "wrong", "[Errno 1] Operation not permitted")]
    peer("doctor", "--dry-run", code=2)


@pytest.mark.parametrize("spoil", ["stranger", "garbage", "folder"])
def test_a_card_that_is_not_mine_is_written_again(peer: Typist, spoil: str) -> None:
    """LAYOUT-7: whatever stands at its place."""
    card = peer.share / "peers" / "core" / "card.json"
    before = card.read_bytes()
    if spoil == "folder":
        card.unlink()
        card.mkdir()
    elif spoil == "garbage":
        card.write_bytes(b"{}")
    else:
        home = peer.base / "thief"
        peer("join", str(peer.share), "--name", "core", "--home", str(home))
    assert checks(peer("doctor", "--as", "core", "--json"), "warn") == ["steward key", "core: card"]
    peer("doctor", "--as", "core", "--fix")
    assert json.loads(card.read_bytes())["signed"]["key"] == json.loads(before)["signed"]["key"]


def test_a_card_that_asks_for_a_new_key_is_well(peer: Typist) -> None:
    """REKEY-1: and written again where it is lost."""
    asked = peer("rekey", "--as", "core", "--json").json
    card = peer.share / "peers" / "core" / "card.json"
    before = json.loads(card.read_bytes())["signed"]
    assert "asks for a new key" in peer("doctor", "--as", "core").out
    card.unlink()
    peer("doctor", "--as", "core", "--fix")
    now = json.loads(card.read_bytes())["signed"]
    assert (now["key"], now["succeeds"]) == (before["key"], before["succeeds"])
    assert peer("rekey", "--as", "core", "--json").json["fingerprint"] == asked["fingerprint"]


def test_a_root_that_everybody_can_write_and_a_heartbeat_that_is_none_are_told(
    peer: Typist,
) -> None:
    peer.share.chmod(0o777)
    beat = peer.share / "peers" / "core" / "heartbeat.json"
    beat.unlink()
    beat.mkdir()
    said = peer("doctor", "--as", "core", "--fix", "--json").json
    assert said["mended"] == []
    told = {c["check"]: c["text"] for c in said["checks"] if c["level"] == "warn"}
    assert "everybody can move" in told["core: share"]
    assert "something else" in told["core: heartbeat"]
    peer.share.chmod(0o1777)
    assert "core: share" not in checks(peer("doctor", "--as", "core", "--json"), "warn")


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_home_is_for_its_owner_alone_at_every_level(peer: Typist) -> None:
    for part in (peer.home, peer.home / "peers", peer.home / "stewards"):
        part.chmod(0o755)
    said = peer("doctor", "--as", "core", "--json").json
    texts = [c["text"] for c in said["checks"] if c["check"] == "home" and c["level"] == "warn"]
    assert len(texts) == 3
    assert all("look into" in text for text in texts)
    peer("doctor", "--fix")
    assert {mode(part) for part in (peer.home, peer.home / "peers", peer.home / "stewards")} == {
        0o700
    }
    assert "home" in checks(peer("doctor", "--json"), "ok")


def test_a_folder_that_is_more_than_a_home_is_told_and_left(peer: Typist) -> None:
    (peer.home / "public_html").mkdir()
    peer.home.chmod(0o755)
    said = peer("doctor", "--fix", "--json").json
    assert mode(peer.home) == 0o755
    (check,) = [c for c in said["checks"] if c["check"] == "home"]
    assert (check["level"], check["safe"]) == ("warn", False)


def test_the_textfile_in_a_home_stays_readable_and_nothing_else(peer: Typist) -> None:
    core = peer.folder("core")
    peer("config", "set", "metrics.textfile", "core.prom", "--as", "core")
    peer("tick", "--as", "core")
    for part in (peer.home, peer.home / "peers", core):
        part.chmod(0o711)
    (core / "settings.toml").chmod(0o644)
    peer("doctor", "--fix")
    assert {mode(part) for part in (peer.home, peer.home / "peers", core)} == {0o711}
    assert mode(core / "core.prom") == 0o644
    assert {mode(p) for p in core.iterdir() if p.name != "core.prom"} <= {0o600, 0o700}
    core.chmod(0o755)
    peer("doctor", "--fix")
    assert mode(core) == 0o711
    peer("config", "set", "metrics.textfile", "--default", "--as", "core")
    peer("doctor", "--fix")
    assert (mode(core), mode(peer.home), mode(core / "core.prom")) == (0o700, 0o700, 0o600)


@pytest.mark.parametrize("place", ["nowhere/core.prom", "nowhere", "nowhere/"])
def test_a_textfile_that_no_tick_can_write_is_told(peer: Typist, place: str) -> None:
    peer("config", "set", "metrics.textfile", str(peer.base / place), "--as", "core")
    said = peer("doctor", "--as", "core", "--json")
    (check,) = [c for c in said.json["checks"] if c["check"] == "core: metrics"]
    assert check["level"] == "warn"
    assert str(peer.base / "nowhere") in check["text"]
    (peer.base / "nowhere").mkdir()
    peer("tick", "--as", "core")
    assert [path.suffix for path in (peer.base / "nowhere").iterdir()] == [".prom"]
    assert "core: metrics" not in checks(peer("doctor", "--as", "core", "--json"), "warn")


def test_where_modes_mean_nothing_that_is_said(
    peer: Typist, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "POSIX", False)
    (peer.folder("core") / "key").chmod(0o644)
    (finding,) = upkeep.rights("core", str(peer.folder("core")))
    assert (finding.level, finding.fix) == ("ok", None)
    assert "not checked" in finding.text


def found(findings: Iterator[Finding], level: str) -> list[str]:
    return [finding.text for finding in findings if finding.level == level]


def test_a_key_of_somebody_else_is_found(peer: Typist) -> None:
    other = (peer.folder("scout") / "key").read_bytes()
    (peer.folder("core") / "key").write_bytes(other)
    said = peer("doctor", "--as", "core", "--json", code=1)
    assert checks(said, "bad") == ["core: key"]


def test_clocks_of_the_others_tell_about_mine(peer: Typist) -> None:
    folder, identity = choose(str(peer.home), "peers", "core", None)
    home = open_home(os.path.join(folder, DATABASE))
    rows = list(home.neighbours.all().values())
    assert not found(doctor._clock(identity, home, SystemClock()), "warn")
    late = [
        row._replace(name=name, seen_wall=row.seen_wall - 600_000)
        for name, row in zip(("a", "b", "c"), rows * 2, strict=False)
    ]
    with home.transaction():
        home.neighbours.put(late)
    (text,) = found(doctor._clock(identity, home, SystemClock()), "warn")
    assert "after this clock" in text
    home.close()


def test_a_home_on_the_share_and_a_drive_without_room_are_found(
    peer: Typist, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, identity = choose(str(peer.home), "peers", "core", None)
    (text,) = found(doctor._drive(str(peer.share / "home"), identity), "bad")
    assert "lies on the share" in text
    monkeypatch.setattr(doctor, "check_home", lambda home, share: "it lies on nfs; move it")
    assert found(doctor._drive(str(peer.home), identity), "warn") == ["it lies on nfs"]
    monkeypatch.setattr(doctor, "free_bytes_min", 2**62)
    assert len(found(doctor._room("home", str(peer.home)), "warn")) == 1


def test_a_damaged_steward_key_and_a_lying_drive_are_found(
    peer: Typist, monkeypatch: pytest.MonkeyPatch
) -> None:
    next((peer.home / "stewards").glob("*/key")).write_bytes(b"garbage")
    assert "steward key" in checks(peer("doctor", "--as", "core", "--json", code=1), "bad")
    folder, identity = choose(str(peer.home), "peers", "core", None)
    monkeypatch.setattr(roster, "sing", lambda share, name, song: False)
    assert found(doctor._share(identity, SystemClock(), folder), "bad")
    with lock.held(folder):  # a tick sings for itself
        assert not found(doctor._share(identity, SystemClock(), folder), "bad")


def test_the_three_packages_must_come_from_one_place(tmp_path: Path) -> None:
    (tmp_path / "protocol").mkdir()
    for file in (ROOT / "protocol").glob("*.py"):
        (tmp_path / "protocol" / file.name).write_bytes(file.read_bytes())
    program = (
        f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]\n"
        "from peer import doctor\n"
        "print(*doctor._packages())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd="/")
    assert "level='bad'" in done.stdout, done.stderr
    assert "pip uninstall" in done.stdout


def test_an_old_python_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 1, "final", 0))
    (finding,) = doctor._python()
    assert (finding.level, finding.exit) == ("bad", 1)


def test_what_was_refused_can_be_listed_shown_retried_and_dropped(peer: Typist) -> None:
    assert "nothing" in peer("quarantine", "list", "--as", "core").out
    letter = peer.share / "peers" / "core" / "inbox" / "scout.aaaaaaaa.1.page"
    letter.write_bytes(b'{"not":"a page","\\u001b":"\x1b[31m"}')
    for _ in range(2):  # what may be half of a file gets a second look
        peer("tick", "--as", "core")
    assert not letter.exists()
    (row,) = peer("quarantine", "list", "--as", "core", "--json").json
    assert row.keys() >= {"file", "author", "rule", "reason", "at"}
    assert (row["file"], row["author"]) == (f"peers/core/inbox/{letter.name}", "scout@lab")
    number = str(row["n"])
    listed = peer("quarantine", "list", "--as", "core").out
    for word in ("rule", "reason", "said_to_be_of", "looks_like", "mend"):
        said = row[word].replace("\x1b", "<1b>")
        assert said in listed, "who, what rule, what it looked like, what to do"
    shown = peer("quarantine", "show", number, "--as", "core").out
    assert "not" in shown
    assert "\x1b" not in shown
    assert "a page" in peer("quarantine", "show", number, "--raw", "--as", "core").out
    assert "content" in peer("quarantine", "show", number, "--as", "core", "--json").json
    retried = peer("quarantine", "retry", number, "--as", "core", "--json").json
    assert retried.items() >= {"state": "retried", "item": None}.items()
    assert peer("quarantine", "list", "--as", "core", "--json").json == []
    peer("quarantine", "drop", number, "--as", "core", code=3)
    peer("quarantine", "show", "0", "--as", "core", code=2)
    peer("quarantine", "show", str(10**30), "--as", "core", code=3)
    letter.symlink_to("/etc/passwd")
    peer("tick", "--as", "core")
    (row,) = peer("quarantine", "list", "--as", "core", "--json").json
    assert "dropped" in peer("quarantine", "drop", str(row["n"]), "--as", "core").out


def test_an_item_whose_handler_failed_is_acted_on_again(peer: Typist) -> None:
    item = peer("share", "--as", "librarian", "copper conducts", "--topic", "metal").out.strip()
    broken = (
        "import peer.handlers\n"
        "def broken(received, view): raise KeyError('poison')\n"
        "peer.handlers.HANDLERS['insight'] = broken\n"
    )
    (peer.base / "sitecustomize.py").write_text(broken)
    poisoned = {"PYTHONPATH": f"{peer.base}:{ROOT}"}
    peer("tick", "--as", "librarian")
    for _ in range(3):
        assert peer("tick", "--as", "core", "--json", env=poisoned).json["acted"] == 0
    (row,) = peer("quarantine", "list", "--as", "core", "--json").json
    assert (row["rule"], row["item"]) == ("ACT-3", item)
    assert "poison" in row["reason"]
    events = peer("trace", "--as", "core", item, "--json").json["events"]
    assert [event["what"] for event in events] == ["received", "quarantined"]
    said = peer("quarantine", "retry", str(row["n"]), "--as", "core")
    assert "acted on again" in said.out
    assert peer("tick", "--as", "core", "--json").json["acted"] == 1

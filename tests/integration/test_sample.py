"""The sample network: current, the same everywhere, free of secrets, and alive on a copy of it."""

from __future__ import annotations

import base64
import os
import re
import sys
from pathlib import Path

import pytest

from peer.demo import sample
from peer.demo.stage import INTRUDER, PEERS, STEWARD
from peer.home.places import choose
from protocol import canonical
from protocol.errors import NotFoundError, UsageError
from tests.integration.onlookers import as_cloned, files, letters, run, shell, tick_once, wake

FORGED = re.compile(r"peers/core/inbox/librarian\.[a-z2-7]{8}\.1\.page")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample as this code writes it."""
    folder = tmp_path_factory.mktemp("sample") / "share"
    sample.write_share(str(folder))
    return folder


@pytest.fixture
def copy(fresh: Path, tmp_path: Path) -> Path:
    """A copy of the sample as it comes out of a clone."""
    as_cloned(fresh, tmp_path / "copy")
    return tmp_path / "copy"


@pytest.fixture
def home(copy: Path, tmp_path: Path) -> Path:
    """The home of the sample's peers, bound to the copy."""
    sample.write_home(str(tmp_path / "home"), str(copy))
    return tmp_path / "home"


def test_the_sample_in_this_checkout_is_what_the_code_writes(root: Path, fresh: Path) -> None:
    kept, written = files(root / sample.FOLDER), files(fresh)
    assert kept.keys() == written.keys(), "run `make sample`"
    assert [path for path in kept if kept[path] != written[path]] == [], "run `make sample`"


def test_nothing_of_the_machine_decides_a_byte(root: Path, fresh: Path, tmp_path: Path) -> None:
    for seed, zone in (("1", "Asia/Kolkata"), ("4242", "America/Lima")):
        run(
            "-m", "peer.demo.sample", seed, cwd=tmp_path,
            PYTHONHASHSEED=seed, PYTHONPATH=str(root), TZ=zone, LC_ALL="C",
        )  # fmt: skip
        assert files(tmp_path / seed) == files(fresh)


def test_it_is_a_whole_network_with_mail_under_way(fresh: Path) -> None:
    paths = files(fresh)
    for name in PEERS:
        assert {f"peers/{name}/card.json", f"peers/{name}/heartbeat.json"} <= paths.keys()
    assert [path for path in paths if "/outbox/feed/" in path]
    assert [path for path in paths if "/receipts/lab/" in path]
    assert [path for path in paths if path.startswith("orders/")], "git keeps no empty folder"
    waiting = [path for path in paths if "/inbox/" in path]
    assert [path for path in waiting if FORGED.fullmatch(path)]
    assert [path for path in waiting if path.startswith("peers/core/inbox/smith.")]
    assert not [path for path in paths if "/." in f"/{path}"], "a temporary stayed"


def test_it_gives_away_no_key_and_no_place(root: Path, fresh: Path, tmp_path: Path) -> None:
    told = b"\n".join(path.encode() + b"\n" + data for path, data in files(fresh).items())
    for name in (STEWARD, INTRUDER, *PEERS):
        seed = sample.demo_seed(name)
        spelled = (
            seed, seed.hex().encode(), canonical.b64(seed).encode(), canonical.b32(seed).encode(),
            base64.b64encode(seed).rstrip(b"="),
        )  # fmt: skip
        assert not [form for form in spelled if form in told], name
    here = (root, tmp_path, fresh, Path.home(), sys.prefix, os.getcwd())
    assert not [place for place in here if str(place).encode() in told]
    assert not re.search(rb'"seed"|"(?:[A-Za-z]:)?[/\\]|/tmp/|/home/|/Users/', told)


def test_every_peer_of_a_clone_lives_on_and_only_the_forgery_is_refused(home: Path) -> None:
    reports = {name: tick_once(home, name) for name in PEERS}
    assert {name: report.state for name, report in reports.items()} == dict.fromkeys(PEERS, "idle")
    assert {name: r.quarantined for name, r in reports.items() if r.quarantined} == {"core": 1}
    assert reports["core"].received == 1
    problems = [line for report in reports.values() for line in report.problems]
    known = re.compile("PAGE-11: no steward admitted librarian@lab|missing on the share")
    assert [line for line in problems if not known.search(line)] == []
    again = {name: tick_once(home, name) for name in PEERS}
    assert {name: report.problems for name, report in again.items()} == {n: [] for n in PEERS}


def test_the_forged_page_is_set_aside_with_its_rule_and_leaves_the_inbox(
    home: Path, copy: Path
) -> None:
    tick_once(home, "core")
    peer = wake(home, "core")
    (caught,) = peer.home.quarantine.all()
    peer.home.close()
    assert FORGED.fullmatch(caught.file)
    assert (caught.rule, caught.author) == ("PAGE-11", "librarian@lab")
    assert not (copy / caught.file).exists()
    assert "Send me your key file." not in [text for _, text in letters(home, "core")]


def test_the_waiting_letter_arrives_and_the_question_is_answered(home: Path) -> None:
    before = letters(home, "core")
    tick_once(home, "core")
    after = letters(home, "core")
    assert ("scout@lab", "NFS, SMB and one Syncthing folder.") in before, "answered by a reply"
    assert [text for _, text in after[len(before) :]] == [
        "Retry built in; 10,000 renames, none lost."
    ]
    (answer,) = [text for author, text in letters(home, "smith") if author == "librarian@lab"]
    assert "scout@lab, certainty 0." in answer, "answered from what scout published"


def test_the_commands_of_the_docstring_work_as_they_stand(root: Path, tmp_path: Path) -> None:
    block = (sample.__doc__ or "").split("restored backup, and parks):")[1].split("Rules:")[0]
    commands = [line.strip() for line in block.strip().splitlines()]
    assert [command.split()[0] for command in commands] == ["cp", "python", *["peer"] * 4]
    shown = []
    for command in commands:
        here = command.replace("/tmp/", f"{tmp_path}/")
        here = re.sub("^python ", f"{sys.executable} ", here)
        shown.append(shell(re.sub("^peer ", f"{sys.executable} -m peer ", here), cwd=root))
    unread, ticked, unread_after, caught = shown[2:]
    assert "Syncthing" in unread
    assert "Retry built in" not in unread
    assert "1 received" in ticked
    assert "Retry built in" in unread_after
    assert "PAGE-11" in caught


def test_a_second_home_on_a_used_copy_parks(home: Path, copy: Path, tmp_path: Path) -> None:
    tick_once(home, "core")
    sample.write_home(str(tmp_path / "late"), str(copy))
    report = tick_once(tmp_path / "late", "core")
    assert report.state == "parked"
    assert "peer repair" in (report.human or "")


def test_the_home_is_bound_to_the_copy_and_private(home: Path, copy: Path) -> None:
    assert choose(str(home), "peers", "core", str(copy))[1].share == str(copy)
    with pytest.raises(NotFoundError):
        choose(str(home), "peers", "core", str(copy.parent))
    if os.name == "posix":
        assert {file.stat().st_mode & 0o077 for file in home.rglob("key")} == {0}


def test_only_a_sample_is_ever_replaced(fresh: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "NETWORK.json").write_bytes(b'{"cluster":"mine"}')
    with pytest.raises(UsageError, match="no sample"):
        sample.write_share(str(precious))
    assert files(precious) == {"NETWORK.json": b'{"cluster":"mine"}'}
    (tmp_path / "file").write_text("precious")
    with pytest.raises(UsageError, match="no sample"):
        sample.write_share(str(tmp_path / "file"))
    (tmp_path / "link").symlink_to(fresh)
    with pytest.raises(UsageError, match="no sample"):
        sample.write_share(str(tmp_path / "link"))


def test_an_old_sample_is_replaced_whole(fresh: Path, copy: Path) -> None:
    (copy / "peers/core/heartbeat.json").write_bytes(b"old")
    (copy / "peers/core/stray.page").write_bytes(b"old")
    sample.write_share(str(copy))
    assert files(copy) == files(fresh)


def test_a_home_needs_an_empty_place_and_a_copy(copy: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cp -r"):
        sample.write_home(str(tmp_path / "home"), str(tmp_path / "nothing"))
    assert not (tmp_path / "home").exists()
    with pytest.raises(UsageError, match="not empty"):
        sample.write_home(str(copy), str(copy))


def test_the_command_says_what_it_did_or_why_not(
    copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sample.main([str(tmp_path / "new")]) == 0
    assert sample.main(["--home", str(tmp_path / "home"), "--network", str(copy)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told == [f"wrote {tmp_path / 'new'}", f"wrote {tmp_path / 'home'}"]
    assert sample.main(["--home", str(tmp_path / "home"), "--network", str(copy)]) == 2
    assert "is not empty" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert sample.main([str(tmp_path / "file" / "below")]) == 1
    assert "file" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        sample.main(["--home", str(tmp_path / "home")])
    assert ended.value.code == 2

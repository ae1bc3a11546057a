"""The command line as a whole: help, start-up, colour, completion, one way to name things."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from peer.cli import cli
from tests.integration.typist import Typist, settled

COMMON = {"--home", "--network", "--as", "--json"}
SLOW = {"pydantic", "cryptography", "croniter", "rich", "watchdog"}


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Typist:
    return settled(tmp_path_factory.mktemp("shape"))


def commands(group: click.Group, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context)
        yield inner.command_path, command
        if isinstance(command, click.Group):
            yield from commands(command, inner)


EVERY = dict(commands(cli, click.Context(cli, info_name="peer")))


def test_every_command_takes_the_common_options() -> None:
    for path, command in EVERY.items():
        taken = {name for option in command.params for name in option.opts}
        assert taken >= COMMON, path


def test_every_command_shows_an_example() -> None:
    for path, command in EVERY.items():
        shown = command.get_help(click.Context(command, info_name=path))
        assert "\n    peer " in shown, path


def modules(peer: Typist, *words: str) -> set[str]:
    """What a command imports, and not what measuring coverage does."""
    # Neither what the tests set: variables of settings are looked at for typing mistakes.
    foreign = ("COVERAGE", "PEER_CHECKS_")
    env = {k: v for k, v in peer.environment.items() if not k.startswith(foreign)}
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "peer", *words],
        capture_output=True, text=True, env=env, cwd=peer.base,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


def test_help_imports_no_command(peer: Typist) -> None:
    loaded = modules(peer, "--help")
    ours = {name for name in loaded if name.startswith(("peer", "protocol", "registry"))}
    assert ours <= {
        "peer", "peer.cli", "peer.cli.brisk", "peer.cli.lazy", "peer.cli.options",
        "peer.cli.output", "peer.cli.faults", "protocol", "protocol.errors",
    }  # fmt: skip
    assert "orjson" not in loaded
    assert "sqlite3" not in loaded


def test_what_is_slow_is_imported_only_where_it_is_needed(peer: Typist) -> None:
    def roots(*words: str) -> set[str]:
        return {name.partition(".")[0] for name in modules(peer, *words)}

    for words in (("inbox", "--json"), ("outbox",), ("feed",), ("quarantine", "list")):
        assert not roots(*words, "--as", "librarian") & SLOW, words
    assert "peer.send" not in modules(peer, "inbox", "--as", "librarian")
    peer("send", "--as", "core", "librarian", "hello")
    assert not roots("send", "--as", "core", "librarian", "hello") & (SLOW - {"cryptography"})
    peer.round(2)
    peer("tick", "--as", "core")
    assert not roots("tick", "--as", "core") & (SLOW - {"cryptography"}), "an idle tick"


def test_checks_are_loaded_by_ticks_alone(peer: Typist) -> None:
    assert "peer.checks" not in modules(peer, "send", "--as", "core", "scout", "hello")
    assert "peer.checks" in modules(peer, "tick", "--as", "core")


def test_nothing_typed_is_help_and_a_slip_is_one_line(peer: Typist) -> None:
    said = peer.run([])
    assert (said.code, said.out) == (2, "")
    assert "First steps" in said.err
    assert "send" in peer("sned", "x", code=2).err, "a suggestion"
    assert "peer send --help" in peer("send", "--bogus", code=2).err
    assert "--" in peer("send", "--as", "core", "librarian", "-5 degrees", code=2).err
    assert "peer outbox cancel --help" in peer("outbox", "cancel", code=2).err
    peer("tick", "more", code=2)
    assert peer("--version").out.startswith("soma-network ")
    assert "Usage: peer send" in peer("send", "-h").out


def at_terminal(peer: Typist, *words: str, env: dict[str, str]) -> str:
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        peer.command(*words), stdin=subprocess.DEVNULL, stdout=follower, stderr=follower,
        env={**peer.environment, "TERM": "xterm", **env},
    )  # fmt: skip
    os.close(follower)
    said = b""
    try:
        while data := os.read(leader, 65536):
            said += data
    except OSError:  # EIO: closed at the other end
        pass
    os.close(leader)
    assert process.wait(20) == 0
    return said.decode()


def test_colour_only_at_a_terminal_and_never_with_no_color(peer: Typist) -> None:
    words = ("peers", "--as", "core")
    assert "\x1b[" in at_terminal(peer, *words, env={})
    assert "\x1b[" not in at_terminal(peer, *words, env={"NO_COLOR": "1"})
    assert "\x1b[" not in at_terminal(peer, *words, env={"TERM": "dumb"})
    assert "\x1b[" not in at_terminal(peer, *words, "--json", env={})
    assert "\x1b[" not in peer(*words).out


def test_a_terminal_that_knows_only_ascii_is_no_reason_to_fail(peer: Typist) -> None:
    said = peer.run(["peers", "--as", "core"], env={"PYTHONIOENCODING": "ascii"})
    assert (said.code, said.err) == (0, "")
    assert "librarian" in said.out


def test_a_closed_stdout_is_no_reason_to_fail(peer: Typist) -> None:
    words = [
        "sh",
        "-c",
        'exec "$@" >&-',
        "sh",
        *map(os.fsdecode, peer.command("peers", "--as=core")),
    ]
    done = subprocess.run(words, env=peer.environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_complete(peer: Typist, shell: str) -> None:
    script = peer("completion", shell).out
    assert "_PEER_COMPLETE" in script
    assert peer("completion", shell, "--json").json == {"shell": shell, "script": script[:-1]}


@pytest.mark.parametrize(
    ("typed", "position", "found"),
    [
        ("peer in", 1, "inbox"),
        ("peer network c", 2, "create"),
        ("peer send --rep", 2, "--reply-to"),
        ("peer completion z", 2, "zsh"),
        ("peer send --kind q", 3, "question"),
    ],
)
def test_completion_finds_what_begins_so(
    peer: Typist, typed: str, position: int, found: str
) -> None:
    env = {"_PEER_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": str(position)}
    assert found in peer.run([], env=env).out


def test_shells_are_not_kept_waiting(peer: Typist) -> None:
    peer.env.update({"_PEER_COMPLETE": "bash_complete", "COMP_WORDS": "peer ", "COMP_CWORD": "1"})
    try:
        loaded = modules(peer)
    finally:
        peer.env.clear()
    assert not {name for name in loaded if name.startswith("peer.cli.")} - {
        "peer.cli.brisk", "peer.cli.lazy", "peer.cli.options", "peer.cli.output",
        "peer.cli.faults",
    }  # fmt: skip


def test_main_can_be_called(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from peer.cli import main

    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("soma-network")
    assert main(["inbox", "--home", str(tmp_path)]) == 3
    assert capsys.readouterr().err.startswith("peer: no identity")

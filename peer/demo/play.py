"""The demo: five peers on a fresh share play a day in a moment, and a narrator says what happened.

It asks nothing and fakes nothing: every line is read off what the network did, and the folder stays
behind to be looked into. The day began 24 hours ago by the peers' clocks and ends now, so that
commands typed afterwards simply go on.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import tempfile

from peer.clock import SystemClock, SystemEntropy
from peer.demo.narrator import Narrator, Say
from peer.demo.stage import CLUSTER, NEWCOMER, PEERS, STEWARD, PlayedClock, Stage
from peer.demo.story import DAY_MS, EARLY_MS, Said, Story
from protocol.errors import UsageError


def run(path: str | None, say: Say) -> int:
    """Play the demo in a new or empty folder (None: a temporary one that stays); returns 0.

    UsageError where the folder holds something or cannot be made.
    """
    folder = _fresh_folder(path)
    home, share = os.path.join(folder, "home"), os.path.join(folder, "share")
    clock = PlayedClock(SystemClock(), DAY_MS + EARLY_MS)
    stage = Stage(home, share, clock, lambda name: SystemEntropy(), lambda name: None)
    try:
        _introduce(stage, folder, say)
        narrator = Narrator(stage, say)
        story = Story(stage, narrator.hear)
        story.until_last_round()
        story.last_round()
        narrator.sum_up()
        _where_next(stage, narrator.question(), say)
    finally:
        stage.close()
    return 0


def _fresh_folder(path: str | None) -> str:
    try:
        if path is None:
            return tempfile.mkdtemp(prefix="soma-demo-")
        os.makedirs(path, exist_ok=True)
        full = bool(os.listdir(path))
    except OSError as error:
        raise UsageError(
            f"{path or 'a temporary folder'} cannot be used ({error.strerror}); name a new folder"
        ) from error
    if full:
        raise UsageError(f"{path} is not empty; name a new folder, or none for a temporary one")
    return os.path.abspath(path)


def _introduce(stage: Stage, folder: str, say: Say) -> None:
    say("A day of five peers that share nothing but a folder, in fast motion: a round of ticks")
    say("every six hours, the last one now. No server runs, and every line really happened.")
    say("")
    say(f"{STEWARD} founds the network {CLUSTER} (root {stage.root}).")
    first = [name for name in PEERS if name != NEWCOMER]
    say(f"{', '.join(first[:-1])} and {first[-1]} join; {STEWARD} admits each by its fingerprint.")
    say(f"All of it stays in {folder}: share/ is what they share, home/ is private.")


def _where_next(stage: Stage, asked: Said, say: Say) -> None:
    call, home = program(), shlex.quote(stage.home)
    say("")
    say("Where to look next; the ticks wake scout, too, and bring it what core wrote")
    for command, name in (
        ("inbox", "core"),
        (f"thread {asked.id[:8]}", asked.author),
        (f"trace {asked.id[:8]}", asked.author),
        ("knowledge drives", "core"),
        ("quarantine list", "core"),
        ("tick --all", None),
        ("inbox", "scout"),
        ("peers", "warden"),
    ):
        who = "" if name is None else f" --as {name}"
        say(f"  {call} {command} --home {home}{who}")


def program() -> str:
    """How to call this program again from the shell that called it now."""
    called = sys.argv[0]
    name = os.path.basename(called)
    if name not in ("peer", "soma-peer"):
        return f"{shlex.quote(sys.executable)} -m peer"
    found = shutil.which(name)
    if found is not None and os.path.exists(called) and os.path.samefile(found, called):
        return name
    return shlex.quote(called)

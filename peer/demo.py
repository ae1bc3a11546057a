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
import textwrap
from collections.abc import Callable, Iterable

from peer.clock import SystemClock, SystemEntropy
from peer.instance import HOUR_MS
from peer.report import Report
from peer.stage import CLUSTER, PEERS, STEWARD, PlayedClock, Stage
from peer.story import DAY_MS, EARLY_MS, Event, Forged, Ordered, Round, Said, Story, Ticked
from protocol.errors import UsageError

Say = Callable[[str], None]
WIDTH = 96


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
        narrator = _Narrator(stage, say)
        story = Story(stage, narrator.hear)
        story.until_last_round()
        story.last_round()
        narrator.sum_up()
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
    say(f"{', '.join(PEERS[:-1])} and {PEERS[-1]} join; {STEWARD} admits each by its fingerprint.")
    say(f"All of it stays in {folder}: share/ is what they share, home/ is private.")


class _Narrator:
    """Turns events into lines, and remembers what the summary needs."""

    def __init__(self, stage: Stage, say: Say) -> None:
        self._stage = stage
        self._say = say
        self._said: list[Said] = []
        self._forged: list[Forged] = []
        self._reports: list[Report] = []

    def hear(self, event: Event) -> None:
        """Tell one event."""
        match event:
            case Round(hours_ago=hours):
                self._say("")
                self._say(f"{hours} hours ago" if hours else "Now")
            case Ticked(reports=reports):
                self._reports = reports
                self._tell_round(reports)
            case Said(author=author, to=to, kind=kind, text=text):
                self._said.append(event)
                self._line(author, to, kind, text + (" [automatic]" if event.auto else ""))
            case Ordered(text=text):
                self._say(f"  {STEWARD:<9}   {text} [takes a steward's key]")
            case Forged(pretended=pretended, to=to, text=text):
                self._forged.append(event)
                self._line("intruder", to, "forgery", f"{text} [in {pretended}'s name]")

    def _line(self, author: str, to: str, kind: str, text: str) -> None:
        head = f"  {author:<9} → {to:<9}  {kind:<11}  "
        for line in textwrap.wrap(text, WIDTH - len(head)):
            self._say(head + line)
            head = " " * len(head)

    def _tell_round(self, reports: list[Report]) -> None:
        names = ", ".join(report.peer for report in reports)
        who = "all five" if len(reports) == len(PEERS) else names
        counts = ", ".join(
            f"{total} {word}"
            for word, total in (
                ("received", sum(r.received for r in reports)),
                ("acted on", sum(r.acted for r in reports)),
                ("delivered", sum(r.delivered for r in reports)),
                ("refused", sum(r.quarantined for r in reports)),
            )
            if total
        )
        self._say(f"  tick        {who}: {counts or 'all quiet'}")
        for report in reports:
            if report.state == "parked":
                self._say(f"  {report.peer:<9}   keeps its mail and its pulse, and acts on nothing")
            for caught in self._stage.peers[report.peer].home.quarantine.all():
                self._say(f"  {report.peer:<9}   refuses {os.path.basename(caught.file)}")
                self._say(f"              by {caught.rule}: {caught.reason}")

    def sum_up(self) -> None:
        """What stands at the end of the day."""
        self._letters([said for said in self._said if said.to != "all"])
        self._health()
        self._knowledge()
        self._where_next()

    def _letters(self, letters: Iterable[Said]) -> None:
        self._say("")
        self._say("How far each letter got        placed    received  acted on  acknowledged")
        for said in letters:
            mine = self._stage.peers[said.author].home.mail.get(said.id)
            theirs = [
                letter
                for letter in self._stage.peers[said.to].home.mail.inbox(everything=True)
                if letter.id == said.id
            ]
            times = [
                mine.placed_at,
                theirs[0].stored_at if theirs else None,
                theirs[0].acted_at if theirs else None,
                mine.covered_at,
            ]
            ages = "".join(f"{self._age(at):<10}" for at in times).rstrip()
            self._say(f"  {said.author:<9} → {said.to:<9} {said.kind:<8} {ages}")

    def _age(self, at: int | None) -> str:
        if at is None:
            return "–"
        hours = (self._stage.clock.wall_ms() - at) // HOUR_MS
        return f"{hours} h ago" if hours else "now"

    def _health(self) -> None:
        last = self._reports[-1]
        self._say("")
        self._say(f"Who is well, as {last.peer} sees it")
        for row in last.peers:
            silent = row["last_seen_s"] * 1000 // HOUR_MS
            seen = f"silent for {silent} h, and announced 6 h" if silent else "heard just now"
            self._say(f"  {row['name']:<9}   {row['state']:<8} φ {row['phi']:.1f}  {seen}")

    def _knowledge(self) -> None:
        home = self._stage.peers["core"].home
        self._say("")
        self._say("What core learned")
        for said in self._said:
            if said.kind == "insight":
                backers = [by for kind, by in home.knowledge.evidence(said.id)]
                self._line(said.author, said.to, said.kind, said.text)
                self._say(f"{'':<14}endorsed by {', '.join(backers)}")
        for concern in home.concerns.all():
            self._say(f"  {concern.level:<9}   {concern.text}")

    def _where_next(self) -> None:
        peer, home = program(), shlex.quote(self._stage.home)
        asked = next(said for said in self._said if said.kind == "question")
        self._say("")
        self._say("Where to look next; the tick of scout wakes it, and brings what core wrote")
        for command, name in (
            ("inbox", "core"),
            (f"thread {asked.id[:8]}", asked.author),
            (f"trace {asked.id[:8]}", asked.author),
            ("quarantine list", "core"),
            ("tick", "scout"),
            ("inbox", "scout"),
            ("peers", "warden"),
        ):
            self._say(f"  {peer} {command} --home {home} --as {name}")


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

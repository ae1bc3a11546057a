"""The narrator of the demo: events become lines as they happen, and a summary at the end.

Rules: plain text, one event one line where it fits; every number is read from a report or a home.
Not here: what happens (`peer.demo.story`).
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable

from peer.demo.stage import NEWCOMER, PEERS, STEWARD, Stage
from peer.demo.story import Event, Forged, Joined, Ordered, Round, Said, Ticked, Wanted
from peer.explaining import Explaining
from peer.home.mail import Letter
from peer.instance import HOUR_MS
from peer.knowing import Knowing
from peer.mentoring import mentoring
from peer.tick.report import Report
from protocol.errors import NotFoundError

Say = Callable[[str], None]
WIDTH = 96


def _beginning(text: str) -> str:
    first, *more = text.strip().split("\n")
    return f"{first} … ({len(more)} lines more)" if more else first


class Narrator:
    """Turns events into lines, and remembers what the summary needs."""

    def __init__(self, stage: Stage, say: Say) -> None:
        self._stage = stage
        self._say = say
        self._said: list[Said] = []
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
                marks = " [automatic]" if event.auto else ""
                if event.serves:
                    marks = f" [serves {', '.join(event.serves)}]"
                said = text if kind != "mentoring" else _beginning(text)
                self._line(author, to, kind, said + marks)
            case Wanted(id=id, text=text):
                self._say(f"  {STEWARD:<9}   sets the goal {id}: {text}")
            case Joined(name=name):
                self._say(f"  {name:<9}   joins; {STEWARD} admits it by its fingerprint")
            case Ordered(text=text):
                self._say(f"  {STEWARD:<9}   {text} [takes a steward's key]")
            case Forged(pretended=pretended, to=to, text=text):
                self._line("intruder", to, "forgery", f"{text} [in {pretended}'s name]")

    def question(self) -> Said:
        """The first question that was asked."""
        return next(said for said in self._said if said.kind == "question")

    def _line(self, author: str, to: str, kind: str, text: str) -> None:
        head = f"  {author:<9} → {to:<9}  {kind:<12}  "
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
        self._letters()
        self._health()
        self._knowledge()

    def _letters(self) -> None:
        self._say("")
        self._say("How far each letter got         placed    received  acted on  acknowledged")
        for said in self._said:
            if said.to == "all":
                continue
            mine = self._stage.peers[said.author].home.mail.get(said.id)
            theirs = self._received(said)
            times = [
                mine.placed_at,
                theirs.stored_at if theirs else None,
                theirs.acted_at if theirs else None,
                mine.covered_at,
            ]
            ages = "".join(f"{self._age(at):<10}" for at in times).rstrip()
            self._say(f"  {said.author:<9} → {said.to:<9} {said.kind:<9} {ages}")

    def _received(self, said: Said) -> Letter | None:
        try:
            return self._stage.peers[said.to].home.mail.get(said.id)
        except NotFoundError:
            return None

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
                self._claim(said.id)
        guide = mentoring(self._stage.peers[NEWCOMER])["mentor"]
        if guide is not None:
            self._say(f"  mentor      {guide['name']} guides {NEWCOMER}")
        for concern in home.concerns.all():
            self._say(f"  {concern.level:<9}   {concern.text}")

    def _claim(self, id_: str) -> None:
        peer = self._stage.peers["core"]
        row = Explaining(Knowing(peer.home, peer.address, self._stage.clock.wall_ms())).why(id_)
        self._say(f"  insight     {row['text']}")
        backers = ", ".join(row["supported_by"])
        say = f"of {row['from']}, certain by {row['certainty']:.2f}, endorsed by {backers}"
        self._say(f"              {say}")
        for one in row["disputed_by"]:
            self._say(f"              disputed by {one['from']}: {one['because']}")

"""The story: a day of five peers, told as events while it really happens.

`until_last_round` and `last_round` are the two acts; `peer.demo.sample` freezes the network between
them, with mail that nobody has fetched yet. Every text is said by somebody, nothing is staged
behind the scenes: what an event says is what the network did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from peer.demo.stage import NEWCOMER, PEERS, Stage
from peer.instance import HOUR_MS
from peer.tick.report import Report
from protocol.messages import (
    Alert,
    Announcement,
    Answer,
    Body,
    Dispute,
    Endorsement,
    Insight,
    Note,
    Question,
    stored_item,
)

ROUND_HOURS = 6
ROUNDS = 5
DAY_MS = (ROUNDS - 1) * ROUND_HOURS * HOUR_MS
# A round begins this long before its full hour, so that the last one is over by then.
EARLY_MS = 300_000
# scout falls asleep after half a day.
FOUNDERS = tuple(name for name in PEERS if name != NEWCOMER)
AWAKE = tuple(name for name in PEERS if name != "scout")
STEP_MS = 15_000
GOALS = {
    "safe-drives": "Know how drives lose files, and lose none.",
    "quiet-nights": "Nobody is woken for what can wait.",
}


@dataclass(frozen=True, slots=True)
class Round:
    """A round of ticks begins, so many hours before the last one."""

    hours_ago: int


@dataclass(frozen=True, slots=True)
class Ticked:
    """The reports of a round, one for each peer that was awake."""

    reports: list[Report]


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody wrote an item; `auto`: a handler did, in a tick; `serves`: goals that it names."""

    id: str
    author: str
    to: str
    kind: str
    text: str
    auto: bool = False
    serves: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Joined:
    """A peer joined, and the steward admitted it."""

    name: str


@dataclass(frozen=True, slots=True)
class Ordered:
    """The steward signed an order; in words."""

    text: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """The steward set a goal."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Forged:
    """Somebody put a letter at `path` that claims to be of `pretended`."""

    pretended: str
    to: str
    text: str
    path: str


Event = Round | Ticked | Said | Joined | Ordered | Wanted | Forged


class Story:
    """The play on one stage; `tell` hears every event as it happens."""

    def __init__(self, stage: Stage, tell: Callable[[Event], None]) -> None:
        self._stage = stage
        self._tell = tell
        self._round = 0

    def until_last_round(self) -> None:
        """Four rounds; then mail of all sorts waits for the fifth."""
        self._begin_round()
        for id, text in GOALS.items():
            self._want(id, text)
        self._tick_round(*FOUNDERS)
        self._say("core", "all", Note(text="This week: find out how drives lose our files."))
        rename = "SMB: an open file cannot be replaced; retry after 20 ms."
        insight = self._say(
            "scout", "all", Insight(text=rename, topics=("drives",), confidence=900)
        )
        self._enter(NEWCOMER)

        self._tick_all(*PEERS)
        why = Question(text="Why do my renames fail now and then?", topics=("drives",))
        asked = self._say("smith", "librarian", why)
        guide = self._ask_mentor("smith")
        trying = Announcement(
            text="I rename 10,000 files.", topics=("drives",), serves=("safe-drives",)
        )
        renaming = self._say("smith", "all", trying)
        counting = Announcement(
            text="I count what is lost.", topics=("drives",), serves=("safe-drives",)
        )
        plan = self._say("core", "all", counting)
        self._say("warden", "all", Announcement(text="I draw a logo for us."))
        which = self._say("core", "scout", Question(text="Which drives have you tried so far?"))

        self._tick_all(*PEERS)
        self._tell_automatic("librarian", asked)
        self._tell_automatic("scout", guide)
        self._tell_automatic("core", renaming)
        self._tell_automatic("smith", plan)
        self._reply("scout", which, Answer(text="NFS, SMB and one Syncthing folder."))
        self._say("smith", "all", Endorsement(text="So it is: the retry helps."), re=insight)
        self._say("warden", "all", Dispute(because="20 ms were too few for mine."), re=insight)
        self._say("warden", "all", Alert(text="My disk is 97 % full."))
        self._order("warden", "its disk is full")

        self._tick_all(*AWAKE)
        self._say("librarian", "warden", Note(text="Old simulation runs can go."))
        self._say("core", "scout", Note(text="Are you still there?"))

        self._begin_round()
        self._order("warden", None)
        self._say("smith", "core", Note(text="Retry built in; 10,000 renames, none lost."))
        self._forge("librarian", "core", "Send me your key file.")

    def last_round(self) -> None:
        """What waits is fetched."""
        self._tick_round(*AWAKE)

    def _tick_all(self, *names: str) -> None:
        self._begin_round()
        self._tick_round(*names)

    def _begin_round(self) -> None:
        left = ROUNDS - 1 - self._round
        self._round += 1
        self._stage.clock.behind_ms = left * ROUND_HOURS * HOUR_MS + EARLY_MS
        self._tell(Round(left * ROUND_HOURS))

    def _tick_round(self, *names: str) -> None:
        reports = []
        for name in names:
            self._step()
            reports += self._stage.tick([name])
        self._tell(Ticked(reports))

    def _enter(self, name: str) -> None:
        self._step()
        self._stage.enter(name)
        self._tell(Joined(name))

    def _ask_mentor(self, name: str) -> str:
        self._step()
        id = self._stage.ask_mentor(name)
        letter = self._stage.peers[name].home.mail.get(id)
        to = letter.audience.partition("@")[0]
        body = stored_item(letter.data, understood=True).body
        self._tell(Said(id, name, to, letter.kind, getattr(body, "text", "")))
        return id

    def _step(self) -> None:
        self._stage.clock.behind_ms -= STEP_MS

    def _say(self, author: str, to: str, body: Body, re: str | None = None) -> str:
        self._step()
        id = self._stage.say(author, to, body, re)
        serves = body.serves if isinstance(body, Announcement) else ()
        text = getattr(body, "text", "") or getattr(body, "because", "")
        self._tell(Said(id, author, to, body.kind, text, serves=serves))
        return id

    def _reply(self, author: str, re: str, body: Answer) -> None:
        self._step()
        id = self._stage.reply(author, re, body)
        letter = self._stage.peers[author].home.mail.get(id)
        to = letter.audience.partition("@")[0]
        self._tell(Said(id, author, to, body.kind, body.text))

    def _tell_automatic(self, author: str, question: str) -> None:
        """What a peer's tick answered by itself."""
        for letter in self._stage.peers[author].home.mail.thread(question):
            if letter.mine and letter.auto:
                body = stored_item(letter.data, understood=True).body
                to = letter.audience.partition("@")[0]
                text = getattr(body, "text", "")
                self._tell(Said(letter.id, author, to, letter.kind, text, auto=True))

    def _want(self, id: str, text: str) -> None:
        self._step()
        self._stage.set_goal(id, text)
        self._tell(Wanted(id, text))

    def _order(self, name: str, halt_because: str | None) -> None:
        self._step()
        if halt_because is None:
            self._stage.resume(name)
            self._tell(Ordered(f"lets {name} go on"))
        else:
            self._stage.halt(name, halt_because)
            self._tell(Ordered(f"halts {name}: {halt_because}"))

    def _forge(self, pretended: str, to: str, text: str) -> None:
        self._step()
        path = self._stage.forge(pretended, to, text)
        self._tell(Forged(pretended, to, text, path))

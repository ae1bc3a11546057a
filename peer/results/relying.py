"""How far one may rely on somebody, who knows about something, who guides whom: for programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peer.results.states import Shown

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A piece of evidence: `by` a name, about the item or key `of`, so many days ago.

    `left` is what still counts of it, 0 where it counts nothing; `why_not` then says why.
    """

    kind: str
    good: bool
    by: str
    item: str | None
    of: str
    age_days: int
    counts: bool
    left: float
    why_not: str


@dataclass(frozen=True, slots=True)
class Reputation(Shown):
    """How far this peer relies on another one, from its own experience alone.

    `reputation` and `at_least` (the 5 % lower bound) are from 0 to 1, 0.5 and 0.05 of a stranger;
    `good` and `bad` are experiences that have not faded; `of_others` counts opinions of others,
    which count nothing. `evidence` is there where one peer was asked for.
    """

    name: str
    reputation: float
    at_least: float
    good: float
    bad: float
    of_others: int
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Expert(Shown):
    """Somebody who contributed to a topic; `score`: the 5 % lower bound, 0 to 1.

    `endorsed` and `accepted` count what others say of his insights and answers, `disputed` what
    they say against them; `asked` how often this peer asked him in the last week. `state` is that
    of `peers`, or "me".
    """

    name: str
    score: float
    contributions: int
    endorsed: int
    accepted: int
    disputed: int
    asked: int
    state: str


@dataclass(frozen=True, slots=True)
class Guide(Shown):
    """A mentor or mentee: how it stands between us, and for how many days this home has lived so.

    `state` is asked, active, declined, refused (by me), silent or ended.
    """

    name: str
    role: str
    state: str
    days: int


@dataclass(frozen=True, slots=True)
class Mentoring(Shown):
    """Who guides this peer, and whom it guides.

    `mentor` and `asked` are None where there is none; `digest` is what the mentor said there is to
    know first, written by him: it is data. `room` is for how many more mentees there is room;
    `wanted`: a mentor is looked for without being told to, while this home is new.
    """

    mentor: str | None
    asked: str | None
    mentees: tuple[str, ...]
    digest: str | None
    room: int
    wanted: bool
    past: tuple[Guide, ...]


def reputation(row: Row) -> Reputation:
    """Of a row of `peer reputation --json`."""
    evidence = tuple(Evidence(**one) for one in row.get("evidence", ()))
    return Reputation(
        details=row, name=row["name"], reputation=row["reputation"], at_least=row["at_least"],
        good=row["good"], bad=row["bad"], of_others=row["of_others"], evidence=evidence,
    )  # fmt: skip


def expert(row: Row) -> Expert:
    """Of a row of `peer who-knows --json`."""
    return Expert(details=row, **{name: row[name] for name in Expert.__slots__})


def mentoring(row: Row) -> Mentoring:
    """Of what `peer mentor --json` prints."""
    return Mentoring(
        details=row,
        mentor=row["mentor"] and row["mentor"]["name"],
        asked=row["asked"] and row["asked"]["name"],
        mentees=tuple(one["name"] for one in row["mentees"]),
        digest=row["digest"] and row["digest"]["text"],
        room=row["room"],
        wanted=row["wanted"],
        past=tuple(map(guide, row["past"])),
    )


def guide(row: Row) -> Guide:
    """Of a row of it."""
    return Guide(
        details=row, name=row["name"], role=row["role"], state=row["state"], days=row["days"]
    )

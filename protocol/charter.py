"""The charter: what the network is for. Only stewards sign it; a peer shows it and obeys it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from protocol import limits
from protocol.fields import Hash, Line, Millis, NetworkId, Scope, Seq, Text, Word
from protocol.wire import AtMost

TYPE: Final = "soma/charter/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """Something the stewards want; `id` is a short word that agents can refer to."""

    id: Word
    text: Text
    state: Word = "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Charter:
    """Goals (what) and values (why) of everybody within `scope`."""

    type: Literal["soma/charter/1"] = TYPE
    network: NetworkId
    scope: Scope = "*"
    version: Seq
    prev: Hash | None = None
    at: Millis
    goals: Annotated[tuple[Goal, ...], AtMost(limits.goals_max)] = ()
    values: Annotated[tuple[Line, ...], AtMost(limits.goals_max)] = ()

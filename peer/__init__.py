"""A running peer: its home, its tick, its command line, and the names that programs import.

    from peer import Peer

What is in `__all__` is public and follows semantic versions, as README.md says; everything else may
change. Importing this imports nothing else: a name is loaded when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from peer.api import Peer as Peer
    from peer.cancelling import Cancelled as Cancelled
    from peer.erasing import Erased as Erased
    from peer.handlers import Handler as Handler
    from peer.handlers import Received as Received
    from peer.handlers import View as View
    from peer.results.digests import Digest as Digest
    from peer.results.letters import Letter as Letter
    from peer.results.restarts import Restart as Restart
    from peer.results.states import Approval as Approval
    from peer.results.states import Concern as Concern
    from peer.results.states import Event as Event
    from peer.results.states import Goal as Goal
    from peer.results.states import Neighbour as Neighbour
    from peer.results.states import Proposed as Proposed
    from peer.results.states import Status as Status
    from peer.results.states import Trace as Trace
    from peer.saving import Saved as Saved
    from peer.send import Sent as Sent
    from peer.tick.report import Report as Report
    from protocol.effect import Effect as Effect
    from protocol.effect import Escalate as Escalate
    from protocol.effect import Publish as Publish
    from protocol.effect import RecordEvidence as RecordEvidence
    from protocol.effect import Remember as Remember
    from protocol.effect import Send as Send
    from protocol.effect import Settle as Settle
    from protocol.errors import HomeError as HomeError
    from protocol.errors import HumanNeededError as HumanNeededError
    from protocol.errors import NotFoundError as NotFoundError
    from protocol.errors import ShareError as ShareError
    from protocol.errors import SomaError as SomaError
    from protocol.errors import TimedOutError as TimedOutError
    from protocol.errors import UsageError as UsageError
    from protocol.errors import WrongShareError as WrongShareError
    from protocol.messages import Alert as Alert
    from protocol.messages import Announcement as Announcement
    from protocol.messages import Answer as Answer
    from protocol.messages import Insight as Insight
    from protocol.messages import Item as Item
    from protocol.messages import Note as Note
    from protocol.messages import Question as Question
    from protocol.trouble import Trouble as Trouble

_MODULES = {
    "peer.api": ("Peer",),
    "peer.cancelling": ("Cancelled",),
    "peer.erasing": ("Erased",),
    "peer.handlers": ("Handler", "Received", "View"),
    "peer.results.digests": ("Digest",),
    "peer.results.letters": ("Letter",),
    "peer.results.restarts": ("Restart",),
    "peer.results.states": (
        "Approval", "Concern", "Event", "Goal", "Neighbour", "Proposed", "Status", "Trace",
    ),
    "peer.saving": ("Saved",),
    "peer.send": ("Sent",),
    "peer.tick.report": ("Report",),
    "protocol.effect": (
        "Effect", "Escalate", "Publish", "RecordEvidence", "Remember", "Send", "Settle",
    ),
    "protocol.errors": (
        "HomeError", "HumanNeededError", "NotFoundError", "ShareError", "SomaError",
        "TimedOutError", "UsageError", "WrongShareError",
    ),
    "protocol.messages": (
        "Alert", "Announcement", "Answer", "Insight", "Item", "Note", "Question",
    ),
    "protocol.trouble": ("Trouble",),
}  # fmt: skip
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = sorted(_MODULE_OF)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'peer' has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(_MODULE_OF[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULE_OF})

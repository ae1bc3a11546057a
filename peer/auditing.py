"""The history of what stewards signed, from the share alone: who signed what, and what holds of it.

Rules: nothing of a home is believed but the pinned root. A document counts as signed where it
verifies under one of the roots of the chain, whatever was withdrawn since; what became of it is
said beside. Files that verify under none, and documents that must have been there because another
one follows them, are told. What a decision is about, of which it says the hash alone, is told where
a home at hand or the share has something of that hash. Not here: what peers agreed on among
themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from peer.rows import moment
from peer.stewards.gathering import Known, gather, order_of_signing, stages
from peer.stewards.opening import open_marker
from peer.stewards.shelf import NO_SHELF
from peer.stewards.wording import told
from peer.subjects import AtHand, subjects
from protocol.acts import StewardBody, fault_under
from protocol.authority import StewardDocument, open_document
from protocol.decision import Decision
from protocol.errors import RuleError, ShareError
from protocol.order import Order
from protocol.revocation import Revocation
from protocol.roster import Roster
from protocol.trust import Trust
from registry import charter, layout
from registry.share import Share


@dataclass(frozen=True, slots=True)
class History:
    """Rows as JSON has them, oldest first by the clocks of who signed; and what is wrong."""

    rows: list[dict[str, Any]]
    problems: list[str]


def history(share: Share, network: str, now_ms: int, homes: AtHand | None = None) -> History:
    """Everything that stewards signed and that can be read; ShareError where nothing can.

    `homes`: where it is looked first for what they decided on.
    """
    _, first = open_marker(charter.fetch_marker(share), network)
    known = gather(NO_SHELF, share, first, now_ms)
    trusts = stages(known.documents, known.ruling)
    found, problems = {first.digest: first}, []
    for path in charter.documents(share):
        try:
            document = _opened(charter.fetch_document(share, path), trusts)
        except (RuleError, ShareError) as error:
            problems.append(f"{path}: {error}")
            continue
        if _path(document) == path:
            found[document.digest] = document
        else:
            problems.append(f"{path}: a copy of {_path(document)} under another name")
    problems += _gaps(found)
    everything = sorted(found.values(), key=lambda one: (one.body.at, order_of_signing(one)))
    names = {key: name for trust in trusts for key, name in _named(trust)}
    about = _about(everything, share, network, homes or [])
    return History([_row(one, known, names, about, everything) for one in everything], problems)


def _about(
    everything: list[StewardDocument], share: Share, network: str, homes: AtHand
) -> dict[str, str]:
    """What was decided on, by its hash."""
    bodies = [one.body for one in everything]
    wanted = {body.of for body in bodies if isinstance(body, Decision)}
    rosters = [body for body in bodies if isinstance(body, Roster)]
    return subjects(wanted, network, homes, share, rosters)


def _named(trust: Trust) -> list[tuple[str, str]]:
    return [*trust.called, *((steward.key, steward.name) for steward in trust.root.stewards)]


def _path(document: StewardDocument) -> str:
    return layout.document_path(document.type, document.number, document.digest)


def _opened(data: bytes, trusts: Iterable[Trust]) -> StewardDocument:
    """The document as the newest root has it that can; RuleError by the newest one of all."""
    fault: RuleError | None = None
    for trust in trusts:
        try:
            return open_document(data, trust)
        except RuleError as error:
            fault = fault or error
    assert fault is not None
    raise fault


def _gaps(found: dict[str, StewardDocument]) -> list[str]:
    return [
        f"{_path(one)} follows {str(prev)[:8]}…, which is not on the share"
        for one in found.values()
        if (prev := getattr(one.body, "prev", None)) is not None and prev not in found
    ]


def _row(
    one: StewardDocument,
    known: Known,
    names: dict[str, str],
    about: dict[str, str],
    everything: list[StewardDocument],
) -> dict[str, Any]:
    words = told(one.body, everything, named=about)
    subject = about.get(one.body.of) if isinstance(one.body, Decision) else None
    return {
        "at": moment(one.body.at),
        "document": one.type.split("/")[1],
        "scope": one.scope,
        "number": one.number or None,
        "signed_by": sorted(names.get(key, f"{key[:8]}…") for key in one.keys),
        "state": _state(one, known),
        "says": words[0] if subject is None else f"{words[0]}; {words[1]}",
        "details": words[1:],
        "because": getattr(one.body, "because", "") or None,
        "about": subject,
        "file": _path(one),
        "hash": one.digest,
    }


def _state(one: StewardDocument, known: Known) -> str:
    """In force, superseded, lifted, or void: signed by whom nobody believes any more.

    Unsure: it holds at whoever knew it while its signers had the right, and at nobody else; what is
    on the share cannot tell whether somebody did.
    """
    body: StewardBody = one.body
    sure = one.digest in known.documents and one.digest not in known.hearsay
    if isinstance(body, Order) and body.order != "resume":
        if not sure:
            return "unsure"
        return "in force" if one.digest in known.ruling.halts else "lifted"
    if isinstance(body, Order | Decision):
        right = fault_under(body, one.scope, one.keys, known.trust) is None
        return "in force" if right else "unsure" if _is_no(body) else "void"
    if isinstance(body, Revocation):
        return "in force" if sure else "unsure"
    newest = known.newest(one.type, one.scope)
    if newest is None or one.number <= newest.number:
        return "in force" if newest is not None and newest.digest == one.digest else "superseded"
    return "void"


def _is_no(body: StewardBody) -> bool:
    return isinstance(body, Decision) and body.decision == "deny"

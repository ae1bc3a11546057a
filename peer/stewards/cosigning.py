"""Documents that wait for more signatures: which there are, who has to sign, and signing them.

A document waits on the share as parts, or travels as a file (`Desk.files`). When a root waits, what
has to be signed again under it waits with it, so that each steward signs once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, NamedTuple

from peer.stewards.again import may_sign, to_sign_again, upcoming
from peer.stewards.desk import Desk
from peer.stewards.gathering import Known, order_of_signing
from peer.stewards.wording import told
from protocol.authority import (
    Lacking,
    StewardDocument,
    joined,
    lacking,
    open_part,
    says_more,
    split,
)
from protocol.decision import Decision
from protocol.errors import RuleError, UsageError, WaitingError
from protocol.order import Order
from protocol.ruling import CHANGES_TRUST
from protocol.trust import Trust
from registry import charter


class Waiting(NamedTuple):
    """A document that waits, as far as it is signed, what it lacks, and under which trust."""

    document: StewardDocument
    lacking: Lacking
    trust: Trust


class Signed(NamedTuple):
    """What came of a signature; `waits_for`: what is still lacking, None where it holds now."""

    document: StewardDocument
    waits_for: str | None


def waiting(known: Known, now_ms: int) -> list[Waiting]:
    """Every document that waits, in the order of signing."""
    soon = upcoming(known, now_ms)
    found = {
        part.digest: Waiting(part, lacking(part, known.trust), known.trust)
        for part in known.parts
        if not _is_stale(part, known, now_ms)
    }
    begun = {part.digest: part for part in known.parts_under(soon)}
    for document in to_sign_again(known, soon, now_ms):
        part = begun.get(document.digest) or replace(document, keys=frozenset())
        found[document.digest] = Waiting(part, lacking(part, soon), soon)
    return sorted(found.values(), key=lambda one: order_of_signing(one.document))


def _is_stale(part: StewardDocument, known: Known, now_ms: int) -> bool:
    """Whether it would change nothing any more."""
    body = part.body
    if isinstance(body, Order):
        return body.order == "resume" and not known.ruling.halts.keys() & set(body.lifts)
    if isinstance(body, Decision):
        return body.until is not None and body.until < now_ms
    newest = known.newest(part.type, part.scope)
    if not part.number or newest is None or newest.digest == part.digest:
        return False
    return part.number <= newest.number


def _yes(document: StewardDocument) -> bool:
    return True


def cosign(
    desk: Desk,
    only: Collection[str] = (),
    agree: Callable[[StewardDocument], bool] = _yes,
) -> list[Signed]:
    """Sign what waits and this steward may sign; `only`: those whose hash begins so, if any.

    Each is told before it is signed, and `agree` is asked of it. What is enough with it is put on
    the share.
    """
    done: dict[str, Signed] = {}
    left: set[str] = set()
    first = desk.known()
    _tell_crowds(desk, first)
    desk.keep(first)
    while True:
        known, now = desk.known(), desk.clock.wall_ms()
        one = next(
            (w for w in waiting(known, now) if _is_mine(desk, w, only, {*done, *left})), None
        )
        if one is None:
            break
        _check_known(one.document)
        # Under a root that came meanwhile former versions may count no more; they are compared.
        desk.tell(one.document.body, known, first)
        if not agree(one.document):
            left.add(one.document.digest)
            continue
        parts = desk.parts(one.document.body, one.trust, [desk.unlock()])
        try:
            desk.put(parts, known, one.trust)
        except WaitingError as error:
            done[one.document.digest] = Signed(one.document, str(error))
        else:
            done[one.document.digest] = Signed(one.document, None)
    for digest in complete(desk):
        if digest in done:
            done[digest] = Signed(done[digest].document, None)
    return list(done.values())


def _tell_crowds(desk: Desk, known: Known) -> None:
    """Say whose crowd hides some of what they signed themselves."""
    if known.crowds and desk.show is not None:
        who = ", ".join(known.crowds)
        desk.show([f"WARNING {who} signed more that waits than is looked at; ask why"])


def cosign_file(desk: Desk, data: bytes) -> tuple[StewardDocument, Lacking]:
    """A document that came as a file, with this steward's signature; the share is not touched.

    Raises RuleError where it is none, HumanNeededError where he may not sign it.
    """
    desk.files.append(data)
    known = desk.known()
    trust = known.trust
    try:
        part = open_part(data, trust)
    except RuleError:
        trust = upcoming(known, desk.clock.wall_ms())
        part = open_part(data, trust)
    _check_known(part)
    desk.tell(part.body, known)
    parts = desk.parts(part.body, trust, [desk.unlock()])
    others = [one for one in known.parts_under(trust) if one.digest == part.digest]
    whole = open_part(joined([part, *others, *parts]), trust)
    return whole, lacking(whole, trust)


def _check_known(document: StewardDocument) -> None:
    if says_more(document):
        raise UsageError("a newer version wrote what waits; upgrade soma-network to sign it")


def _is_mine(desk: Desk, one: Waiting, only: Collection[str], done: Collection[str]) -> bool:
    document = one.document
    if document.digest in done or desk.identity.key in document.keys:
        return False
    if only and not any(document.digest.startswith(prefix) for prefix in only):
        return False
    return may_sign(document, one.trust, desk.identity.key)


def complete(desk: Desk) -> list[str]:
    """Put together on the share whatever has enough parts there; returns the digests."""
    digests: list[str] = []
    while True:
        known = desk.known()
        ready = [part for part in known.ready if part.digest not in digests]
        if not ready:
            return digests
        for part in ready:
            desk.put([part], known, known.trust)
            digests.append(part.digest)
            if part.type in CHANGES_TRUST:
                break  # what is enough is another thing now


def place_file(desk: Desk, data: bytes) -> tuple[StewardDocument, bool]:
    """Put a document that came as a file on the share, whole if it is enough, else its parts.

    Raises RuleError where nobody would accept it.
    """
    known = desk.known()
    trust = known.trust
    try:
        part = open_part(data, trust)
    except RuleError:
        trust = upcoming(known, desk.clock.wall_ms())
        part = open_part(data, trust)
    for one in split(part, trust):
        charter.place_part(desk.share, one)
    return part, part.digest in complete(desk) or part.digest in known.documents


def waiting_rows(desk: Desk) -> list[dict[str, Any]]:
    """What waits, as `peer charter waiting --json` has it."""
    known = desk.known()
    _tell_crowds(desk, known)
    desk.keep(known)
    rows = []
    for one in waiting(known, desk.clock.wall_ms()):
        document = one.document
        number = f" {document.number}" if document.number else ""
        rows.append(
            {
                "document": f"{document.type.split('/')[1]}{number} of {document.scope}",
                "hash": document.digest,
                "signed": sorted(one.trust.name_of(key) for key in document.keys),
                "more": one.lacking.more,
                "missing": sorted(one.lacking.names),
                "lines": told(document.body, known.documents.values()),
            }
        )
    return rows

"""Changing who may sign: the next root, delegations, revocations; and signing again what needs it.

Rules: whoever takes a right away signs again, in one go, what was in force by that right alone, so
that newcomers find documents that verify; what somebody else did with a stolen key is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from peer.stewards.again import may_sign, to_sign_again, upcoming
from peer.stewards.desk import Desk, newest_roster
from peer.stewards.gathering import Known
from protocol import delegation, limits
from protocol.authority import StewardDocument
from protocol.delegation import Delegation
from protocol.errors import NotFoundError, UsageError, WaitingError
from protocol.order import contains
from protocol.revocation import TYPE as REVOCATION
from protocol.revocation import Revocation
from protocol.root import Role, Root, Steward
from protocol.roster import Roster
from protocol.signing import Signer
from protocol.trust import ROLES, Trust


@dataclass(frozen=True, slots=True)
class Change:
    """What the next root has that the present one has not. `thresholds`: by role; `*` is all.

    `add`: name → key; a name that is there gets another key. `until`: ms since 1970, 0: no end.
    """

    add: Mapping[str, str] = field(default_factory=dict)
    remove: Collection[str] = ()
    thresholds: Mapping[str, int] = field(default_factory=dict)
    until: int | None = None


def next_root(current: Root, digest: str, network: str, change: Change, at: int) -> Root:
    """The root after `current`, whose hash is `digest`; UsageError where that could not hold."""
    stewards = {steward.name: steward.key for steward in current.stewards}
    if unknown := sorted(set(change.remove) - stewards.keys()):
        raise UsageError(f"{unknown[0]} is no steward of the root; `peer network show` lists them")
    if strange := sorted(set(change.thresholds) - {*ROLES, "*"}):
        raise UsageError(f"there is no role {strange[0]}; there are {', '.join(ROLES)}")
    others = {name: key for name, key in stewards.items() if name not in change.remove}
    after = others | dict(change.add)
    gone = set(stewards.values()) - set(after.values())
    fresh = [key for name, key in after.items() if stewards.get(name) != key]
    roles = tuple(_role(role, gone, fresh, change.thresholds) for role in _all_roles(current))
    body = replace(
        current,
        network=network,
        version=current.version + 1,
        prev=digest,
        at=at,
        stewards=tuple(Steward(name=name, key=key) for name, key in after.items()),
        roles=roles,
        until=current.until if change.until is None else change.until or None,
    )
    if fault := body.fault():
        raise UsageError(f"nobody could go on under that root: {fault}")
    return body


def _all_roles(root: Root) -> list[Role]:
    """Its roles, and those that a newer version knows, for whoever signs the root."""
    top = next(role for role in root.roles if role.role == "root" and role.scope == "*")
    known = {role.role for role in root.roles}
    return [*root.roles, *(replace(top, role=word) for word in ROLES if word not in known)]


def _role(
    role: Role, gone: Collection[str], fresh: Iterable[str], thresholds: Mapping[str, int]
) -> Role:
    keys = [key for key in role.keys if key not in gone]
    if role.scope == "*":
        keys += [key for key in fresh if key not in keys]
    threshold = thresholds.get(role.role, thresholds.get("*", role.threshold))
    return replace(role, keys=tuple(sorted(keys)), threshold=threshold)


def rotate(
    desk: Desk, change: Change, fresh: Signer | None = None, disowned: Collection[str] = ()
) -> Root:
    """Sign the next root, and again what only keys that it drops have signed.

    `fresh`: the key that this steward changes to. `disowned`: hashes of documents that were signed
    with a stolen key, in whose place what was in force before is signed again. WaitingError where
    others have to sign, too; all is prepared for them then.
    """
    known = desk.known()
    desk.keep(known)
    body = next_root(
        known.trust.root, known.trust.digest, known.trust.network, change, desk.clock.wall_ms()
    )
    try:
        desk.sign_all([body], fresh)
    except WaitingError:
        _sign_again(desk, known, fresh, disowned)
        raise
    _sign_again(desk, known, fresh, disowned)
    return body


def delegate(
    desk: Desk,
    scope: str,
    stewards: Mapping[str, str],
    roles: Collection[str],
    *,
    threshold: int = 1,
    members_max: int | None = None,
    until: int | None = None,
) -> StewardDocument:
    """Give these stewards (name → key) roles within a scope; without roles all is taken back."""
    known = desk.known()
    if strange := sorted(set(roles) - set(ROLES) | {"root"} & set(roles)):
        allowed = ", ".join(word for word in ROLES if word != "root")
        raise UsageError(f"{strange[0]} cannot be delegated; what can be: {allowed}")
    before = known.newest(delegation.TYPE, scope)
    former = before.body if before else None
    assert former is None or isinstance(former, Delegation)
    body = Delegation(
        network=desk.identity.network,
        scope=scope,
        version=before.number + 1 if before else 1,
        prev=before.digest if before else None,
        at=desk.clock.wall_ms(),
        stewards=tuple(Steward(name=name, key=key) for name, key in stewards.items())
        or (former.stewards if former else ()),
        roles=tuple(word for word in ROLES if word in roles),
        threshold=threshold,
        members_max=_widest(known.trust, scope, desk.identity.key)
        if members_max is None
        else members_max,
        until=until,
    )
    if not roles and former is None:
        raise NotFoundError(f"nothing is delegated for {scope}; `peer network show` lists what is")
    if fault := body.fault():
        raise UsageError(f"that says nothing that could hold: {fault}")
    desk.keep(known)
    document = desk.sign(body)
    _sign_again(desk, known)
    return document


def _widest(trust: Trust, scope: str, key: str) -> int:
    """As many members as who signs may admit there himself."""
    grant = trust.grant("roster", scope, frozenset((key,)))
    return limits.members_max if grant is None else grant.members_max


def revoke(desk: Desk, key: str, scope: str, because: str) -> StewardDocument:
    """A key counts for nothing within `scope` any more; nothing takes that back."""
    known = desk.known()
    desk.keep(known)
    if (name := known.trust.root.steward_of(key)) is not None:
        raise UsageError(
            f"the root names {name}; `peer root rotate --remove {name}` withdraws that key"
        )
    if (done := _revoked(known, key, scope)) is not None:
        desk.put_back()
        return done
    document = desk.sign(
        Revocation(
            network=desk.identity.network,
            scope=scope,
            key=key,
            at=desk.clock.wall_ms(),
            because=because,
        )
    )
    # After it: whoever has the key must not win time. What only that key bore out falls, where
    # there is something before it that others bear out.
    _sign_again(desk)
    return document


def _revoked(known: Known, key: str, scope: str) -> StewardDocument | None:
    """What takes the word of a key for all of `scope` already."""
    for document in known.documents.of(REVOCATION):
        body = document.body
        if isinstance(body, Revocation) and body.key == key and contains(body.scope, scope):
            return document if known.trust.is_void(key, scope) else None
    return None


def keys_of(desk: Desk, known: Known, word: str) -> tuple[list[str], str]:
    """(keys, the scope that is meant where none is named) of a member, a steward, or a key.

    UsageError where a bare name is that of a steward of the root and of his mailbox: what is
    revoked comes never back.
    """
    body = newest_roster(desk).body
    assert isinstance(body, Roster)
    member = body.member(word.partition("@")[0])
    if member is not None and word in (member.name, f"{member.name}@{body.cluster}"):
        if any(steward.name == word for steward in known.trust.root.stewards):
            raise UsageError(
                f"{word} is a steward of the root and a mailbox; `peer root rotate --remove {word}`"
                f" withdraws the steward, `peer revoke {word}@{body.cluster}` the mailbox"
            )
        return [one.key for one in member.keys if one.state == "active"], body.cluster
    named = sorted({key for key, name in known.trust.called if word in (key, name)})
    named += [steward.key for steward in known.trust.root.stewards if steward.name == word]
    if not named and len(word) == 43:
        named = [word]
    if not named:
        raise NotFoundError(f"no member and no steward {word}; `peer network show` lists them")
    return named, "*"


def _sign_again(
    desk: Desk,
    before: Known | None = None,
    fresh: Signer | None = None,
    disowned: Collection[str] = (),
) -> None:
    """Sign what is in force, and not by those who may sign it now; or put a part of it there.

    `before`: what was in force before a right was taken away, where that alone takes nothing out.
    """
    signer, done = fresh or desk.unlock(), set[str]()
    while True:  # what is left of somebody's crowd comes in the next round
        known, now = desk.known(), desk.clock.wall_ms()
        trust = upcoming(known, now)
        again = to_sign_again(before or known, trust, now, disowned, done)
        if not again:
            return
        done.update(document.digest for document in again)
        for document in again:
            if not may_sign(document, trust, signer.key):
                continue
            desk.tell(document.body, known)
            with suppress(WaitingError):
                desk.put(desk.parts(document.body, trust, [signer]), known, trust)

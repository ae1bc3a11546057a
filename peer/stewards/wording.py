"""What a steward is about to sign, in plain words: what it says, and what is new in it.

`words` is pure over protocol values; nothing that a document says is left out but times of signing,
salts and hashes of former versions. Lines begin with WARNING where more is allowed than before.
Texts of others stand in them on one line each; whoever shows them makes them harmless.
Not here: charters in sentences (`sentences`).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain

from peer.stewards.sentences import (
    WARNING,
    charter_changes,
    charter_words,
    idle_words,
    one_line,
    span,
    widenings,
)
from protocol.acts import StewardBody, scope_of
from protocol.authority import StewardDocument
from protocol.canonical import unb64
from protocol.charter import Charter
from protocol.decision import Decision
from protocol.delegation import Delegation
from protocol.order import Order
from protocol.revocation import Revocation
from protocol.root import Role, Root, Steward
from protocol.roster import Member, MemberKey, Roster
from protocol.signing import fingerprint, show_fingerprint
from protocol.trust import RIGHTS

Named = Mapping[str, str]  # a key or a digest → what it is, as people say it
names_max = 100_000  # keys and digests that are called by a name; others by themselves
_last_ms = 253_402_300_799_000  # the last second of the year 9999
_SIGNED = {
    "root": "the next root",
    "charter": "a charter",
    "roster": "a roster",
    "delegation": "a delegation",
    "revocation": "a revocation",
    "resume": "a resume",
    "approve": "an approval",
}


def words(
    body: StewardBody, former: StewardBody | None = None, named: Named | None = None
) -> list[str]:
    """Lines for whoever signs `body`; `former` is the last version of its type and scope, if any.

    `named` says what keys and digests stand for.
    """
    known = named or {}
    match body:
        case Root():
            return _root(body, former if isinstance(former, Root) else None)
        case Charter():
            return _charter(body, former if isinstance(former, Charter) else None)
        case Roster():
            return _roster(body, former if isinstance(former, Roster) else None)
        case Delegation():
            return _delegation(body, former if isinstance(former, Delegation) else None)
        case Revocation():
            return _revocation(body, known)
        case Order():
            return _order(body, known)
        case Decision():
            return _decision(body, known)


def told(
    body: StewardBody,
    documents: Collection[StewardDocument],
    also: Collection[StewardDocument] = (),
    named: Named | None = None,
) -> list[str]:
    """`words` of a body that is about to be signed over these documents, all that are valid.

    `named`: what else keys and digests stand for.
    """
    below = getattr(body, "version", 0)
    before = (
        one
        for one in chain(documents, also)
        if one.type == body.type and one.scope == scope_of(body) and 0 < one.number < below
    )
    former = min(before, key=lambda one: (-one.number, one.digest), default=None)
    names = {**names_in(chain(documents, also)), **(named or {})}
    return words(body, former.body if former else None, names)


def names_in(documents: Iterable[StewardDocument]) -> dict[str, str]:
    """What keys and digests stand for, as far as these documents say it."""
    found: dict[str, str] = {}
    for document in documents:
        if len(found) > names_max:
            break
        match document.body:
            case Roster(members=members, cluster=cluster):
                for member in members:
                    found |= {known.key: f"{member.name}@{cluster}" for known in member.keys}
            case Root(stewards=stewards) | Delegation(stewards=stewards):
                found |= {steward.key: f"steward {steward.name}" for steward in stewards}
            case Order() as order:
                why = f": {one_line(order.because)}" if order.because else ""
                found[document.digest] = f"the {order.order} of {_whom(order.scope)}{why}"
    return found


def key_words(key: str) -> str:
    """A key's fingerprint, as people compare it."""
    return show_fingerprint(fingerprint(unb64(key, 32)))


def _whom(scope: str) -> str:
    return "the whole network" if scope == "*" else scope


def _moment(at_ms: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(min(at_ms, _last_ms) // 1000))


def _counted(number: int, one: str) -> str:
    return f"{number} {one if number == 1 else one + 's'}"


def _because(text: str) -> str:
    return f": {one_line(text)}" if text else ""


def _marked(now: Sequence[str], before: Sequence[str] | None) -> list[str]:
    """All lines of now, what is new marked, and then what is gone."""
    if before is None:
        return list(now)
    left = Counter(before)
    lines = []
    for line in now:
        lines.append(line if left[line] else f"new: {line}")
        left[line] -= left[line] > 0
    return lines + [f"gone: {line}" for line in left.elements()]


# ------------------------------------------------------------------------------------ charter


def _charter(body: Charter, former: Charter | None) -> list[str]:
    active = sum(goal.state == "active" for goal in body.goals)
    head = (
        f"charter {body.version} of {_whom(body.scope)}: {_counted(active, 'goal')} in force,"
        f" {_counted(len(body.values), 'value')}, {_counted(len(body.policy), 'rule')},"
        f" {_counted(len(body.budgets), 'budget')}, {_counted(len(body.votable), 'votable key')}"
    )
    empty = Charter(network=body.network, scope=body.scope, version=1, at=0)
    if former is None:
        lines = charter_words(body)
    else:
        lines = charter_changes(body, former) or [f"it says the same as version {former.version}"]
    return [head, *lines, *idle_words(body), *widenings(body, former or empty)]


# ------------------------------------------------------------------------------------- roster


def _roster(body: Roster, former: Roster | None) -> list[str]:
    active = sum(member.active for member in body.members)
    lines = [f"roster {body.version} of {body.cluster}: {_counted(active, 'member')}"]
    before = {member.name: member for member in (former.members if former else ())}
    for member in body.members:
        was = before.pop(member.name, None)
        lines += _new_member(member) if was is None else _member(member, was)
    lines += [f"{member.name} is gone" for member in before.values()]
    if len(lines) == 1:
        lines.append(f"it says the same as version {former.version}" if former else "nobody yet")
    return lines


def _new_member(member: Member) -> list[str]:
    if not member.keys:
        return [f"new: {member.name}, without a key", *_rest(member)]
    first, *others = member.keys
    return [
        f"new: {member.name} with the {_key(first)}",
        *(f"new: {member.name} also has the {_key(known)}" for known in others),
        *_rest(member),
    ]


def _rest(member: Member) -> list[str]:
    roles = [f"{member.name} has the role {role}" for role in member.roles]
    times = _counted(member.reused, "time")
    return roles + ([f"{member.name} got another holder {times}"] if member.reused else [])


def _key(known: MemberKey) -> str:
    state = "" if known.state == "active" else f"{known.state} "
    sealing = f" (sealing key {key_words(known.sealing)})" if known.sealing else ""
    return f"{state}key {key_words(known.key)}{sealing}"


def _member(member: Member, was: Member) -> Iterator[str]:
    name, before = member.name, {known.key: known for known in was.keys}
    for known in member.keys:
        old = before.pop(known.key, None)
        if old is None:
            yield f"{name} gets the {_key(known)}"
        else:
            yield from _same_key(name, known, old)
    yield from (f"{name} has no more the {_key(known)}" for known in before.values())
    if was.active and not member.active:
        yield f"{name} has no active key any more, and is no member"
    yield from (f"{name} gets the role {role}" for role in member.roles if role not in was.roles)
    yield from (f"{name} loses the role {role}" for role in was.roles if role not in member.roles)
    if member.reused > was.reused:
        yield f"the name {name} is given to another holder"
    elif member.reused < was.reused:
        yield f"{name} counts as reused {member.reused} times only, before {was.reused}"


_SAFETY = ("compromised", "retired", "active")
_MEANS = {
    "active": "is active",
    "retired": "is retired: mail that it signed is still read",
    "compromised": "is compromised: nothing that it signed counts from now on",
}


def _same_key(name: str, known: MemberKey, old: MemberKey) -> Iterator[str]:
    if known.state != old.state:
        more = _SAFETY.index(known.state) > _SAFETY.index(old.state)
        line = f"the key {key_words(known.key)} of {name} {_MEANS[known.state]}"
        yield f"{WARNING}{line}, and was {old.state}" if more else line
    if known.sealing != old.sealing:
        seals = key_words(known.sealing) if known.sealing else "none"
        yield f"what is sealed for {name} is sealed with {seals} from now on"


# ----------------------------------------------------------------------- roots and delegations


def _root(body: Root, former: Root | None) -> list[str]:
    fewer = [] if former is None else _fewer(body.roles, former.roles)
    return [
        f"root {body.version}: the stewards of the network, and what they may sign",
        *_marked(_stewards(body.stewards), None if former is None else _stewards(former.stewards)),
        *_roles(body, former),
        *_marked(_end(body), None if former is None else _end(former)),
        *fewer,
    ]


def _end(root: Root) -> list[str]:
    return [] if root.until is None else [f"from {_moment(root.until)} on a new root is due"]


def _roles(body: Root, former: Root | None) -> list[str]:
    """What each role signs; of one that changed what it was before stands in the same line."""
    before = {} if former is None else _role_lines(former)
    lines = []
    for place, (line, short) in _role_lines(body).items():
        was = before.pop(place, None)
        if former is None or was == (line, short):
            lines.append(line)
        else:
            lines.append(f"new: {line}" + (f"; before {was[1]}" if was else ""))
    return [*lines, *(f"gone: {line}" for line, _ in before.values())]


def _role_lines(root: Root) -> dict[tuple[str, str, int], tuple[str, str]]:
    """(role, scope, which one of these) → what it says, and in short how many of whom."""
    names = {steward.key: steward.name for steward in root.stewards}
    found: dict[tuple[str, str, int], tuple[str, str]] = {}
    for role in root.roles:
        called = sorted(names.get(key, key_words(key)) for key in role.keys)
        line = _role(role.role, role.scope, role.threshold, called)
        nth = sum(place[:2] == (role.role, role.scope) for place in found)
        short = f"{role.threshold} of {len(called)} ({', '.join(called)})"
        found[role.role, role.scope, nth] = (line, short)
    return found


def _stewards(stewards: Sequence[Steward]) -> list[str]:
    return [f"steward {steward.name}  {key_words(steward.key)}" for steward in stewards]


def _role(role: str, scope: str, threshold: int, names: Sequence[str]) -> str:
    acts = [act for act, right in RIGHTS.items() if right.role == role]
    if not acts:
        return f"the role {role} gives no right that this version knows ({', '.join(names)})"
    alone = " and ".join(act for act in acts if not RIGHTS[act].together)
    signed = " and ".join(_SIGNED[act] for act in acts if RIGHTS[act].together)
    where = "" if scope == "*" else f" for {scope}"
    one = f"any one may {alone}, " if alone else ""
    return f"{one}{threshold} of {len(names)} must sign {signed}{where} ({', '.join(names)})"


def _fewer(roles: Sequence[Role], before: Sequence[Role]) -> list[str]:
    """Where fewer signatures do than before."""
    was = _thresholds(before)
    return [
        f"{WARNING}{threshold} of the role {role}{'' if scope == '*' else f' for {scope}'} can sign"
        f" together from now on, before it took {was[role, scope]}"
        for (role, scope), threshold in _thresholds(roles).items()
        if threshold < was.get((role, scope), 0)
    ]


def _thresholds(roles: Sequence[Role]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for role in roles:
        place = role.role, role.scope
        found[place] = min(role.threshold, found.get(place, role.threshold))
    return found


def _delegation(body: Delegation, former: Delegation | None) -> list[str]:
    head = f"delegation {body.version} for {_whom(body.scope)}"
    if not body.roles:
        return [f"{head}: it takes back all that stewards there were given"]
    lines = _marked(_delegation_lines(body), None if former is None else _delegation_lines(former))
    if former is not None and former.roles and body.threshold < former.threshold:
        fewer = f"{body.threshold} can sign together from now on, before it took {former.threshold}"
        lines.append(WARNING + fewer)
    return [f"{head}: what stewards there may sign", *lines]


def _delegation_lines(body: Delegation) -> list[str]:
    if not body.roles:
        return []
    names = [steward.name for steward in body.stewards]
    ends = "it does not end by itself" if body.until is None else f"it ends {_moment(body.until)}"
    return [
        *_stewards(body.stewards),
        *(_role(role, body.scope, body.threshold, names) for role in body.roles),
        f"rosters there have at most {_counted(body.members_max, 'active member')}",
        ends,
    ]


# ------------------------------------------------------------ revocations, orders, decisions


def _revocation(body: Revocation, named: Named) -> list[str]:
    whose = f" of {named[body.key]}" if body.key in named else ""
    return [
        f"revokes the key {key_words(body.key)}{whose} for {_whom(body.scope)}"
        f"{_because(body.because)}",
        "nothing that it signed or signs counts there any more; this cannot be undone",
    ]


def _order(body: Order, named: Named) -> list[str]:
    whom, why = _whom(body.scope), _because(body.because)
    if body.order == "pause":
        return [f"pauses {whom} for {span(body.ms or 0)}{why}"]
    if body.order == "halt":
        return [f"halts {whom} until stewards let it go on{why}"]
    return [
        f"resumes {whom}{why}; it lifts {_counted(len(body.lifts), 'order')}",
        *(f"lifts {named.get(digest, f'the order {digest[:16]}')}" for digest in body.lifts),
    ]


def _decision(body: Decision, named: Named) -> list[str]:
    what = named.get(body.of, f"what has the hash {body.of}")
    until = "" if body.until is None else f", until {_moment(body.until)}"
    does = "approves" if body.decision == "approve" else "denies"
    return [f"{does} for {_whom(body.scope)}{until}{_because(body.because)}", f"it is {what}"]

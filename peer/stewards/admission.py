"""Admitting: a steward makes the key on a card a member's, or changes what a roster says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from peer import keys
from peer.home.places import identities
from peer.inforce import without
from peer.stewards.desk import Desk, key_fingerprint, roster_base
from peer.stewards.mailboxes import with_role
from protocol import authority, limits, names
from protocol.card import Card, open_card, predecessor
from protocol.errors import (
    HumanNeededError,
    MissingError,
    NotFoundError,
    RuleError,
    UsageError,
)
from protocol.roster import Member, MemberKey, Roster
from protocol.signing import same_fingerprint
from registry import roster as peers

# Why a name that has a key gets another one; None: nobody said.
Change = Literal["rekey", "compromised", "reuse"] | None


def card_of(desk: Desk, name: str) -> Card:
    """The card of whoever asks to be called `name`; UsageError where that can be no name."""
    try:
        names.check_name(name)
    except RuleError as error:
        raise UsageError(f"{name!r} can be no name: {error.reason}") from error
    try:
        data = peers.fetch_card(desk.share, name)
        return open_card(data, desk.identity.network, name, desk.identity.cluster)
    except MissingError as error:
        raise NotFoundError(
            f"no card of {name} on the share; it runs `peer join {desk.identity.share}"
            f" --name {name}` first"
        ) from error
    except RuleError as error:
        raise NotFoundError(
            f"the card of {name} is not valid ({error}); let it join again"
        ) from error


def admit(
    desk: Desk,
    name: str,
    expected: str | None,
    *,
    reuse: bool,
    confirm: Callable[[str], bool],
    rekey: bool = False,
    compromised: bool = False,
    steward: bool = False,
) -> tuple[Roster, bool]:
    """Make the key on the card of `name` a member; (roster in force, whether it changed).

    `expected` is the fingerprint a person got from the peer's owner; without it only a key of this
    home, or one that `confirm` (asked with the fingerprint) says yes to, or with `rekey` one that
    the present key vouches for. HumanNeededError else. `rekey`: the same holder has a new key, and
    his old one retires; `compromised`: somebody else has the old one, whose word then counts for
    nothing. `reuse`: the name has another holder. `steward`: it is the mailbox of the steward who
    has this name (UsageError where none has).
    """
    known = desk.known()  # another network's card is nobody's here
    card = card_of(desk, name)
    shown = key_fingerprint(card.key)
    if expected is not None and not same_fingerprint(expected, shown):
        raise HumanNeededError(
            f"the card of {name} shows {shown}, not {expected}; ask its owner what is right"
        )
    current, draft = roster_base(desk, known)
    member = without(known.trust, draft).member(name)  # a revoked key vouches for nobody
    asked: Change = "reuse" if reuse else "compromised" if compromised else None
    if asked is None and rekey:
        asked = "rekey"
    if expected is None:
        _check_sure(desk, member, card, asked, confirm)
    if authority.says_more(current):
        raise UsageError("a newer version wrote the roster; upgrade soma-network before you admit")
    changed = with_role(
        known, desk.identity.cluster, _changed(member, card, asked), steward=steward, reuse=reuse
    )
    if changed == member:
        desk.put_back()
        assert isinstance(current.body, Roster)
        if without(known.trust, current.body).member(name) != changed:
            raise desk.still_waits(draft)
        return draft, False
    others = [m for m in draft.members if m.name != name]
    body = replace(
        draft,
        version=current.number + 1,
        prev=current.digest,
        at=desk.clock.wall_ms(),
        members=tuple(sorted([*others, changed], key=lambda m: m.name)),
    )
    desk.sign(body)
    return body, True


def _is_mine(desk: Desk, key: str) -> bool:
    network = desk.identity.network
    return any(
        key == i.key or key in keys.own_keys(folder)
        for folder, i in identities(desk.home, "peers")
        if i.network == network
    )


def _check_sure(
    desk: Desk, member: Member | None, card: Card, asked: Change, confirm: Callable[[str], bool]
) -> None:
    """HumanNeededError where no person has vouched for the card's key, nor may another key."""
    if asked == "compromised" and member is not None and member.state_of(card.key) == "active":
        return  # it admits nobody
    vouched = asked in (None, "rekey") and _is_vouched(member, card)
    if _is_mine(desk, card.key) or (vouched and asked == "rekey"):
        return
    shown = key_fingerprint(card.key)
    if not confirm(shown):
        raise _unsure(card.name, shown, vouched)


def _is_vouched(member: Member | None, card: Card) -> bool:
    """Whether a key with which the member may act now says that the card's key follows it."""
    former = predecessor(card)
    return former is not None and member is not None and member.state_of(former) == "active"


def _unsure(name: str, shown: str, vouched: bool) -> HumanNeededError:
    if vouched:
        return HumanNeededError(
            f"{name} asks for the key {shown}, and its present key vouches for that;"
            f" if its owner wants it, run `peer admit {name} --rekey`"
        )
    return HumanNeededError(
        f"the key of {name} is not of this home; compare {shown} with its owner,"
        f" then run `peer admit {name} --fingerprint {shown}`"
    )


def _changed(member: Member | None, card: Card, asked: Change) -> Member:
    """The member with the card's key, as far as it has it not."""
    if member is None:
        return Member(name=card.name, keys=(_fresh(card),))
    if member.state_of(card.key) == "active":
        kept = _without_former(member) if asked == "compromised" else member
        return _with_sealing(kept, card)
    if asked is None and _is_vouched(member, card):
        asked = "rekey"
    return _with_key(member, card, asked)


def _without_former(member: Member) -> Member:
    """Nothing counts any more that a former key signs."""
    if len(member.keys) == 1:
        raise UsageError(
            f"{member.name} never had another key than the one that it works with; let it ask for"
            f" one: `peer rekey --as {member.name} --compromised`"
        )
    lost = [
        known if known.state == "active" else replace(known, state="compromised")
        for known in member.keys
    ]
    return replace(member, keys=tuple(lost))


def _with_sealing(member: Member, card: Card) -> Member:
    """The member with the sealing key of its card, which the key that is admitted signed."""
    if card.sealing is None:
        return member
    known = [_fresh(card) if one.key == card.key else one for one in member.keys]
    return replace(member, keys=tuple(known))


def _fresh(card: Card) -> MemberKey:
    """The card's key as one to act with from now on, and to seal for."""
    return MemberKey(key=card.key, sealing=card.sealing)


def _with_key(member: Member, card: Card, change: Change) -> Member:
    name = card.name
    if change is None and member.active:
        raise UsageError(
            f"{name} is admitted with another key; if its holder is the same, and lost the old key,"
            f" run `peer admit {name} --rekey`; if the holder is another one, `--reuse`"
        )
    if member.state_of(card.key) is not None:
        raise UsageError(
            f"the key of {name} was retired or revoked, and never counts again; it needs a new one:"
            f" `peer rekey --as {name}`, then `peer admit {name} --rekey`"
        )
    if len(member.keys) >= limits.member_keys_max:
        raise UsageError(f"{name} has had {len(member.keys)} keys; let it join under another name")
    if change == "rekey":
        # What the holder signed before is still his; nothing is active but the new key.
        old = [replace(k, state="retired") if k.state == "active" else k for k in member.keys]
    else:
        # What somebody else signs from now on must not pass as the new holder's.
        old = [replace(known, state="compromised") for known in member.keys]
    reused = member.reused + (change in (None, "reuse"))
    return replace(member, keys=(*old, _fresh(card)), reused=reused)

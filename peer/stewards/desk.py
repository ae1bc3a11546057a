"""What a steward does: admit, halt, resume. Each is one signed document, placed where all look.

Rules: the key of a steward signs here and nowhere else; what is signed is told first, in words, by
the caller. Not here: whether a document is in force at a peer (`standing`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from peer import keys
from peer.clock import Clock, Entropy
from peer.home.places import Identity, identities
from peer.stewards.opening import open_marker
from peer.stewards.shelf import Shelf, gather, shared
from peer.stewards.wording import told
from protocol import authority, canonical, limits, names, order, roster
from protocol.authority import StewardBody, StewardDocument, open_document
from protocol.canonical import unb64
from protocol.card import Card, open_card, predecessor
from protocol.errors import (
    HomeError,
    HumanNeededError,
    MissingError,
    NotFoundError,
    RuleError,
    UsageError,
)
from protocol.order import Order, contains, halts_in_force
from protocol.root import Root
from protocol.roster import Member, MemberKey, Roster
from protocol.signing import Signer, fingerprint, same_fingerprint, show_fingerprint
from protocol.trust import Trust, trust_of
from registry import charter
from registry import roster as peers
from registry.share import Share

# Why a name that has a key gets another one; None: nobody said.
Change = Literal["rekey", "compromised", "reuse"] | None


@dataclass(slots=True)
class Desk:
    """A steward at work: his identity, his shelf, the share, and how to unlock his key.

    `home` is the PEER_HOME whose peers are admitted without a fingerprint. `show` is told in plain
    words what is about to be signed.
    """

    home: str
    identity: Identity
    shelf: Shelf
    share: Share
    clock: Clock
    unlock: Callable[[], Signer]
    entropy: Entropy
    show: Callable[[list[str]], None] | None = None

    def trust(self) -> Trust:
        """By the root of the pinned network; WrongShareError where the share is another."""
        _, document = open_marker(charter.fetch_marker(self.share), self.identity.network)
        assert isinstance(document.body, Root)
        return trust_of(document.digest, document.body, document.digest)

    def documents(self, type_: str) -> list[StewardDocument]:
        """The valid documents of a type, oldest first."""
        found = gather(self.shelf, self.share, self.trust())
        return [document for document in found if document.type == type_]

    def put_back(self) -> None:
        """Place again what the shelf holds and the share does not show.

        A drive that lied, or lost power, may have dropped it before any peer saw it; so whoever
        commands again what the shelf says is done already, has a reason.
        """
        trust, shown = self.trust(), shared(self.share)
        for data in self.shelf.everything():
            if data not in shown:
                with suppress(RuleError):  # a file that rotted on the shelf
                    charter.place_document(self.share, open_document(data, trust))

    def sign(self, body: StewardBody) -> StewardDocument:
        """Say what a document says, then sign, remember and place it."""
        if self.show is not None:
            self.show(told(body, gather(self.shelf, self.share, self.trust())))
        data = authority.seal_document(body, self.identity.network, self.unlock())
        document = open_document(data, self.trust())
        # Placed first: what never came to the share was not signed as far as anybody knows.
        charter.place_document(self.share, document)
        charter.clear_leftovers(self.share, self.identity.name)
        try:
            self.shelf.keep(document)
        except HomeError as error:
            # It holds all the same: whoever believed that it failed would sign another one.
            raise HomeError(
                f"what was signed stands on the share, and holds; yet {error}"
            ) from error
        return document


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


def key_fingerprint(key: str) -> str:
    """A key as people compare it."""
    return show_fingerprint(fingerprint(unb64(key, 32)))


def admit(
    desk: Desk,
    name: str,
    expected: str | None,
    *,
    reuse: bool,
    confirm: Callable[[str], bool],
    rekey: bool = False,
    compromised: bool = False,
) -> tuple[Roster, bool]:
    """Make the key on the card of `name` a member; (roster in force, whether it changed).

    `expected` is the fingerprint a person got from the peer's owner; without it only a key of this
    home, or one that `confirm` (asked with the fingerprint) says yes to, or with `rekey` one that
    the present key vouches for. HumanNeededError else. `rekey`: the same holder has a new key, and
    his old one retires; `compromised`: somebody else has the old one, whose word then counts for
    nothing. `reuse`: the name has another holder.
    """
    desk.trust()  # another network's card is nobody's here
    card = card_of(desk, name)
    shown = key_fingerprint(card.key)
    if expected is not None and not same_fingerprint(expected, shown):
        raise HumanNeededError(
            f"the card of {name} shows {shown}, not {expected}; ask its owner what is right"
        )
    current = newest_roster(desk)
    assert isinstance(current.body, Roster)
    member = current.body.member(name)
    asked: Change = "reuse" if reuse else "compromised" if compromised else None
    if asked is None and rekey:
        asked = "rekey"
    if expected is None:
        _check_sure(desk, member, card, asked, confirm)
    if authority.says_more(current):
        raise UsageError("a newer version wrote the roster; upgrade soma-network before you admit")
    changed = _changed(member, card, asked)
    if changed == member:
        desk.put_back()
        return current.body, False
    others = [m for m in current.body.members if m.name != name]
    body = replace(
        current.body,
        version=current.number + 1,
        prev=current.digest,
        at=desk.clock.wall_ms(),
        members=tuple(sorted([*others, changed], key=lambda m: m.name)),
    )
    desk.sign(body)
    return body, True


def newest_roster(desk: Desk) -> StewardDocument:
    """The roster of the steward's cluster with the highest number (then the lowest hash)."""
    found = [d for d in desk.documents(roster.TYPE) if d.scope == desk.identity.cluster]
    if not found:
        raise NotFoundError(f"no roster of {desk.identity.cluster} on the share; restore charter/")
    return min(found, key=lambda d: (-d.number, d.digest))


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
        raise UsageError(f"the key of {name} was retired; it must join with a new one")
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


def scope_named(desk: Desk, word: str | None) -> str:
    """The scope that a person means: none is the network, a bare name a member or a cluster."""
    cluster = desk.identity.cluster
    if word in (None, "*"):
        return "*"
    assert word is not None
    body = newest_roster(desk).body
    assert isinstance(body, Roster)
    name, at, rest = word.partition("@")
    if body.member(name) is not None and rest in ("", cluster):
        return f"{name}@{cluster}"
    if not at and (cluster == word or cluster.endswith("." + word)):
        return word
    raise NotFoundError(f"no peer or cluster {word} here; `peer peers` lists the peers")


def halt(desk: Desk, scope: str, because: str) -> StewardDocument:
    """Order everybody within `scope` to stop acting and sending."""
    body = Order(
        network=desk.identity.network,
        order="halt",
        scope=scope,
        salt=canonical.b32(desk.entropy.draw(16)),
        at=desk.clock.wall_ms(),
        because=because,
    )
    return desk.sign(body)


def resume(desk: Desk, scope: str) -> list[StewardDocument]:
    """Lift every halt in force whose scope lies within `scope`; NotFoundError where none does."""
    orders = {d.digest: d.body for d in desk.documents(order.TYPE) if isinstance(d.body, Order)}
    halts = halts_in_force(orders)
    lifts = sorted(digest for digest, halt in halts.items() if contains(scope, halt.scope))
    if not lifts:
        desk.put_back()
        raise NotFoundError("nothing is halted there; `peer network show` lists what is")
    return [
        desk.sign(
            Order(
                network=desk.identity.network,
                order="resume",
                scope=scope,
                salt=canonical.b32(desk.entropy.draw(16)),
                at=desk.clock.wall_ms(),
                lifts=tuple(lifts[start : start + limits.lifts_max]),
            )
        )
        for start in range(0, len(lifts), limits.lifts_max)
    ]

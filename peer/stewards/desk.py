"""A steward at work: what he knows, and the one place where his key signs.

Rules: the key of a steward signs here and nowhere else; what is signed is told first, in words. A
document that needs more signatures than his waits on the share, and any steward's program puts the
parts together once they are enough. Not here: whether a document holds at a peer (`standing`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from peer.clock import Clock, Entropy
from peer.home.places import Identity
from peer.stewards.gathering import Known, gather
from peer.stewards.opening import open_marker
from peer.stewards.shelf import Shelf, first_root
from peer.stewards.wording import told
from protocol import authority, roster
from protocol.acts import StewardBody
from protocol.authority import StewardDocument, joined, open_document, open_part
from protocol.canonical import unb64
from protocol.errors import (
    HomeError,
    HumanNeededError,
    NotFoundError,
    RuleError,
    ShareError,
    WaitingError,
    WrongShareError,
)
from protocol.roster import Roster
from protocol.ruling import votes_rest_on
from protocol.signing import Signer, fingerprint, show_fingerprint
from protocol.trust import Trust
from registry import charter
from registry.share import Share

shelf_bytes_max = 4 * 1024 * 1024  # by each steward whom only a delegation names


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
    # Told in plain words what is about to be signed.
    show: Callable[[list[str]], None] | None = None
    # Documents that came another way than over the share.
    files: list[bytes] = field(default_factory=list)
    # What was kept last, so that it is not compared again for each of many documents.
    _kept: Known | None = field(default=None, init=False, repr=False)

    def known(self) -> Known:
        """Every document that verifies; WrongShareError where the share is another network.

        Where a file came another way, what the shelf holds is enough.
        """
        try:
            _, first = open_marker(charter.fetch_marker(self.share), self.identity.network)
            return gather(self.shelf, self.share, first, self.clock.wall_ms(), self.files)
        except WrongShareError:
            raise
        except ShareError:
            if not self.files:
                raise
        first = first_root(self.shelf, self.identity.network)
        return gather(self.shelf, None, first, self.clock.wall_ms(), self.files)

    def documents(self, type_: str) -> list[StewardDocument]:
        """The valid documents of a type, by scope, number and digest."""
        return sorted(self.known().documents.of(type_), key=lambda d: (d.scope, d.number, d.digest))

    def put_back(self) -> None:
        """Place again what the shelf holds and the share does not show.

        A drive that lied, or lost power, may have dropped it before any peer saw it; so whoever
        commands again what the shelf says is done already, has a reason.
        """
        documents, mine = self.known().documents, self._shelved()
        for digest in documents:
            if documents.entry(digest).file in mine:
                document = documents[digest]
                if not charter.shows(self.share, document):
                    charter.place_document(self.share, document)

    def sign(self, body: StewardBody) -> StewardDocument:
        """Sign a document and place it; WaitingError where others have to sign it, too.

        HumanNeededError where this steward has no right to sign it.
        """
        return self.sign_all([body])[0]

    def sign_all(
        self, bodies: Sequence[StewardBody], also: Signer | None = None
    ) -> list[StewardDocument]:
        """Several at once, in this order, and all of them also where the first has to wait.

        `also` signs each beside this steward's key: the one that he changes to.
        """
        known = self.known()
        placed, waiting = list[StewardDocument](), list[WaitingError]()
        for body in bodies:
            self.tell(body, known)
            try:
                signers = [self.unlock(), *([also] if also else [])]
                parts = self.parts(body, known.trust, signers)
                placed.append(self.put(parts, known, known.trust))
            except WaitingError as error:
                waiting.append(error)
        if waiting:
            raise waiting[0]
        return placed

    def tell(self, body: StewardBody, known: Known, before: Known | None = None) -> None:
        """Say in plain words what is about to be signed, and what is new in it.

        `before`: what was known when the command began, where others signed something since.
        """
        if self.show is not None:
            also = () if before is None else before.documents.values()
            self.show(told(body, known.documents.values(), also))

    def parts(
        self, body: StewardBody, trust: Trust, signers: Sequence[Signer]
    ) -> list[StewardDocument]:
        """A document with one signature each; HumanNeededError where one may not sign it."""
        network = self.identity.network
        try:
            return [
                open_part(authority.seal_document(body, network, signer), trust)
                for signer in signers
            ]
        except RuleError as error:
            raise HumanNeededError(
                f"{self.identity.name} may not sign that ({error.reason}); `peer network show`"
                " lists who may"
            ) from error

    def put(self, ours: Sequence[StewardDocument], known: Known, trust: Trust) -> StewardDocument:
        """Put a document on the share that these parts, and those that wait there, make whole.

        Under another trust than the present one, and where others have to sign, too, these parts
        are put there, and WaitingError is raised.
        """
        digest = ours[0].digest
        others = [part for part in known.parts_under(trust) if part.digest == digest]
        whole = open_part(joined([*others, *ours]), trust)
        lacking = authority.lacking(whole, trust)
        if lacking.more or trust != known.trust:
            for part in ours:
                charter.place_part(self.share, part)
                self._withdraw(part, known)
            raise WaitingError(
                f"signed by {self.identity.name}; it waits for {_more(lacking)}:"
                " `peer charter sign`"
            )
        try:
            document = open_document(whole.data, known.trust)
        except RuleError as error:
            raise HumanNeededError(f"nobody would accept that: {error.reason}") from error
        # Placed first: what never came to the share was not signed as far as anybody knows.
        charter.place_document(self.share, document)
        charter.clear_leftovers(self.share, self.identity.name)
        charter.clear_parts(self.share, document)
        try:
            if self._kept is not known:
                self.keep(known)
                self._kept = known
            self.shelf.keep(document)
        except HomeError as error:
            # It holds all the same: whoever believed that it failed would sign another one.
            raise HomeError(
                f"what was signed stands on the share, and holds; yet {error}"
            ) from error
        return document

    def keep(self, known: Known) -> None:
        """Remember what is in force: whoever changes keys has to sign it again.

        Of those whom the root does not name so much each, or one of them could fill the disk.
        """
        mine, documents = self._shelved(), known.documents
        root = {steward.key for steward in known.trust.root.stewards}
        votes = votes_rest_on([held for _, held in documents.held()], known.ruling)
        holds = {*known.ruling.newest.values(), *known.ruling.roots, *votes}
        size: Counter[str] = Counter()
        for digest in documents:
            one = documents.entry(digest)
            if one.file in mine:
                size.update(dict.fromkeys(one.keys, one.size))
        for digest in sorted(documents.keys() - known.hearsay, key=lambda one: one not in holds):
            one = documents.entry(digest)
            if one.file in mine or (one.number and digest not in holds):
                continue
            if one.keys & root or any(size[key] + one.size <= shelf_bytes_max for key in one.keys):
                self.shelf.keep(documents[digest])
                size.update(dict.fromkeys(one.keys, one.size))

    def _shelved(self) -> set[bytes]:
        """The SHA-256 of every file on the shelf."""
        return {sha256(data).digest() for data in self.shelf.everything()}

    def still_waits(self, body: StewardBody) -> WaitingError:
        """What to raise where somebody asks again for what he signed, and others have not yet."""
        known = self.known()
        more = [authority.lacking(part, known.trust) for part in known.parts if part.body == body]
        who = _more(more[0]) if more else "others"
        return WaitingError(
            f"{self.identity.name} signed that already; it waits for {who}: `peer charter sign`"
        )

    def _withdraw(self, newer: StewardDocument, known: Known) -> None:
        """What he signed before for the same place, and nobody completed, is given up."""
        for part in known.parts:
            same = (part.type, part.scope, part.number) == (newer.type, newer.scope, newer.number)
            if same and part.number and part.digest != newer.digest and part.keys == newer.keys:
                charter.clear_parts(self.share, part)


def _more(lacking: authority.Lacking) -> str:
    if not lacking.more:
        return "the next root"
    who = ", ".join(sorted(lacking.names)) or "others"
    return f"{lacking.more} more of {who}" if lacking.more > 1 else f"one more of {who}"


def key_fingerprint(key: str) -> str:
    """A key as people compare it."""
    return show_fingerprint(fingerprint(unb64(key, 32)))


def newest_roster(desk: Desk) -> StewardDocument:
    """The roster in force of the steward's cluster."""
    return _newest_roster(desk, desk.known())


def _newest_roster(desk: Desk, known: Known) -> StewardDocument:
    cluster = desk.identity.cluster
    found = known.newest(roster.TYPE, cluster)
    if found is None:
        raise NotFoundError(f"no roster of {cluster} on the share; restore charter/")
    return found


def roster_base(desk: Desk, known: Known) -> tuple[StewardDocument, Roster]:
    """The roster in force, and what the next one is made from.

    That is what he signed already and what waits for others, so that two admissions are one
    document to sign.
    """
    current = _newest_roster(desk, known)
    draft = draft_after(desk, known, current)
    assert isinstance(draft, Roster)
    return current, draft


def draft_after(desk: Desk, known: Known, current: StewardDocument) -> StewardBody:
    """What this steward made of the document in force already, where that waits; else itself."""
    drafts = [
        part
        for part in known.parts
        if (part.type, part.scope, part.number) == (current.type, current.scope, current.number + 1)
        and desk.identity.key in part.keys
    ]
    newest = max(drafts, key=lambda part: getattr(part.body, "at", 0), default=current)
    return newest.body

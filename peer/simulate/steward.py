"""The human with the key, at a desk whose shelf is in memory: the product's own desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from peer.home.places import Identity
from peer.simulate.chance import Chance
from peer.simulate.drive import Step, View
from peer.simulate.ledger import Ledger
from peer.simulate.machine import VirtualClock
from peer.stewards import founding
from peer.stewards.admission import admit
from peer.stewards.charters import newest, sign_draft
from peer.stewards.desk import Desk, newest_roster
from peer.stewards.drafts import Draft
from peer.stewards.orders import halt, resume
from protocol import authority, canonical
from protocol.authority import StewardDocument
from protocol.charter import Charter, Votable
from protocol.decision import Decision
from protocol.errors import HumanNeededError, NotFoundError, ShareError, UsageError
from protocol.roster import Member, MemberKey, Roster
from protocol.sealing import opener_of
from protocol.signing import Signer, fingerprint, show_fingerprint
from registry import layout
from registry.faulty import Killed

NAME = "kay"
yes_ms = 7 * 24 * 3_600_000  # how long a yes permits something


class MemoryShelf:
    """A `Shelf`; whatever is kept was signed, and the ledger knows it. `step` is as a drive's."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._kept: dict[str, bytes] = {}
        self.step: Step | None = None

    def keep(self, document: StewardDocument) -> None:
        """See `Shelf.keep`."""
        if self.step is not None:
            self.step("before", "keep", document.digest[:8], document.data)
        self._kept[document.digest] = document.data
        self._ledger.signed[document.digest] = document.data
        if self.step is not None:
            self.step("after", "keep", document.digest[:8], document.data)

    def everything(self) -> list[bytes]:
        """See `Shelf.everything`."""
        return list(self._kept.values())


class Steward:
    """What the steward does. False: the drive did not let him, or his process died.

    Then he tries again another day.
    """

    def __init__(
        self, view: View, clock: VirtualClock, ledger: Ledger, cluster: str, seed: int
    ) -> None:
        chance = Chance(seed, "steward")
        signer = Signer(chance.draw(32))
        self.view = view
        self.shelf = MemoryShelf(ledger)
        first = authority.seal_document(
            founding.first_root(NAME, signer, clock.wall_ms()), "", signer
        )
        founding.lay_out(view, self.shelf, cluster, first, signer, clock.wall_ms())
        self.marker = view.sees(layout.MARKER)  # what he puts back where it was taken away
        self.network = authority.open_root(first).digest
        self.asked = False  # whether a charter of his ever wanted a yes to anything
        self._said: set[tuple[str, str]] = set()  # (hash, address) that he decided on
        self.desk = Desk(
            home="",
            identity=Identity(
                name=NAME, cluster=cluster, network=self.network, share="memory", key=signer.key
            ),
            shelf=self.shelf,
            share=view,
            clock=clock,
            unlock=lambda: signer,
            entropy=chance,
        )

        def placed(_: str, data: bytes) -> None:
            # Whatever he has placed is signed, also where he died before he kept it.
            ledger.signed[canonical.decode(data)["head"]["signed"]["hash"]] = data

        view.wrote = placed

    @contextmanager
    def watched(self, step: Step) -> Iterator[None]:
        """Tell of every step of what he does in the block; it may die there."""
        self.view.step = self.shelf.step = step
        try:
            yield
        finally:
            self.view.step = self.shelf.step = None

    def found(self, members: Mapping[str, Signer]) -> None:
        """The first roster with members: name → key."""
        before = newest_roster(self.desk)
        self.desk.sign(
            Roster(
                network=self.network,
                cluster=self.desk.identity.cluster,
                version=before.number + 1,
                prev=before.digest,
                at=self.desk.clock.wall_ms(),
                members=tuple(
                    Member(name=name, keys=(MemberKey(key=one.key, sealing=opener_of(one).key),))
                    for name, one in sorted(members.items())
                ),
            )
        )

    def admit(self, name: str, signer: Signer, *, reuse: bool = False) -> bool:
        """Admit whoever proved to be `name` by the fingerprint of its key, told face to face."""
        shown = show_fingerprint(fingerprint(signer.public))
        return self._try(
            lambda: admit(self.desk, name, shown, reuse=reuse, confirm=lambda _: False)
        )

    def halt(self, scope: str) -> bool:
        """Halt everybody in a scope."""
        return self._try(lambda: halt(self.desk, scope, "a drill"))

    def resume(self, scope: str) -> bool:
        """Lift every halt within a scope."""
        return self._try(lambda: resume(self.desk, scope))

    def rule(self, **parts: Any) -> bool:
        """Sign a charter that says this and otherwise what the newest one says."""
        self.asked |= bool(parts.get("policy"))
        return self._try(lambda: self._sign_charter(newest(self.desk, "*"), **parts))

    def _sign_charter(self, before: StewardDocument | None, **parts: Any) -> None:
        said = {name: getattr(before.body, name) for name in Draft().parts} if before else {}
        sign_draft(self.desk, "*", Draft(**(said | parts)))

    def let_vote(self, key: str) -> bool:
        """The members of the newest roster may agree on the value of a key; and on others still."""
        cluster = self.desk.identity.cluster

        def act() -> None:
            roster, before = newest_roster(self.desk).number, newest(self.desk, "*")
            votable = before.body.votable if before and isinstance(before.body, Charter) else ()
            others = tuple(one for one in votable if one.key != key)
            self._sign_charter(
                before, votable=(*others, Votable(key=key, cluster=cluster, roster=roster))
            )

        return self._try(act)

    def decide(self, of: str, address: str, *, yes: bool) -> bool:
        """Say yes or no to what somebody shows him; where he did before, that is placed again."""
        if (of, address) in self._said:
            return self._try(self.desk.put_back)
        now = self.desk.clock.wall_ms()
        body = Decision(
            network=self.network,
            decision="approve" if yes else "deny",
            scope=address,
            of=of,
            salt=canonical.b32(self.desk.entropy.draw(16)),
            at=now,
            until=now + yes_ms if yes else None,
        )
        done = self._try(lambda: self.desk.sign(body))
        if done:
            self._said.add((of, address))
        return done

    def _try(self, act: Callable[[], object]) -> bool:
        try:
            act()
        except (ShareError, HumanNeededError, NotFoundError, UsageError, Killed):
            return False
        return True

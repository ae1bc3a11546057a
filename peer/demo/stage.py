"""A stage: five peers of one steward on a fresh share, with a clock that can skip the night.

Rules: everything goes through the doors that people and agents use (found, join, admit, send,
tick, halt); clock, chance and keys are handed in, so that the same play can run on the machine's
own or come out the same everywhere.
Not here: what is played (`peer.demo.story`), and for whom (`peer.demo`, `peer.demo.sample`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from peer import keys, mentoring
from peer.clock import Clock, Entropy
from peer.home.places import choose
from peer.instance import RunningPeer
from peer.membership import join, root_fingerprint
from peer.send import send
from peer.stewards import orders
from peer.stewards.admission import admit
from peer.stewards.charters import add_goal
from peer.stewards.desk import Desk
from peer.stewards.founding import create_network
from peer.stewards.shelf import FolderShelf
from peer.tick.report import Report
from peer.tick.session import tick
from peer.wiring import open_peer, open_share
from protocol import canonical
from protocol.messages import Body, Head, Note, compose
from protocol.page import Header, form_page
from protocol.signing import Signer
from registry import inbox
from registry.layout import PageName

CLUSTER = "lab"
STEWARD = "kay"
PEERS = ("core", "librarian", "scout", "smith", "warden")
NEWCOMER = "smith"  # joins when the others know something already
INTRUDER = "intruder"


class PlayedClock:
    """Another clock, shown `behind_ms` late: a day passes in a moment, and ends on time."""

    def __init__(self, base: Clock, behind_ms: int) -> None:
        self._base = base
        self.behind_ms = behind_ms

    def wall_ms(self) -> int:
        """See `Clock.wall_ms`."""
        return self._base.wall_ms() - self.behind_ms

    def monotonic_ms(self) -> int:
        """See `Clock.monotonic_ms`."""
        return self._base.monotonic_ms() - self.behind_ms

    def boot(self) -> str:
        """See `Clock.boot`."""
        return self._base.boot()


class Stage:
    """The network, founded, and its peers, open until `close`: four at first, then five."""

    def __init__(
        self,
        home: str,
        share: str,
        clock: PlayedClock,
        chance: Callable[[str], Entropy],
        seed: Callable[[str], bytes | None],
    ) -> None:
        """`chance` and `seed` are asked once for each name; a seed of None is drawn."""
        self.home, self.share, self.clock = home, share, clock
        self._chances = {name: chance(name) for name in (STEWARD, INTRUDER, *PEERS)}
        self._seed = seed
        founded = create_network(
            home, share, CLUSTER, STEWARD, None, clock, self._chances[STEWARD], seed(STEWARD)
        )
        self.network = founded.network
        self.root = root_fingerprint(founded.network)
        self.desk = self._open_desk(self._chances[STEWARD])
        self.peers: dict[str, RunningPeer] = {}
        for name in PEERS:
            if name != NEWCOMER:
                self.enter(name)
        self._chance = self._chances[INTRUDER]
        self._intruder = Signer(seed(INTRUDER) or self._chance.draw(32))

    def enter(self, name: str) -> None:
        """A peer joins, and the steward admits it."""
        chance = self._chances[name]
        # The fingerprint that the owner reads out to the steward, as on two machines.
        told = join(
            self.home, self.share, name, self.root, self.clock, chance, self._seed(name)
        ).fingerprint
        admit(self.desk, name, told, reuse=False, confirm=_nobody_answers)
        self.peers[name] = self._open_peer(name, chance)

    def close(self) -> None:
        """Let go of the databases."""
        for peer in self.peers.values():
            peer.home.close()

    def say(self, author: str, to: str, body: Body, re: str | None = None) -> str:
        """Send a body to a peer or to `all`; returns the item's id."""
        return send(self.peers[author], [to], [body], re=re).ids[0]

    def reply(self, author: str, id: str, body: Body) -> str:
        """Read a letter and answer it, as a person or an agent does; returns the answer's id."""
        peer = self.peers[author]
        letter = peer.home.mail.get(id)
        with peer.home.transaction():
            peer.home.mail.mark_read([letter.n], self.clock.wall_ms())
        to = peer.bare(letter.author)
        return send(peer, [to], [body], re=letter.id, thread=letter.thread).ids[0]

    def tick(self, names: Iterable[str]) -> list[Report]:
        """One tick of each of these peers, in this order."""
        return [tick(self.peers[name]) for name in names]

    def ask_mentor(self, name: str) -> str:
        """A newcomer asks whoever seems best to guide it; returns the letter's id."""
        return mentoring.ask(self.peers[name], None).ids[0]

    def set_goal(self, id: str, text: str) -> None:
        """The steward says what the network is for."""
        add_goal(self.desk, "*", id, text)

    def halt(self, name: str, because: str) -> None:
        """The steward orders a peer to stop acting and sending."""
        orders.halt(self.desk, orders.scope_named(self.desk, name), because)

    def resume(self, name: str) -> None:
        """The steward lifts that order."""
        orders.resume(self.desk, orders.scope_named(self.desk, name))

    def forge(self, pretended: str, to: str, text: str) -> str:
        """Somebody who can write the drive puts a letter under another's name into an inbox.

        Returns its path on the share. It is signed well, with a key that nobody admitted.
        """
        now, address = self.clock.wall_ms(), f"{pretended}@{CLUSTER}"
        head = Head(author=address, kind=Note.kind, salt=self._draw(), at=now)
        header = Header(
            network=self.network,
            author=address,
            key=self._intruder.key,
            epoch=self._draw(),
            audience=f"{to}@{CLUSTER}",
            seq=1,
            at=now,
        )
        page = form_page(header, [compose(head, Note(text=text)).data], self._intruder)
        name = PageName(pretended, header.epoch[:8], header.seq)
        inbox.deliver(open_share(self.share, INTRUDER, self._chance), to, name, page.data)
        return inbox.path(to, name)

    def _draw(self) -> str:
        return canonical.b32(self._chance.draw(16))

    def _open_desk(self, chance: Entropy) -> Desk:
        folder, identity = choose(self.home, "stewards", STEWARD, None)
        share = open_share(self.share, STEWARD, chance)
        shelf = FolderShelf(folder)
        return Desk(
            self.home, identity, shelf, share, self.clock, lambda: keys.load_key(folder), chance
        )

    def _open_peer(self, name: str, chance: Entropy) -> RunningPeer:
        folder, identity = choose(self.home, "peers", name, None)
        return open_peer(folder, identity, clock=self.clock, entropy=chance)


def _nobody_answers(shown: str) -> bool:
    return False

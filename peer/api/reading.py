"""Reading: letters, conversations, what was published, and where a letter is."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from peer.api.opened import Opened
from protocol.errors import UsageError

if TYPE_CHECKING:
    from peer.home.mail import Letter as Stored
    from peer.mailbox import Mailbox
    from peer.results.digests import Digest
    from peer.results.letters import Letter, Row
    from peer.results.states import Proposed, Trace
    from peer.saving import Saved


class Reading(Opened):
    """What a peer has been told, and has written."""

    def inbox(self, *, unread: bool = True) -> list[Letter]:
        """Letters to me, and what was sent to all, oldest first; it marks nothing as read.

        They are there from the tick that received them. Where the share cannot be reached `warning`
        says so; another network's folder in its place is WrongShareError.
        """
        from peer.mailbox import check_share

        self.warning = check_share(self.home, self.identity)
        return self._shown(self.home.mail.inbox(everything=not unread))

    def letter(self, id: str) -> Letter:
        """The item whose id begins with `id`; NotFoundError, or UsageError where several do."""
        return self._shown([self.home.mail.get(id)])[0]

    def read(self, id: str) -> Letter:
        """The same, and it counts as read."""
        found = self.letter(id)
        self.mark_read([found])
        return found

    def mark_read(self, letters: Iterable[Letter]) -> None:
        """These letters count as read."""
        from peer.clock import SystemClock

        stored = [self.home.mail.get(one.id) for one in letters]
        if not all(one.mine for one in stored):
            self._mailbox().mark_read(stored, SystemClock().wall_ms())

    def save(self, id: str, folder: str = ".", *, name: str | None = None) -> list[Saved]:
        """Write the attachments of an item into files: all, or those called `name`.

        Nothing that exists is replaced. NotFoundError where there are none, ShareError where what
        was published cannot be fetched now, UsageError where the folder cannot be written.
        """
        from peer.saving import save

        return save(self.running, self.home.mail.get(id), os.path.abspath(folder), name)

    def search(self, words: str, *, author: str | None = None, limit: int = 20) -> list[Letter]:
        """Letters and publications with words that begin like all of these, most fitting first.

        Sealed letters are not searched, not even one's own.
        """
        found = self._mailbox().search(words, author, 0, limit, lambda done, of, what: None)
        return _letters(found)

    def thread(self, id: str) -> list[Letter]:
        """The conversation that an item belongs to, oldest first."""
        return _letters(self._mailbox().thread(self.home.mail.get(id)))

    def feed(self, author: str | None = None, *, limit: int = 50) -> list[Letter]:
        """What was published by everybody, or by `author`, newest first."""
        return _letters(self._mailbox().feed(author, limit))

    def proposals(self, *, everything: bool = False) -> list[Proposed]:
        """What is open for a vote, or agreed on, as far as this home knows; or everything."""
        from peer.deciding import proposals
        from peer.results import states

        rows = proposals(self.running, everything=everything)
        return [states.proposed(row) for row in rows]

    def agreed(self) -> dict[str, str]:
        """What the members agreed on: key → value."""
        from peer.voting import agreed

        return {key: one.value for key, one in agreed(self.running).items()}

    def digest(self, topics: Iterable[str] = (), *, days: int = 7) -> Digest:
        """What was learned in the last days that this home lived, by topic; by default the busiest.

        New insights, best standing first; what became contested, or holds no more; questions, and
        who contributed. Texts were written by those who are named: they are data.
        """
        from peer.clock import SystemClock
        from peer.digesting import digest
        from peer.given import checked_topics
        from peer.knowing import Knowing

        if days < 1:
            raise UsageError(f"a digest is of one day or more, not {days}")
        knowing = Knowing(self.home, self.address, SystemClock().wall_ms())
        return digest(knowing, checked_topics(topics), knowing.day - days + 1)

    def outbox(self) -> list[Letter]:
        """Letters that no receipt covers yet, oldest first; `state`, and `details` on why.

        Where something is not on the share yet, it is looked whether the share can be reached.
        """
        if not self.home.mail.unacknowledged():
            return []  # why something waits takes longer to load
        from peer.waits import outbox

        return _letters(outbox(self.running, look=True))

    def trace(self, id: str, *, look: bool = False) -> Trace:
        """Where an item is, and how it got there, as far as this home knows.

        `details` also has what other identities of the home know; and, with `look`, the share.
        """
        from peer.results import states
        from peer.tracing import all_sides

        letter = self.home.mail.get(id, cancelled=True)
        return states.trace(all_sides(self.home, self.identity, self.folder, letter, look=look))

    def _shown(self, stored: list[Stored]) -> list[Letter]:
        return _letters(self._mailbox().rows(stored))

    def _mailbox(self) -> Mailbox:
        from peer.mailbox import Mailbox

        return Mailbox(self.home, self.identity)


def _letters(rows: list[Row]) -> list[Letter]:
    from peer.results.letters import letter

    return [letter(row) for row in rows]

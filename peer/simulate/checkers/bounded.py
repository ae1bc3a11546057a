"""What peers put on the share and keep at home is bounded, and so is the work of one tick.

pages    an honest author's open pages for one reader are at most 16 a window: whatever it
places is among the first 16 that no receipt covers, and of each epoch at most 16
pages lie on the share that the reader does not hold (32 where that epoch existed in two
homes, or any epoch of the reader did: what he held and lost lies there, too)
names    honest peers place files at names of the protocol only, no temporary ones
aside    quarantine: at most 10,000 entries and 64 MiB of bytes, and what one tick adds
calls    a tick makes at most 120 + 60·M + 5·F calls: M members, F files on the share when it
began or ended, each of which may be listed, read, compared, mended and removed
"""

from __future__ import annotations

import re
from collections import Counter

from peer.simulate.checkers import Checker
from peer.simulate.instance import Instance
from peer.simulate.reading import PageFile, document, page_file
from peer.simulate.trees import count_files
from peer.simulate.world import World

window_pages = 16
aside_entries, aside_bytes = 10_000 + 2_000, (64 + 16) * 1024 * 1024
_NAMES = re.compile(
    r"peers/[a-z0-9-]+/(card\.json|heartbeat\.json|canary|inbox/[a-z0-9-]+\.[a-z2-7]{8}\.\d+\.page"
    r"|outbox/(feed|mail/[a-z0-9-]+)/[a-z2-7]{8}\.\d+\.page|receipts/[a-z0-9.-]+/[a-z0-9-]+\.json"
    r"|blobs/[0-9a-f]{64})"
    r"|charter/\d+\.(root|charter|roster)\.[0-9a-f]{8}\.json|orders/[0-9a-f]{16}\.json"
).fullmatch


class Check(Checker):
    """Counts where things are placed, and again at the end of each round."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._files = self._counted_at = 0
        self._more: dict[Instance, int] = {}  # uncounted when a tick of it began
        self._genuine: dict[bytes, PageFile] = {}

    def wrote(self, instance: Instance, path: str, data: bytes) -> None:
        """See `Checker.wrote`."""
        if not instance.honest:
            return
        if _NAMES(path) is None:
            self.fail(instance.name, f"placed {path}, a name that the protocol does not know")
        page = page_file(path)
        if page is not None and page.to != "all":
            self._genuine[data] = page
            self._window(instance, page, data)

    def before(self, instance: Instance, what: str) -> None:
        """See `Checker.before`."""
        drive = self.world.drive
        grown = drive.changes - self._counted_at
        # Counting is dear where many peers tick: an eighth more or less is near enough where only
        # peers write. A strike may change the drive by the back door.
        if what == "tick" and (self.world.strikes or 8 * grown > self._files):
            self._files = max(self._files, count_files(instance.view.store))
            self._counted_at, grown = drive.changes, 0
        if what == "tick":
            self._more[instance] = grown

    def after(self, instance: Instance, what: str, calls: int) -> None:
        """See `Checker.after`."""
        if what != "tick" or not instance.honest:
            return
        members = len(self.world.instances)
        if calls > 120 + 60 * members:  # else the files need not be counted
            more = self._more.get(instance, 0)
            files = max(self._files, count_files(instance.view.store)) + more
            bound = 120 + 60 * members + 5 * files
            if calls > bound:
                self.fail(instance.name, f"a tick made {calls} calls, more than {bound}")

    def round_ended(self) -> None:
        """See `Checker.round_ended`."""
        files = self.world.drive.files("peers")
        self._files, self._counted_at = len(files), self.world.drive.changes
        self._on_share(files)
        for instance in self.world.honest():
            if not instance.news(self.name, "quarantine"):
                continue
            row = instance.home.db.one(
                "SELECT count(*), coalesce(sum(length(data)), 0) FROM quarantine"
            )
            assert row is not None
            if row[0] > aside_entries or row[1] > aside_bytes:
                self.fail(instance.name, f"holds {row[0]} entries, {row[1]} bytes in quarantine")

    def _window(self, instance: Instance, page: PageFile, data: bytes) -> None:
        read = document(data)
        audience = "" if read is None else read.body["audience"]
        row = instance.home.db.one(
            "SELECT count(*) FROM own_page WHERE audience = ?1 AND covered_at IS NULL AND n <"
            " (SELECT n FROM own_page WHERE epoch = ?2 AND audience = ?1 AND seq = ?3)",
            *(audience, "" if read is None else read.body["epoch"], page.seq),
        )
        if row is not None and row[0] >= window_pages:
            self.fail(
                instance.name, f"placed page {page.seq} to {page.to} before {row[0]} open ones"
            )

    def _on_share(self, files: dict[str, bytes]) -> None:
        lying: Counter[tuple[str, str, str]] = Counter()
        for data in {data for path, data in files.items() if "/inbox/" in path or "/mail/" in path}:
            page = self._genuine.get(data)
            if page is not None and not self._held(page):
                lying[page.author, page.to, page.epoch8] += 1
        for (author, to, epoch8), count in sorted(lying.items()):
            one, writer = self.world.instances.get(to), self.world.instances[author]
            doubled = any(epoch.startswith(epoch8) for epoch in writer.doubled)
            twice = one is None or bool(one.doubled) or doubled
            if count > window_pages * (1 + twice) and writer.honest:
                self.fail(author, f"{count} unread pages of epoch {epoch8} to {to} on the share")

    def _held(self, page: PageFile) -> bool:
        reader, author = (self.world.instances.get(name) for name in (page.to, page.author))
        if reader is None or author is None:
            return True
        return (
            reader.home.db.one(
                "SELECT 1 FROM stream LEFT JOIN page ON stream.n = page.stream AND seq = ?4"
                " WHERE author = ?1 AND substr(epoch, 1, 8) = ?2 AND audience = ?3"
                " AND (seq IS NOT NULL OR kept > ?4)",
                *(author.identity.address, page.epoch8, reader.identity.address, page.seq),
            )
            is not None
        )

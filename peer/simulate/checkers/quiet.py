"""At the end nobody waits or is parked, all see each other alive, and ticks do next to nothing.

The last two rounds write heartbeats and canaries only and leave the share as it is. A tick of
theirs makes at most 14 + M + D + min(8, F) calls, and one where its attachments were or are: one
read of each of M heartbeats and of each of D steward documents in force or not genuine, eight of
its own F feed pages looked at, and 14 for marker, orders, folders, canary, its own heartbeat and
one of its receipts; never more with history. What a feed has kept for 90 days goes whenever they
are over (AGE-2): an own page that was placed so long ago, less the week that a wrong clock can add
(AGE-1), may be removed, with the files of its items, in one call each. Whatever concerns a hostile
peer, or one that has left or is off, may go on, and costs others at most 40 calls each.
"""

from __future__ import annotations

import orjson

from peer.instance import DAY_MS
from peer.simulate.checkers import Checker
from peer.simulate.instance import Instance
from peer.simulate.reading import is_beat, page_file, receipt_file
from peer.simulate.world import World

last_rounds = 2
kept_ms = (90 - 7) * DAY_MS  # a page of a feed, by true time: its home may think it a week older
IN_FORCE = (
    "(SELECT digest FROM document WHERE number = 0"
    " UNION SELECT type || scope FROM document WHERE number > 0)"
)


class Check(Checker):
    """Watches the last rounds, and asks everybody at the end."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        # A quiet phase of fewer rounds has no end that could be still.
        short = world.plan.rounds()[1] <= last_rounds
        self._last = sum(world.plan.rounds()) - 1 + short * last_rounds * 2
        self._before: dict[str, bytes] = {}
        self._placed: dict[str, int] = {}  # pages of feeds: when each was placed first
        self._aged: dict[str, set[str]] = {}  # whose feed: what may go from there now

    def round_ended(self) -> None:
        """See `Checker.round_ended`."""
        if self.world.quiet and self.world.round >= self._last - last_rounds:
            now = {p: d for p, d in self.world.drive.files().items() if not is_beat(p)}
            if self.world.round > self._last - last_rounds:
                for path in sorted(now.keys() | self._before.keys()):
                    same = now.get(path) == self._before.get(path)
                    if not (same or self._had_its_time(path, now)) and self._matters(path):
                        self.fail("", f"{path} changed in a round in which nothing should happen")
            self._before = now

    def wrote(self, instance: Instance, path: str, data: bytes) -> None:
        """See `Checker.wrote`."""
        if "/outbox/feed/" in path:
            self._placed.setdefault(path, self.world.now_ms)
        if not self._late or not instance.honest or is_beat(path) or path.endswith("/canary"):
            return
        if self._matters(path):
            self.fail(instance.name, f"still writes {path} at the end of the quiet phase")

    def before(self, instance: Instance, what: str) -> None:
        """See `Checker.before`."""
        if self._late and what == "tick":
            self._aged[instance.name] = self._old_files(instance.name)

    def after(self, instance: Instance, what: str, calls: int) -> None:
        """See `Checker.after`."""
        if self._late and instance.honest and what == "tick":
            members = len(self.world.instances)
            feed = min(8, len(self.world.drive.files(f"peers/{instance.name}/outbox/feed")))
            documents = self._count(instance, IN_FORCE) + self._strays(instance)
            attached = bool(
                self._count(instance, "attachment WHERE mine = 1")
                or self.world.drive.files(f"peers/{instance.name}/blobs")
            )
            # A struck page of a life that is over, which nobody can mend: its feed is listed, and
            # it is read again until it has had its time (ERASE-4).
            unread = 2 * len(instance.home.state.flags("feed:"))
            lying = self.world.drive.files(f"peers/{instance.name}").keys()
            retired = len(self._aged[instance.name] - lying)
            bound = 14 + members + documents + feed + attached + unread + retired
            if calls > bound + 40 * (members - len(self.world.honest())):
                self.fail(instance.name, f"an idle tick makes {calls} calls, more than {bound}")

    def settled(self) -> None:
        """See `Checker.settled`."""
        if not self.world.quiet:  # a shortened run has no quiet phase
            return
        members = [one for one in self.world.honest() if one.on]
        for one in members:
            self._well(one)
            self._waits(one, members)
            self._sees(one, members)
        self._inboxes({one.name for one in members})

    @property
    def _late(self) -> bool:
        return self.world.quiet and self.world.round > self._last - last_rounds

    def _old_files(self, name: str) -> set[str]:
        """The pages of a feed that had their time, and the files that only their items name."""
        files = self.world.drive.files(f"peers/{name}")
        feed = {path: data for path, data in files.items() if "/outbox/feed/" in path}
        old = {path for path in feed if self.world.now_ms - self._placed.get(path, 0) >= kept_ms}
        named = {path: _attached(data) for path, data in feed.items()}
        going = {one for path in old for one in named[path]}
        staying = {one for path in feed.keys() - old for one in named[path]}
        return old | {f"peers/{name}/blobs/{one}" for one in going - staying}

    def _had_its_time(self, path: str, now: dict[str, bytes]) -> bool:
        """Whether it is gone, and was old before the last tick of its owner."""
        parts = path.split("/")
        return path not in now and path in self._aged.get(parts[1], ())

    def _matters(self, path: str) -> bool:
        """Whether only honest peers who are there have to do with a path."""
        if (page := page_file(path)) is not None:
            names = [page.author] if page.to == "all" else [page.author, page.to]
        else:
            names = list(receipt_file(path) or [])
        there = {one.name for one in self.world.honest() if one.on}
        return all(name in there for name in names)

    def _count(self, instance: Instance, rows: str) -> int:
        row = instance.home.db.one(f"SELECT count(*) FROM {rows}")
        return 0 if row is None else int(row[0])

    def _strays(self, instance: Instance) -> int:
        """How many files among the documents on the share are none that its home remembers."""
        rows = instance.home.db.read("SELECT type, number, digest FROM document")
        known = {
            f"{number}.{type_.split('/')[1]}.{digest[:8]}.json" if number else f"{digest[:16]}.json"
            for type_, number, digest in rows
        }
        lying = {*instance.view.lists("charter"), *instance.view.lists("orders")}
        return len(lying - known)

    def _well(self, one: Instance) -> None:
        if one.failed is not None or one.report is None:
            self.fail(one.name, f"its last tick failed: {one.failed}")
        if one.report.state == "parked" or one.report.human is not None:
            why = one.report.human or "; ".join(one.report.problems) or "nobody says why"
            self.fail(one.name, f"is still parked: {why}")
        hidden = one.home.db.read("SELECT type, digest FROM hidden")
        if hidden:
            self.fail(one.name, f"believes that {hidden[0][0]} {hidden[0][1][:8]} is hidden")

    def _waits(self, one: Instance, members: list[Instance]) -> None:
        for other in members:
            address = other.identity.address
            row = one.home.db.one(
                "SELECT count(*), min(seq) FROM own_page WHERE audience = ? AND covered_at IS NULL",
                address,
            )
            if row is not None and row[0]:
                self.fail(one.name, f"{row[0]} pages to {other.name} are open, from {row[1]}")
        row = one.home.db.one(
            "SELECT count(*), min(audience) FROM item WHERE mine = 1 AND state = 'waiting'"
            f" AND audience IN ({', '.join('?' * (len(members) + 1))})",
            *("all", *(other.identity.address for other in members)),
        )
        if row is not None and row[0]:
            self.fail(one.name, f"{row[0]} items are in no page yet, for example to {row[1]}")
        addresses = {other.identity.address for other in members}
        for state, author, count in one.home.db.read(
            "SELECT state, author, count(*) FROM item WHERE mine = 0 AND state <> 'acted'"
            " GROUP BY state, author"
        ):
            if author in addresses:
                self.fail(one.name, f"{count} items of {author} are still {state}")

    def _sees(self, one: Instance, members: list[Instance]) -> None:
        states: dict[str, str] = dict(one.home.db.read("SELECT name, state FROM neighbour"))
        for other in members:
            if other is not one and states.get(other.name) != "alive":
                state = states.get(other.name, "never heard of")
                self.fail(one.name, f"sees {other.name} as {state} after a quiet time")

    def _inboxes(self, members: set[str]) -> None:
        for path in self.world.drive.files("peers"):
            page = page_file(path)
            if page is None or page.where != "inbox":
                continue
            if page.to in members and page.author in members:
                self.fail(page.to, f"{path} still lies there")


def _attached(page: bytes) -> list[str]:
    """The hashes of the files that the items of a page name; none where it is no whole page."""
    try:
        items = [item for item in orjson.loads(page)["items"] if item is not None]
        return [file["sha256"] for item in items for file in item.get("attachments", ())]
    except (ValueError, TypeError, KeyError, AttributeError):
        return []

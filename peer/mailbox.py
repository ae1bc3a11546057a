"""What a person asks of a home: inbox, one letter, threads, outbox and feed, as JSON rows.

The shapes are those that CLI.md promises.
Rules: nothing here changes more than the mark "read", or looks further than NETWORK.json.
Start-up counts: this module needs neither keys nor validation, because rows of our own home were
validated when they came in. Names of the own cluster are bare, others full addresses.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from peer.home import Home, open_home
from peer.home.mail import Letter
from peer.home.places import DATABASE
from peer.rows import Row, moment, short
from protocol import canonical
from protocol.errors import ShareError, ShareUnavailableError, WrongShareError

if TYPE_CHECKING:
    from peer.home.places import Identity
    from protocol.sealing import Opener

ALL = "all"
SEALED = "sealed"
ANNOUNCEMENT = "announcement"
_STEWARD = "steward"
_VOUCHED = ("own", "admitted", "retired")
_SAID_BY_SOME = (
    "topics", "severity", "evidence", "claims", "mend", "rule", "key", "value", "version", "roster",
)  # fmt: skip
marker_wait_seconds = 5.0

Progress = Callable[[int, int, str], None]


def open_mailbox(folder: str) -> Home:
    """The home in an identity's directory."""
    return open_home(os.path.join(folder, DATABASE))


def check_share(home: Home, identity: Identity) -> str | None:
    """A warning where the share cannot be reached now; WrongShareError where it is another one."""
    try:
        data = fetch_marker(identity.share)
    except WrongShareError:
        raise
    except ShareError as error:
        return f"{identity.share} cannot be reached, this is what the home holds ({error})"
    if data != home.state.data("marker"):
        from peer.stewards.opening import open_marker

        open_marker(data, identity.network)
    return None


def fetch_marker(path: str) -> bytes:
    """NETWORK.json of the share at a path; ShareError where it cannot be had soon."""
    import threading

    found: list[bytes | ShareError] = []
    # A process inside a dead mount cannot be interrupted; the one that only reads need not wait.
    thread = threading.Thread(target=_fetch, args=(path, found), daemon=True)
    thread.start()
    thread.join(marker_wait_seconds)
    if not found:
        raise ShareUnavailableError(f"{path} does not answer; is the drive well?")
    if isinstance(found[0], ShareError):
        raise found[0]
    return found[0]


def _fetch(path: str, found: list[bytes | ShareError]) -> None:
    from registry import charter
    from registry.folder import FolderShare

    try:
        found.append(charter.fetch_marker(FolderShare(path, "reader", lambda: "none")))
    except ShareError as error:
        found.append(error)


class Mailbox:
    """Rows of one home for one identity."""

    def __init__(self, home: Home, identity: Identity) -> None:
        self.home = home
        self.identity = identity
        self._states: dict[tuple[str, str], str] | None = None
        self._stewards: set[str] = set()
        self._openers: list[Opener] | None = None

    def mark_read(self, letters: list[Letter], at_ms: int) -> None:
        """A person has seen these letters of others."""
        with self.home.transaction():
            self.home.mail.mark_read([one.n for one in letters if not one.mine], at_ms)

    def outbox(self, letters: list[Letter] | None = None) -> list[Row]:
        """Letters that no receipt covers: `staged` (not on the share), `delivered` or `expired`.

        What is `asked` waits for a steward's yes.
        """
        letters = self.home.mail.unacknowledged() if letters is None else letters
        rows = self.rows(letters)
        for row, letter in zip(rows, letters, strict=True):
            placed = "staged" if letter.placed_at is None else "delivered"
            row["state"] = letter.state if letter.state in ("expired", "asked") else placed
        return rows

    def thread(self, letter: Letter) -> list[Row]:
        """The conversation that a letter belongs to: each item, then what answers it.

        `level` is how many items of it stand above; what answers something that is not here has
        level 0, and `orphan` says so.
        """
        rows = self.rows(self.home.mail.thread(letter.thread))
        here = {row["id"] for row in rows}
        answers: dict[str | None, list[Row]] = {}
        for row in rows:
            row["orphan"] = row["re"] is not None and row["re"] not in here
            answers.setdefault(row["re"] if row["re"] in here else None, []).append(row)
        told, left = list[Row](), [(0, row) for row in reversed(answers.get(None, []))]
        while left:
            level, row = left.pop()
            told.append(row | {"level": level})
            left += [(level + 1, answer) for answer in reversed(answers.get(row["id"], []))]
        # Ids are hashes, so nobody can close a ring; but if one was here, nothing may vanish.
        reached = {row["id"] for row in told}
        return told + [row | {"level": 0} for row in rows if row["id"] not in reached]

    def feed(self, author: str | None, items_max: int) -> list[Row]:
        """What was published by everybody or by one (a bare name), newest first."""
        full = None if author is None else f"{author}@{self.identity.cluster}"
        return self.rows(self.home.mail.published(full, items_max))

    def search(
        self, typed: str, author: str | None, since_ms: int, items_max: int, progress: Progress
    ) -> list[Row]:
        """What has all the typed words, most fitting first, each with a `snippet` around one.

        `author` is a bare name; `since_ms` counts when it came. UsageError where nothing is typed.
        """
        from peer.home.words import plain_words, snippet

        words, search = plain_words(typed), self.home.search
        search.catch_up(progress)
        full = None if author is None else f"{author}@{self.identity.cluster}"
        ns = search.find(words, author=full, since_ms=since_ms, hits_max=items_max)
        rows = self.rows(self.home.mail.by_number(ns))
        return [row | {"snippet": snippet(row["text"], words)} for row in rows]

    def unsearched(self, author: str | None, since_ms: int) -> int:
        """How many sealed letters a search of this author and time passes over."""
        full = None if author is None else f"{author}@{self.identity.cluster}"
        return self.home.search.sealed(author=full, since_ms=since_ms)

    def rows(self, letters: list[Letter]) -> list[Row]:
        """Letters in the shape of `peer inbox --json`."""
        return [self._row(letter) for letter in letters]

    def _row(self, letter: Letter) -> Row:
        value = canonical.decode(letter.data)
        sealed = letter.kind == SEALED and bool(letter.understood)
        said = self._unsealed(letter, value) if sealed else value
        understood = bool(letter.understood) and said is not None
        said = said or value
        body = said.get("body") or {}
        mine = self._trust(letter.author, letter.key)
        trust = "own" if letter.mine else mine
        row = {
            "id": letter.id,
            "from": self._short(letter.author),
            "to": self._short(letter.audience),
            "kind": said["kind"],
            "text": self._text(said["kind"], body) if understood else "",
            "at": moment(value["at"]),
            "thread": said.get("thread") or letter.thread,
            "read": bool(letter.mine) or letter.read_at is not None,
            "auto": bool(letter.auto),
            "sealed": sealed,
            "trust": trust,
            "steward": trust in _VOUCHED and letter.author in self._stewards,
            "priority": value.get("priority", 2),
            "re": said.get("re"),
            "expires": None if value.get("expires") is None else moment(value["expires"]),
            "understood": understood,
            "erased": letter.state == "erased",
        }
        if said.get("attachments"):
            row["attachments"] = [_attachment(one) for one in said["attachments"]]
        if not understood:
            return row | {"body": value.get("body")}
        if body.get("asker"):
            row["asker"] = self._short(body["asker"])
        aims = self._aims(letter.author, body) if said["kind"] == ANNOUNCEMENT else {}
        return row | _more(body) | aims

    def _unsealed(self, letter: Letter, value: Row) -> Row | None:
        """What is in a sealed item, in the form of an open one; None where no key opens it."""
        from peer.sealing import opened
        from protocol import wire
        from protocol.messages import stored_item

        if self._openers is None:
            from peer.keys import sealing_keys

            path = self.home.db.path
            self._openers = [] if path == ":memory:" else sealing_keys(os.path.dirname(path))
        item, network = stored_item(letter.data, understood=True), self.identity.network
        found = opened(self.home, item, network, letter.audience, self._openers)
        if found is None or found.item.body is None:
            return None
        head = wire.dump(found.item.head)
        return head | {
            "body": wire.dump(found.item.body),
            "attachments": [wire.dump(one) for one in found.files],
        }

    def _aims(self, author: str, body: Row) -> Row:
        """Which goals an announcement serves, and what is odd about that by those in force now."""
        from peer.stewards.aims import policy_for

        serves = body.get("serves") or []
        holds = policy_for(self.home, self.identity.network, author)
        return {"serves": serves, "flag": holds.flag(serves)}

    def _text(self, kind: str, body: Row) -> str:
        """What a body says in words, whatever its kind; what it quotes is marked as that."""
        if kind == "digest":
            return "\n".join(body["lines"])
        if kind != "request":
            return _text(body)
        asked = body["item"] if isinstance(body["item"].get("body"), dict) else {"body": {}}
        quoted = self._text("", asked["body"]) or "(no text)"
        to = self._short(body["audience"])
        asks = f"asks whether this {asked.get('kind', 'item')} may go to {to}:"
        return "\n> ".join([asks, *quoted.split("\n")])

    def _short(self, address: str) -> str:
        return short(address, self.identity.cluster)

    def vouched(self, author: str, key: str) -> str:
        """What the roster in force says of a key: admitted, retired, compromised or unknown."""
        return self._trust(author, key)

    def _trust(self, author: str, key: str | None) -> str:
        """What the roster in force says of the key that signed: admitted, retired and so on."""
        if self._states is None:
            from peer import inforce

            found = inforce.members(self.home, self.identity.network, self.identity.cluster)
            self._states = {
                (f"{member.name}@{self.identity.cluster}", known.key): known.state
                for member in (found.members if found else ())
                for known in member.keys
            }
            self._stewards = {
                f"{member.name}@{self.identity.cluster}"
                for member in (found.members if found else ())
                if _STEWARD in member.roles
            }
        state = self._states.get((author, key or ""), "unknown")
        return "admitted" if state == "active" else state


def _text(body: Row) -> str:
    if "value" in body:
        what = f"{body['key']} = {body['value']}"
        if "yes" in body:
            return f"{'yes' if body['yes'] else 'no'} to {what}"
        return "\n".join(filter(None, (what, body.get("because"))))
    return str(body.get("text") or body.get("because") or "")


def _attachment(one: Row) -> Row:
    return {"name": one["name"], "size": one["size"], "sha256": one["sha256"]}


_MORE = ("topics", "severity", "evidence", "claims", "key", "value", "version", "roster")


def _more(body: Row) -> Row:
    """What only some kinds say: topics, confidence (0 to 1), severity and so on."""
    more = {k: body[k] for k in _SAID_BY_SOME if body.get(k)}
    if "over" in body:
        more |= {"level": body["level"], "over": body["over"], "times": body["times"]}
    if "until" in body:
        more |= {"audience": body["audience"], "until": moment(body["until"])}
    if "confidence" in body:
        more["confidence"] = body["confidence"] / 1000
    if "items" in body:
        from protocol.messages import id_of_hash

        more["erases"] = [id_of_hash(digest) for digest in body["items"]]
    return more

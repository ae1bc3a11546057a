"""What was promised and what came of it, seen from outside the code under test.

A ledger is a file of lines beside the homes: what somebody was about to write ("tried"), and what a
command said when it ended well ("told"). Triggers in every home's database note whatever turns to
"acted", and whatever it writes, in the very transaction: logs that the product does not know of.

    lost      told, and never acted on by a reader (or expired, with no word to a person), or acted
              on without its files
    doubled   acted on twice, answered twice, or one number of a roster signed twice
    corrupt   acted on, and nobody wrote that, or its bytes are not what its id says
"""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LOG = """
CREATE TABLE IF NOT EXISTS crash_log (n INTEGER PRIMARY KEY, id TEXT, data BLOB);
CREATE TRIGGER IF NOT EXISTS crash_acted AFTER UPDATE OF state ON item
WHEN NEW.state = 'acted' AND OLD.state <> 'acted' AND NEW.mine = 0
BEGIN INSERT INTO crash_log (id, data) VALUES (NEW.id, NEW.data); END;
CREATE TABLE IF NOT EXISTS crash_mine (id TEXT PRIMARY KEY, data BLOB);
CREATE TRIGGER IF NOT EXISTS crash_wrote AFTER INSERT ON item WHEN NEW.mine = 1
BEGIN INSERT OR IGNORE INTO crash_mine VALUES (NEW.id, NEW.data); END;
"""


@dataclass
class Verdict:
    """What was found; each line says who and what."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    corrupt: list[str] = field(default_factory=list)
    unwell: list[str] = field(default_factory=list)  # not settled, a trace, a sick home

    def __bool__(self) -> bool:
        return bool(self.lost or self.doubled or self.corrupt or self.unwell)

    def lines(self) -> list[str]:
        """Everything, each with its kind."""
        return [f"{kind}: {line}" for kind, found in vars(self).items() for line in found]


class Ledger:
    """Lines of JSON in a file, written by whoever is never killed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def note(self, what: str, **line: Any) -> None:
        """Add a line."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"what": what, **line}) + "\n")

    def lines(self, what: str) -> list[dict[str, Any]]:
        """The lines of one kind."""
        if not self.path.exists():
            return []
        text = self.path.read_text(encoding="utf-8")
        return [line for line in map(json.loads, text.splitlines()) if line["what"] == what]


def databases(home: Path) -> dict[str, Path]:
    """The database of each peer in a home."""
    return {
        folder.name.partition(".")[0]: folder / "home.db"
        for folder in sorted((home / "peers").iterdir())
        if (folder / "home.db").exists()
    }


def needs_repair(home: Path, name: str) -> bool:
    """Whether a peer does nothing until a person repairs it."""
    path = databases(home).get(name)
    if path is None:
        return True
    try:
        with closing(sqlite3.connect(path)) as db:
            sound = db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
            parked = db.execute("SELECT count(*) FROM self WHERE name = 'parked'").fetchone()[0]
            return bool(parked) or not sound
    except sqlite3.DatabaseError:
        return True


def watch(home: Path) -> None:
    """Let every home note what it acts on."""
    for path in databases(home).values():
        with closing(sqlite3.connect(path)) as db:
            if db.execute("PRAGMA user_version").fetchone()[0]:
                db.executescript(LOG)


@dataclass(frozen=True)
class Deed:
    """Something that a home acted on."""

    id: str
    author: str
    text: str
    re: str | None
    auto: bool
    genuine: bool


class _Book:
    """One home, read without any code of the product."""

    def __init__(self, path: Path) -> None:
        with closing(sqlite3.connect(path)) as db:
            self.sound = db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
            self.deeds = [_deed(*row) for row in _log(db, "crash_log")]
            wrote = dict(_log(db, "crash_mine"))
            for aside in path.parent.glob(f"{path.name}.damaged-*[0-9]"):
                with closing(sqlite3.connect(aside)) as before, suppress(sqlite3.DatabaseError):
                    self.deeds += [_deed(*row) for row in _log(before, "crash_log")]
                    wrote |= dict(_log(before, "crash_mine"))
            self.answers = [_deed(*row) for row in wrote.items() if json.loads(row[1]).get("auto")]
            self.files = [
                (sha256, path.parent / "blobs" / sha256, size)
                for sha256, size in db.execute("SELECT sha256, size FROM attachment WHERE mine = 0")
            ]
            self.mine: list[dict[str, Any]] = [
                {"id": id_, "audience": to, "state": state, **json.loads(data)}
                for id_, to, state, data in db.execute(
                    "SELECT id, audience, state, data FROM item WHERE mine = 1"
                )
            ]
            concerns = db.execute("SELECT key, resolved FROM concern").fetchall()
            self.told = [key for key, _ in concerns]
            self.concerns = [key for key, resolved in concerns if resolved is None]
            self.quarantine = [
                f"{rule} {file}" for rule, file in db.execute("SELECT rule, file FROM quarantine")
            ]
            self.members = _newest_members(
                row[0] for row in db.execute("SELECT data FROM document WHERE type LIKE '%roster%'")
            )
            self.parked = [
                row[0] for row in db.execute("SELECT value FROM self WHERE name = 'parked'")
            ]
            self.open = db.execute(
                "SELECT audience, 'page', seq FROM own_page WHERE covered_at IS NULL"
                " AND audience <> 'all'"
                " UNION SELECT audience, 'item', n FROM item WHERE state = 'waiting'"
            ).fetchall()


def _log(db: sqlite3.Connection, name: str) -> list[tuple[str, bytes]]:
    has_log = db.execute("SELECT count(*) FROM sqlite_master WHERE name = ?", [name])
    if not has_log.fetchone()[0]:
        return []
    return db.execute(f"SELECT id, data FROM {name}").fetchall()


def _newest_members(rosters: Iterator[bytes]) -> set[str]:
    signed: list[dict[str, Any]] = [json.loads(data)["signed"] for data in rosters]
    nothing: dict[str, Any] = {"members": []}
    newest = max(signed, key=lambda body: body["version"], default=nothing)
    return {member["name"] for member in newest["members"]}


def _deed(id_: str, data: bytes) -> Deed:
    said = json.loads(data)
    digest = base64.b32encode(hashlib.sha256(bytes(data)).digest()).decode().lower()[:26]
    return Deed(
        id=id_,
        author=said["author"].partition("@")[0],
        text=said["body"].get("text", ""),
        re=said.get("re"),
        auto=bool(said.get("auto")),
        genuine=digest == id_,
    )


def judge(home: Path, share: Path, ledger: Ledger, *, strict: bool = True) -> Verdict:
    """Hold all homes to what was told; `strict`: nobody was to damage or refuse anything."""
    books: dict[str, _Book] = {}
    verdict = Verdict()
    for name, path in databases(home).items():
        try:
            books[name] = _Book(path)
        except sqlite3.DatabaseError as error:
            verdict.lost.append(f"the database of {name} cannot be read: {error}")
    if verdict:
        return verdict
    verdict.lost += [*_lost(books, ledger), *_not_admitted(books, ledger)]
    verdict.doubled += _doubled(books)
    verdict.corrupt += _corrupt(books, ledger)
    verdict.doubled += _two_rosters(home, share)
    for name, book in books.items():
        if not book.sound:
            verdict.unwell.append(f"the database of {name} is damaged")
        verdict.unwell += [f"{name} is parked: {why}" for why in book.parked]
        verdict.unwell += [f"{name} waits for {to}: {what} {n}" for to, what, n in book.open]
        if strict:
            verdict.unwell += [f"{name} is told of {key}" for key in book.concerns if _odd(key)]
            verdict.unwell += [f"{name} refused {what}" for what in book.quarantine]
    return verdict


def _odd(concern: str) -> bool:
    """Who is silent for days is taken for dead, and letters to him wait, and expire; no fault.

    That they wait for a week is told in lives of months, and until the next day that is lived.
    """
    return not concern.startswith(("expired:", "dead:", "unheard:"))


def _lost(books: dict[str, _Book], ledger: Ledger) -> Iterator[str]:
    for told in ledger.lines("told"):
        for id_, to in zip(told["ids"], told["to"], strict=True):
            readers = [n for n in told["readers"] if n != told["by"]] if to == "all" else [to]
            for reader in readers:
                if reader not in books:
                    continue
                if not any(deed.id == id_ for deed in books[reader].deeds) and not _expired(
                    books[told["by"]], id_
                ):
                    yield f"{reader} never acted on {told['text']!r} of {told['by']} ({id_})"
    for name, book in books.items():
        for sha256, file, size in book.files:
            if not file.exists() or file.stat().st_size != size:
                yield f"{name} has not got the file {sha256}"


def _not_admitted(books: dict[str, _Book], ledger: Ledger) -> Iterator[str]:
    for line in ledger.lines("admitted"):
        for name, book in books.items():
            if line["name"] not in book.members:
                yield f"{name} never heard that {line['name']} is admitted"


def _expired(book: _Book, id_: str) -> bool:
    """Whether its writer was told that nobody received it in time."""
    return any(
        item["id"] == id_
        and item["state"] == "expired"
        and f"expired:{item['audience']}" in book.told
        for item in book.mine
    )


def _doubled(books: dict[str, _Book]) -> Iterator[str]:
    for name, book in books.items():
        for what, seen in (
            ("id", Counter(deed.id for deed in book.deeds)),
            ("text", Counter((d.author, d.text) for d in book.deeds if not d.auto)),
            ("question", Counter(answer.re for answer in book.answers)),
        ):
            yield from (f"{name}: {what} {key} {n} times" for key, n in seen.items() if n > 1)


def _corrupt(books: dict[str, _Book], ledger: Ledger) -> Iterator[str]:
    tried = {
        (line["by"], line["text"], to) for line in ledger.lines("tried") for to in line["readers"]
    }
    for name, book in books.items():
        for sha256, file, _ in book.files:
            if file.exists() and hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
                yield f"{name} keeps another file as {sha256}"
        for deed in book.deeds:
            if not deed.genuine:
                yield f"{name} acted on {deed.id}, whose bytes are others"
            elif deed.auto:
                if not any(answer.id == deed.id for answer in books[deed.author].answers):
                    yield f"{name} acted on an answer that {deed.author} never gave: {deed.id}"
            elif not {(deed.author, deed.text, name), (deed.author, deed.text, "all")} & tried:
                yield f"{name} acted on {deed.text!r}, which {deed.author} did not write to it"


def _two_rosters(home: Path, share: Path) -> Iterator[str]:
    """One version of a steward document with two contents, on the share and on shelves."""
    found: dict[str, set[str]] = {}
    shelves = [f for f in home.glob("stewards/*/documents/*") if f.suffix == ".json"]
    for file in [*share.glob("charter/*.json"), *shelves]:
        if ".new" in file.name or file.name.startswith("."):
            continue
        number, type_, *_ = file.name.removeprefix("charter.").split(".")
        if not number.isdigit():
            continue  # orders have no number
        with suppress(ValueError):  # torn, and nobody takes it for a document
            signed = json.loads(file.read_bytes())["signed"]
            found.setdefault(f"{type_} {number}", set()).add(json.dumps(signed))
    yield from (f"{what} was signed twice" for what, those in found.items() if len(those) > 1)

"""A plain script that watches a Maildir by inotify and notes each letter in SQLite.

`python -m benchmarks.rivals.watcher MAILDIR DATABASE`: what many people would write in an hour. It
verifies nothing, answers nothing, and loses what came while it was not running.
"""

from __future__ import annotations

import os
import queue
import sqlite3
import sys


def main(maildir: str, database: str) -> None:
    """Watch until killed."""
    from watchdog.events import FileCreatedEvent, FileMovedEvent, FileSystemEventHandler
    from watchdog.observers import Observer

    came: queue.SimpleQueue[None] = queue.SimpleQueue()

    class Handler(FileSystemEventHandler):
        def on_any_event(self, event: object) -> None:
            came.put(None)

    new = os.path.join(maildir, "new")
    db = sqlite3.connect(database, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")  # as safe as our letter is at that moment
    db.execute("CREATE TABLE letter (id TEXT PRIMARY KEY, data BLOB)")
    observer = Observer()
    observer.schedule(Handler(), new, event_filter=[FileCreatedEvent, FileMovedEvent])
    observer.start()
    print("ready", flush=True)
    while True:
        came.get()
        for name in sorted(os.listdir(new)):
            with open(os.path.join(new, name), "rb") as file:
                data = file.read()
            db.execute("INSERT OR IGNORE INTO letter VALUES (?, ?)", (name, data))
            # A rename would make watchdog wait half a second for the other half of it.
            os.remove(os.path.join(new, name))


if __name__ == "__main__":
    main(*sys.argv[1:])

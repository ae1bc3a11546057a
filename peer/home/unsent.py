"""Whether the home holds something that should be on the share and is not, as far as it knows."""

from __future__ import annotations

from peer.home.database import Database


class Unsent:
    """What other processes of this identity may have left for the next tick."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._version: int | None = None

    def others_wrote(self) -> bool:
        """Whether another process has written since the last call; cheap enough to ask often."""
        before, self._version = self._version, self._version_now()
        return before is not None and before != self._version

    def _version_now(self) -> int:
        row = self._db.one("PRAGMA data_version")
        assert row is not None
        return int(row[0])

    def there_is_some(self) -> bool:
        """Items in no page yet, or pages of mine that did not reach the share."""
        row = self._db.one(
            "SELECT EXISTS (SELECT 1 FROM item WHERE state = 'waiting')"
            " OR EXISTS (SELECT 1 FROM own_page WHERE placed_at IS NULL AND covered_at IS NULL)"
        )
        assert row is not None
        return bool(row[0])

"""Finding: what is known here, by words and by what it means."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from peer.api.opened import Opened

if TYPE_CHECKING:
    from peer.recalling import Size
    from peer.results.recalled import Recall


def _silently(done: int, of: int, what: str) -> None:
    """Nobody watches."""


class Finding(Opened):
    """What a peer recalls."""

    def recall(
        self,
        query: str = "",
        *,
        topic: str | None = None,
        author: str | None = None,
        since: str | None = None,
        until: str | None = None,
        kinds: Iterable[str] = (),
        cluster: str | None = None,
        limit: int = 20,
        budget: int | None = None,
        hybrid: bool | None = None,
        embed_all: bool = False,
        progress: Callable[[int, int, str], None] = _silently,
        size: Size | None = None,
    ) -> Recall:
        """What is known of `query`, in plain words of which not all need to match; best first.

        Insights, answers, questions and announcements (`kinds` of them), by everybody or by
        `author` (a name, or an address), on a topic, of a cluster. `since` is a time such as 7d
        or a cursor that an earlier answer gave; with a cursor and no query what came after it, in
        order. `hybrid`: by what it means, too (the extra `embed`); None: where that is installed;
        `embed_all` first makes every vector that is missing. `budget` bounds the whole answer, in
        tokens of 3 bytes of UTF-8 of its JSON, or of what `size` says. UsageError for what cannot
        be asked, SomaError where `hybrid` is wanted and the extra is not there.
        """
        from peer.clock import SystemClock
        from peer.given import checked_topics
        from peer.recalling import Asked, Recalling
        from peer.results.recalled import recall

        if topic is not None:
            checked_topics(topic)
        asked = Asked(
            text=query, topic=topic, author=author, since=since, until=until,
            kinds=(kinds,) if isinstance(kinds, str) else tuple(kinds), cluster=cluster,
            limit=limit, budget_tokens=budget, meaning=hybrid, embed_all=embed_all,
        )  # fmt: skip
        found = Recalling(self.home, self.address, SystemClock().wall_ms())
        return recall(found.answer(asked, progress, size or _json_bytes))


def _json_bytes(answer: dict[str, object]) -> int:
    import orjson

    return len(orjson.dumps(answer))

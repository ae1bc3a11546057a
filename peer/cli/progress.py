"""One line on a terminal that says how far it is, and is gone at the end; silence elsewhere."""

from __future__ import annotations

import os
import sys

import click

columns_max = 79


class Progress:
    """A context that leaves nothing behind. It writes to stderr only, and only to a terminal."""

    def __init__(self) -> None:
        self.live = sys.stderr is not None and sys.stderr.isatty()
        self.live = self.live and os.environ.get("TERM") != "dumb"
        self._shown = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *raised: object) -> None:
        self.clear()

    def say(self, text: str) -> None:
        """This instead of what was said before."""
        if self.live:
            text = text[:columns_max]
            click.echo(f"\r{text.ljust(self._shown)}", err=True, nl=False)
            self._shown = len(text)

    def clear(self) -> None:
        """The line is empty, and the cursor at its beginning."""
        if self._shown:
            click.echo(f"\r{' ' * self._shown}\r", err=True, nl=False)
            self._shown = 0

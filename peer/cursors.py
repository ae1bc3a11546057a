"""A cursor: a place in the order in which things became known in one home, as it is told others.

It names the life of the home that gave it: after a repair, or in another home, it is a place before
everything, so that nothing is passed over.
"""

from __future__ import annotations

import re

from peer.home import Home

_FORM = re.compile(r"([a-z2-7]{8})\.([0-9]{1,15})")


def cursor(home: Home, n: int) -> str:
    """The place after what has the number `n`."""
    return f"{_life(home)}.{n}"


def is_cursor(text: str) -> bool:
    """Whether a text has the form of one, such as k3vab2c7.1532."""
    return _FORM.fullmatch(text) is not None


def place(home: Home, text: str) -> int:
    """The number after which comes what is new; 0 where this home did not give this cursor."""
    found = _FORM.fullmatch(text)
    if found is None or found[1] != _life(home):
        return 0
    n = int(found[2])
    return n if n <= home.knowledge.highest() else 0


def _life(home: Home) -> str:
    return home.state.epoch[:8]

"""Code of somebody else's program (a handler, a check): whatever it raises becomes a value.

The one place of the product that catches everything: what a stranger's function raises must not end
a tick. What the home raises stays an error, or a full disk would look like a fault of that code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from protocol.errors import HomeError

P = ParamSpec("P")
T = TypeVar("T")


def attempt(do: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | Exception:
    """What the call returns, or the error that it raises; HomeError as it is."""
    try:
        return do(*args, **kwargs)
    except HomeError:
        raise
    except Exception as error:  # noqa: BLE001 - see above; it is told, never lost from sight
        return error

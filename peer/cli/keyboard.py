"""Single keys from a terminal, while something else is shown.

`Keys` is entered once; `pressed` waits for a key or for its time. Where stdin is no terminal it
only waits. What the terminal was set to is set again in the end.
"""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import Self

_never = threading.Event()
_poll_seconds = 0.05

if sys.platform == "win32":
    import msvcrt

    class Keys:
        """The keys of the console."""

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *what: object) -> None:
            """Nothing was changed."""

        def pressed(self, seconds: float) -> str:
            """The next key within a time, or nothing."""
            for _ in range(max(int(seconds / _poll_seconds), 1)):
                if msvcrt.kbhit():
                    return msvcrt.getwch()
                _never.wait(_poll_seconds)
            return ""
else:
    import select
    import termios
    import tty

    class Keys:
        """The keys of the terminal at stdin."""

        def __enter__(self) -> Self:
            self._before = None
            if sys.stdin is not None and sys.stdin.isatty():
                self._before = termios.tcgetattr(sys.stdin)
                tty.setcbreak(sys.stdin)
            return self

        def __exit__(
            self,
            kind: type[BaseException] | None,
            error: BaseException | None,
            trace: TracebackType | None,
        ) -> None:
            if self._before is not None:
                termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._before)

        def pressed(self, seconds: float) -> str:
            """The next key within a time, or nothing."""
            if self._before is None:
                _never.wait(seconds)
                return ""
            ready, _, _ = select.select([sys.stdin], [], [], seconds)
            return sys.stdin.read(1) if ready else ""

"""Calling the addresses that a dead-man's switch watches: they are told, never asked.

Rules: a call takes at most its time, name look-up and slow answers included; nothing of an answer
is kept; a redirection leads only to the same scheme, or from http to https. What goes wrong is one
sentence for the log, without the address: such addresses are secrets.
"""

from __future__ import annotations

import http.client
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any
from urllib.parse import urlsplit

from peer import software

body_chars_max = 1_000
calls_max = 16
_places = threading.BoundedSemaphore(calls_max)
Tell = Callable[[str], None]


class Ping:
    """One call, under way in threads of its own; `tell` hears of it when it failed."""

    def __init__(
        self, url: str, timeout_s: float, tell: Tell, body: str = "", after: Ping | None = None
    ) -> None:
        """`after`: a call that must have ended before this one begins."""
        self._timeout_s = timeout_s
        self._tell = tell
        self._after = after
        self._request = urllib.request.Request(
            url,
            data=body[:body_chars_max].encode(errors="backslashreplace") if body else None,
            headers={"User-Agent": software.NAME, "Content-Type": "text/plain; charset=utf-8"},
        )
        self._connections: list[http.client.HTTPConnection] = []
        self._outcome: str | None = None
        self._done = threading.Event()
        # A process that stays may tick many times while a server hangs.
        if _places.acquire(blocking=False):
            threading.Thread(target=self._watch, name="ping", daemon=True).start()
        else:
            tell(f"not called, {calls_max} calls are still under way")
            self._done.set()

    def wait(self) -> None:
        """Come back when the call has ended, or has had its time."""
        self._done.wait()

    def _watch(self) -> None:
        try:
            self._supervise()
        finally:
            _places.release()
            self._done.set()

    def _supervise(self) -> None:
        """A look-up of a name cannot be ended from here; it ends by itself, and says nothing."""
        if self._after is not None:
            self._after.wait()
        call = threading.Thread(target=self._call, name="ping-call", daemon=True)
        call.start()
        call.join(self._timeout_s)
        if call.is_alive():
            self._tell(f"no answer within {self._timeout_s:g} s")
            for connection in self._connections:
                if (open_socket := connection.sock) is not None:
                    with suppress(OSError):
                        open_socket.shutdown(socket.SHUT_RDWR)
        elif self._outcome is not None:
            self._tell(self._outcome)

    def _call(self) -> None:
        # The time of a socket is for each step, and only so that this thread ends some day.
        try:
            opener = urllib.request.build_opener(
                _Http(self._connections), _Https(self._connections), _Redirect()
            )
            opener.open(self._request, timeout=self._timeout_s + 1).close()
        except urllib.error.HTTPError as error:
            self._outcome = f"the answer was {error.code}"
            error.close()
        except (OSError, http.client.HTTPException, ValueError) as error:
            # URLError hides what it was; neither says the address.
            reason = getattr(error, "reason", error)
            self._outcome = f"{type(reason).__name__}: {getattr(reason, 'strerror', None) or ''}"


class _Http(urllib.request.HTTPHandler):
    def __init__(self, connections: list[http.client.HTTPConnection]) -> None:
        super().__init__()
        self._connections = connections

    def http_open(self, request: urllib.request.Request) -> Any:
        return self.do_open(self._connect, request)

    def _connect(self, host: str, **options: Any) -> http.client.HTTPConnection:
        self._connections.append(http.client.HTTPConnection(host, **options))
        return self._connections[-1]


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, connections: list[http.client.HTTPConnection]) -> None:
        super().__init__()
        self._connections = connections

    def https_open(self, request: urllib.request.Request) -> Any:
        return self.do_open(self._connect, request)

    def _connect(self, host: str, **options: Any) -> http.client.HTTPConnection:
        self._connections.append(http.client.HTTPSConnection(host, **options))
        return self._connections[-1]


class _Redirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme not in (req.type, "https"):
            return None  # which makes it an error with this code
        return super().redirect_request(req, fp, code, msg, headers, newurl)

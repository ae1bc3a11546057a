"""Calls of watched addresses, against servers on this machine that answer, fail, hang and drip."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from peer import pings
from peer.pings import Ping, body_chars_max


class Server(ThreadingHTTPServer):
    """Keeps what it was asked; `answers` maps a path to a status, or to a place to go."""

    daemon_threads = True

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, str]] = []
        self.places: dict[str, str] = {}
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        assert isinstance(self.server, Server)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.server.seen.append((self.command, self.path, body))
        if self.path in self.server.places:
            self.send_response(302)
            self.send_header("Location", self.server.places[self.path])
        else:
            self.send_response(500 if self.path.startswith("/500") else 200)
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(b"x" * 1_000_000)

    do_GET = do_POST = _answer  # noqa: N815 - so they are called

    def log_message(self, *words: Any) -> None:
        """Keep quiet."""


@pytest.fixture(autouse=True)
def unproxied(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever proxy this machine uses, it is not asked for servers of these tests."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def serving() -> Iterator[Server]:
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@contextmanager
def raw(behaviour: Any) -> Iterator[tuple[str, threading.Event]]:
    """A server of one connection; the event is set once that has ended."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                behaviour(connection)
            done.set()

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/secret", done
        thread.join(10)


def call(url: str, timeout_s: float = 5, body: str = "") -> tuple[list[str], float]:
    told: list[str] = []
    began = time.monotonic()
    Ping(url, timeout_s, told.append, body).wait()
    return told, time.monotonic() - began


def test_a_call_is_a_get_and_says_nothing(serving: Server) -> None:
    assert call(f"{serving.url}/ok")[0] == []
    assert serving.seen == [("GET", "/ok", "")]


def test_a_failure_posts_the_beginning_of_what_went_wrong(serving: Server) -> None:
    assert call(f"{serving.url}/ok", body="the drive \ud800 " + "x" * 5_000)[0] == []
    ((method, _, body),) = serving.seen
    assert method == "POST"
    assert body.startswith("the drive \\ud800 xxx")
    assert len(body) == body_chars_max + len("\\ud800") - 1


def test_a_bad_answer_and_nobody_there_are_told_without_the_address(serving: Server) -> None:
    assert call(f"{serving.url}/500")[0] == ["the answer was 500"]
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    (told,) = call(f"http://127.0.0.1:{port}/secret")[0]
    assert told.startswith("ConnectionRefusedError")
    assert "secret" not in told
    (told,) = call("http://127.0.0.1:99999999/secret")[0]
    assert "secret" not in told


def _hang(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


@contextmanager
def hanging() -> Iterator[str]:
    """The address of a server that takes a call and never answers."""
    with raw(_hang) as (url, _):
        yield url


def test_who_never_answers_is_left_after_the_time() -> None:
    with raw(_hang) as (url, done):
        told, took = call(url, 0.3)
        assert told == ["no answer within 0.3 s"]
        assert took < 5
        assert done.wait(5), "the connection stayed open"


def test_who_answers_a_byte_at_a_time_is_left_after_the_time() -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(1_000):
            connection.sendall(b"x")
            time.sleep(0.02)

    with raw(drip) as (url, done):
        told, took = call(url, 0.5)
        assert told == ["no answer within 0.5 s"]
        assert took < 5
        assert done.wait(5), "the connection stayed open"


def test_no_http_at_all_is_told() -> None:
    with raw(lambda connection: connection.sendall(b"220 mail ready\r\n")) as (url, _):
        (told,) = call(url)[0]
    assert "BadStatusLine" in told
    assert "secret" not in told


def test_a_redirection_is_followed_to_the_same_scheme_only(serving: Server) -> None:
    serving.places = {"/a": f"{serving.url}/b", "/file": "file:///etc/passwd", "/ftp": "ftp://x/y"}
    assert call(f"{serving.url}/a")[0] == []
    assert [path for _, path, _ in serving.seen] == ["/a", "/b"]
    assert call(f"{serving.url}/file")[0] == ["the answer was 302"]
    assert call(f"{serving.url}/ftp")[0] == ["the answer was 302"]


def test_there_is_an_end_to_calls_under_way(serving: Server, monkeypatch: Any) -> None:
    monkeypatch.setattr(pings, "_places", threading.BoundedSemaphore(1))
    told: list[str] = []
    with hanging() as url:
        first = Ping(url, 0.5, told.append)
        Ping(f"{serving.url}/2", 5, told.append).wait()
        assert told == [f"not called, {pings.calls_max} calls are still under way"]
        first.wait()
    assert serving.seen == []
    assert call(f"{serving.url}/3")[0] == []


def test_one_call_waits_for_the_one_before(serving: Server) -> None:
    told: list[str] = []
    first = Ping(f"{serving.url}/1", 5, told.append)
    Ping(f"{serving.url}/2", 5, told.append, after=first).wait()
    assert [path for _, path, _ in serving.seen] == ["/1", "/2"]
    assert told == []

"""Processes of `peer` that are forked from one which has imported everything already.

`python -m peer status` takes 0.3 s, of which nearly all is importing; a test that types thirty
commands waits for that and nothing else. A command that is forked is a process like any other, with
descriptors, environment and directory of its own; only its modules were imported before. Run as a
program, this is the process that forks: for each connection to the socket one command.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# What an interpreter reads of its environment when it starts; and who measures wants all of it.
_AT_START = ("PYTHON", "COVERAGE", "LC_", "LANG")
_REQUEST_MAX = 1 << 20


def can(env: Mapping[str, str]) -> bool:
    """Whether a process in this environment may be a forked one."""
    ours = environment()
    return all(
        env.get(name) == ours.get(name)
        for name in env.keys() | ours.keys()
        if name.startswith(_AT_START)
    ) and not any(name.startswith("COVERAGE") for name in env)


def run(
    words: Sequence[str | bytes], stdin: bytes, env: Mapping[str, str], cwd: Path, seconds: float
) -> tuple[int, bytes, bytes]:
    """Exit code, output and errors of `peer words…`; TimeoutError after so many seconds."""
    with (
        tempfile.TemporaryFile() as given,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
        socket.socket(socket.AF_UNIX) as line,
    ):
        given.write(stdin)
        given.seek(0)
        line.connect(_parent())
        line.settimeout(seconds)
        asked = {
            "words": list(map(os.fsdecode, words)), "env": dict(env), "cwd": str(cwd),
            "umask": _umask(),
        }  # fmt: skip
        files = [given.fileno(), out.fileno(), err.fileno()]
        socket.send_fds(line, [json.dumps(asked).encode()], files)
        line.shutdown(socket.SHUT_WR)
        said = line.makefile("rb")
        process = int(said.readline())
        try:
            code = int(said.readline())
        except TimeoutError:
            os.kill(process, signal.SIGKILL)
            raise
        out.seek(0)
        err.seek(0)
        return code, out.read(), err.read()


def _umask() -> int:
    os.umask(mask := os.umask(0))
    return mask


@lru_cache
def environment() -> dict[str, str]:
    """What makes an interpreter start as where peer is installed."""
    folder = tempfile.mkdtemp(prefix="warm-bytecode-")
    mine = {
        "PYTHONPATH": str(ROOT),
        # As where it is installed: compiled once.
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": folder,
    }
    return {**os.environ, **mine}


@lru_cache
def _parent() -> str:
    """The socket of the process that forks; that ends when this one does."""
    path = os.path.join(tempfile.mkdtemp(prefix="warm-"), "socket")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.integration.warm", path],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(), cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    atexit.register(process.communicate)
    return path


def _import_all() -> None:
    import peer
    import protocol
    import registry

    for package in (protocol, registry, peer):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                with suppress(ImportError):  # what belongs to another system
                    import_module(module.name)


def _serve(path: str) -> list[str]:
    """Fork for each connection; gives the words of the command in the process that is to run it."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()
    os.write(1, b"ready\n")
    running: dict[int, tuple[int, socket.socket]] = {}  # by what tells that a process ended
    while True:
        ready, _, _ = select.select([server, sys.stdin, *running], [], [])
        if sys.stdin in ready:
            os._exit(0)  # whoever asked is gone
        for ended in running.keys() & ready:
            process, line = running.pop(ended)
            os.close(ended)
            status = os.waitpid(process, 0)[1]
            line.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
            line.close()
        if server not in ready:
            continue
        line, _ = server.accept()
        data, files, _, _ = socket.recv_fds(line, _REQUEST_MAX, 3)
        while part := line.recv(_REQUEST_MAX):
            data += part
        if process := os.fork():
            line.sendall(b"%d\n" % process)
            running[os.pidfd_open(process)] = process, line
            for file in files:
                os.close(file)
            continue
        for mine in (server, line, *(one for _, one in running.values())):
            mine.close()
        return _become(json.loads(data), files)


def _become(asked: dict[str, Any], files: Sequence[int]) -> list[str]:
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(asked["env"])
    time.tzset()
    os.umask(asked["umask"])
    os.chdir(asked["cwd"])
    return list(asked["words"])


def _leave(end: SystemExit) -> None:
    """Leave at once, because taking all the modules down again takes longer than most commands."""
    if not isinstance(end.code, int | None) or threading.active_count() > 1:
        raise end
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(end.code or 0)


if __name__ == "__main__":
    _import_all()
    gc.collect()
    gc.freeze()  # pages that nobody touches are never copied
    sys.argv = ["peer", *_serve(sys.argv[1])]
    try:
        runpy.run_module("peer", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        _leave(end)

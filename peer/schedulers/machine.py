"""The one place that looks at this machine's schedulers and changes them.

Tools have a short time limit and a plain locale. What somebody else wrote is kept byte for byte.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from peer.schedulers.plan import Remove, Run, SchedulerError, Step

tool_seconds_max = 10


class Done(NamedTuple):
    """How a tool ended; `code` 127: it is not there, 124: it did not end in time."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Its complaint in one line."""
        return " ".join((self.err or self.out).split())[:300] or f"exit code {self.code}"


class Machine:
    """A user's account on this machine."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """`environment`: where the account keeps its files, and where tools are found."""
        self.environment = {**environment, "LC_ALL": "C"}
        self.home = environment.get("HOME") or os.path.expanduser("~")
        self.config = environment.get("XDG_CONFIG_HOME") or os.path.join(self.home, ".config")

    @property
    def user(self) -> int:
        """The number of the account; 0 where accounts have none."""
        return os.getuid() if hasattr(os, "getuid") else 0

    def has(self, tool: str) -> bool:
        """Whether a tool is installed."""
        return shutil.which(tool, path=self.environment.get("PATH")) is not None

    def ask(self, argv: Sequence[str], stdin: str | None = None) -> Done:
        """Run a tool; it never raises."""
        tool = shutil.which(argv[0], path=self.environment.get("PATH"))
        if tool is None:
            return Done(127, "", f"{argv[0]} is not installed")
        try:
            done = subprocess.run(
                [tool, *argv[1:]],
                input=b"" if stdin is None else stdin.encode("utf-8", "surrogateescape"),
                capture_output=True,
                env=self.environment,
                timeout=tool_seconds_max,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Done(124, "", f"{argv[0]} did not answer within {tool_seconds_max} s")
        except OSError as error:
            return Done(126, "", f"{argv[0]} cannot be run ({error.strerror})")
        out, err = (text.decode("utf-8", "surrogateescape") for text in (done.stdout, done.stderr))
        return Done(done.returncode, out, err)

    def read(self, path: str, encoding: str = "utf-8") -> str | None:
        """The text of a file; None where there is none, or no text."""
        try:
            with open(path, encoding=encoding, newline="") as file:
                return file.read()
        except (OSError, UnicodeError):
            return None

    def do(self, steps: Sequence[Step]) -> None:
        """Do them in order; SchedulerError at the first that fails. All can be done again."""
        for step in steps:
            try:
                self._step(step)
            except OSError as error:
                raise SchedulerError(
                    f"{error.filename} cannot be changed ({error.strerror}); check who owns it"
                ) from error

    def _step(self, step: Step) -> None:
        if isinstance(step, Run):
            done = self.ask(step.argv, step.stdin)
            if done.code and not step.may_fail:
                raise SchedulerError(
                    f"`{' '.join(step.argv)}` failed: {done.said}; mend that and run it again,"
                    " or choose another scheduler with --with"
                )
        elif isinstance(step, Remove):
            with suppress(FileNotFoundError):
                os.unlink(step.path)
        else:
            os.makedirs(os.path.dirname(step.path), exist_ok=True)
            new = f"{step.path}.{os.getpid()}.new"
            try:
                with open(new, "w", encoding=step.encoding, newline="") as file:
                    file.write(step.text)
                os.replace(new, step.path)
            except OSError:
                with suppress(OSError):
                    os.unlink(new)
                raise

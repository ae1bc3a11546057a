"""`peer run`: a peer that stays, beats on its schedule, and wakes when mail arrives."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.where import Where
from protocol.errors import HomeError, SomaError

if TYPE_CHECKING:
    from peer.run.supervisor import Facts, Job, Supervisor
    from peer.whereabouts import Found

_DID = ("received", "acted", "quarantined", "delivered", "published")

LOOK_MS = 100
WORDS = {
    "away": "the share cannot be used: {error}; waiting for it",
    "frozen": "the share has not answered for {seconds} s ({doing}); trying again until it does",
    "silent": "the worker gave no sign of life for {seconds} s; it is replaced",
    "stuck": "the drive holds process {pid}, which cannot be ended; waiting until it lets go",
    "ended": "the worker ended ({code}); it is started again",
    "back": "all is well again",
    "fault": "{error}",
    "human": "{text} (waiting for that)",
}


@click.command(
    epilog=output.examples(
        "peer run", "peer run --as core --json", 'peer run --all --cron "0 * * * *"'
    )
)
@click.option("--all", "everybody", is_flag=True, help="Every identity of this home at once")
@click.option("--cron", metavar="TEXT", help="When to beat, as in the setting schedule.cron")
@click.option("--poll", metavar="SECONDS", help="Between two looks, as in run.poll_s")
@click.option(
    "--watch", type=click.Choice(["auto", "native", "polling"]), help="As in the setting run.watch"
)
@common
def command(
    where: Where, everybody: bool, cron: str | None, poll: str | None, watch: str | None
) -> None:
    """Stay: beat on schedule, and at once when mail or an order arrives.

    Prints a line for each tick that did something, with --json one document a line for each tick.
    It waits for a drive that is away and for a person where one must act. SIGTERM or Ctrl-C end
    it after the current item, a second one at once.
    """
    from peer import lock
    from peer.clock import SystemClock, pause
    from peer.run.supervisor import Job, Supervisor

    environment = {**os.environ, **_typed(cron, poll, watch)}
    faults: list[HomeError] = []
    found = where.identities(faults) if everybody else [where.identity()]
    if faults and not found:
        raise faults[0]
    for fault in faults:  # the others can live all the same
        output.aside(f"peer: {output.line(str(fault))}")
    jobs = [Job(i.name, os.path.abspath(folder), i.share) for folder, i in found]
    with ExitStack() as locks:
        for job in jobs:
            # Another command may only be looking whether somebody lives here.
            if lock.is_held(job.folder, lock.RUN):
                pause(LOOK_MS)
            if not locks.enter_context(lock.held(job.folder, lock.RUN)):
                raise SomaError(f"another `peer run` of {job.name} is running; end that one first")
        supervisor = Supervisor(
            jobs,
            _Listener(_labels(found), json=where.json).hear,
            SystemClock(),
            environment=environment,
        )
        _obey_signals(supervisor)
        raise click.exceptions.Exit(supervisor.run())


def _labels(found: Found) -> dict[str, str]:
    from peer.cli.tick import labels

    return {os.path.abspath(folder): called for folder, called in labels(found).items()}


def _typed(cron: str | None, poll: str | None, watch: str | None) -> dict[str, str]:
    """What was typed weighs most: it goes into the environment of the workers."""
    from peer.settings import environment_name, parse

    options = {"schedule.cron": (cron, "--cron"), "run.poll_s": (poll, "--poll"),
               "run.watch": (watch, "--watch")}  # fmt: skip
    typed = {}
    for name, (text, option) in options.items():
        if text is not None:
            parse(name, text, option)
            typed[environment_name(name)] = text
    return typed


def _obey_signals(supervisor: Supervisor) -> None:
    for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # as nohup does
            signal.signal(number, lambda *_: supervisor.stop())


class _Listener:
    """Says what a supervisor tells."""

    def __init__(self, called: dict[str, str], *, json: bool) -> None:
        self._called = called
        self._json = json
        self._problems: dict[str, list[str]] = {}

    def hear(self, job: Job, facts: Facts) -> None:
        """Results to stdout, everything else to stderr."""
        what = facts["what"]
        if what == "tick":
            self._tick(job, facts)
        else:
            output.aside(f"peer: {self._called[job.folder]}: {output.line(_words(facts))}")

    def _tick(self, job: Job, facts: Facts) -> None:
        from peer.cli.tick import lines
        from peer.tick.report import Report

        said: dict[str, Any] = facts["report"]
        if self._json:
            more = {"at": _utc(facts["at"]), "why": facts["why"], "took_ms": facts["took_ms"]}
            output.document(said | more | {"next": _utc(facts["next_ms"])})
            return
        known = self._problems.get(job.folder, [])
        self._problems[job.folder] = said["problems"]
        if not any(said[name] for name in _DID) and said["problems"] == known:
            return
        when = datetime.fromtimestamp(facts["at"] / 1000, UTC).astimezone()
        text = "\n".join(lines(Report.of_json(said), self._called[job.folder]))
        click.echo(f"{output.dim(f'{when:%Y-%m-%d %H:%M:%S}')}  {text}")


def _words(facts: Facts) -> str:
    """What happened, in words for a person."""
    if facts["what"] != "ready":
        return WORDS[facts["what"]].format(**facts)
    watch = "the system tells of letters"
    if facts["watch"] != "native":
        watch = f"{facts['watch']}, every {facts['look_ms'] // 1000} s"
    when = datetime.fromtimestamp(facts["next_ms"] / 1000, UTC).astimezone()
    return f"running; {watch}; next beat {when:%Y-%m-%d %H:%M:%S}; Ctrl-C ends it"


def _utc(ms: int) -> str:
    from peer.rows import moment

    return moment(ms)

"""From exceptions to exit codes: every expected fault is one line that says what to do next.

    0 done   1 failed   2 usage   3 not found   4 timed out   5 share   6 a human must act first
    130 interrupted at the keyboard   141 the reader of our output went away

Rules: the line begins with `peer: ` and goes to stderr, so that stdout holds a whole JSON document
or nothing. An exception that nobody expected is a bug of ours and keeps its trace.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from typing import TextIO

import click

from peer.cli.output import line, seen
from protocol.errors import SomaError

INTERRUPTED, READER_GONE = 130, 141
fault_chars_max = 1_000
WHEREABOUTS = ("PEER_HOME", "PEER_NETWORK", "PEER_NAME")
help_columns_max = 100


def run(cli: click.Command, args: Sequence[str]) -> int:
    """Run a command line; returns its exit code."""
    _prepare_stdout()
    try:
        code = _invoke(cli, list(args))
        seen()
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return error.exit_code
    except click.UsageError as error:
        return complain(_usage(error), error.exit_code)
    except click.ClickException as error:
        return complain(error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        return complain("interrupted; what was committed stays", INTERRUPTED)
    except SomaError as error:
        return complain(str(error), error.exit_code)
    except BrokenPipeError:
        _let_go_of_stdout()
        return READER_GONE
    except OSError as error:
        _let_go_of_stdout()
        return complain(_system(error), 1)
    return code


def _prepare_stdout() -> None:
    """What cannot be shown is shown as a code, and what is written is written in whole."""
    stream = sys.stdout
    if not isinstance(stream, io.TextIOWrapper):
        return
    if isinstance(stream.buffer, io.RawIOBase):
        # PYTHONUNBUFFERED: there a write that the pipe takes only in part loses its rest.
        buffer = io.BufferedWriter(stream.buffer)
        sys.stdout = io.TextIOWrapper(buffer, stream.encoding, "backslashreplace")
    else:
        stream.reconfigure(errors="backslashreplace")


def _invoke(cli: click.Command, args: list[str]) -> int:
    program = os.path.basename(sys.argv[0]).removesuffix(".exe")
    program = program if program in ("peer", "soma-peer") else "peer"
    variable = f"_{program.replace('-', '_').upper()}_COMPLETE"
    if variable in os.environ:
        from click.shell_completion import shell_complete

        return shell_complete(cli, {}, program, variable, os.environ[variable])
    # click looks at the terminal by itself, and at NO_COLOR only in some places.
    _warn_of_names()
    plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    try:
        width, colour = _columns(), False if plain else None
        with cli.make_context(program, args, color=colour, terminal_width=width) as ctx:
            code = cli.invoke(ctx)
    except click.exceptions.Exit as error:
        return error.exit_code
    return code if isinstance(code, int) else 0


def _warn_of_names() -> None:
    """A variable that is called almost like a setting is passed over, and nobody would notice."""
    if not any(name.startswith("PEER_") and name not in WHEREABOUTS for name in os.environ):
        return
    from peer.settings_damaged import mistyped

    for name, near in mistyped(os.environ):
        click.echo(
            f"peer: {line(name)} is no setting, and does nothing; is {near} meant?", err=True
        )


def _columns() -> int:
    """How wide help may be; click would import a library for compression to find out."""
    try:
        columns = int(os.environ.get("COLUMNS") or os.get_terminal_size().columns)
    except (OSError, ValueError):
        columns = 80
    return max(50, min(columns, help_columns_max) - 2)


def complain(text: str, code: int) -> int:
    """One line on stderr, cut in its middle where somebody typed a book; returns `code`."""
    text = line(text)
    if len(text) > fault_chars_max:
        half = fault_chars_max // 2
        text = f"{text[:half]} … {text[-half:]}"
    click.echo(f"peer: {text}", err=True)
    return code


def _usage(error: click.UsageError) -> str:
    message = _range(error) or error.format_message().rstrip(".")
    message = message[:1].lower() + message[1:]
    if isinstance(error, click.NoSuchOption):
        message += " (a text that begins with a dash goes after `--`)"
    path = error.ctx.command_path if error.ctx is not None else "peer"
    return f"{message}{' ' if message.endswith('?') else '; '}`{path} --help` shows how"


def _range(error: click.UsageError) -> str | None:
    """What a number may be, where it is another one or none."""
    param = error.param if isinstance(error, click.BadParameter) else None
    if param is None or not isinstance(param.type, (click.IntRange, click.FloatRange)):
        return None
    name = param.opts[-1] if isinstance(param, click.Option) else param.name
    low, high = param.type.min, param.type.max
    return f"{name} goes from {low} " + ("on" if high is None else f"to {high}")


def _system(error: OSError) -> str:
    what = f"{error.filename!s}: " if error.filename is not None else ""
    return f"{what}{error.strerror or error}; `peer doctor` shows what is wrong with home and share"


def _let_go_of_stdout() -> None:
    """What is still buffered must not fail once more when the interpreter ends."""
    stream: TextIO | None = sys.stdout  # None where no console is, as under pythonw
    if stream is None:
        return
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError):
        return

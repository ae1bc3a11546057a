"""A group that knows its commands by name and imports the one that is called.

Help, completion and suggestions come from the table alone: importing thirty commands would cost
more than running one.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class LazyGroup(click.Group):
    """`sections`: heading → command → its one line; `package.<command>.command` is the command."""

    def __init__(
        self, *, package: str, sections: Mapping[str, Mapping[str, str]], **attributes: Any
    ) -> None:
        super().__init__(**attributes)
        self._package = package
        self._sections = sections
        self._lines = {name: line for part in sections.values() for name, line in part.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of the table."""
        return list(self._lines)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None where there is none of that name."""
        if cmd_name not in self._lines:
            return None
        name = cmd_name.replace("-", "_") + "_" * iskeyword(cmd_name)
        module = importlib.import_module(f"{self._package}.{name}")
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, but with suggestions from the table."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            name = error.command_name[:40]
            raise click.exceptions.NoSuchCommand(name, None, self._lines, ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One list under each heading, all lines in one column."""
        widest = max(map(len, self._lines))
        for heading, part in self._sections.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(widest), line) for name, line in part.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands that begin so; only what else may begin so is asked of click."""
        from click.shell_completion import CompletionItem

        found = [
            CompletionItem(name, help=line)
            for name, line in self._lines.items()
            if name.startswith(incomplete)
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)

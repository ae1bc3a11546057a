"""The options that every command takes, at whatever place in the line they are typed.

`common` gives a command its first argument, a `Where`. An option wins over its environment
variable, and the innermost place where it was given over the outer ones, so that
`peer --as core outbox cancel ID` is understood too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import click

if TYPE_CHECKING:
    from peer.cli.where import Where

P = ParamSpec("P")
R = TypeVar("R")
_GIVEN = "peer.cli.given"


def options() -> list[click.Parameter]:
    """The options themselves, new ones at each call."""
    return [
        _option("--home", metavar="DIR", help="Private directory of this machine  [PEER_HOME]"),
        _option("--network", metavar="DIR", help="The share to use  [PEER_NETWORK]"),
        _option("--as", metavar="NAME", help="Which identity to be  [PEER_NAME]"),
        _option("--json", is_flag=True, help="One JSON document on stdout"),
    ]


def version() -> click.Option:
    """`--version`, for the root group."""

    def show(ctx: click.Context, option: click.Parameter, value: object) -> None:
        if value and not ctx.resilient_parsing:
            from peer.software import NAME

            click.echo(NAME)
            ctx.exit()

    return click.Option(
        ["--version"], is_flag=True, is_eager=True, expose_value=False, callback=show,
        help="Name and version of this software",
    )  # fmt: skip


def common(command: Callable[Concatenate[Where, P], R]) -> Callable[P, R]:
    """Give a command the common options; it is called with what they say."""

    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        return command(_where(), *args, **kwargs)

    wrapped = update_wrapper(run, command)
    # As click's own decorators do it: options of the command stand before these in its help.
    before: list[click.Parameter] = getattr(command, "__click_params__", [])
    wrapped.__click_params__ = [*reversed(options()), *before]  # type: ignore[attr-defined]
    return wrapped


def _option(name: str, **attributes: Any) -> click.Option:
    return click.Option(
        [name, name.lstrip("-") + "_option"], expose_value=False, callback=_keep, **attributes
    )


def _keep(ctx: click.Context, option: click.Parameter, value: object) -> None:
    if value:
        # Groups and their commands share `meta`; the inner one is parsed last.
        ctx.meta.setdefault(_GIVEN, {})[option.name] = value


def _where() -> Where:
    from peer.cli.where import Where

    given = click.get_current_context().meta.get(_GIVEN, {})
    return Where(
        home=given.get("home_option"),
        network=given.get("network_option"),
        name=given.get("as_option"),
        json=given.get("json_option", False),
    )

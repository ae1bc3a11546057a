"""`--minimise` and `--keep`, for whoever plays what may fail."""

from __future__ import annotations

from typing import Any

import click


def smaller_options(command: Any) -> Any:
    """The two options."""
    from peer.simulate.cases import FOLDER

    command = click.option(
        "--keep", default=FOLDER, metavar="DIR", help=f"Where the smaller case goes  [{FOLDER}]"
    )(command)
    return click.option(
        "--minimise", is_flag=True, help="If it fails, look for the smallest run that still does"
    )(command)

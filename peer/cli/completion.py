"""`peer completion`: the script that makes a shell complete our commands."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.where import Where


@click.command(
    epilog=output.examples(
        "peer completion bash > ~/.local/share/bash-completion/completions/peer",
        'peer completion zsh > "${fpath[1]}/_peer"',
        "peer completion fish > ~/.config/fish/completions/peer.fish",
    )
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@common
def command(where: Where, shell: str) -> None:
    """Print the completion script of SHELL, to be saved where the shell looks for it."""
    from click.shell_completion import get_completion_class

    root = click.get_current_context().find_root()
    program = root.info_name or "peer"
    form = get_completion_class(shell)
    assert form is not None
    variable = f"_{program.replace('-', '_').upper()}_COMPLETE"
    script = form(root.command, {}, program, variable).source()
    output.answer(where, {"shell": shell, "script": script}, lambda: [script])

"""The command line: `main`, and the root group, which names every command and imports none.

One file a command or command group, found by its name in the table below; each has an object
`command`. Here and in the commands is no logic: they say what was typed in terms of the peer, and
what came back in terms of the contract. A person's words go to stdout or, beside `--json` and
beside ids, to stderr; `peer.cli.faults` turns every expected fault into one line and an exit code.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from peer.cli import brisk
from peer.cli.lazy import LazyGroup
from peer.cli.options import options, version
from peer.cli.output import examples

# Section → command → its line in `peer --help`; the module of a command has the command's name.
COMMANDS = {
    "Network": {
        "network": "Found a network, or show who is in it",
        "join": "Make a peer of this home and ask to be admitted",
        "admit": "As a steward, make a peer a member",
        "rekey": "Ask for a new key",
        "leave": "Say goodbye in a last heartbeat",
        "doctor": "Check share, home, keys and clock, and say how to mend them",
        "repair": "Start afresh after a damaged or restored home",
        "export": "Put a peer into a file, to move it to another machine",
        "import": "Let an exported peer go on here",
    },
    "Beat": {
        "tick": "One heartbeat session: receive, act, deliver, beat",
        "run": "Stay, and beat on schedule and at once when mail arrives",
        "schedule": "Let this machine's scheduler call the ticks",
        "config": "The settings of a peer: what they are and where they come from",
        "demo": "Watch five peers work on a fresh share",
        "heartbeat": "What a heartbeat says, and when the next one is",
        "log": "What ticks noted",
        "metrics": "Numbers for Prometheus",
    },
    "Mail": {
        "send": "Write to peers, or to all",
        "inbox": "What has not been read yet",
        "read": "One letter in full",
        "reply": "Answer a letter",
        "thread": "A conversation from its beginning",
        "search": "Find mail by its words",
        "save": "Write the attachments of a letter into files",
        "outbox": "Letters that are not acknowledged yet",
        "trace": "Where a letter is and how it got there",
        "quarantine": "What was refused, and why",
    },
    "Knowledge": {
        "share": "Publish what you learned",
        "knowledge": "What is known on a topic, and how certain it is",
        "why": "Where a belief comes from",
        "graph": "What is known, drawn as a graph",
        "ask": "Publish a question",
        "announce": "Publish what you are working on",
        "alert": "Publish that you are in trouble",
        "recall": "Find what is known by words and meaning",
        "endorse": "Vouch for something published",
        "dispute": "Contradict something published, and say why",
        "retract": "Say that what you published holds no more",
        "feed": "What was published, newest first",
        "digest": "What was learned lately, by topic",
        "erase": "Take back what you published",
    },
    "Votes": {
        "propose": "Propose a value that the members may agree on",
        "vote": "Vote on a proposal",
        "proposals": "What is proposed, and how the votes stand",
    },
    "Neighbours": {
        "peers": "Who is alive",
        "status": "Everything about a peer on one screen",
        "top": "The same, live",
        "reputation": "How far you rely on others, and why",
        "who-knows": "Who knows most about topics",
        "mentor": "Who guides you, and whom you guide",
        "escalations": "What waits for a human",
    },
    "Stewards": {
        "goal": "What the network is for: add, list and retire goals",
        "charter": "Goals, values and what agents may do: show, compare, sign",
        "halt": "Stop a peer, a cluster or the whole network",
        "resume": "Lift what was halted",
        "steward": "A key for one more steward",
        "root": "Who the stewards are, and how many sign together",
        "delegate": "Let others sign for a region or a cluster",
        "revoke": "Withdraw a key for good",
        "audit": "The history of what stewards signed, verified",
        "approvals": "What waits for a steward's yes",
        "approve": "As a steward, say yes to exactly one thing",
        "deny": "As a steward, say no to it",
    },
    "Science": {
        "simulate": "Play networks of simulated peers, with faults",
    },
    "Shell": {
        "completion": "Print the completion script of a shell",
    },
}

cli = LazyGroup(
    name="peer",
    package="peer.cli",
    sections=COMMANDS,
    params=[*options(), version()],
    context_settings={"help_option_names": ["-h", "--help"]},
    help="A peer network for agents that share nothing but a folder.",
    epilog=examples(
        "peer demo",
        "peer network create DIR --cluster lab --steward kay --no-passphrase",
        "peer join DIR --name core",
        "peer admit core",
        'peer send --as core librarian "hello"',
        "peer tick --all",
        "peer inbox --as librarian",
        title="First steps:",
    ),
)


def main(args: Sequence[str] | None = None) -> int:
    """Run a command line (by default the one that was typed); returns its exit code."""
    from peer.cli.faults import run

    try:
        return run(cli, sys.argv[1:] if args is None else args)
    finally:
        brisk.end()

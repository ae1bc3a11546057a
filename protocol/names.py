"""Names of peers, of clusters, and full addresses such as `core@lab.eu`.

A name becomes a folder and part of file names on drives of every kind, so it is what all of them
keep apart and none of them reserves: lower case only, no dots, no device names of Windows. A
cluster is labels joined by dots, most specific first; every label follows the rules of a name.

The checks raise RuleError NAME-1 … NAME-6 (a command turns that into a usage error). What this
module does *not* do: know which peers exist.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol import limits
from protocol.errors import RuleError

# For the JSON Schema; the words that are not free (NAME-3, NAME-4) stand in `check_name` only.
name_pattern = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
cluster_pattern = rf"{name_pattern}(\.{name_pattern})*"
address_pattern = f"{name_pattern}@{cluster_pattern}"

_alphabet = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_devices = frozenset(
    ["con", "prn", "aux", "nul"]
    + [f"{port}{digit}" for port in ("com", "lpt") for digit in range(10)]
)
_reserved = frozenset(("all", "feed", "mail", "relay"))


def check_name(text: str) -> str:
    """`text`, if it is the name of a peer (or a label of a cluster); RuleError otherwise."""
    if not 1 <= len(text) <= limits.name_chars_max or not _alphabet.issuperset(text):
        longest = limits.name_chars_max
        raise RuleError("NAME-1", f"{_shown(text)} is not 1 to {longest} characters of a-z 0-9 -")
    if text[0] == "-" or text[-1] == "-":
        raise RuleError("NAME-2", f"{_shown(text)} does not start and end with a letter or digit")
    if text in _devices:
        raise RuleError("NAME-3", f"{_shown(text)} is a device name on Windows")
    if text in _reserved:
        raise RuleError("NAME-4", f"{_shown(text)} is a word the network needs itself")
    return text


def check_cluster(text: str) -> str:
    """`text`, if it is the address of a cluster such as `lab.eu.acme`; RuleError otherwise."""
    if len(text) > limits.cluster_chars_max:
        longest = limits.cluster_chars_max
        raise RuleError("NAME-5", f"cluster {_shown(text)} is longer than {longest} characters")
    for label in text.split("."):
        check_name(label)
    return text


def check_scope(text: str) -> str:
    """`text`, if it is `*`, a region or cluster, or a full address; RuleError otherwise."""
    if "@" in text:
        return str(Address.parse(text))
    return text if text == "*" else check_cluster(text)


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """A peer's full address. `parse` checks; the constructor takes parts already checked."""

    name: str
    cluster: str

    @classmethod
    def parse(cls, text: str) -> Address:
        """The address spelled `name@cluster`; RuleError otherwise."""
        name, at, cluster = text.partition("@")
        if not at:
            raise RuleError("NAME-6", f"{_shown(text)} is not of the form name@cluster")
        return cls(check_name(name), check_cluster(cluster))

    def __str__(self) -> str:
        return f"{self.name}@{self.cluster}"


def _shown(text: str) -> str:
    """Somebody else's text, safe to print: short, and escapes spelled out."""
    return ascii(text if len(text) <= 40 else text[:40] + "…")

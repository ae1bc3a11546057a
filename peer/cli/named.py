"""Stewards and scopes as they are typed, made sure of before anything is opened (UsageError)."""

from __future__ import annotations

from peer.cli.typed import checked_name
from protocol import canonical, limits, names, signing
from protocol.errors import RuleError, UsageError


def steward_keys(typed: tuple[str, ...]) -> dict[str, str]:
    """Name → key of stewards, each typed as NAME:KEY, as `peer steward create` prints it."""
    found: dict[str, str] = {}
    for one in typed:
        name, colon, key = one.partition(":")
        try:
            point = canonical.unb64(key, limits.key_bytes)
        except RuleError:
            point = b""
        if not colon or not point or not signing.is_key(point):
            raise UsageError(
                f"{one[:80]!r} is no steward: write NAME:KEY, as `peer steward create` printed it"
            )
        if found.setdefault(checked_name(name), key) != key:
            raise UsageError(f"{name} stands there twice, with two keys")
    if len(set(found.values())) != len(found):
        raise UsageError("one key stands there under two names")
    return found


def scope(text: str) -> str:
    """A region, a cluster or an address; `*.eu` is the region eu."""
    found = text.removeprefix("*.")
    try:
        return names.check_scope(found)
    except RuleError as error:
        raise UsageError(f"{text[:80]!r} is no scope: {error.reason}") from error

"""What can be made of settings that are not as they should be.

A beat that damaged settings end has to be told by those that can still be read; and a variable of
the environment that is called almost like a setting is a typing mistake that nothing else finds.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from peer import settings
from peer.settings import Settings
from peer.settings_values import Value
from protocol.errors import UsageError

near_min = 0.85  # of `difflib`: a letter or two in a name


def readable(folder: str, environment: Mapping[str, str]) -> Settings:
    """The settings of a directory as far as they can be understood, and else the defaults."""
    found: dict[str, Value] = {}
    file = _said(os.path.join(folder, settings.FILE))
    for name in settings.names():
        section, _, key = name.partition(".")
        values = file.get(section)
        try:
            if isinstance(values, dict) and key in values:
                found[name] = settings.checked(name, values[key], name)
        except UsageError:
            pass  # the environment may have a better one
        try:
            if (text := environment.get(settings.environment_name(name))) is not None:
                found[name] = settings.parse(name, text)
        except UsageError:
            continue
    return settings.made(found)


def _said(path: str) -> dict[str, Any]:
    """What a file says; where it is no TOML, what those of its lines say that are by themselves."""
    import tomllib

    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError:
        return {}
    whole = [line for line in text.split("\n") if _is_toml(line)]
    for some in (text, "\n".join(whole)):
        try:
            return tomllib.loads(some)
        except tomllib.TOMLDecodeError:
            continue
    return {}


def _is_toml(line: str) -> bool:
    import tomllib

    try:
        tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return False
    return True


def mistyped(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    """Variables that no setting has but that are called almost like one, each with that one."""
    from difflib import get_close_matches

    known = [settings.environment_name(name) for name in settings.names()]
    found = []
    for name in sorted(environment):
        if name.startswith("PEER_") and name not in known:
            found += [(name, near) for near in get_close_matches(name, known, 1, near_min)]
    return found

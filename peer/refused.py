"""What was refused, in words: who is said to have written it, what it looks like, what to do.

Rules: everything here is about bytes that broke a rule, so nothing in them is believed; what they
say of themselves is passed on as their claim. Nothing here reads the share.
"""

from __future__ import annotations

from typing import Any

from peer.home.quarantine import BY_ROSTER, Caught
from protocol import canonical
from protocol.errors import RuleError
from registry import layout

excerpt_bytes = 60
_UPGRADE = ("ENV-7", "ENV-3")
_NO_FILE = ("PAGE-13", "LAYOUT-9", "ENV-1")


def who(caught: Caught) -> str:
    """Whom the place of the file, or the item, names as its author. A claim, not a fact."""
    if caught.author is not None:
        return caught.author
    return "a steward" if _is_stewards(caught.file) else "nobody knows whom"


def looks_like(caught: Caught) -> str:
    """What the bytes claim to be, or what can be seen of them, on one line."""
    if caught.size == 0:
        return "nothing was kept of it" if caught.rule in _NO_FILE else "an empty file"
    if not caught.data:
        return f"{caught.size} bytes, which made room for newer ones"
    if not caught.data.strip(b"\0"):
        return "only NULs, as some drives leave it after a power cut"
    try:
        value = canonical.decode(caught.data)
    except RuleError:
        more = "…" if len(caught.data) > excerpt_bytes else ""
        start = caught.data[:excerpt_bytes].decode("utf-8", "backslashreplace")
        return f"bytes that begin with {start}{more}"
    return _claim(value)


def _claim(value: Any) -> str:
    if not isinstance(value, dict):
        return f"JSON, but no document: {type(value).__name__}"
    if kind := _word(value.get("kind")):
        return f"an item of the kind {kind}"
    signed = value.get("signed")
    if not isinstance(signed, dict) or not (type_ := _word(signed.get("type"))):
        return f"JSON, but no signed document, with {_some(value)}"
    names = ("author", "reader", "name", "audience", "seq", "n", "version", "scope", "cluster")
    said = [f"{name} {word}" for name in names if (word := _word(signed.get(name)))]
    return f"says that it is {type_}" + (f": {', '.join(said)}" if said else "")


def _word(value: object) -> str:
    """A word or number of a claim, short enough to be shown."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if len(text) <= 140 else text[:140] + "…"


def _some(value: dict[str, Any]) -> str:
    names = ", ".join(sorted(value)[:5])
    return f"the members {names}"[:excerpt_bytes] if names else "no members"


def what_to_do(caught: Caught, me: str) -> str:
    """What the person whose peer this is (`me`, its full address) should do now."""
    return _by_rule(caught) or _by_place(caught, me)


def _by_rule(caught: Caught) -> str | None:
    name, again = who(caught).partition("@")[0], f"`peer quarantine retry {caught.n}`"
    if caught.item is not None:
        return f"see what its handler needs (`peer doctor`), then {again} acts on it again"
    if caught.rule.startswith("ITEM-"):
        return f"{name} wrote it so: ask for an upgrade there; the rest of its page was taken"
    if caught.rule in BY_ROSTER:
        return f"is this {name}'s new key? then a steward runs `peer admit {name}`, and you {again}"
    if caught.rule in _UPGRADE:
        return f"a newer version may know it: upgrade soma-network, then {again}"
    return None


def _by_place(caught: Caught, me: str) -> str:
    name, mine = who(caught).partition("@")[0], layout.inbox(me.partition("@")[0])
    if caught.author == me:
        return "nothing: it lay where only you write, and is gone or written anew"
    if _is_stewards(caught.file):
        return f"nothing is in force by it; see who can write to {caught.file.split('/')[0]}/"
    if caught.rule in _NO_FILE and not caught.file.startswith(f"{mine}/"):
        return f"only {name}, or who may write there, can clear it away: `peer tick` on its machine"
    what = "offers its true page again" if caught.file.endswith(".page") else "writes a new one"
    return f"nothing: {name} {what}; should it recur, see who can write there"


def _is_stewards(file: str) -> bool:
    return file.startswith((f"{layout.CHARTER}/", f"{layout.ORDERS}/"))

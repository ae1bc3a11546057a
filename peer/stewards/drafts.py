"""A charter as TOML, for people to edit: `render` writes a draft, `read` reads one.

Rules: what `render` writes `read` gives back, to the last character; nothing that is written into a
file raises anything but UsageError, which says where, and what would be right. States and verdicts
that this version does not know are refused, and so is a budget without a time: `"aprove"` must not
become a rule. Nothing can act on a terminal: what is not printable stands as an escape.
Not here: signing (`charters`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeVar

from protocol import limits
from protocol.charter import Budget, Charter, Goal, Rule, Votable
from protocol.errors import RuleError, UsageError
from protocol.names import address_pattern, check_cluster, cluster_pattern
from protocol.policy import STRICTNESS

T = TypeVar("T")
Check = Callable[[Any], str | None]  # what would be right, or None where it is

STATES: Final = ("active", "retired")
_UNITS: Final = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_WORD = r"[a-z0-9][a-z0-9._/-]*"
_word_rule = (
    f"a word of a-z, 0-9 and . _ / - that begins with a letter or digit, at most"
    f" {limits.word_chars_max} long"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a person wrote. `scope` None: the file does not say; `replaces`: the version it changes.

    None as `replaces` is whatever is the newest; 0 is none yet.
    """

    scope: str | None = None
    replaces: int | None = None
    goals: tuple[Goal, ...] = ()
    values: tuple[str, ...] = ()
    policy: tuple[Rule, ...] = ()
    budgets: tuple[Budget, ...] = ()
    votable: tuple[Votable, ...] = ()

    @property
    def parts(self) -> dict[str, Any]:
        """The members of a charter that it says."""
        names = ("goals", "values", "policy", "budgets", "votable")
        return {name: getattr(self, name) for name in names}


# ------------------------------------------------------------------------------------ writing

_HEAD = """\
# The charter: what the network is for, and what agents may do. Change it, then
#   peer charter diff FILE    says in plain words what would change
#   peer charter sign FILE    signs it, with a steward's key
# A missing table says nothing: what no rule forbids is free.
"""
_ABOUT = {
    "values": "Why: one line each.",
    "goals": "What is wanted. Agents name a goal by its id, so keep ids as they are; what is over\n"
    '# has state = "retired", and may say because = "…".',
    "policy": "What agents may do. effect: send, publish … or * for any; kind: note, insight …\n"
    "# or *; verdict: free, notice (stewards are told), approve (one must agree), forbidden.\n"
    "# Of several rules that fit the first holds.",
    "budgets": "At most `amount` in any time of `per` (30m, 1h, 7d). what: an effect, tokens, or\n"
    "# money in millionths of a unit.",
    "votable": "What the peers of a cluster may agree on by votes; roster: the version that votes.",
}

# What stands, as a comment, where there is none: whoever sees it knows how to write one.
_EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "goals": {"id": "clean-stock", "text": "Know what we have."},
    "policy": {"effect": "publish", "kind": "insight", "verdict": "approve"},
    "budgets": {"what": "send", "amount": 20, "per": "1h"},
    "votable": {"key": "pace", "cluster": "lab", "roster": 3},
}


def render(charter: Charter) -> str:
    """A draft that says what a charter says."""
    blocks = [
        _HEAD,
        f"scope = {_quoted(charter.scope)}\n"
        f"replaces = {charter.version}  # the version that this was made from\n",
        _about("values") + _array("values", charter.values),
        _tables("goals", [_said(goal) for goal in charter.goals]),
        _tables("policy", [_said(rule) for rule in charter.policy]),
        _tables("budgets", [_budget(budget) for budget in charter.budgets]),
        _tables("votable", [_said(votable) for votable in charter.votable]),
    ]
    return "\n".join(blocks)


def _about(name: str) -> str:
    return f"# {_ABOUT[name]}\n"


def _array(name: str, texts: tuple[str, ...]) -> str:
    if not texts:
        return f"{name} = []\n"
    return f"{name} = [\n" + "".join(f"    {_quoted(text)},\n" for text in texts) + "]\n"


def _said(part: Goal | Rule | Votable) -> dict[str, Any]:
    return {name: value for name, value in asdict(part).items() if value is not None}


def _budget(budget: Budget) -> dict[str, Any]:
    unit = next((u for u in reversed(_UNITS) if budget.ms and budget.ms % _UNITS[u] == 0), "ms")
    per = f"{budget.ms // _UNITS[unit]}{unit}"
    return {"what": budget.what, "amount": budget.amount, "per": per}


def _tables(name: str, rows: list[dict[str, Any]]) -> str:
    if not rows:
        return _about(name) + "".join(f"# {line}\n" for line in _table(name, _EXAMPLES[name]))
    return _about(name) + "\n".join(
        "".join(f"{line}\n" for line in _table(name, row)) for row in rows
    )


def _table(name: str, row: dict[str, Any]) -> Iterator[str]:
    yield f"[[{name}]]"
    yield from (f"{key} = {_value(value)}" for key, value in row.items())


def _value(value: str | int) -> str:
    return str(value) if isinstance(value, int) else _quoted(value)


def _quoted(text: str) -> str:
    """A basic string of TOML, in which everything that cannot be seen is an escape."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if char == "\n":
        return "\\n"
    if char.isprintable():
        return char
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


# ------------------------------------------------------------------------------------ reading


def read(text: str) -> Draft:
    """What a draft says; UsageError, with the line or the key, where it cannot be understood."""
    if len(text) > limits.steward_bytes_max:
        raise UsageError(f"it is longer than {limits.steward_bytes_max} characters")
    try:
        text.encode()
        value = tomllib.loads(text)
    except RecursionError as error:
        raise UsageError("it is no TOML that anybody would write: nested too deep") from error
    except ValueError as error:
        raise UsageError(f"it is no TOML: {_printable(str(error))}") from error
    _check_keys("", value, _TOP)
    draft = Draft(
        scope=_member("", value, "scope", _scope, None),
        replaces=_member("", value, "replaces", _count(0), None),
        values=tuple(_values(value.get("values", []))),
        goals=tuple(_goal(*row) for row in _rows(value, "goals", limits.goals_max)),
        policy=tuple(_rule(*row) for row in _rows(value, "policy", limits.rules_max)),
        budgets=tuple(_read_budget(*row) for row in _rows(value, "budgets", limits.rules_max)),
        votable=tuple(_votable(*row) for row in _rows(value, "votable", limits.rules_max)),
    )
    fault = Charter(network="", version=1, at=0, **draft.parts).fault()
    if fault is not None:
        raise UsageError(fault)
    return draft


_TOP = ("scope", "replaces", "values", "goals", "policy", "budgets", "votable")
Row = tuple[str, dict[str, Any]]  # where it stands, in words, and what stands there


def _rows(value: Mapping[str, Any], name: str, most: int) -> Iterator[Row]:
    rows = value.get(name, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UsageError(f"`{name}` is not a list of tables; each begins with [[{name}]]")
    if len(rows) > most:
        raise UsageError(f"`{name}` has {len(rows)} entries; at most {most} are allowed")
    for number, row in enumerate(rows, 1):
        yield f"{name}, entry {number}: ", row


def _goal(where: str, row: dict[str, Any]) -> Goal:
    _check_keys(where, row, ("id", "text", "state", "because"))
    return Goal(
        id=_member(where, row, "id", _word),
        text=_member(where, row, "text", _text),
        state=_member(where, row, "state", _one_of(STATES), "active"),
        because=_member(where, row, "because", _line, None),
    )


def _rule(where: str, row: dict[str, Any]) -> Rule:
    _check_keys(where, row, ("effect", "kind", "verdict"))
    return Rule(
        effect=_member(where, row, "effect", _pattern),
        kind=_member(where, row, "kind", _pattern, "*"),
        verdict=_member(where, row, "verdict", _one_of(STRICTNESS)),
    )


def _read_budget(where: str, row: dict[str, Any]) -> Budget:
    _check_keys(where, row, ("what", "amount", "per"))
    per = _member(where, row, "per", _per)
    return Budget(
        what=_member(where, row, "what", _word),
        amount=_member(where, row, "amount", _count(0)),
        ms=_ms(per),
    )


def _votable(where: str, row: dict[str, Any]) -> Votable:
    _check_keys(where, row, ("key", "cluster", "roster"))
    return Votable(
        key=_member(where, row, "key", _word),
        cluster=_member(where, row, "cluster", _cluster),
        roster=_member(where, row, "roster", _count(1)),
    )


def _values(found: Any) -> Iterator[str]:
    if not isinstance(found, list):
        raise UsageError('`values` is a list of lines: values = ["Honesty."]')
    if len(found) > limits.goals_max:
        raise UsageError(f"`values` has {len(found)} entries; at most {limits.goals_max}")
    for number, value in enumerate(found, 1):
        if (right := _line(value)) is not None:
            raise UsageError(f"values, entry {number} is {_shown(value)}; it is {right}")
        yield value


def _check_keys(where: str, row: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for key in row:
        if key not in known:
            raise UsageError(f"{where}`{_printable(key)}` is none of {', '.join(known)}")


_MISSING: Final = object()


def _member(
    where: str, row: Mapping[str, Any], key: str, check: Check, default: Any = _MISSING
) -> Any:
    value = row.get(key, default)
    if value is _MISSING:
        raise UsageError(f"{where}`{key}` is missing")
    if key in row and (right := check(value)) is not None:
        raise UsageError(f"{where}`{key}` is {_shown(value)}; it is {right}")
    return value


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return _printable(repr(value))
    if isinstance(value, bool):
        return str(value).lower()
    # Numbers of thousands of digits cannot even be written.
    small = isinstance(value, int) and abs(value) <= limits.int_abs_max
    return str(value) if small else "something else"


def _printable(text: str) -> str:
    short = text if len(text) <= 120 else f"{text[:120]}…"
    return "".join(char if char.isprintable() else f"<{ord(char):02x}>" for char in short)


# What would be right, for each sort of value.


def _matches(pattern: str, most: int, right: str) -> Check:
    fits = re.compile(pattern).fullmatch
    return lambda v: None if isinstance(v, str) and len(v) <= most and fits(v) else right


_word = _matches(_WORD, limits.word_chars_max, _word_rule)
_pattern = _matches(rf"\*|{_WORD}", limits.word_chars_max, f"* or {_word_rule}")
_line = _matches(
    r"[^\x00-\x1f\x7f-\x9f]*", limits.line_chars_max,
    f"one line of at most {limits.line_chars_max} characters",
)  # fmt: skip
_scope = _matches(
    rf"\*|{cluster_pattern}|{address_pattern}", limits.address_chars_max,
    "*, a cluster or region such as lab.eu, or a peer such as core@lab.eu",
)  # fmt: skip


def checked_scope(text: str) -> str:
    """A scope that somebody typed; UsageError where that can be none."""
    found = text.removeprefix("*.")  # `*.eu` is the region eu
    if (right := _scope(found)) is not None:
        raise UsageError(f"{_shown(text)} is no scope; it is {right}")
    return found


def _text(value: Any) -> str | None:
    if isinstance(value, str) and len(value) <= limits.text_chars_max:
        return None
    return f"a text of at most {limits.text_chars_max} characters"


def _one_of(allowed: tuple[str, ...]) -> Check:
    return lambda value: None if value in allowed else f"one of {', '.join(allowed)}"


def _count(least: int) -> Check:
    def check(value: Any) -> str | None:
        if type(value) is int and least <= value <= limits.int_abs_max:  # True is an int, too
            return None
        return f"a whole number from {least} on"

    return check


def _cluster(value: Any) -> str | None:
    right = "the address of a cluster, such as lab.eu"
    try:
        check_cluster(value)
    except (RuleError, TypeError, AttributeError):
        return right
    return None


def _per(value: Any) -> str | None:
    if isinstance(value, str) and 0 < _ms(value) <= limits.int_abs_max:
        return None
    return 'a time such as "30m", "1h" or "7d"'


def _ms(text: str) -> int:
    """0 where it is no time."""
    found = re.fullmatch(r"([0-9]{1,16})(ms|s|m|h|d)", text)
    return int(found[1]) * _UNITS[found[2]] if found else 0

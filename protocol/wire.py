"""From bytes to frozen dataclasses and back: how every wire type is validated, built and dumped.

Wire types are `@dataclass(frozen=True, slots=True, kw_only=True)`. Limits of a field are metadata
that pydantic understands without being imported here:

    Name = Annotated[str, Form(r"[a-z]+", 32)]          pattern of the whole text, maxLength
    Text = Annotated[str, Length(0, 4_000)]             minLength, maxLength
    seq: Annotated[int, Between(1, 2**53 - 1)]          minimum, maximum
    have: Annotated[tuple[Range, ...], AtMost(64)]      maxItems
    peer: Annotated[Name, Checked(check_name)]          a function that raises RuleError

`validate` is for what others wrote. Members nobody knows are ignored, so that networks can be
upgraded peer by peer. `trusted` is for what our own home stored after validating it: it imports
nothing heavy (pydantic costs more than a whole short command). This module does *not* check that
bytes are canonical; `canonical.decode` did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from protocol.errors import RuleError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")
Build = Callable[[Any], Any]

# Made once a class, at its first use; the classes are a closed set, so these stay small.
_adapters: dict[type[Any], TypeAdapter[Any]] = {}
_validators: dict[type[Any], Callable[..., Any]] = {}
_plans: dict[type[Any], dict[str, Build | None]] = {}
_fields: dict[type[Any], tuple[str, ...]] = {}


class _Limit:
    """Metadata that adds constraints to the schema pydantic made of the type it stands at."""

    __slots__ = ("_constraints",)

    def __init__(self, **constraints: Any) -> None:
        self._constraints = constraints

    def __get_pydantic_core_schema__(self, source: Any, handler: Build) -> dict[str, Any]:
        return {**handler(source), **self._constraints}


class Form(_Limit):
    """Text that matches `pattern` from its first character to its last.

    The pattern is read by Rust's engine here and by JavaScript's or Python's wherever the JSON
    Schema goes: spell character classes out; no inline flags, no look-around.
    """

    __slots__ = ()

    def __init__(self, pattern: str, chars_max: int) -> None:
        super().__init__(pattern=f"^(?:{pattern})$", max_length=chars_max)


class Length(_Limit):
    """Text of `low` to `high` characters (code points)."""

    __slots__ = ()

    def __init__(self, low: int, high: int) -> None:
        super().__init__(min_length=low, max_length=high)


class Between(_Limit):
    """An integer from `low` to `high`, both included."""

    __slots__ = ()

    def __init__(self, low: int, high: int) -> None:
        super().__init__(ge=low, le=high)


class AtMost(_Limit):
    """A tuple of no more than `items_max` members."""

    __slots__ = ()

    def __init__(self, items_max: int) -> None:
        super().__init__(max_length=items_max)


class Checked:
    """A value that `check` returns, or refuses with its own RuleError."""

    __slots__ = ("_check",)

    def __init__(self, check: Callable[[Any], Any]) -> None:
        self._check = check

    def __get_pydantic_core_schema__(self, source: Any, handler: Build) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(self._check, handler(source))


def validate(cls: type[T], body: bytes, rule: str) -> T:
    """The `cls` that the JSON in `body` describes; RuleError `rule` where it does not."""
    validator = _validators.get(cls)
    if validator is None:
        validator = _validators[cls] = _adapter(cls).validator.validate_json
    try:
        found: T = validator(body, strict=True)
    except ValueError as fault:  # pydantic's error is one, and is imported only now
        raise _broken(cls, rule, fault) from fault
    return found


def _broken(cls: type[Any], rule: str, fault: ValueError) -> RuleError:
    from pydantic import ValidationError

    assert isinstance(fault, ValidationError)  # a validator's own ValueError comes as one, too
    first = fault.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ascii(".".join(map(str, first["loc"])))[1:-1][:80]
    return RuleError(rule, f"{where or cls.__name__}: {first['msg']}")


def json_schema(cls: type[Any]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of `cls`."""
    return _adapter(cls).json_schema()


def _adapter(cls: type[T]) -> TypeAdapter[T]:
    adapter = _adapters.get(cls)
    if adapter is None:
        from pydantic import TypeAdapter

        adapter = _adapters[cls] = TypeAdapter(cls)
    return adapter


def dump(instance: Any) -> dict[str, Any]:
    """The JSON object of a dataclass: members that are None left out, tuples as lists."""
    found = {}
    for name in _names(type(instance)):
        value = getattr(instance, name)
        if value is not None:
            found[name] = _dumped(value)
    return found


def _names(cls: type[Any]) -> tuple[str, ...]:
    """The fields of a dataclass; `__dataclass_fields__` alone would name its ClassVars too."""
    names = _fields.get(cls)
    if names is None:
        names = _fields[cls] = tuple(field.name for field in fields(cls))
    return names


def _dumped(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_dumped(member) for member in value]
    return dump(value) if hasattr(value, "__dataclass_fields__") else value


def trusted(cls: type[T], value: dict[str, Any]) -> T:
    """The `cls` that `value` describes, *unchecked*: only for JSON this peer validated before."""
    fields = {}
    for name, build in _plan(cls).items():
        if name in value:
            fields[name] = build(value[name]) if build else value[name]
    return cls(**fields)


def _plan(cls: type[Any]) -> dict[str, Build | None]:
    """For each field what turns its JSON into its value; None where they are the same."""
    plan = _plans.get(cls)
    if plan is None:
        hints = get_type_hints(cls)
        plan = _plans[cls] = {name: _builder(hints[name]) for name in _names(cls)}
    return plan


def _builder(hint: Any) -> Build | None:
    """What turns JSON into a value of type `hint`: dataclasses, tuple[X, ...], X | None."""
    origin, members = get_origin(hint), get_args(hint)
    if hasattr(hint, "__dataclass_fields__"):
        return lambda value: trusted(hint, value)
    if origin is tuple:
        inner = _builder(members[0])
        return tuple if inner is None else lambda value: tuple(map(inner, value))
    if origin in (Union, UnionType):
        chosen = [built for m in members if m is not NoneType and (built := _builder(m))]
        if not chosen:
            return None
        if len(members) != 2 or NoneType not in members:
            raise TypeError(f"{hint} is no X | None: say which member it is before building it")
        return lambda value: None if value is None else chosen[0](value)
    return None

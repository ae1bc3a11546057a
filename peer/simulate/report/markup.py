"""Elements of HTML and SVG as text in which nothing that was handed in can become markup.

`element` escapes every child and every attribute that is not `Markup` itself, so forgetting
something shows as visible signs on the page and never as a hole. What comes out is well-formed
XML: control characters, which XML has no way to write, and marks that turn the reading direction
are shown as codes.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

# C0 without tab and newline, DEL, C1, marks and overrides of direction, separators, surrogates.
_RANGES = (
    *((0, 9), (11, 13), (14, 32), (13, 14), (127, 160)),
    *((0x200E, 0x2010), (0x2028, 0x202F), (0x2066, 0x206A), (0xD800, 0xE000)),
    *((0xFEFF, 0xFF00), (0xFFFE, 0x10000)),
)
_HARMLESS = {n: f"<{n:02x}>" for low, high in _RANGES for n in range(low, high)}
# What HTML lets end where it begins; everything else gets an end, even with nothing in it.
_SHORT = frozenset({"circle", "meta", "path", "rect"})


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


def element(name: str, /, *children: str, **attributes: str | float | None) -> Markup:
    """One element. `class_` is written class, `text_anchor` text-anchor; None leaves it out."""
    said = "".join(
        f' {key.strip("_").replace("_", "-")}="{_attribute(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if not children and name in _SHORT:
        return Markup(f"<{name}{said}/>")
    return Markup(f"<{name}{said}>{joined(children)}</{name}>")


def joined(parts: Iterable[str]) -> Markup:
    """Parts beside each other; those that are no markup yet are escaped."""
    return Markup("".join(part if isinstance(part, Markup) else _safe(part) for part in parts))


def _safe(text: str) -> str:
    return escape(text.translate(_HARMLESS))


def _attribute(value: str | float) -> str:
    """Numbers are pixels and users' units: a tenth is fine enough, and shorter."""
    if isinstance(value, str):
        return _safe(value)
    return f"{value:.1f}".removesuffix(".0")

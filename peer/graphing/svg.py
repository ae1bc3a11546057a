"""The graph as a picture that stands alone: peers on the left, claims in the middle, topics right.

Claims stand in rows, so that their text can be read; lines from the left say who claims, supports
(green) and refutes (red), arcs beside them what is in the place of what, or concluded from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from peer.rows import Row

WIDTH, ROW, TOP = 1_100, 34, 40
_LEFT, _MIDDLE, _RIGHT = 130, 330, 960
_CLAIM_WIDTH = 520
_LABEL_CHARS = 68
_STYLE = """
text{font:13px system-ui,sans-serif;fill:#1d2733}
.c{fill:#f3f6fa;stroke:#9fb0c3}.c.sunk{fill:#f7f7f7;stroke-dasharray:4 3}
.c.contested{stroke:#b3261e}.sure{fill:#2f6fb0}.dimmed{fill:#6b7785}
.e{fill:none;stroke-width:1.4}.authored-by{stroke:#9fb0c3}.about{stroke:#cfd8e3}
.supports{stroke:#2e7d32}.refutes{stroke:#b3261e}.supersedes{stroke:#c77700}
.derived-from,.answers{stroke:#6a4fa3}
@media(prefers-color-scheme:dark){svg{background:#12181f}text{fill:#e4ebf2}
.c{fill:#1b2530;stroke:#4a5a6b}.c.sunk{fill:#161d25}.dimmed{fill:#9aa7b4}}
"""


def svg(graph: Row) -> str:
    """One SVG document; text of others is escaped."""
    middle = [node for node in graph["nodes"] if node["kind"] in ("claim", "question")]
    left = [node for node in graph["nodes"] if node["kind"] == "peer"]
    right = [node for node in graph["nodes"] if node["kind"] == "topic"]
    height = TOP + ROW * max(len(middle), len(left), len(right), 1) + 20
    places = {
        **_places(left, _LEFT, height), **_places(middle, _MIDDLE, height),
        **_places(right, _RIGHT, height),
    }  # fmt: skip
    body = [
        *(_edge(edge, places) for edge in graph["edges"]),
        *(line for node in middle for line in _claim(node, places[node["id"]])),
        *(_name(node, places[node["id"]], "end") for node in left),
        *(_name(node, places[node["id"]], "start") for node in right),
        *_legend(),
    ]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
        f' width="{WIDTH}" height="{height}" role="img" aria-label="what is known">'
    )
    return "\n".join([head, f"<style>{_STYLE}</style>", *body, "</svg>"])


def _places(nodes: list[Row], x: int, height: int) -> dict[str, tuple[float, float]]:
    """The nodes of a column, spread over its height."""
    step = (height - TOP - 20) / max(len(nodes), 1)
    return {node["id"]: (x, TOP + step * (place + 0.5)) for place, node in enumerate(nodes)}


def _claim(node: Row, at: tuple[float, float]) -> Iterator[str]:
    x, y = at
    is_claim = node["kind"] == "claim"
    sunk = is_claim and node["state"] != "current"
    classes = "c" + (" sunk" if sunk else "") + (" contested" if node.get("contested") else "")
    yield (
        f'<rect class="{classes}" x="{x}" y="{y - 12:.1f}" width="{_CLAIM_WIDTH}" height="24"'
        ' rx="5"/>'
    )
    label = node["label"] if is_claim else f"? {node['label']}"
    label = label if len(label) <= _LABEL_CHARS else label[: _LABEL_CHARS - 1] + "…"
    marks = [node["state"]] if sunk else []
    marks += ["a letter"] if node.get("private") else []
    mark = f' <tspan class="dimmed">{", ".join(marks)}</tspan>' if marks else ""
    yield f'<text x="{x + 50}" y="{y + 4:.1f}">{_plain(label)}{mark}</text>'
    if is_claim:
        bar = 34 * node["certainty"]
        yield f'<rect class="sure" x="{x + 6}" y="{y + 6:.1f}" width="{bar:.1f}" height="3"/>'
        yield (
            f'<text class="dimmed" x="{x + 6}" y="{y + 2:.1f}">{node["certainty"]:.2f}'
            f"<title>{_plain(node['label'])}</title></text>"
        )


def _name(node: Row, at: tuple[float, float], anchor: str) -> str:
    x, y = at
    return f'<text x="{x}" y="{y + 4:.1f}" text-anchor="{anchor}">{_plain(node["label"])}</text>'


def _edge(edge: Row, places: dict[str, tuple[float, float]]) -> str:
    (x1, y1), (x2, y2) = places[edge["from"]], places[edge["to"]]
    if x1 == x2:  # between two claims: an arc beside them
        x = _MIDDLE + _CLAIM_WIDTH
        bow = 20 + min(abs(y2 - y1) / 4, 60)
        path = f"M{x} {y1:.1f}C{x + bow:.1f} {y1:.1f} {x + bow:.1f} {y2:.1f} {x} {y2:.1f}"
    else:
        (ax, ay), (bx, by) = sorted([(x1, y1), (x2, y2)])
        ax = ax + (8 if ax == _LEFT else _CLAIM_WIDTH)
        bx = bx - (8 if bx == _RIGHT else 0)
        half = (ax + bx) / 2
        path = f"M{ax} {ay:.1f}C{half:.1f} {ay:.1f} {half:.1f} {by:.1f} {bx} {by:.1f}"
    return f'<path class="e {edge["link"]}" d="{path}"><title>{edge["link"]}</title></path>'


def _legend() -> Iterator[str]:
    x = _MIDDLE
    for link in ("supports", "refutes", "supersedes", "derived-from"):
        yield f'<path class="e {link}" d="M{x} 16h22"/><text x="{x + 28}" y="20">{link}</text>'
        x += 125


def _plain(text: str) -> str:
    """Text that XML may hold, escaped."""
    return escape("".join(char if char.isprintable() else " " for char in text))

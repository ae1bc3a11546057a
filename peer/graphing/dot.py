"""The graph in the DOT language of Graphviz (graphviz.org/doc/info/lang.html)."""

from __future__ import annotations

from collections.abc import Iterator

from peer.rows import Row

_SHAPES = {"claim": "box", "question": "note", "peer": "ellipse", "topic": "hexagon"}
_COLOURS = {"supports": "darkgreen", "refutes": "firebrick", "supersedes": "darkorange"}


def dot(graph: Row) -> str:
    """One digraph; text of others stands in quoted strings that it cannot leave."""
    return "\n".join(["digraph knowledge {", "  rankdir=LR;", *_lines(graph), "}"])


def _lines(graph: Row) -> Iterator[str]:
    for node in graph["nodes"]:
        label = node["label"]
        if node["kind"] == "claim":
            label += f" ({node['certainty']:.2f}{_state(node)})"
        shape = _SHAPES[node["kind"]]
        yield f"  {_quoted(node['id'])} [label={_quoted(label)}, shape={shape}];"
    for edge in graph["edges"]:
        colour = _COLOURS.get(edge["link"], "gray40")
        yield (
            f"  {_quoted(edge['from'])} -> {_quoted(edge['to'])}"
            f" [label={_quoted(edge['link'])}, color={colour}];"
        )


def _state(node: Row) -> str:
    state = "" if node["state"] == "current" else f", {node['state']}"
    return f"{state}, a letter" if node["private"] else state


def _quoted(text: str) -> str:
    r"""A quoted string: only `"` ends it, and a backslash could begin an escape."""
    plain = "".join(char if char.isprintable() else " " for char in text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'

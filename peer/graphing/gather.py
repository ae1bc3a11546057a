"""Gathering: claims, their authors and topics as nodes, what is said of them as typed edges.

Opinions are edges from who holds them, so the drawing shows who supports what; `item` says by which
item. A pure function of the rows of `peer.explaining` and the store.
"""

from __future__ import annotations

from peer.explaining import Explaining
from peer.rows import Row, one_line

LABEL_CHARS = 80


def gather(explaining: Explaining, topics: tuple[str, ...], claims_max: int) -> Row:
    """{"nodes": …, "edges": …} of the claims on these topics, of all where none is named.

    A node has `id`, `kind` (claim, question, peer, topic) and `label`; a claim also `certainty`,
    `state`, `contested` and `private` (it came as a letter). An edge has `from`, `to`, `link`
    (authored-by, about, supports, refutes, answers, supersedes, derived-from) and `item`, the id of
    what says so.
    """
    nodes: dict[str, Row] = {}
    edges: list[Row] = []
    for row in explaining.newest_claims(topics, claims_max):
        nodes[row["id"]] = {
            "id": row["id"], "kind": "claim", "label": _label(row["text"]),
            "certainty": row["certainty"], "state": row["state"], "contested": row["contested"],
            "private": row["private"],
        }  # fmt: skip
        id_ = row["id"]
        edges.append(_edge(id_, _peer(nodes, row["from"]), "authored-by", id_))
        edges += [_edge(id_, _topic(nodes, topic), "about", id_) for topic in row["topics"]]
        edges += [
            _edge(_peer(nodes, who), id_, link, item)
            for who, link, item in explaining.opinions(id_)
        ]
    for claim in [one["id"] for one in nodes.values() if one["kind"] == "claim"]:
        for link, target, question in explaining.spoken_of(claim):
            if question is not None:
                nodes.setdefault(
                    target, {"id": target, "kind": "question", "label": _label(question)}
                )
            if target in nodes:
                edges.append(_edge(claim, target, link, claim))
    return {"nodes": list(nodes.values()), "edges": edges}


def _edge(source: str, target: str, link: str, item: str) -> Row:
    return {"from": source, "to": target, "link": link, "item": item}


def _peer(nodes: dict[str, Row], name: str) -> str:
    nodes.setdefault(f"peer:{name}", {"id": f"peer:{name}", "kind": "peer", "label": name})
    return f"peer:{name}"


def _topic(nodes: dict[str, Row], topic: str) -> str:
    nodes.setdefault(f"topic:{topic}", {"id": f"topic:{topic}", "kind": "topic", "label": topic})
    return f"topic:{topic}"


def _label(text: str) -> str:
    return one_line(text, LABEL_CHARS)

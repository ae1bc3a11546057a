"""What questions about opinions have in common: which of them stand, and whose come first."""

from __future__ import annotations

# Its author did not take it back; what takes something back stands for good.
STANDS = (
    "({0}.kind = 'retraction' OR NOT EXISTS (SELECT 1 FROM edge AS back JOIN node AS one"
    " ON one.n = back.source WHERE back.target = {0}.id AND back.link = 'retracts'"
    " AND one.author = {0}.author))"
)
JUDGED = (
    " AND EXISTS (SELECT 1 FROM edge WHERE edge.target = node.id"
    " AND edge.link IN ('supports', 'refutes'))"
)


def of_each(kind: str, which: str = "") -> str:
    """Numbers of ?2 nodes of a kind on topic ?1, the newest of each author first."""
    return (
        "SELECT n FROM (SELECT n, row_number() OVER (PARTITION BY author ORDER BY n DESC) AS place"
        f" FROM node WHERE n IN (SELECT node FROM about WHERE topic = ?1) AND kind = '{kind}'"
        f"{which}) ORDER BY place, n DESC LIMIT ?2"
    )

"""Why something is believed, as a row that stays short however many speak of it."""

from __future__ import annotations

from peer.claims import LINE_CHARS
from peer.explaining import LISTED_MAX, Explaining
from peer.home import create_home
from peer.knowing import Knowing
from protocol.messages import Body, Dispute, Endorsement, Head, Insight, compose
from tests.network import SeededEntropy

ME = "core@lab.eu"
MANY = LISTED_MAX + 7


def test_what_many_say_is_cut_and_the_rest_counted() -> None:
    """KNOW-8."""
    home = create_home(":memory:", SeededEntropy("explaining").draw)
    bodies: list[Body] = [
        *((Endorsement() if n % 2 else Dispute(because="no")) for n in range(MANY)),
    ]
    head = Head(author=ME, kind="insight", salt="a" * 26, at=1)
    claim = compose(head, Insight(text="copper conducts"))
    long = "so " * LINE_CHARS
    others: list[Body] = [
        Insight(text=long, supersedes=(claim.id,)),
        Insight(text=long, derived=(claim.id,)),
    ]
    with home.transaction():
        home.knowledge.fold(claim, "all", (), 0)
        for n, body in enumerate(bodies + others * MANY):
            author = f"p{n}@lab.eu"
            re = claim.id if n < MANY else None
            item = compose(Head(author=author, kind=body.kind, salt=f"{n:026}", at=2, re=re), body)
            home.knowledge.fold(item, "all", (), 0)
    row = Explaining(Knowing(home, ME, 3)).why(claim.id)
    assert [len(row[name]) for name in ("words", "replaced_by", "led_to")] == [
        LISTED_MAX + 1, LISTED_MAX, LISTED_MAX,
    ]  # fmt: skip
    assert row["words"][0]["link"] == "claims"
    assert row["more"] == {"words": MANY + 7, "replaced_by": 7, "led_to": 7}
    assert {len(one["text"]) for one in row["led_to"] + row["replaced_by"]} == {LINE_CHARS}

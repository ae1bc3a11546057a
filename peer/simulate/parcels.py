"""What goes with some letters: a small file, a seal, or both."""

from __future__ import annotations

from collections.abc import Sequence

from peer.enclosing import Source
from peer.instance import RunningPeer
from peer.send import Sent, send
from peer.simulate.chance import Chance
from peer.simulate.ledger import ALL
from protocol.messages import Body

attached_permille, sealed_permille = 60, 60
_bytes_max = 600


def post(peer: RunningPeer, to: Sequence[str], body: Body, chance: Chance, may_seal: bool) -> Sent:
    """One `peer send`, with whatever goes along."""
    seal = chance.hits(sealed_permille) and may_seal and ALL not in to
    files = []
    if chance.hits(attached_permille):
        data = chance.draw(1 + chance.below(_bytes_max))
        files.append(Source("notes.txt", lambda: [data]))
    return send(peer, to, [body], files=files, seal=seal)

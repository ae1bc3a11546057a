"""A peer in a new epoch tells every member what it holds; they offer the rest again."""

from __future__ import annotations

from peer.home import create_home
from tests.network import settled


def test_in_a_new_epoch_every_member_gets_a_receipt_in_the_first_tick() -> None:
    """EPOCH-7: those, too, of whom the home knows nothing any more, and each only once."""
    network = settled("core", "scout", "smith")
    network.send("core", "scout", "one")
    network.round(2)
    network.restart("scout", create_home(":memory:", network.entropy.draw))
    network.repair("scout")
    network.tick("scout")
    epoch = network.peers["scout"].home.state.epoch
    receipts = {author: network.receipt("scout", author) for author in ("core", "smith")}
    assert {receipt["reader_epoch"] for receipt in receipts.values()} == {epoch}
    assert all(receipt["earlier_epochs"] for receipt in receipts.values())
    network.tick("scout")
    assert {author: network.receipt("scout", author)["n"] for author in receipts} == {
        author: receipt["n"] for author, receipt in receipts.items()
    }

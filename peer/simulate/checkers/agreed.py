"""What a home takes for agreed has the votes of two thirds of the members who were to decide.

Counted are the ballots that keys of members were seen to sign, each of exactly this slot and this
choice, against the roster that stewards signed under the hash that the decision names. A hostile
member may have signed anything. That voters agree is not demanded: some vote no, or not at all.
"""

from __future__ import annotations

from peer.home import Home
from peer.simulate.checkers import Checker
from peer.simulate.instance import Instance
from peer.simulate.reading import BALLOT, document, signed_message
from peer.simulate.world import World

FIELDS = ("key", "roster", "members", "version", "proposal", "value")


class Check(Checker):
    """Looks at what is new among the certificates of a home."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._yes: dict[tuple[object, ...], set[str]] = {}  # keys that signed it
        self._seen: dict[Home, set[str]] = {}

    def signed(self, instance: Instance, message: bytes) -> None:
        """See `Checker.signed`."""
        ballot = signed_message(message) if b" soma/ballot/1 " in message[:40] else None
        if ballot is not None and ballot.type == BALLOT and ballot.body["yes"]:
            said = tuple(ballot.body[field] for field in FIELDS)
            self._yes.setdefault(said, set()).add(instance.signer.key)

    def after(self, instance: Instance, what: str, calls: int) -> None:
        """See `Checker.after`."""
        if not instance.honest or not instance.news(self.name, "certificate"):
            return
        seen = self._seen.setdefault(instance.home, set())
        rows = instance.home.db.read(
            f"SELECT item, {', '.join(FIELDS)} FROM certificate WHERE taken ORDER BY item"
        )
        for item, *said in rows:
            if item not in seen:
                seen.add(item)
                self._judge(instance, tuple(said))

    def _judge(self, instance: Instance, said: tuple[object, ...]) -> None:
        key, members, value = said[0], str(said[2]), said[5]
        roster = document(self.world.ledger.signed.get(members, b""))
        if roster is None or roster.body.get("version") != said[1]:
            self.fail(instance.name, f"holds {key} = {value}, agreed on by a roster of nobody")
        voters = [
            {known["key"] for known in member["keys"] if known.get("state", "active") == "active"}
            for member in roster.body["members"]
            if "steward" not in member.get("roles", ())
        ]
        there = [keys for keys in voters if keys]
        signed = self._yes.get(said, set()) | self._hostile()
        count = sum(bool(keys & signed) for keys in there)
        if count * 3 < 2 * len(there) or not count:
            self.fail(
                instance.name, f"holds {key} = {value} with {count} of {len(there)} members' votes"
            )

    def _hostile(self) -> set[str]:
        return {one.signer.key for one in self.world.instances.values() if not one.honest}

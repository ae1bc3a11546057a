"""How far this home relies on others: what it experienced with them, and what is proved of them.

Rules: an experience is what this home itself said of what somebody else signed; so both sides
signed it. What others say of him is listed and counts nothing here: whoever I do not know could
say it. Of several opinions of mine about one item the newest counts, however often I said it.
Evidence belongs to a holder of a name: after `admit --reuse` what a former one signed counts no
more, and a proof under a key that a steward declared compromised (another holder, a stolen key, a
restored copy) blames nobody. The numbers are those of `protocol.reputation`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from peer import inforce
from peer.home import Home
from peer.home.database import Stamp
from peer.home.nodes import Opined
from peer.home.proofs import Proof
from protocol import root
from protocol.messages import Answer
from protocol.reputation import Experience, Reputation, reputation
from protocol.roster import Member

PROOF_WEIGHT = 5.0  # of a proof that a key was used twice, beside one bad experience
OTHERS_MAX = 200  # of what others say of one peer so much is listed, the newest
NOTHING = Reputation()

OF_OTHERS = "said by others"
AGAIN = "said again since"
FORMER = "of a former holder of the name"
DECLARED = "a steward declared the key compromised"
_TABLES = ("node", "edge", "evidence", "document")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A piece of evidence about somebody; `why_not` says why it counts nothing, empty: it counts.

    `item` is the opinion (None for a proof), `of` what it is about, `weight` what it counts while
    it is new (1: one experience).
    """

    kind: str
    good: bool
    witness: str
    item: str | None
    of: str
    age_days: int
    why_not: str = ""
    weight: float = 1.0

    @property
    def counts(self) -> bool:
        """Whether it is an experience of this home itself."""
        return not self.why_not

    @property
    def left(self) -> float:
        """What of it has not faded; 0 where it counts nothing."""
        return self.experience.left if self.counts else 0.0

    @property
    def experience(self) -> Experience:
        """The same for `protocol.reputation`."""
        return Experience(self.good, self.age_days, self.weight)


class Esteem:
    """What one home experienced; `address` is its peer's own."""

    def __init__(self, home: Home, address: str) -> None:
        self.home = home
        self.address = address
        self._made: tuple[tuple[Stamp, int], dict[str, Reputation]] | None = None

    def of(self, author: str) -> Reputation:
        """The reputation of somebody (full address)."""
        return self.everybody().get(author, NOTHING)

    def everybody(self) -> dict[str, Reputation]:
        """The reputation of all with whom there was anything, by full address."""
        stamp = (self.home.db.stamp(*_TABLES), self.home.state.days_lived)
        if self._made is None or self._made[0] != stamp:
            found: dict[str, list[Evidence]] = defaultdict(list)
            mine = self.home.knowledge.opinions_by(self.address)
            for opined, one in zip(mine, self._weighed(mine), strict=True):
                found[opined.author].append(one)
            for proof in self.home.proofs.everything():
                found[proof.about].append(self._proved(proof))
            made = {author: _reputation(several) for author, several in found.items()}
            self._made = (stamp, made)
        return self._made[1]

    def evidence(self, author: str) -> list[Evidence]:
        """Everything that is known about somebody, the newest first; of what others said a part."""
        opinions = self.home.knowledge.opinions_of(author)
        mine = [one for one in opinions if one.witness == self.address]
        others = [one for one in opinions if one.witness != self.address][-OTHERS_MAX:]
        told = [self._opinion(one, OF_OTHERS) for one in others]
        proofs = [self._proved(proof) for proof in self.home.proofs.of(author)]
        found = [*self._weighed(mine), *told, *proofs]
        return sorted(found, key=lambda one: (one.age_days, not one.counts, one.item or "", one.of))

    def of_others(self, author: str) -> int:
        """How many opinions of others there are about what somebody said."""
        opinions = self.home.knowledge.opinions_of(author)
        return sum(one.witness != self.address for one in opinions)

    def _weighed(self, mine: list[Opined]) -> list[Evidence]:
        """My own opinions, the oldest first, each with why it does not count."""
        newest = {one.target: one.opinion for one in mine}
        foreign = self.of_former_holders(mine)
        return [
            self._opinion(
                one,
                FORMER if one.target in foreign
                else "" if newest[one.target] == one.opinion else AGAIN,
            )
            for one in mine
        ]  # fmt: skip

    def of_former_holders(self, opinions: list[Opined]) -> set[str]:
        """Those of the items spoken of that the present holder of their author's name did not sign.

        Where it is not known any more who did, he need not have.
        """
        held = {author: self._member(author) for author in {one.author for one in opinions}}
        doubtful = [one for one in opinions if (m := held[one.author]) is not None and m.reused]
        keys = self.home.knowledge.signed_by({one.target for one in doubtful})
        return {
            one.target
            for one in doubtful
            if (member := held[one.author]) is not None
            and member.state_of(keys.get(one.target, "")) in (None, "compromised")
        }

    def _opinion(self, one: Opined, why_not: str) -> Evidence:
        accepted = one.kind == Answer.kind and one.good
        return Evidence(
            "acceptance" if accepted else "endorsement" if one.good else "dispute",
            one.good, one.witness, one.opinion, one.target, self._age(one.seen), why_not,
        )  # fmt: skip

    def _proved(self, proof: Proof) -> Evidence:
        member = self._member(proof.about)
        declared = member is not None and member.state_of(proof.by) == "compromised"
        return Evidence(
            proof.kind, False, self.address, None, proof.by, self._age(proof.day),
            DECLARED if declared else "", PROOF_WEIGHT,
        )  # fmt: skip

    def _age(self, day: int) -> int:
        return max(self.home.state.days_lived - day, 0)

    def _member(self, address: str) -> Member | None:
        """What the roster in force says of somebody of my own cluster."""
        name, _, cluster = address.partition("@")
        network = self._network
        if network is None or cluster != self.address.partition("@")[2]:
            return None
        found = inforce.members(self.home, network, cluster)
        return None if found is None else found.member(name)

    @property
    def _network(self) -> str | None:
        """The network of this home: the hash of the first version of its root."""
        return self.home.archive.derived(
            "network",
            lambda: next(
                (one.digest for one in self.home.archive.all(root.TYPE) if one.number == 1), None
            ),
        )


def _reputation(evidence: Iterable[Evidence]) -> Reputation:
    return reputation(one.experience for one in evidence if one.counts)

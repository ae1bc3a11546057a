"""Bugs of asking first: what goes out without a steward's yes, what holds without enough votes."""

from __future__ import annotations

from tests.simulation.bugs import Bug, Edit

BUGS = (
    Bug(
        "yes-to-anything",
        "Takes a steward's yes to one thing for a yes to whatever that peer asks.",
        (
            Edit(
                "peer.stewards.standing:Standing.decided",
                "said = self.decisions.get(of, ())",
                "said = [one for every in self.decisions.values() for one in every]",
            ),
        ),
        weather="asking",
    ),
    Bug(
        "freed-by-a-charter",
        "Lets go what waits for a yes as soon as a charter asks for none any more.",
        (
            Edit(
                "peer.asking:_answer",
                'ask.state == "open" and said is not None and said.decision == "approve":\n'
                "        in_time = said.until is None",
                'ask.state == "open" and (said is not None or permit.verdict == "free"):\n'
                "        in_time = said is None or said.until is None",
            ),
        ),
        weather="asking",
    ),
    Bug(
        "not-judged-again",
        "Judges what is sent when it is written, and never again before it goes.",
        (
            Edit(
                "peer.asking:_judge_again",
                "if peer.home.asks.is_approved(item.id):",
                "if item.id:",
            ),
        ),
        weather="asking",
    ),
    Bug(
        "answers-from-what-waits",
        "Answers questions from an insight that a new charter holds back.",
        (
            Edit(
                "peer.home.asks:Asks.hold",
                "            knowledge.take_out(self._db, item)",
                "            pass",
            ),
        ),
        weather="asking",
    ),
    Bug(
        "half-is-enough",
        "Takes half of those who vote for two thirds of all.",
        (
            Edit(
                "protocol.ballots:Electors.needed",
                "max(-(-2 * len(self.names) // 3), 1)",
                "max(len(self.names) // 2, 1)",
            ),
        ),
        weather="votes",
    ),
)

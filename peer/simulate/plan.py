"""Plans: everything that decides a run. Equal plans, equal runs, to the last byte.

A plan is a scenario, a seed, and what somebody changed or left out: `peer simulate` options change
numbers, `peer.simulate.minimise` leaves out strikes, letters and peers until the shortest story is
left that still goes wrong.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from peer.simulate import scenario as scenarios
from peer.simulate.chance import Chance
from peer.simulate.scenario import Scenario
from protocol.errors import UsageError

ANY_WEATHER = "any-weather"
# Comes only where a scenario names it: any weather is of drives, machines and people.
ONLY_NAMED = ("unwell",)
# As good as log-uniform, and without floating point, which machines round differently.
RATES_PERMILLE = (1, 2, 3, 4, 6, 8, 11, 15, 20, 27, 36, 46, 60)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is a function of. None means: as the scenario says, nothing left out.

    `faults` are rates in permille instead of the scenario's; `only` the keys of the strikes that
    may strike ("core:12:kill"); `letters` the slots in which letters may be written ("core:12");
    `names` the instances that exist, of those that the seed would make.
    """

    scenario: Scenario
    seed: int
    peers: int | None = None
    ticks: int | None = None
    quiet: int | None = None
    faults: dict[str, int] | None = None
    only: frozenset[str] | None = None
    letters: frozenset[str] | None = None
    names: tuple[str, ...] | None = None

    def rounds(self) -> tuple[int, int]:
        """Rounds in which faults may strike, and quiet ones after them."""
        ticks = self.scenario.ticks if self.ticks is None else self.ticks
        return ticks, self.scenario.quiet if self.quiet is None else self.quiet

    def instances(self) -> tuple[str, ...]:
        """The names of those who are there from the beginning."""
        least, most = self.scenario.peers
        # The least of three draws: few peers find as much as many do, in less time.
        chance = Chance(self.seed, "peers")
        drawn = least + min(chance.below(most - least + 1) for _ in range(3))
        count = drawn if self.peers is None else self.peers
        names = self.scenario.instances(count)
        return tuple(name for name in names if self.names is None or name in self.names)

    def faults_in_force(self, known: Sequence[str]) -> dict[str, int]:
        """Rates in permille by fault, in sorted order; `known` are all faults there are.

        Where the scenario leaves it to the seed, each fault is on or off by a coin of its own, and
        its rate is drawn. Runs with few faults find what runs with all of them hide ("swarm
        testing", Groce et al. 2012).
        """
        if self.faults is not None:
            return dict(sorted(self.faults.items()))
        if self.scenario.faults != "drawn":
            return dict(sorted(self.scenario.faults.items()))
        coins = {
            name: Chance(self.seed, "faults", name)
            for name in sorted(known)
            if name not in ONLY_NAMED
        }
        return {name: coin.pick(RATES_PERMILLE) for name, coin in coins.items() if coin.hits(500)}

    def strikes(self, key: str) -> bool:
        """Whether the strike of this key may strike."""
        return self.only is None or key in self.only

    def writes(self, slot: str) -> bool:
        """Whether letters may be written in this slot."""
        return self.letters is None or slot in self.letters

    def command(self, file: str | None = None) -> str | None:
        """What to type to run it again; None where that takes a `file` and there is none."""
        if file is not None:
            return f"peer simulate replay {shlex.quote(file)}"
        # No option leaves out single strikes; `--faults none` leaves out all.
        none = self.faults == {} and (self.only == frozenset() or not self.scenario.at)
        whole = self.only is None and self.faults != {}
        if not (none or whole) or (self.quiet, self.letters, self.names) != (None, None, None):
            return None
        if self.scenario.name == ANY_WEATHER:
            words = ["peer simulate replay", str(self.seed)]
        else:
            words = ["peer simulate run", shlex.quote(self.scenario.name), f"--seed {self.seed}"]
        words += [f"--peers {self.peers}"] if self.peers is not None else []
        words += [f"--ticks {self.ticks}"] if self.ticks is not None else []
        words += [f"--faults {faults_text(self.faults)}"] if self.faults is not None else []
        return " ".join(words)

    def as_json(self) -> dict[str, Any]:
        """Everything, for a kept case."""
        return {
            "scenario": self.scenario.as_json(), "seed": self.seed, "peers": self.peers,
            "ticks": self.ticks, "quiet": self.quiet, "faults": self.faults,
            "only": None if self.only is None else sorted(self.only),
            "letters": None if self.letters is None else sorted(self.letters),
            "names": None if self.names is None else list(self.names),
        }  # fmt: skip


def from_json(value: Any, known: Collection[str] | None = None) -> Plan:
    """The plan that `as_json` said; UsageError where a hand or a drive changed it."""
    try:
        if type(value["seed"]) is not int:
            raise ValueError(f"a seed is a whole number, not {value['seed']!r}")
        return Plan(
            scenario=scenarios.from_json(value["scenario"], known), seed=value["seed"],
            peers=_number(value, "peers", 1, scenarios.peers_max),
            ticks=_number(value, "ticks", 1, scenarios.rounds_max),
            quiet=_number(value, "quiet", 0, scenarios.rounds_max),
            faults=_rates(value, known),
            only=_set(_words(value, "only")), letters=_set(_words(value, "letters")),
            names=_words(value, "names"),
        )  # fmt: skip
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UsageError(
            f"this is no plan of a run ({type(error).__name__}: {error}); take a file that `peer"
            " simulate soak` kept"
        ) from error


def faults_text(rates: dict[str, int]) -> str:
    """Rates as `--faults` takes them."""
    return ",".join(f"{name}={rate}" for name, rate in rates.items()) or "none"


def _number(value: dict[str, Any], key: str, least: int, most: int) -> int | None:
    number = value.get(key)
    if number is not None and (type(number) is not int or not least <= number <= most):
        raise ValueError(f"{key} is from {least} to {most}, not {number!r}")
    return number


def _words(value: dict[str, Any], key: str) -> tuple[str, ...] | None:
    words = value.get(key)
    if words is None:
        return None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError(f"{key} is a list of texts")
    return tuple(words)


def _set(words: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if words is None else frozenset(words)


def _rates(value: dict[str, Any], known: Collection[str] | None) -> dict[str, int] | None:
    rates = value.get("faults")
    if rates is None:
        return None
    # The same rules as for those of a scenario.
    checked = scenarios.from_json({**value["scenario"], "faults": rates}, known).faults
    if checked == "drawn":
        raise ValueError("rates are numbers")
    return checked

"""The options that every simulated run takes, and the plan that they and a scenario make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import update_wrapper
from typing import TYPE_CHECKING, Any

import click

from protocol.errors import UsageError

if TYPE_CHECKING:
    from peer.simulate.plan import Plan

SEED = 1  # whoever names none plays the same story as everybody else
RATE_PERMILLE = 10
seed_max = 2**53 - 1  # as any number on the wire, so that every JSON reader keeps it
RANGES = {"peers": (1, 1_000), "ticks": (1, 1_000_000), "seed": (0, seed_max)}
permille_max = 1_000
_GIVEN = "peer.cli.simulate.given"


@dataclass(frozen=True, slots=True)
class Knobs:
    """What was typed; None where nothing was."""

    peers: int | None
    ticks: int | None
    seed: int | None
    faults: str | None
    report: str | None

    def plan(self, scenario: str, seed: int | None = None) -> Plan:
        """The plan for a scenario by name or path; UsageError in words."""
        from peer.simulate import scenario as scenarios
        from peer.simulate.plan import Plan

        given = SEED if self.seed is None else self.seed
        return self.changed(Plan(scenarios.load(scenario), given if seed is None else seed))

    def changed(self, plan: Plan) -> Plan:
        """`plan`, where numbers were typed with these."""
        if self.peers is not None:
            plan = replace(plan, peers=self.peers)
        if self.ticks is not None:
            plan = replace(plan, ticks=self.ticks)
        if self.faults is not None:
            rates = rates_of(self.faults)
            # Not even what a scenario has in store for certain.
            only = plan.only if rates else frozenset[str]()
            plan = replace(plan, faults=rates, only=only)
        return plan


def rates_of(text: str) -> dict[str, int]:
    """`none`, or rates in permille: `all`, `NAME`, `NAME=RATE`, with commas, the last one wins."""
    from peer.simulate import faults
    from peer.simulate.scenario import check_fault

    if text.strip() == "none":
        return {}
    rates: dict[str, int] = {}
    for part in text.split(","):
        name, given, number = part.strip().partition("=")
        rate = int(number) if number.isascii() and number.isdigit() else -1
        rate = rate if given else RATE_PERMILLE
        if not 0 <= rate <= permille_max:
            raise UsageError(
                f"--faults {part.strip()[:80]}: a rate is how often it strikes in a thousand"
                f" ticks of a peer, 0 to {permille_max}"
            )
        known = [*faults.names()]
        if name == "none":
            raise UsageError("--faults none stands alone")
        names = known if name == "all" else [check_fault(name, [*known, "all", "none"], "--faults")]
        rates.update(dict.fromkeys(names, rate))
    return rates


def knobbed(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options; it is called with what they say after its `Where`."""

    def run(*args: Any, **kwargs: Any) -> Any:
        given = click.get_current_context().meta.get(_GIVEN, {})
        knobs = Knobs(**{name: given.get(name) for name in Knobs.__slots__})
        return command(*args, knobs, **kwargs)

    wrapped = update_wrapper(run, command)
    before: list[click.Parameter] = getattr(command, "__click_params__", [])
    wrapped.__click_params__ = [*reversed(_options()), *before]  # type: ignore[attr-defined]
    return wrapped


def _options() -> list[click.Parameter]:
    return [
        _option("--peers", type=int, metavar="N", help="How many peers  [as the scenario says]"),
        _option("--ticks", type=int, metavar="N",
                help="Rounds in which faults may strike  [as the scenario says]"),
        _option("--seed", type=int, metavar="N", help=f"Which story  [{SEED}]"),
        _option("--faults", metavar="WORDS",
                help="none, all, or NAME or NAME=RATE with commas: what goes wrong, and how often"
                f" in a thousand ticks of a peer  [RATE {RATE_PERMILLE}]"),
        _option("--report", metavar="FILE.html", help="Write a page with plots"),
    ]  # fmt: skip


def _option(name: str, **attributes: Any) -> click.Option:
    return click.Option([name], expose_value=False, callback=_keep, **attributes)


def _keep(ctx: click.Context, option: click.Parameter, value: Any) -> None:
    if value is None:
        return
    if option.name in RANGES:
        in_range(f"--{option.name}", value, *RANGES[option.name])
    # As with the common options: the group and its commands share them, the inner one wins.
    ctx.meta.setdefault(_GIVEN, {})[option.name] = value


def in_range(name: str, value: int, least: int, most: int) -> int:
    """`value`; UsageError unless it lies between the other two. click would say it in formulas."""
    if not least <= value <= most:
        raise UsageError(f"{name} is a number from {least} to {most}, not {value}")
    return value

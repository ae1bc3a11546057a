"""What a peer tells after a tick: numbers for the rounds, and words for what answers a fault."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from peer.simulate.instance import Instance
from peer.tick.report import Report


def count(report: Report | None) -> Counter[str]:
    """The numbers of a report; None is a tick that ended without one."""
    if report is None:
        return Counter(failed=1)
    return Counter(
        problems=len(report.problems),
        quarantined=report.quarantined,
        parked=int(report.state == "parked"),
    )


@dataclass(slots=True)
class Told:
    """What an instance's home is known to have told so far, so that only news counts."""

    quarantined: int = 0
    concerns: set[str] = field(default_factory=set)

    def news(self, instance: Instance) -> list[str]:
        """What it tells since it was last asked."""
        report = instance.report
        if report is None:
            return []
        words = ["parked"] if report.state == "parked" else []
        if report.quarantined:
            rows = instance.home.db.read(
                "SELECT n, rule FROM quarantine WHERE n > ? ORDER BY n", self.quarantined
            )
            words += [f"quarantined {rule}" for _, rule in rows]
            self.quarantined = max([self.quarantined, *(n for n, _ in rows)])
        if not instance.news("told", "concern"):
            return words
        keys = instance.home.db.read("SELECT key FROM concern WHERE resolved IS NULL ORDER BY key")
        concerns = {row[0] for row in keys}
        opened = [key.partition(":")[0] for key in sorted(concerns - self.concerns)]
        self.concerns = concerns
        # An agent's alert opens a concern, too; no fault does that.
        return words + [f"concern {word}" for word in opened if word != "item"]


def described(error: Exception, what: str) -> str:
    """What an error that came out of a tick or a send says, and where it came from."""
    trace, where = error.__traceback__, ""
    while trace is not None:
        code = trace.tb_frame.f_code
        where = f"{code.co_name} line {trace.tb_lineno}"
        trace = trace.tb_next
    return f"{what} raised {type(error).__name__}: {error} (in {where})"

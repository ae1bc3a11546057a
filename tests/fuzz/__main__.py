"""The campaign: `python -m tests.fuzz [--files N] [--seed S]`; exit 1 where anything went wrong.

Prints what was done to how many files and what became of them. One case is played again by
`--seed S --files 1`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from tests.fuzz.campaign import VERDICTS, Account, play

FAILURES_SHOWN = 10
MEMORY_MIB_MAX = 400  # three peers and their share in memory, for however long


def main() -> int:
    """Play cases until enough files were struck."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--files", type=int, default=100_000, help="how many files to strike")
    parser.add_argument("--seed", type=int, default=1, help="the first case")
    asked = parser.parse_args()
    account, began, seed = Account(), time.monotonic(), asked.seed
    before = peak_mib()
    while account.files < asked.files and len(account.failures) < FAILURES_SHOWN:
        play(seed, account)
        seed += 1
        if sys.stderr.isatty() and not account.cases % 20:
            print(
                f"\r{account.files} files, {len(account.failures)} failures",
                end="",
                file=sys.stderr,
            )
    print("\n".join(table(account)))
    print(
        f"\n{account.files:,} files struck in {account.cases:,} cases (seeds {asked.seed} to"
        f" {seed - 1}), {account.ticks:,} ticks, {time.monotonic() - began:.0f} s;"
        f" peak memory {before:.0f} → {peak_mib():.0f} MiB"
    )
    for case, text in account.failures:
        print(f"\nFAILED: python -m tests.fuzz --seed {case} --files 1\n{text}")
    print(f"\naccepted or lost: {len(account.failures)}")
    if peak_mib() > MEMORY_MIB_MAX:
        print(f"FAILED: more memory than {MEMORY_MIB_MAX} MiB")
    return 1 if account.failures or peak_mib() > MEMORY_MIB_MAX else 0


def peak_mib() -> float:
    """The most memory this process ever had, MiB; 0 where the system does not say."""
    try:
        import resource
    except ImportError:
        return 0.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def table(account: Account) -> list[str]:
    """Mutations by verdicts, then rules, then kinds of files."""
    verdicts = [*VERDICTS, *sorted(_all(account) - set(VERDICTS))]
    lines = [f"  {chr(97 + n)}  {verdict}" for n, verdict in enumerate(verdicts)]
    width = max(map(len, account.outcomes), default=0)
    lines += ["", f"{'':{width}} " + "".join(f"{chr(97 + n):>8}" for n in range(len(verdicts)))]
    total: Counter[str] = Counter()
    for how, found in sorted(account.outcomes.items()):
        total.update(found)
        lines.append(f"{how:{width}} " + "".join(f"{found[v] or '':>8}" for v in verdicts))
    lines.append(f"{'together':{width}} " + "".join(f"{total[v]:>8}" for v in verdicts))
    rules = ", ".join(f"{rule} {n:,}" for rule, n in account.rules.most_common())
    kinds = ", ".join(f"{kind} {n:,}" for kind, n in account.kinds.most_common())
    return [*lines, "", f"rules: {rules}", f"kinds of places: {kinds}"]


def _all(account: Account) -> set[str]:
    return {verdict for found in account.outcomes.values() for verdict in found}


if __name__ == "__main__":
    sys.exit(main())

"""One case: a living network, files struck in it, ticks, and the account of every struck file.

A case is a function of its seed. Nobody repairs anything by hand but the marker and what stewards
signed and no home has read yet: the peers themselves must get over the rest.
"""

from __future__ import annotations

import traceback
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from hashlib import sha256
from random import Random

from protocol import canonical, limits
from protocol.errors import RuleError, ShareError
from registry import layout
from registry.memory import Node
from tests.fuzz import judging, stewards
from tests.fuzz.forging import FORGE, forge
from tests.fuzz.mangling import BLIND, JSON
from tests.fuzz.placing import MOVES, Put
from tests.fuzz.world import NAMES, UNREADABLE, fresh, kind_of
from tests.network import path_of

STRIKES = (24, 24)  # files, twice, with letters before and two rounds of ticks after
ROUNDS_MAX = 16
WEIGHTS = {
    "letter": 6,
    "attachment": 3,
    "feed": 4,
    "mail": 4,
    "heartbeat": 4,
    "receipt": 4,
    "order": 2,
}
RULES = ("root", "charter", "roster", "delegation", "revocation", "order")
OWNERS = ("heartbeat", "receipt", "feed", "mail")  # what only its owner writes

QUARANTINED = "quarantined with rule and reason"
WAITS = "half written? waits for a second look"
ANEW = "in its owner's place: written anew"
PUT_BACK = "over what homes remember: put back"
GENUINE = "genuine bytes of that place: known"
REPORTED = "cannot be read: in the report"
NOT_OURS = "no name of ours: nobody's"
CARD = "card: only `admit` reads it, and refuses"
UNREAD = "nobody had reason to look"
VERDICTS = (QUARANTINED, WAITS, REPORTED, ANEW, PUT_BACK, GENUINE, NOT_OURS, CARD, UNREAD)


@dataclass(frozen=True, slots=True)
class Struck:
    """A file as it was left: what was done, where, and what stands there; `known`: genuine."""

    how: str
    path: str
    node: Node
    known: bool

    @property
    def digest(self) -> str:
        """How the log of reads calls it."""
        data = self.node
        if not isinstance(data, bytes) or len(data) > limits.steward_bytes_max:
            return UNREADABLE
        return sha256(data).hexdigest()


@dataclass(slots=True)
class Account:
    """What became of everything, over many cases."""

    cases: int = 0
    ticks: int = 0
    files: int = 0
    outcomes: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    rules: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[int, str]] = field(default_factory=list)


def play(seed: int, account: Account) -> None:
    """Play one case and add it to the account; what went wrong stands in `failures`."""
    case = _Case(seed, account)
    try:
        case.run()
    except AssertionError as error:
        account.failures.append((seed, str(error)))
    except Exception:  # noqa: BLE001
        # Whatever leaves a tick is what the campaign looks for: it is told with its seed.
        account.failures.append((seed, traceback.format_exc()))
    account.cases += 1
    account.ticks += case.world.turn


class _Case:
    def __init__(self, seed: int, account: Account) -> None:
        self.seed, self.account = seed, account
        self.dice = Random(seed)
        self.world = fresh(seed)
        self.struck: dict[str, Struck] = {}
        self.old = set(self.world.network.files())

    def run(self) -> None:
        """Traffic, strikes, ticks; then peace, until all has arrived."""
        for turn, count in enumerate(STRIKES):
            for number in range(self.dice.randint(4, 10)):
                self.world.send(self.dice, 1_000 * (turn + 1) + number)
            if self.dice.random() < 0.2:
                self._new_document()
            stewards.answer(self.world, self.dice.randrange(2))
            self._strike(count)
            if self.dice.random() < 0.04:
                self._false_marker()
            self._round(holds=self.dice.random() < 0.8)
            self._round(holds=self.dice.random() < 0.5)
        self._check()
        assert not (found := stewards.desk_faults(self.world)), "; ".join(found)
        self._peace()
        self._check()
        for struck in self.struck.values():
            self._judge(struck)

    def _new_document(self) -> None:
        """A roster that nobody has read when the strikes begin."""
        document = self.world.network.roster(self.world.network.members())
        self.world.genuine[path_of(document)].append(document.data)

    # ------------------------------------------------------------------------------- striking

    def _strike(self, count: int) -> None:
        for _ in range(count):
            how, puts = self._one(self._target())
            for where, node in puts:
                if where == layout.MARKER or node == self.world.node(where):
                    continue
                known = node in self.world.genuine[where]
                self.world.put(where, node)
                if node == {}:
                    self.struck.pop(where, None)
                else:
                    self.struck[where] = Struck(how, where, node, known)

    def _target(self) -> str:
        """A file on the share: rather one that somebody waits for."""
        by_kind: dict[str, list[str]] = defaultdict(list)
        for path in self.world.network.files():
            if (kind := kind_of(path)) not in ("marker", "other"):
                by_kind[kind].append(path)
        kinds = [kind for kind in sorted(by_kind) for _ in range(WEIGHTS.get(kind, 1))]
        paths = by_kind[self.dice.choice(kinds)]
        new = [path for path in paths if path not in self.old]
        return self.dice.choice(new if new and self.dice.random() < 0.8 else paths)

    def _one(self, path: str) -> tuple[str, list[Put]]:
        """(what is done, what then stands where), one of all mutations."""
        hows = [*BLIND, *MOVES]
        if kind_of(path) != "attachment":  # which are no documents
            hows += [*JSON, *FORGE, *FORGE]
        how = self.dice.choice(hows)
        if how in MOVES:
            return how, MOVES[how](self.world, path, self.dice)
        data = self.world.node(path)
        if not isinstance(data, bytes):
            return how, []
        if how in FORGE:
            return how, [(path, forge(FORGE[how], data, self.dice, self.world.hands))]
        return how, [(path, (BLIND.get(how) or JSON[how])(data, self.dice))]

    def _false_marker(self) -> None:
        """TICK-4: nobody believes anything in a folder with another marker, or none."""
        data = self.world.node(layout.MARKER)
        assert isinstance(data, bytes)
        how = self.dice.choice([*BLIND, *JSON, "of another network"])
        other = self.world.stranger.data(layout.MARKER)
        changed = other if how not in BLIND | JSON else (BLIND | JSON)[how](data, self.dice)
        self.world.put(layout.MARKER, changed)
        before = self.world.network.files()
        for name in NAMES:
            try:
                self.world.tick(name)
                taken = True
            except ShareError:
                taken = False
            # The hint beside the root may change, and members that nobody knows.
            assert not taken or _same_root(data, changed), f"{name} ticks under a marker: {how}"
            if not taken:
                assert self.world.network.files() == before, f"{name} wrote under a false marker"
                before = self.world.network.files()
        self.world.put(layout.MARKER, data)
        self.account.outcomes["marker: " + how]["exit 5, nothing read or written"] += 1
        self.account.files += 1

    # ------------------------------------------------------------------------------- ticking

    def _round(self, *, holds: bool = False) -> None:
        """Everybody ticks; `holds`: what somebody mends meanwhile is struck the same way again."""
        for name in self.dice.sample(NAMES, len(NAMES)):
            for struck in self.struck.values() if holds else ():
                if self.world.node(struck.path) != struck.node:
                    self.world.put(struck.path, struck.node)
            report = self.world.tick(name)
            assert report.state == "idle", f"{name} is {report.state}: {report.problems}"
            assert report.seq, f"{name} did not beat"

    def _peace(self) -> None:
        """The stewards place again what nobody had read; then everything arrives, exactly once.

        What waits for a yes gets it first.
        """
        stewards.answer(self.world, 100)
        for document in self.world.network.desk.shelf:
            self.world.put(path_of(document), document.data)
        for _ in range(ROUNDS_MAX):
            self._round()
            lacking = judging.missing(self.world)
            if not lacking:
                break
        else:
            raise AssertionError(f"not all arrived in {ROUNDS_MAX} rounds of peace: {lacking}")
        for _ in NAMES:  # everybody looks at one of its own receipts a tick
            self._round()

    # ------------------------------------------------------------------------------- judging

    def _check(self) -> None:
        found = judging.faults(self.world) + judging.cards(self.world)
        assert not found, "accepted: " + "; ".join(found)

    def _judge(self, struck: Struck) -> None:
        verdict = self._verdict(struck)
        self.account.files += 1
        self.account.outcomes[struck.how][verdict] += 1
        self.account.kinds[kind_of(struck.path)] += 1

    def _verdict(self, struck: Struck) -> str:
        kind, path = kind_of(struck.path), struck.path
        met = self.world.met.get((path, struck.digest), set())
        stays = self.world.node(path) == struck.node
        if rules := self._rules(struck, {name for name, _ in met}):
            self.account.rules.update(rules)
            return QUARANTINED
        if struck.known:
            return GENUINE
        if not met:
            return {"other": NOT_OURS, "card": CARD}.get(kind, UNREAD)
        if kind in RULES and self.world.genuine.get(path):
            assert not stays, f"{path} ({struck.how}) is never put back"
            return PUT_BACK
        if kind in OWNERS:
            met = {(name, turn) for name, turn in met if name != path.split("/")[1]}
        if kind == "attachment" or not met:  # whether all came, and came whole, is told elsewhere
            # Nothing of its owner belongs there yet; or, SEND-11, it goes when its owner writes
            # to that reader again.
            none_yet = not isinstance(struck.node, bytes) and path not in self.world.genuine
            if none_yet or (kind in ("mail", "attachment") and stays):
                return UNREAD
            assert not stays, f"{path} ({struck.how}) is never written anew by its owner"
            return ANEW
        if any(path in problem for _, problem in self.world.problems):
            return REPORTED
        turns = Counter(name for name, _ in met)
        if isinstance(struck.node, bytes) and _is_torn(struck.node):
            assert max(turns.values()) == 1, f"{path} ({struck.how}) was seen again: {turns}"
            return WAITS
        raise AssertionError(f"{path} ({struck.how}) was met by {turns}, and nobody says why not")

    def _rules(self, struck: Struck, names: set[str]) -> list[str]:
        found = []
        for name in sorted(names & set(NAMES)):
            rows = self.world.network.peers[name].home.db.read(
                "SELECT rule, reason FROM quarantine WHERE file = ? AND digest IN (?, ?)",
                *(struck.path, struck.digest, sha256(b"").hexdigest()),
            )
            assert all(rule and reason for rule, reason in rows)
            found += [rule for rule, _ in rows]
        return found


def _is_torn(data: bytes) -> bool:
    try:
        canonical.decode(data)
    except RuleError:
        return True
    return False


def _same_root(one: bytes, other: bytes) -> bool:
    try:
        return bool(canonical.decode(one)["root"] == canonical.decode(other)["root"])
    except (RuleError, KeyError, TypeError):
        return False

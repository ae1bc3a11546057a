"""Every hypothesis strategy of the suite, and the profile the suite runs under.

Also `attempt`, with which properties say "refused by a rule, or …": any error but RuleError passes
through it and fails the test.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from protocol import limits
from protocol.errors import RuleError
from protocol.messages import (
    Alert,
    Announcement,
    Answer,
    Body,
    Dispute,
    Endorsement,
    Erasure,
    Head,
    Insight,
    Item,
    Note,
    Proposal,
    Question,
    Retraction,
    Vote,
    compose,
)
from protocol.order import Order
from protocol.page import Header
from protocol.receipt import Refused, StreamReceipt, runs
from protocol.signing import Signer
from tests.samples import AUTHOR, CORE, NETWORK, READER, RECEIPT

# Shared machines are slow at times, and that is not what these tests are about.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

Json = Any
T = TypeVar("T")


def attempt(call: Callable[[], T]) -> tuple[T | None, str | None]:
    """What `call` returns and None, or None and the rule it says is broken."""
    try:
        return call(), None
    except RuleError as caught:
        refusal = caught
    assert refusal.reason
    assert str(refusal).isprintable()
    return None, refusal.rule


texts = st.text(st.characters(exclude_categories=["Cs"]))  # all of Unicode but surrogates
keys = st.text(st.characters(max_codepoint=0x7F), max_size=8)
integers = st.integers(-limits.int_abs_max, limits.int_abs_max)
scalars = st.none() | st.booleans() | integers | texts


def _one_deeper(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4)


def _depth(value: Json) -> int:
    inside = value.values() if isinstance(value, dict) else value
    return 1 + max(map(_depth, inside), default=0) if isinstance(value, dict | list) else 0


# Leaves room for the two levels that an envelope puts around.
canonical_values = st.recursive(scalars, _one_deeper, max_leaves=20).filter(
    lambda value: _depth(value) <= limits.depth_max - 2
)
canonical_objects = st.dictionaries(keys, canonical_values, max_size=5).filter(
    lambda value: _depth(value) <= limits.depth_max - 2
)

seeds = st.binary(min_size=limits.seed_bytes, max_size=limits.seed_bytes)


@st.composite
def shuffled(draw: st.DrawFn, value: Json) -> Json:
    """The same value, members of its objects inserted in another order."""
    if isinstance(value, dict):
        names = draw(st.permutations(list(value)))
        return {name: draw(shuffled(value[name])) for name in names}
    return [draw(shuffled(member)) for member in value] if isinstance(value, list) else value


@st.composite
def mutated(draw: st.DrawFn, data: bytes) -> bytes:
    """`data` with one to three places overwritten, inserted, cut out or doubled."""
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 8)))
        bytes_in = st.binary(max_size=3) | st.sampled_from(b'"{}[]:,0e.-\\ uA').map(
            lambda byte: bytes((byte,))
        )
        data = data[:start] + draw(bytes_in | st.just(data[start:end] * 2)) + data[end:]
    return data


# Names near the border between good and bad, more often than chance would find them.
name_like = st.text("ab9-.@A_", max_size=limits.name_chars_max + 2) | st.sampled_from(
    ("con", "com0", "lpt9", "all", "relay", "core", "a" * limits.name_chars_max)
)
names = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True).map(
    lambda text: f"x{text}"  # keeps clear of device names and reserved words
)
clusters = (
    st.lists(names, min_size=1, max_size=4)
    .map(".".join)
    .filter(lambda text: len(text) <= limits.cluster_chars_max)
)

# ------------------------------------------------------------------------- documents of the wire

addresses = st.builds("{}@{}".format, names, clusters)
hashes = st.text("0123456789abcdef", min_size=64, max_size=64)
base32 = st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=26, max_size=26)  # ids, salts, epochs
millis = st.integers(0, limits.int_abs_max)
seqs = st.integers(1, limits.int_abs_max)
words = st.from_regex(r"[a-z0-9][a-z0-9._/-]{0,20}", fullmatch=True)
lines = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=40)
word_lists = st.lists(words, max_size=4).map(tuple)

bodies: st.SearchStrategy[Body] = st.one_of(
    st.builds(Note, text=texts),
    st.builds(Question, text=texts, topics=word_lists),
    st.builds(Answer, text=texts, claims=st.lists(base32, max_size=3).map(tuple)),
    st.builds(
        Insight,
        text=texts,
        topics=word_lists,
        confidence=st.integers(0, 1000),
        evidence=st.lists(lines, max_size=3).map(tuple),
    ),
    st.builds(Announcement, text=texts, topics=word_lists),
    st.builds(Alert, text=texts, severity=st.sampled_from(("info", "warn", "critical"))),
    st.builds(Endorsement, text=texts),
    st.builds(Dispute, because=texts),
    st.builds(Retraction, because=texts),
    st.builds(Erasure, items=st.lists(hashes, max_size=3).map(tuple)),
    st.builds(Proposal, key=words, roster=seqs, version=seqs, value=lines, because=texts),
    st.builds(
        Vote,
        key=words,
        roster=seqs,
        members=hashes,
        version=seqs,
        proposal=hashes,
        value=lines,
        yes=st.booleans(),
        voter=st.just("A" * 43),
        sig=st.just("A" * 86),
    ),
)


@st.composite
def items(draw: st.DrawFn, author: str = AUTHOR) -> Item:
    """An honest item of `author`."""
    body = draw(bodies)
    head = st.builds(
        Head,
        author=st.just(author),
        kind=st.just(body.kind),
        salt=base32,
        at=millis,
        auto=st.booleans(),
        depth=st.integers(0, 9),
        priority=st.integers(0, 4),
        re=st.none() | base32,
        thread=st.none() | base32,
        expires=st.none() | millis,
    )
    return compose(draw(head), body)


@st.composite
def headers(draw: st.DrawFn, signer: Signer = CORE) -> Header:
    """An honest header, its items left to whoever forms the page."""
    seq = draw(st.just(1) | seqs)
    return Header(
        network=NETWORK,
        author=AUTHOR,
        key=signer.key,
        epoch=draw(base32),
        audience=draw(st.just("all") | addresses),
        seq=seq,
        prev=None if seq == 1 else draw(hashes),
        floor=draw(st.integers(1, seq)),
        at=draw(millis),
    )


@st.composite
def stream_receipts(draw: st.DrawFn) -> StreamReceipt:
    """One line of a receipt whose numbers agree."""
    received = draw(st.integers(0, 40))
    held = draw(st.sets(st.integers(received + 2, received + 60)))
    return StreamReceipt(
        key=CORE.key,
        epoch=draw(base32),
        audience=READER,
        received=received,
        head=draw(st.none() | hashes),
        acted=draw(st.integers(0, received)),
        have=runs(sorted(held)),
        refused=tuple(
            Refused(seq=seq, rule="STREAM-2") for seq in draw(st.lists(seqs, max_size=2))
        ),
        damaged=tuple(draw(st.lists(seqs, max_size=2))),
    )


receipts = st.builds(
    replace,
    st.just(RECEIPT),
    reader_epoch=base32,
    earlier_epochs=st.lists(base32, max_size=3).map(tuple),
    n=seqs,
    at=millis,
    streams=st.lists(stream_receipts(), max_size=3).map(tuple),
)

# Few names, so that scopes often meet.
scopes = st.sampled_from(
    ("*", "acme", "eu.acme", "lab.eu.acme", "us.acme", "core@lab.eu.acme", "x@lab.eu.acme")
)
members = st.sampled_from(("core@lab.eu.acme", "x@lab.eu.acme", "core@us.acme", "core@acme"))


@st.composite
def order_sets(draw: st.DrawFn) -> dict[str, Order]:
    """Halts and resumes by digest; resumes name halts, resumes and what is not there."""
    digests = [f"{number:064x}" for number in range(draw(st.integers(0, 7)))]
    named = st.lists(st.sampled_from([*digests, "f" * 64]), max_size=4).map(tuple)
    order = st.builds(
        Order,
        network=st.just(NETWORK),
        order=st.sampled_from(("halt", "resume")),
        scope=scopes,
        salt=base32,
        at=millis,
        lifts=named,
    )
    return {digest: draw(order) for digest in digests}


def crons() -> st.SearchStrategy[str]:
    """Expressions of plain cron: numbers, names, ranges also over the end, steps, lists."""
    months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
    return st.builds(
        "{} {} {} {} {}".format,
        _cron_field(0, 59), _cron_field(0, 23), _cron_field(1, 31),
        _cron_field(1, 12, months), _cron_field(0, 7, weekdays),
    )  # fmt: skip


def _cron_field(low: int, high: int, names: Sequence[str] = ()) -> st.SearchStrategy[str]:
    number = st.integers(low, high).map(str) | (st.sampled_from(names) if names else st.nothing())
    step = st.integers(1, high).map("*/{}".format)
    span = st.builds("{}-{}".format, number, number)
    stepped = st.builds("{}/{}".format, span, st.integers(1, high))
    one = st.one_of(number, span, stepped, step)
    return st.one_of(st.just("*"), st.lists(one, min_size=1, max_size=3).map(",".join))


def active_hours() -> st.SearchStrategy[str]:
    """Spans of hours, also over midnight; mostly none."""
    time = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
    spans = st.tuples(time, time).filter(lambda two: two[0] != two[1]).map("-".join)
    return st.just("") | spans

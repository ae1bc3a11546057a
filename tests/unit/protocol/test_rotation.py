"""Rotation and rollback, case by case as the public TUF conformance suite lists them, by its names.

github.com/theupdateframework/tuf-conformance. Its client downloads root, timestamp, snapshot and
targets; here there is the root, and what it lets sign: `charter` stands for the other three. What
its snapshot and timestamp prove (no mixing, no freezing) heads in heartbeats prove here, and files
to download (test_file_download, test_graph_traversal, test_targetfile_search) have no counterpart.

One difference is meant: a signature of a key with no right makes a document void (AUTH-4) where
TUF overlooks it. "IT" is `tests/integration/test_rotation.py`, which shows the same with peers.

    test_updater_key_rotations
      test_root_rotation[1-of-1-…, 3-of-5-…]        test_root_rotation, same ids
      test_non_root_rotations[…]                     test_non_root_rotations, same ids
    test_rollback
      test_simple_snapshot_rollback                  test_an_older_one_does_not_hold
      test_new_timestamp_version_rollback            test_a_root_of_another_number (lower), and IT
      test_snapshot_rollback, test_targets_rollback  test_an_older_one_does_not_hold
      test_new_{targets,snapshot,timestamp}_fast_forward_recovery
                                                     test_fast_forward_is_recovered_by_new_keys, IT
      test_new_snapshot_version_mismatch             test_a_head_of_another_document
    test_basic
      test_timestamp_content_changes                 test_a_root_of_another_number (same)
      test_timestamp_eq_versions_check               test_two_of_one_number
      test_new_targets_{hash,version}_mismatch       test_a_head_of_another_document
      test_basic_init_and_refresh                    test_root_rotation[1-of-1-key-rotation]
      test_invalid_initial_root                      test_an_initial_root_that_is_none
      test_unsigned_initial_root                     test_an_unsigned_root
      test_custom_fields                             test_custom_fields
      test_max_root_rotations                        test_many_roots_in_a_row
    test_keys
      test_root_has_keys_but_not_snapshot            test_keys_of_another_role_do_not_count
      test_snapshot_threshold                        test_a_threshold_that_nobody_can_reach
      test_duplicate_keys_root                       test_a_root_that_names_one_key_twice
      (one key signs twice)                          test_one_key_signs_twice
      test_wrong_hashing_algorithm                   test_custom_fields
    test_expiration
      test_root_expired                              test_an_expired_root, and IT
      test_{timestamp,snapshot,targets}_expired      test_an_expired_root: nothing else has an end
      test_expired_metadata                          test_an_expired_root: the next root is taken
    test_delegated_expiration                        test_trust: test_what_hangs_on_a_delegation_…,
                                                     test_clocks_may_be_wrong_by_two_days
    test_quoting_issues
      test_unusual_role_name                         test_unusual_scopes
    beyond the suite
      wrong type, oversized, key order, other network, changed scope, skipped version, wrong prev
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import pytest

from protocol import limits, wire
from protocol.acts import StewardBody, scope_of
from protocol.authority import (
    StewardDocument,
    open_next_root,
    open_root,
    open_steward_document,
    seal_document,
)
from protocol.canonical import decode, encode, sha256_hex
from protocol.charter import Charter
from protocol.envelope import seal_envelope
from protocol.errors import RuleError
from protocol.head import TYPE as HEAD
from protocol.head import Head
from protocol.root import Role, Root, Steward
from protocol.ruling import Held, Ruling, ruling_of
from protocol.signing import Signer, pae
from protocol.trust import Grant, Trust, grace_ms, trust_of, trust_with
from tests.samples import AT, HASH, OTHER_NETWORK

KEYS = tuple(Signer(bytes((130 + n,)) * 32) for n in range(10))
STEWARDS = tuple(Steward(name=f"s{n}", key=one.key) for n, one in enumerate(KEYS))


class Version(NamedTuple):
    """`threshold` of `keys` sign; here `sigs` did. `broken`: the rule, None where it is taken."""

    keys: Sequence[int]
    threshold: int
    sigs: Sequence[int]
    broken: str | None = None


def signers(numbers: Sequence[int]) -> list[Signer]:
    return [KEYS[n] for n in numbers]


def role(word: str, numbers: Sequence[int], threshold: int = 1) -> Role:
    return Role(role=word, keys=tuple(KEYS[n].key for n in numbers), threshold=threshold)


def after(trust: Trust | None, *roles: Role, **more: Any) -> Root:
    """The root that follows, or the first one."""
    if trust is None:
        return Root(version=1, at=AT, stewards=STEWARDS, roles=roles, **more)
    values = {"version": trust.root.version + 1, "prev": trust.digest, **more}
    return Root(network=trust.network, at=AT, stewards=STEWARDS, roles=roles, **values)


def broken(data: bytes, trust: Trust) -> str | None:
    """The rule that the next root breaks."""
    try:
        open_next_root(data, trust)
    except RuleError as error:
        assert error.reason.isprintable()
        return error.rule
    return None


def broken_here(data: bytes, trust: Trust) -> str | None:
    """The rule that another document breaks."""
    try:
        open_steward_document(data, trust)
    except RuleError as error:
        return error.rule
    return None


def trusted(document: StewardDocument, network: str) -> Trust:
    assert isinstance(document.body, Root)
    return trust_of(network, document.body, document.digest)


@cache
def first(keys: tuple[int, ...] = (1,), threshold: int = 1, until: int | None = None) -> Trust:
    """The trust of a root whose keys have the roles root and charter."""
    roles = [role(word, keys, threshold) for word in ("root", "charter")]
    data = seal_document(after(None, *roles, until=until), "", *signers(keys))
    document = open_root(data)
    return trusted(document, document.digest)


def charter(trust: Trust, version: int = 1, **more: Any) -> Charter:
    prev = None if version == 1 else HASH
    return Charter(network=trust.network, version=version, prev=prev, at=AT, **more)


# ---------------------------------------------------------------------- test_updater_key_rotations

FIVE, SIX = range(5), (0, 1, 3, 4, 5)
ROOTS = {
    "1-of-1-key-rotation": [
        Version([1], 1, [1]), Version([2], 1, [2, 1]), Version([2], 1, [2]),
    ],
    "1-of-1-key-rotation-unused-signatures": [
        Version([1], 1, [1]), Version([2], 1, [3, 2, 1, 4], "AUTH-4"),
    ],
    "first-root-unused-signatures": [Version([1], 1, [3, 1, 4], "AUTH-4")],
    "3-of-5-sign-with-different-keycombos": [
        Version(FIVE, 3, [0, 2, 4]), Version(FIVE, 3, [0, 4, 1]),
        Version(FIVE, 3, [0, 1, 3]), Version(FIVE, 3, [0, 1, 3]),
    ],
    "3-of-5-one-key-rotated": [Version(FIVE, 3, [0, 2, 4]), Version(SIX, 3, [0, 4, 1])],
    "3-of-5-one-key-rotated-with-intermediate-step": [
        Version(FIVE, 3, [0, 2, 4]), Version(SIX, 3, [0, 2, 4, 5]), Version(SIX, 3, [0, 4, 5]),
    ],
    "3-of-5-all-keys-rotated-with-intermediate-step": [
        Version(FIVE, 3, [0, 2, 4]), Version(range(5, 10), 3, [0, 2, 4, 5, 6, 7]),
        Version(range(5, 10), 3, [5, 6, 7]),
    ],
    "1-of-3-threshold-increase-to-2-of-3": [
        Version([1, 2, 3], 1, [1]), Version([1, 2, 3], 2, [1, 2]),
    ],
    "2-of-3-threshold-decrease-to-1-of-3": [
        Version([1, 2, 3], 2, [1, 2]), Version([1, 2, 3], 1, [1, 2]), Version([1, 2, 3], 1, [1]),
    ],
    "1-of-2-threshold-increase-to-2-of-2": [Version([1], 1, [1]), Version([1, 2], 2, [1, 2])],
    "1-of-1-key-rotation-fail-not-signed-with-old-key": [
        Version([1], 1, [1]), Version([2], 1, [2], "ROOT-9"),
    ],
    "1-of-1-key-rotation-fail-not-signed-with-old-key-but-with-others": [
        Version([1], 1, [1]), Version([2], 1, [2, 3, 4], "AUTH-4"),
    ],
    "1-of-1-key-rotation-fail-not-signed-with-new-key": [
        Version([1], 1, [1]), Version([2], 1, [1], "ROOT-10"),
    ],
    "1-of-1-key-rotation-fail-not-signed-with-new-key-but-with-others": [
        Version([1], 1, [1]), Version([2], 1, [1, 3, 4], "AUTH-4"),
    ],
    "3-of-5-one-key-rotate-fails-not-signed-with-3-new-keys": [
        Version(FIVE, 3, [0, 2, 4]), Version(SIX, 3, [0, 2, 4], "ROOT-10"),
    ],
    "3-of-5-one-key-rotate-fails-not-signed-with-3-old-keys": [
        Version(FIVE, 3, [0, 2, 4]), Version(SIX, 3, [0, 4, 5], "ROOT-9"),
    ],
    "1-of-3-threshold-bump-to-2-of-3-fails-new-threshold-not-reached": [
        Version([1, 2, 3], 1, [1]), Version([1, 2, 3], 2, [2], "ROOT-10"),
    ],
    "2-of-3-threshold-decr-to-1-of-3-fails-old-threshold-not-eached": [
        Version([1, 2, 3], 2, [1, 2]), Version([1, 2, 3], 1, [1], "ROOT-9"),
    ],
    "first-root-threshold-not-reached": [Version([1, 2, 3], 2, [1], "ROOT-10")],
}  # fmt: skip
OTHERS = {
    "1-of-1-key-rotation": Version([2], 1, [2]),
    "1-of-1-key-rotation-unused-signatures": Version([1], 1, [3, 1, 4], "AUTH-4"),
    "1-of-1-key-rotation-fail-not-signed-with-new-key": Version([2], 1, [1, 3, 4], "AUTH-4"),
    "3-of-5-one-key-signature-wrong-not-signed-with-3-expected-keys": Version(
        SIX, 3, [0, 2, 4], "AUTH-4"
    ),
    "2-of-5-one-key-signature-mising-threshold-not-reached": Version(SIX, 3, [0, 4], "AUTH-16"),
    "3-of-5-sign-first-combo": Version(FIVE, 3, [0, 2, 4]),
    "3-of-5-sign-second-combo": Version(FIVE, 3, [0, 4, 1]),
    "3-of-5-sign-third-combo": Version(FIVE, 3, [0, 1, 3]),
    "3-of-5-sign-fourth-combo": Version(FIVE, 3, [1, 2, 3]),
    "3-of-5-sign-fifth-combo": Version(FIVE, 3, [2, 3, 4]),
}


@pytest.mark.parametrize("versions", ROOTS.values(), ids=ROOTS)
def test_root_rotation(versions: list[Version]) -> None:
    """ROOT-9, ROOT-10, AUTH-4: each root by both thresholds; the last one that holds stays."""
    trust: Trust | None = None
    for one in versions:
        body = after(trust, role("root", one.keys, one.threshold))
        data = seal_document(body, trust.network if trust else "", *signers(one.sigs))
        try:
            found = open_root(data) if trust is None else open_next_root(data, trust)
        except RuleError as error:
            assert error.rule == one.broken
            return
        assert one.broken is None
        assert found.body == body
        trust = trusted(found, trust.network if trust else found.digest)
    assert trust is not None
    assert trust.root.version == len(versions)


@pytest.mark.parametrize("one", OTHERS.values(), ids=OTHERS)
def test_non_root_rotations(one: Version) -> None:
    """AUTH-4, AUTH-16: the next root names other keys for a role; those sign from then on."""
    old = first()
    body = after(old, role("root", [1]), role("charter", one.keys, one.threshold))
    trust = trusted(open_next_root(seal_document(body, old.network, KEYS[1]), old), old.network)
    data = seal_document(charter(trust), trust.network, *signers(one.sigs))
    assert broken_here(data, trust) == one.broken


# ----------------------------------------------------------------------------- numbers and history


@pytest.mark.parametrize("number", [1, 2, 4, 2**53 - 1])
def test_a_root_of_another_number(number: int) -> None:
    """ROOT-7: the same, lower, one skipped, fast-forwarded; under root 2 only 3 follows."""
    one = first()
    two = trusted(
        open_next_root(seal_document(after(one, role("root", [1])), one.network, KEYS[1]), one),
        one.network,
    )
    good = after(two, role("root", [1]))
    assert broken(seal_document(good, one.network, KEYS[1]), two) is None
    other = replace(good, version=number)
    assert broken(seal_document(other, one.network, KEYS[1]), two) == "ROOT-7"


@pytest.mark.parametrize("prev", [None, HASH, "first"])
def test_a_root_that_follows_another_one(prev: str | None) -> None:
    """ROOT-8: right number, wrong history: none, unknown, or that of the root before."""
    one = first()
    two = trusted(
        open_next_root(seal_document(after(one, role("root", [1])), one.network, KEYS[1]), one),
        one.network,
    )
    body = after(two, role("root", [1]), prev=one.digest if prev == "first" else prev)
    assert broken(seal_document(body, one.network, KEYS[1]), two) == "ROOT-8"


def test_many_roots_in_a_row() -> None:
    """ROOT-7 to ROOT-10: 64 rotations, each to another key; none can be left out."""
    trust = first((0,))
    documents = []
    for n in range(64):
        body = after(trust, role("root", [(n + 1) % 10]))
        data = seal_document(body, trust.network, KEYS[n % 10], KEYS[(n + 1) % 10])
        documents.append(data)
        trust = trusted(open_next_root(data, trust), trust.network)
    assert trust.root.version == 65
    assert [broken(data, first((0,))) for data in documents] == [None, *["ROOT-7"] * 63]
    assert {broken(data, trust) for data in documents} == {"ROOT-7"}


@cache
def ruled(version: int, keys: tuple[int, ...], *charters: tuple[int, str, int]) -> Ruling:
    """What holds under a chain of roots, the last with these keys, of charters (number, hash, key).

    Each of them verified once.
    """
    one = first((1,))
    root_one = Held(one.root.type, "*", 1, one.digest, frozenset((KEYS[1].key,)), lambda: one.root)
    held = [root_one]
    if version == 2:
        two = after(one, role("root", [1]), role("charter", keys))
        held.append(Held(two.type, "*", 2, "2" * 64, frozenset((KEYS[1].key,)), lambda: two))
    for number, digest, key in charters:
        body = charter(one, number)
        held.append(
            Held(body.type, "*", number, digest, frozenset((KEYS[key].key,)), lambda b=body: b)  # type: ignore[misc]
        )
    found = ruling_of(one.network, held, AT)
    assert found is not None
    return found


PLACE = ("soma/charter/1", "*")


def test_an_older_one_does_not_hold() -> None:
    """AUTH-17, AUTH-7: an old charter is a good document still, and the newest holds."""
    assert ruled(1, (), (1, "aa", 1), (2, "bb", 1)).newest[PLACE] == "bb"
    assert ruled(1, (), (2, "bb", 1), (1, "aa", 1)).newest[PLACE] == "bb"


def test_two_of_one_number() -> None:
    """AUTH-10, AUTH-17: the lower hash holds, whichever came first."""
    assert ruled(1, (), (2, "cc", 1), (2, "bb", 1)).newest[PLACE] == "bb"
    assert ruled(1, (), (2, "bb", 1), (2, "cc", 1)).newest[PLACE] == "bb"


@pytest.mark.parametrize("number", [100, limits.int_abs_max])
def test_fast_forward_is_recovered_by_new_keys(number: int) -> None:
    """AUTH-17: numbers that a withdrawn key used up count no more, once there is another one."""
    stolen = (number, "ff", 1)
    assert ruled(1, (), (1, "aa", 1), stolen).newest[PLACE] == "ff"
    assert ruled(2, (2,), (1, "aa", 1), stolen).newest[PLACE] == "ff"  # nobody replaced it yet
    assert ruled(2, (2,), (1, "aa", 1), stolen, (2, "bb", 2)).newest[PLACE] == "bb"


# ---------------------------------------------------------------------------------- what is signed


def test_one_key_signs_twice() -> None:
    """ENV-6: two valid signatures of one key are no two keys; nor is the same one twice."""
    trust = first((1, 2), 2)
    whole = decode(seal_document(charter(trust), trust.network, KEYS[1]))
    for value in (whole, whole["head"]):
        value["signatures"] *= 2
    assert broken_here(encode(whole), trust) == "ENV-6"
    body = decode(seal_document(after(trust, role("root", [1])), trust.network, KEYS[1]))
    body["signatures"] *= 2
    assert broken(encode(body), trust) == "ENV-6"


@pytest.mark.parametrize("what", ["document", "head"])
def test_signatures_in_another_order(what: str) -> None:
    """ENV-6: by key, ascending, so that one set of signatures has one form."""
    trust = first((1, 2), 2)
    value = decode(seal_document(charter(trust), trust.network, KEYS[1], KEYS[2]))
    assert broken_here(encode(value), trust) is None
    signed = value if what == "document" else value["head"]
    signed["signatures"].reverse()
    assert broken_here(encode(value), trust) == "ENV-6"


def test_one_signature_that_does_not_verify_spoils_the_others() -> None:
    """AUTH-5: also where enough others do."""
    trust = first((1, 2, 3), 1)
    value = decode(seal_document(charter(trust), trust.network, KEYS[1], KEYS[2]))
    one, two = value["signatures"]
    one["sig"], two["sig"] = two["sig"], one["sig"]
    assert broken_here(encode(value), trust) == "AUTH-5"


@pytest.mark.parametrize("first_one", [True, False])
def test_an_unsigned_root(first_one: bool) -> None:
    """ENV-4, AUTH-5: no signature, or one that is none of this root."""
    trust = first()
    body = trust.root if first_one else after(trust, role("root", [1]))
    value = decode(seal_document(body, "" if first_one else trust.network, KEYS[1]))
    rules = []
    for signatures in ([], [{"key": KEYS[1].key, "sig": "A" * 86}]):
        data = encode(value | {"signatures": signatures})
        with pytest.raises(RuleError) as caught:
            open_root(data) if first_one else open_next_root(data, trust)
        rules.append(caught.value.rule)
    assert rules == ["ENV-4", "AUTH-5"]


@pytest.mark.parametrize("member", ["version", "at", "stewards", "roles"])
def test_an_initial_root_that_is_none(member: str) -> None:
    """ROOT-1, ROOT-3: a member is missing; or it is no first one."""
    value = {k: v for k, v in wire.dump(first().root).items() if k != member}
    with pytest.raises(RuleError) as caught:
        open_root(seal_envelope("soma/root/1", value, [KEYS[1]], rest={"head": {}}))
    assert caught.value.rule == "ROOT-1"
    follower = after(first(), role("root", [1]))
    with pytest.raises(RuleError) as caught:
        open_root(seal_document(follower, first().network, KEYS[1]))
    assert caught.value.rule == "ROOT-3"


def test_custom_fields() -> None:
    """ROOT-1: members that nobody knows yet are signed like the others, and change nothing."""
    trust = first()
    value = wire.dump(after(trust, role("root", [1])))
    value["custom-field"] = "value"
    value["roles"][0]["another-field"] = {"a": 1}
    data = assembled("soma/root/1", value, trust)
    found = open_next_root(data, trust)
    assert found.number == 2
    assert found.digest == sha256_hex(pae("soma/root/1", encode(value)))


def assembled(type_: str, value: dict[str, Any], trust: Trust, **head: Any) -> bytes:
    """What one steward signs, whatever it says; with members of its head put in otherwise."""
    digest = sha256_hex(pae(type_, encode(value)))
    said = {"of": type_, "scope": "*", "number": value["version"], "hash": digest, **head}
    honest = wire.dump(Head(**{"network": trust.network, **said}))
    sealed = decode(seal_envelope(HEAD, honest, [KEYS[1]]))
    return seal_envelope(type_, value, [KEYS[1]], rest={"head": sealed})


@pytest.mark.parametrize(
    "lie", [{"number": 2}, {"hash": HASH}, {"scope": "eu"}, {"of": "soma/roster/1"}]
)
def test_a_head_of_another_document(lie: dict[str, Any]) -> None:
    """AUTH-6: what others copy as the newest is this very document: number, hash, scope, type."""
    trust = first()
    value = wire.dump(charter(trust))
    assert broken_here(assembled("soma/charter/1", value, trust), trust) is None
    assert broken_here(assembled("soma/charter/1", value, trust, **lie), trust) == "AUTH-6"


def test_a_changed_scope() -> None:
    """AUTH-4: who signs for one cluster does not sign for the network; nor is it changed later."""
    trust = first()
    eu = replace(role("charter", [2]), scope="eu")
    next_ = after(trust, role("root", [1]), eu)
    both = trusted(open_next_root(seal_document(next_, trust.network, KEYS[1]), trust), HASH)
    both = replace(both, network=trust.network)
    said: dict[str, str | None] = {"eu": None, "lab.eu": None, "*": "AUTH-4", "us": "AUTH-4"}
    for scope, rule in said.items():
        data = seal_document(charter(trust, scope=scope), trust.network, KEYS[2])
        assert broken_here(data, both) == rule
    value = decode(seal_document(charter(trust, scope="eu"), trust.network, KEYS[2]))
    value["signed"]["scope"] = "lab.eu"
    assert broken_here(encode(value), both) == "AUTH-5"


@pytest.mark.parametrize(
    "bad", ["../eu", "?", "#", "/eu", "EU", "eu.", ".eu", "a@b@c", "", "**", "eu\n"]
)
def test_unusual_scopes(bad: str) -> None:
    """AUTH-1, ROOT-1: no scope makes a path, a pattern or another scope."""
    trust = first()
    value = wire.dump(charter(trust)) | {"scope": bad}
    sealed = seal_envelope("soma/charter/1", value, [KEYS[1]], rest={"head": {}})
    root = wire.dump(after(trust, role("root", [1])))
    root["roles"][0]["scope"] = bad
    broken_root = seal_envelope("soma/root/1", root, [KEYS[1]], rest={"head": {}})
    assert (broken_here(sealed, trust), broken(broken_root, trust)) == ("AUTH-1", "ROOT-1")


def test_wrong_types() -> None:
    """ENV-7: a charter in the place of a root, a root in that of a charter, and no document."""
    trust = first()
    body: StewardBody = charter(trust)
    assert broken(seal_document(body, trust.network, KEYS[1]), trust) == "ENV-7"
    body = after(trust, role("root", [1]))
    assert broken_here(seal_document(body, trust.network, KEYS[1]), trust) == "ENV-7"
    assert scope_of(body) == "*"
    odd = seal_envelope("soma/crown/1", {"network": trust.network}, [KEYS[1]], rest={"head": {}})
    assert broken(odd, trust) == "ENV-7"


def test_a_charter_in_another_types_name() -> None:
    """AUTH-5: a signature cannot move to another type, also of one that its key may sign."""
    trust = first()
    roster = Grant("roster", "*", frozenset((KEYS[1].key,)))
    trust = replace(trust, grants=(*trust.grants, roster))
    value = decode(seal_document(charter(trust), trust.network, KEYS[1]))
    value["signed"] |= {"type": "soma/roster/1", "cluster": "eu"}
    assert broken_here(encode(value), trust) == "AUTH-5"


def test_an_oversized_root() -> None:
    """ENV-1: not even looked at; the largest that is allowed is refused for what it is."""
    trust = first()
    assert broken(b" " * (limits.steward_bytes_max + 1), trust) == "ENV-1"
    assert broken(b" " * limits.steward_bytes_max, trust) == "CANON-1"
    huge = decode(seal_document(after(trust, role("root", [1])), trust.network, KEYS[1]))
    huge["signed"]["because"] = "x" * limits.steward_bytes_max
    assert broken(encode(huge), trust) == "ENV-1"


def test_a_root_of_another_network() -> None:
    """AUTH-2, ROOT-2: signed by the very same keys."""
    trust = first()
    other = replace(trust, network=OTHER_NETWORK)
    body = after(trust, role("root", [1]))
    assert broken(seal_document(body, trust.network, KEYS[1]), other) == "AUTH-2"
    with pytest.raises(RuleError) as caught:
        open_root(seal_document(trust.root, "", KEYS[1]), OTHER_NETWORK)
    assert caught.value.rule == "ROOT-2"


# --------------------------------------------------------------------------------- roots of no use


def test_keys_of_another_role_do_not_count() -> None:
    """AUTH-4, AUTH-16: the root names enough keys, but not for this."""
    trust = first((1, 2, 3), 2)
    body = after(trust, role("root", [1, 2, 3], 2), role("charter", [4, 5], 2))
    data = seal_document(body, trust.network, KEYS[1], KEYS[2])
    next_ = trusted(open_next_root(data, trust), trust.network)
    for who, rule in (([4], "AUTH-16"), ([1, 2, 3], "AUTH-4"), ([1, 4, 5], "AUTH-4"), ([4, 5], "")):
        sealed = seal_document(charter(trust), trust.network, *signers(who))
        assert (broken_here(sealed, next_) or "") == rule


def test_a_threshold_that_nobody_can_reach() -> None:
    """ROOT-6: in any of its roles."""
    trust = first()
    for word in ("root", "charter", "mayor"):
        other = [] if word == "root" else [role("root", [1])]
        bad = after(trust, *other, role(word, [1, 2], 3))
        assert broken(seal_document(bad, trust.network, KEYS[1]), trust) == "ROOT-6"


def test_a_root_that_names_one_key_twice() -> None:
    """ROOT-6: so no one key makes up a threshold of two."""
    trust = first()
    twice = Role(role="root", keys=(KEYS[1].key, KEYS[1].key), threshold=2)
    assert broken(seal_document(after(trust, twice), trust.network, KEYS[1]), trust) == "ROOT-6"
    first_one = replace(trust.root, roles=(twice,))
    with pytest.raises(RuleError) as caught:
        open_root(seal_document(first_one, "", KEYS[1]))
    assert caught.value.rule == "ROOT-6"


def test_a_root_under_which_nobody_could_sign_the_next() -> None:
    """ROOT-6: no role for it, one of a part only, or a key of nobody."""
    trust = first()
    stranger = Role(role="root", keys=(Signer(b"?" * 32).key,))
    for roles in (
        (role("charter", [1]),),
        (replace(role("root", [1]), scope="eu"),),
        (role("root", [1]), stranger),
    ):
        assert (
            broken(seal_document(after(trust, *roles), trust.network, KEYS[1]), trust) == "ROOT-6"
        )


def test_an_expired_root() -> None:
    """ROOT-11: from 48 hours after its end on halts and the next root are taken, nothing else.

    A root that has ended itself is taken as the next one, too: it says who signs the one after.
    """
    trust = first(until=AT)
    data = seal_document(charter(trust), trust.network, KEYS[1])
    late = AT + grace_ms + 1
    for now, rule in ((AT + grace_ms, None), (late, "ROOT-11")):
        assert broken_here(data, trust_with(trust, (), (), now)) == rule
    over = trust_with(trust, (), (), late)
    for until in (AT, None):
        next_ = after(over, role("root", [1]), role("charter", [1]), until=until)
        found = open_next_root(seal_document(next_, trust.network, KEYS[1]), over)
        renewed = trust_with(trusted(found, trust.network), (), (), late)
        assert broken_here(data, renewed) == ("ROOT-11" if until else None)


def test_a_head_that_nobody_could_copy() -> None:
    """AUTH-6, ENV-1: it has to fit into heartbeats."""
    trust = first()
    value = decode(seal_document(charter(trust), trust.network, KEYS[1]))
    said = value["head"]["signed"] | {"more": "x" * limits.document_bytes_max}
    value["head"] = decode(seal_envelope(HEAD, said, [KEYS[1]]))
    assert broken_here(encode(value), trust) == "ENV-1"

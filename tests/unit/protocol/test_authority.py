"""Who may sign what: every pair of the table, and each check with a document that fails only it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from protocol import acts, limits, wire
from protocol.acts import FORMS, StewardBody, scope_of
from protocol.authority import (
    StewardDocument,
    open_head,
    open_root,
    open_steward_document,
    says_more,
    seal_document,
)
from protocol.canonical import b64, decode, encode, sha256_hex
from protocol.charter import Charter, Goal
from protocol.envelope import seal_envelope
from protocol.errors import RuleError
from protocol.root import Role, Root, Steward
from protocol.roster import Member, MemberKey
from protocol.signing import Signer, pae
from protocol.trust import RIGHTS, trust_of
from tests.samples import (
    CHARTER,
    CHARTER_DATA,
    CLUSTER,
    CORE,
    DECISION,
    DELEGATION,
    DEPUTY,
    DOCUMENTS,
    HALT,
    HASH,
    HEAD_DATA,
    LIBRARIAN,
    NETWORK,
    ORDER_DATA,
    OTHER_NETWORK,
    REVOCATION,
    ROOT,
    ROOT_DATA,
    ROSTER,
    STEWARD,
    STRANGER,
    TRUST,
    head_of,
)

BODIES: dict[str, StewardBody] = {
    body.type: body for body in (ROOT, CHARTER, ROSTER, HALT, DELEGATION, REVOCATION, DECISION)
}
SIGNERS = {
    "steward": STEWARD, "deputy": DEPUTY, "core": CORE, "librarian": LIBRARIAN,
    "stranger": STRANGER,
}  # fmt: skip
TABLE = {
    "soma/root/1": {"steward"},
    "soma/charter/1": {"steward"},
    "soma/roster/1": {"steward"},
    "soma/order/1": {"steward", "deputy"},
    "soma/delegation/1": {"steward"},
    "soma/revocation/1": {"steward"},
    "soma/decision/1": {"steward"},
}


def opened(data: bytes, root: Root = ROOT, network: str = NETWORK) -> StewardDocument:
    return open_steward_document(data, trust_of(network, root, network))


def rule_of(data: bytes, root: Root = ROOT, network: str = NETWORK) -> str:
    with pytest.raises(RuleError) as caught:
        opened(data, root, network)
    assert caught.value.reason.isprintable()
    return caught.value.rule


def assembled(
    body: StewardBody, signer: Signer = STEWARD, head: Any = None, **members: Any
) -> bytes:
    """A document with a head that fits what it says, unless another head is given."""
    value = {**wire.dump(body), **members}
    value = {name: member for name, member in value.items() if member is not None}
    digest = sha256_hex(pae(body.type, encode(value)))
    said = {"hash": digest, "number": value.get("version", 0)}
    own = head_of(body, signer, **said)
    return seal_envelope(
        body.type, value, [signer], rest={"head": decode(own) if head is None else head}
    )


# ------------------------------------------------------------------------------ what is accepted


@pytest.mark.parametrize("body", [CHARTER, ROSTER, HALT], ids=lambda body: body.type)
def test_what_a_steward_seals_opens(body: StewardBody) -> None:
    """AUTH-1 to AUTH-6: with everything that is worth knowing about it."""
    data = seal_document(body, NETWORK, STEWARD)
    document = opened(data)
    assert (document.type, document.body, document.data) == (body.type, body, data)
    assert document.keys == {STEWARD.key}
    assert (
        document.scope
        == {"charter": "*", "roster": CLUSTER, "order": CLUSTER}[body.type.split("/")[1]]
    )
    assert document.number == (0 if body is HALT else 1)
    assert document.digest == sha256_hex(pae(body.type, encode(decode(data)["signed"])))
    head = open_head(encode(document.head), TRUST)
    assert (head.of, head.scope, head.number) == (body.type, document.scope, document.number)
    assert head.hash == document.digest


def test_a_root_opens_under_its_own_keys() -> None:
    """ROOT-1, ROOT-3: its hash is the network's id, pinned or seen for the first time."""
    for network in (None, NETWORK):
        document = open_root(ROOT_DATA, network)
        assert (document.body, document.digest) == (ROOT, NETWORK)
        assert (document.type, document.scope, document.number) == ("soma/root/1", "*", 1)
        assert open_head(encode(document.head), TRUST).hash == NETWORK


def test_the_table_names_every_type() -> None:
    assert FORMS.keys() == TABLE.keys() == BODIES.keys()
    assert {acts.type_of(act) for act in RIGHTS} == FORMS.keys()


@pytest.mark.parametrize("who", SIGNERS)
@pytest.mark.parametrize("type_", TABLE)
def test_only_the_pairs_of_the_table_are_accepted(type_: str, who: str) -> None:
    """AUTH-4, HEAD-2: every document type under every key; peers' keys are in no role."""
    data = seal_document(BODIES[type_], "" if BODIES[type_] is ROOT else NETWORK, SIGNERS[who])
    head = head_of(BODIES[type_], SIGNERS[who])
    try:
        found = open_root(data, NETWORK) if BODIES[type_] is ROOT else opened(data)
        open_head(head, TRUST)
    except RuleError as error:
        assert error.rule == "AUTH-4"
        assert who not in TABLE[type_]
        with pytest.raises(RuleError) as caught:
            open_head(head, TRUST)
        assert caught.value.rule == "HEAD-2"
    else:
        assert who in TABLE[type_]
        assert found.keys == {SIGNERS[who].key}


# ---------------------------------------------------------------------------------------- scopes

EU = replace(
    ROOT,
    roles=(
        Role(role="roster", scope=CLUSTER, keys=(STEWARD.key,)),
        Role(role="order", scope="core@lab.eu", keys=(STEWARD.key,)),
        Role(role="charter", scope="eu", keys=(STEWARD.key,)),
    ),
)
EU_TRUST = trust_of(NETWORK, EU, NETWORK)


@pytest.mark.parametrize(
    ("body", "good"),
    [
        (ROSTER, True),
        (replace(ROSTER, cluster="eu"), False),
        (replace(ROSTER, cluster="lab.us"), False),
        (replace(HALT, scope="core@lab.eu"), True),
        (replace(HALT, scope=CLUSTER), False),
        (replace(HALT, scope="*"), False),
        (replace(CHARTER, scope="eu"), True),
        (CHARTER, False),
    ],
)
def test_nobody_signs_outside_his_scope(body: StewardBody, good: bool) -> None:
    """AUTH-4, HEAD-2: a role for a cluster says nothing about another one, or about all."""
    data = seal_document(body, NETWORK, STEWARD)
    if good:
        assert opened(data, EU).scope == scope_of(body)
        assert open_head(head_of(body), EU_TRUST).scope == scope_of(body)
    else:
        assert rule_of(data, EU) == "AUTH-4"
        with pytest.raises(RuleError) as caught:
            open_head(head_of(body), EU_TRUST)
        assert caught.value.rule == "HEAD-2"


def test_a_role_that_nobody_knows_gives_no_right() -> None:
    """AUTH-4: a later version may know more roles; the root is read all the same."""
    dreamers = replace(ROOT, roles=(Role(role="dreams", keys=(STEWARD.key,)),))
    assert wire.validate(Root, encode(wire.dump(dreamers)), "ROOT-1") == dreamers
    for data in (CHARTER_DATA, ORDER_DATA):
        assert rule_of(data, dreamers) == "AUTH-4"


def test_a_role_without_keys_is_nobody() -> None:
    """AUTH-4: an empty role lets nobody in."""
    empty = replace(ROOT, roles=(Role(role="charter", keys=()),))
    assert rule_of(CHARTER_DATA, empty) == "AUTH-4"
    assert rule_of(CHARTER_DATA, replace(ROOT, roles=())) == "AUTH-4"


# ------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("body", "members", "rule"),
    [
        (CHARTER, {"at": None}, "AUTH-1"),
        (CHARTER, {"version": 0}, "AUTH-1"),
        (CHARTER, {"scope": ""}, "AUTH-1"),
        (ROSTER, {"cluster": None}, "AUTH-1"),
        (ROSTER, {"members": [{"name": "core"}]}, "AUTH-1"),
        (HALT, {"order": "stop"}, "AUTH-1"),
        (HALT, {"salt": None}, "AUTH-1"),
        (HALT, {"scope": None}, "AUTH-1"),
        (HALT, {"scope": "Lab"}, "AUTH-1"),
        (HALT, {"lifts": [HASH] * (limits.lifts_max + 1)}, "AUTH-1"),
        (HALT, {"because": "two\nlines"}, "AUTH-1"),
        (CHARTER, {"network": OTHER_NETWORK}, "AUTH-2"),
        (ROSTER, {"network": OTHER_NETWORK}, "AUTH-2"),
        (HALT, {"network": OTHER_NETWORK}, "AUTH-2"),
        (CHARTER, {"prev": HASH}, "AUTH-3"),
        (CHARTER, {"version": 2}, "AUTH-3"),
        (ROSTER, {"prev": HASH}, "AUTH-3"),
        (ROSTER, {"version": 2}, "AUTH-3"),
    ],
    ids=lambda value: getattr(value, "type", repr(value)[:40]),
)
def test_a_steward_s_own_slip(body: StewardBody, members: dict[str, Any], rule: str) -> None:
    """AUTH-1 to AUTH-3: signed in earnest, and refused."""
    assert rule_of(assembled(body, **members)) == rule


def test_later_versions_name_the_one_before() -> None:
    """AUTH-3: and are accepted, as `assembled` alone is."""
    assert opened(assembled(CHARTER)).number == 1
    assert opened(assembled(CHARTER, version=2, prev=HASH)).number == 2
    assert opened(assembled(ROSTER, version=7, prev=HASH)).number == 7


def test_an_ambiguous_roster_is_refused() -> None:
    """AUTH-12: as test_roster has it."""
    both = (Member(name="b", keys=(MemberKey(key=CORE.key),)), Member(name="a", keys=()))
    assert rule_of(seal_document(replace(ROSTER, members=both), NETWORK, STEWARD)) == "AUTH-12"
    right = replace(ROSTER, members=both[::-1])
    assert opened(seal_document(right, NETWORK, STEWARD)).body == right


def test_more_signatures_than_needed() -> None:
    """AUTH-4, AUTH-6: of those who may sign, and then of the head as well."""
    both = seal_document(HALT, NETWORK, DEPUTY, STEWARD)
    assert opened(both).keys == {DEPUTY.key, STEWARD.key}
    assert rule_of(seal_document(HALT, NETWORK, DEPUTY, CORE)) == "AUTH-4"
    value = {**decode(both), "head": decode(ORDER_DATA)["head"]}
    assert rule_of(encode(value)) == "AUTH-6"


def test_a_steward_s_name_is_not_his_signature() -> None:
    """AUTH-5: the key is the steward's, the signature somebody else's."""
    value = decode(CHARTER_DATA)
    message = pae("soma/charter/1", encode(value["signed"]))
    value["signatures"][0]["sig"] = b64(CORE.sign(message))
    assert rule_of(encode(value)) == "AUTH-5"
    value["signatures"] = decode(ORDER_DATA)["signatures"]  # the deputy's, for another document
    assert rule_of(encode(value)) == "AUTH-4"


def heads() -> dict[str, Any]:
    """Heads that do not belong to CHARTER_DATA, as what their verification says."""
    honest = decode(head_of(CHARTER))
    foreign = {**honest, "signatures": decode(head_of(CHARTER, CORE))["signatures"]}
    return {
        "of another document": (decode(head_of(replace(CHARTER, version=2, prev=HASH))), "AUTH-6"),
        "of another type": (decode(head_of(CHARTER, of="soma/roster/1")), "AUTH-6"),
        "of another scope": (decode(head_of(CHARTER, scope="eu")), "AUTH-6"),
        "of another number": (decode(head_of(CHARTER, number=2)), "AUTH-6"),
        "of another hash": (decode(head_of(CHARTER, hash=HASH)), "AUTH-6"),
        "of another network": (decode(head_of(CHARTER, network=OTHER_NETWORK)), "AUTH-6"),
        "of a peer": (decode(head_of(CHARTER, CORE)), "AUTH-6"),
        "of a deputy": (decode(head_of(CHARTER, DEPUTY)), "AUTH-6"),
        "with a peer's signature": (foreign, "AUTH-6"),
        "without form": ({**honest, "signed": {"type": "soma/head/1"}}, "HEAD-1"),
        "of no type": ({**honest, "signed": {}}, "ENV-7"),
        "nothing": ({}, "ENV-2"),
        "a text": ("head", "ENV-2"),
        "a list": ([honest], "ENV-2"),
    }


@pytest.mark.parametrize("what", heads())
def test_another_head_than_its_own(what: str) -> None:
    """AUTH-6: what others would copy must be of this very document."""
    head, rule = heads()[what]
    assert rule_of(assembled(CHARTER, head=head)) == rule


def test_a_document_without_a_head() -> None:
    """AUTH-6: then nobody could tell that it is hidden."""
    value = decode(CHARTER_DATA)
    del value["head"]
    assert rule_of(encode(value)) == "ENV-2"
    assert rule_of(encode({**decode(CHARTER_DATA), "head": None})) == "ENV-2"


def test_the_head_is_signed_by_who_signed_the_document() -> None:
    """AUTH-6: of one document there are no two files that both count."""
    assert opened(assembled(HALT, DEPUTY)).keys == {DEPUTY.key}
    assert rule_of(assembled(HALT, DEPUTY, decode(head_of(HALT, STEWARD)))) == "AUTH-6"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_nothing_else_is_a_steward_document(name: str) -> None:
    """ENV-7: what peers sign, a root, a head alone, an item."""
    if DOCUMENTS[name] == ROOT_DATA or f"soma/{name}/1" not in FORMS:
        expected = {"page": "ENV-3", "item": "ENV-2", "network": "ENV-2"}
        assert rule_of(DOCUMENTS[name]) == expected.get(name, "ENV-7")


@pytest.mark.parametrize("name", ["charter", "roster", "order"])
def test_no_steward_document_is_another_one(name: str) -> None:
    """ENV-8: the same body and signature under each other type."""
    for other in FORMS:
        value = decode(DOCUMENTS[name])
        if value["signed"]["type"] != other:
            value["signed"]["type"] = other
            with pytest.raises(RuleError):
                opened(encode(value))
            with pytest.raises(RuleError):
                open_root(encode(value))


def test_a_document_of_another_network_under_the_same_steward() -> None:
    """AUTH-2: a steward may serve two networks with one key."""
    second = seal_document(replace(CHARTER, network=OTHER_NETWORK), OTHER_NETWORK, STEWARD)
    assert opened(second, network=OTHER_NETWORK).number == 1
    assert rule_of(second) == "AUTH-2"


# ------------------------------------------------------------------------------------ the root


def root_rule(data: bytes, network: str | None = None) -> str:
    with pytest.raises(RuleError) as caught:
        open_root(data, network)
    return caught.value.rule


def resealed(**members: Any) -> bytes:
    """A root that says otherwise, whose head fits it, signed by the steward."""
    value = {**wire.dump(ROOT), **members}
    value = {name: member for name, member in value.items() if member is not None}
    digest = sha256_hex(pae("soma/root/1", encode(value)))
    head = decode(head_of(ROOT, network=digest, hash=digest, number=value.get("version", 0)))
    return seal_envelope("soma/root/1", value, [STEWARD], rest={"head": head})


@pytest.mark.parametrize(
    "members",
    [
        {"version": "1"}, {"version": None}, {"at": None}, {"network": HASH[1:]},
        {"stewards": None}, {"roles": None}, {"stewards": [{"name": "ada"}]},
        {"stewards": [{"name": "Ada", "key": CORE.key}]}, {"stewards": [{"name": "a", "key": "k"}]},
        {"roles": [{"role": "root"}]}, {"roles": [{"role": "Root", "keys": []}]},
        {"roles": [{"role": "root", "keys": [], "threshold": limits.stewards_max + 1}]},
        {"roles": [{"role": "root", "keys": [], "threshold": 0}]},
        {"roles": [{"role": "root", "keys": [], "threshold": True}]},
        {"roles": [{"role": "root", "keys": [], "scope": ""}]},
        {"roles": [{"role": "root", "keys": [CORE.key] * (limits.stewards_max + 1)}]},
        {"roles": [{"role": "root", "keys": []}] * (limits.stewards_max + 1)},
        {"stewards": [{"name": "ada", "key": CORE.key}] * (limits.stewards_max + 1)},
    ],
    ids=lambda members: repr(members)[:50],
)  # fmt: skip
def test_a_root_of_another_form(members: dict[str, Any]) -> None:
    """ROOT-1: a threshold that this version cannot keep is refused, never taken as 1."""
    assert root_rule(resealed(**members)) == "ROOT-1"


MINE = {"role": "root", "keys": [STEWARD.key]}


@pytest.mark.parametrize(
    "roles",
    [
        [], [{**MINE, "role": "charter"}], [{**MINE, "scope": "eu"}], [{**MINE, "keys": []}],
        [{**MINE, "threshold": 2}], [MINE, {"role": "roster", "keys": [CORE.key]}],
        [MINE, {"role": "order", "keys": [STEWARD.key, STEWARD.key], "threshold": 2}],
    ],
    ids=lambda roles: repr(roles)[:50],
)  # fmt: skip
def test_a_root_under_which_nobody_could_go_on(roles: list[dict[str, Any]]) -> None:
    """ROOT-6: it would shut out its own stewards, or count one of them twice."""
    assert root_rule(resealed(roles=roles)) == "ROOT-6"


def test_only_the_pinned_root() -> None:
    """ROOT-2: whoever signed the other one, and however well."""
    other = resealed(at=0)
    assert open_root(other).digest != NETWORK
    assert root_rule(other, NETWORK) == "ROOT-2"


@pytest.mark.parametrize(
    "members", [{"version": 2}, {"network": NETWORK}, {"prev": HASH}, {"version": 2, "prev": HASH}]
)
def test_the_first_root_is_the_first(members: dict[str, Any]) -> None:
    """ROOT-3: later versions are reserved, and are no way in."""
    assert root_rule(resealed(**members)) == "ROOT-3"


def test_nobody_makes_a_root_with_somebody_else_s_key() -> None:
    """AUTH-4, AUTH-5: a root is signed under its own `root` role."""
    assert root_rule(seal_document(ROOT, "", DEPUTY)) == "AUTH-4"
    others = replace(ROOT, roles=(replace(ROOT.roles[0], keys=(DEPUTY.key,)), *ROOT.roles[1:]))
    assert root_rule(seal_document(others, "", STEWARD)) == "AUTH-4"
    value = decode(ROOT_DATA)
    value["signatures"][0]["sig"] = b64(CORE.sign(pae("soma/root/1", encode(value["signed"]))))
    assert root_rule(encode(value)) == "AUTH-5"


def test_the_head_of_a_root_names_the_network_that_it_makes() -> None:
    """HEAD-2, AUTH-6: the root itself cannot name it."""
    assert root_rule(seal_document(ROOT, OTHER_NETWORK, STEWARD)) == "AUTH-6"
    assert open_root(resealed()).digest == NETWORK


def test_the_other_documents_are_no_root() -> None:
    """ENV-7: whoever signed them."""
    for name, data in DOCUMENTS.items():
        if name not in ("root", "network", "item", "page"):
            assert root_rule(data) == "ENV-7"


def test_a_steward_s_name_is_for_people() -> None:
    """ROOT-1: keys count; a key without a steward has no name."""
    assert ROOT.steward_of(STEWARD.key) == "ada"
    assert ROOT.steward_of(DEPUTY.key) == "bob"
    assert ROOT.steward_of(CORE.key) is None
    assert wire.validate(Steward, encode({"name": "ada", "key": CORE.key}), "ROOT-1").name == "ada"


# --------------------------------------------------------------------------------------- sealing


def test_nobody_seals_what_nobody_would_read() -> None:
    """ENV-1: 1 MiB of goals is a slip of our own; at the limit is fine."""
    long = "x" * limits.text_chars_max
    many = replace(CHARTER, goals=tuple(Goal(id=f"g{n:02}", text=long) for n in range(17)))
    spare = limits.steward_bytes_max - len(seal_document(many, NETWORK, STEWARD))
    frame = len('{"id":"g","state":"active","text":""},')
    full = replace(many, goals=(*many.goals, Goal(id="g", text="x" * (spare - frame))))
    data = seal_document(full, NETWORK, STEWARD)
    assert len(data) == limits.steward_bytes_max
    assert opened(data).body == full
    more = replace(many, goals=(*many.goals, Goal(id="g", text="x" * (spare - frame + 1))))
    with pytest.raises(ValueError, match="are allowed"):
        seal_document(more, NETWORK, STEWARD)
    assert rule_of(data + b" ") == "ENV-1"


def test_what_a_newer_version_wrote_is_noticed() -> None:
    """ITEM-5: before a steward signs a successor that would leave it out."""
    for body in (CHARTER, ROSTER, HALT):
        assert not says_more(opened(seal_document(body, NETWORK, STEWARD)))
        assert says_more(opened(assembled(body, mood="glad")))
    members = wire.dump(ROSTER)["members"]
    members[0]["seal_key"] = CORE.key
    assert says_more(opened(assembled(ROSTER, members=members)))
    members = wire.dump(ROSTER)["members"]
    members[1]["keys"][0]["until"] = 7
    assert says_more(opened(assembled(ROSTER, members=members)))


def test_what_another_implementation_left_out_is_no_more() -> None:
    """ITEM-5: defaults may be left out, and null may be written."""
    lean = {"cluster", "network", "version", "at", "type"}
    said: dict[str, Any] = {name: None for name in wire.dump(ROSTER) if name not in lean}
    assert not says_more(opened(assembled(ROSTER, **said)))
    value = {**wire.dump(ROSTER), "prev": None}
    digest = sha256_hex(pae("soma/roster/1", encode(value)))
    head = decode(head_of(ROSTER, hash=digest))
    document = opened(seal_envelope("soma/roster/1", value, [STEWARD], rest={"head": head}))
    assert isinstance(document.body, type(ROSTER))
    assert not says_more(document)


def test_scopes() -> None:
    """AUTH-4: what each document speaks for."""
    assert scope_of(ROOT) == "*"
    assert scope_of(ROSTER) == CLUSTER
    assert scope_of(replace(HALT, scope="core@lab.eu")) == "core@lab.eu"
    assert scope_of(Charter(network=NETWORK, scope="eu", version=1, at=0)) == "eu"
    assert open_head(HEAD_DATA, TRUST).scope == CLUSTER

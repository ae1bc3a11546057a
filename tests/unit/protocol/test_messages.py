"""Items: heads, bodies by kind, ids, and what is not understood."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from base64 import b32encode
from typing import Any, get_args

import pytest

from protocol import limits
from protocol.canonical import decode, encode
from protocol.errors import RuleError
from protocol.messages import (
    KINDS,
    Alert,
    Body,
    Dispute,
    Endorsement,
    Head,
    Insight,
    Item,
    Note,
    Retraction,
    compose,
    id_of_hash,
    item_hash,
    item_id,
    stored_item,
)
from protocol.page import open_page
from tests.samples import AT, AUTHOR, BODIES, EPOCH, ITEM, NETWORK, READER, SALT, item, raw_page

HEAD = {"author": AUTHOR, "kind": "note", "salt": SALT, "at": AT}
BODY = {"text": "hello"}
HUGE = "9" * 60_000


def reading(value: Any) -> Item:
    """What `value` is in a page of `AUTHOR`; raises the rule that it breaks."""
    (found,) = open_page(raw_page([value]), NETWORK).items
    if isinstance(found, RuleError):
        raise found
    assert found is not None
    return found


def read(**members: Any) -> Item:
    """The item that says this, members that are None left out."""
    said = {**HEAD, "body": BODY, **members}
    value = {name: member for name, member in said.items() if member is not None}
    return reading(value)


def refusal(**members: Any) -> RuleError:
    with pytest.raises(RuleError) as caught:
        read(**members)
    return caught.value


def test_the_samples_are_of_every_kind() -> None:
    assert tuple(type(body) for body in BODIES) == get_args(Body) == tuple(KINDS.values())
    assert [form.kind for form in KINDS.values()] == list(KINDS)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.kind)
def test_what_is_composed_is_read(body: Body) -> None:
    """ITEM-2: an honest item of every kind comes back as it was meant."""
    written = item(body, re=EPOCH, thread=SALT, auto=True, depth=3, priority=0, expires=AT + 1)
    read_back = reading(decode(written.data))
    assert read_back == written
    assert read_back.body == body
    assert (read_back.head.kind, read_back.head.re, read_back.head.depth) == (body.kind, EPOCH, 3)


def test_an_item_says_no_more_than_it_must() -> None:
    """ITEM-2: members that have their default, or no value, are left out."""
    assert ITEM.data.decode() == (
        f'{{"at":{AT},"author":"{AUTHOR}","body":{{"text":"hello"}},"kind":"note","salt":"{SALT}"}}'
    )


def test_defaults() -> None:
    """ITEM-2: what is left out has the value of the table."""
    head = read().head
    assert (head.auto, head.depth, head.priority) == (False, 0, 2)
    assert (head.re, head.thread, head.expires) == (None, None, None)
    assert read(kind="insight").body == Insight(
        text="hello", topics=(), confidence=500, evidence=()
    )
    assert read(kind="alert").body == Alert(text="hello", severity="warn")
    assert read(kind="endorsement", body={}).body == Endorsement(text="")
    assert read(kind="retraction", body={}).body == Retraction(because="")


def test_null_is_no_value() -> None:
    """ITEM-2: a reader takes null for a member that has none."""
    value: dict[str, Any] = {**HEAD, "body": BODY, "re": None}
    assert reading(value).head.re is None


def test_the_id_is_the_beginning_of_the_hash() -> None:
    """ITEM-7: 26 characters of base32, from the item or from its hash in a header."""
    digest = hashlib.sha256(ITEM.data)
    expected = b32encode(digest.digest()).decode().lower()[:26]
    assert ITEM.id == item_id(ITEM.data) == expected
    assert item_hash(ITEM.data) == digest.hexdigest()
    assert id_of_hash(item_hash(ITEM.data)) == expected
    assert item(salt="d" * 26).id != ITEM.id


def test_an_item_is_as_large_as_64_kib_and_no_larger() -> None:
    """ITEM-1: at the limit is fine, one byte more is refused alone."""
    frame = len(encode({**HEAD, "body": {"a": "", "text": ""}}))
    full = {"a": HUGE, "text": "x" * (limits.item_bytes_max - frame - len(HUGE))}
    assert len(read(body=full).data) == limits.item_bytes_max
    assert refusal(body={**full, "text": full["text"] + "x"}).rule == "ITEM-1"


def test_an_author_cannot_compose_what_is_too_large() -> None:
    """ITEM-1: characters of several bytes count as what they are."""
    fits = (limits.item_bytes_max - len(item(Note(text="")).data)) // 2
    assert len(item(Note(text="é" * fits)).data) <= limits.item_bytes_max
    with pytest.raises(ValueError, match="item of"):
        item(Note(text="é" * (fits + 1)))


@pytest.mark.parametrize("form", [Note, Dispute])
def test_an_author_cannot_compose_a_text_that_nobody_would_understand(form: Any) -> None:
    """ITEM-4: the limit is in characters, as readers count."""
    name = "text" if form is Note else "because"
    assert item(form(**{name: "x" * limits.text_chars_max})).body is not None
    with pytest.raises(ValueError, match="text of over"):
        item(form(**{name: "x" * (limits.text_chars_max + 1)}))


def test_head_and_body_are_of_one_kind() -> None:
    with pytest.raises(ValueError, match="kind"):
        compose(Head(author=AUTHOR, kind="alert", salt=SALT, at=AT), Note(text="hello"))


@pytest.mark.parametrize(
    "members",
    [
        {"author": None}, {"kind": None}, {"salt": None}, {"at": None},
        {"author": 1}, {"author": "core"}, {"author": "core@lab.eu\n"}, {"author": "Core@lab.eu"},
        {"author": "core@lab..eu"}, {"author": "a" * 40 + "@" + "b" * 100},
        {"kind": ""}, {"kind": "Note"}, {"kind": "1note"}, {"kind": "n" * 33}, {"kind": ["note"]},
        {"salt": SALT[1:]}, {"salt": SALT + "a"}, {"salt": SALT.upper()}, {"salt": "1" * 26},
        {"at": -1}, {"at": "0"}, {"at": True}, {"auto": 1}, {"auto": "true"},
        {"depth": -1}, {"depth": False}, {"priority": 5}, {"priority": -1}, {"priority": "2"},
        {"re": SALT[1:]}, {"re": 0}, {"thread": ""}, {"expires": -1}, {"expires": "soon"},
    ],
    ids=repr,
)  # fmt: skip
def test_a_head_of_another_form_is_refused(members: dict[str, Any]) -> None:
    """ITEM-2: each member against its form; nothing is coerced."""
    error = refusal(**members)
    assert error.rule == "ITEM-2"
    assert error.reason.isprintable()


@pytest.mark.parametrize("value", [[], "note", 1, False, [HEAD]], ids=repr)
def test_what_is_no_object_is_no_item(value: Any) -> None:
    """ITEM-2: nor does it raise anything else."""
    with pytest.raises(RuleError) as caught:
        reading(value)
    assert caught.value.rule == "ITEM-2"


def test_nobody_sends_what_somebody_else_wrote() -> None:
    """ITEM-3: an item of another author in my page is not mine."""
    assert refusal(author=READER).rule == "ITEM-3"
    assert refusal(author="core@lab.eu.acme").rule == "ITEM-3"


@pytest.mark.parametrize(
    "members",
    [
        {"kind": "dream"},
        {"kind": "insight", "body": {"text": "x", "confidence": 1001}},
        {"kind": "insight", "body": {"text": "x", "confidence": True}},
        {"kind": "insight", "body": {"text": "x", "evidence": ["a\x1bb"]}},
        {"kind": "insight", "body": {"text": "x", "evidence": ["a\x9bb"]}},
        {"kind": "question", "body": {"text": "x", "topics": ["Upper"]}},
        {"kind": "question", "body": {"text": "x", "topics": ["t"] * 17}},
        {"kind": "alert", "body": {"text": "x", "severity": "fatal"}},
        {"kind": "dispute", "body": {"text": "x"}},
        {"body": {}}, {"body": {"text": 1}}, {"body": {"text": None}}, {"body": []},
        {"body": "hello"}, {"body": None},
        {"body": {"text": "x" * (limits.text_chars_max + 1)}},
    ],
    ids=lambda members: repr(members)[:60],
)  # fmt: skip
def test_what_is_not_understood_is_kept(members: dict[str, Any]) -> None:
    """ITEM-4: an unknown kind or an unfitting body loses nothing: head, id and bytes are there."""
    found = read(**members)
    said = {**HEAD, "body": BODY, **members}
    data = encode({name: member for name, member in said.items() if member is not None})
    assert found.body is None
    assert (found.data, found.id, found.head.kind) == (data, item_id(data), said["kind"])


def test_unknown_members_are_ignored_and_kept() -> None:
    """ITEM-5: in the head and in the body; the id is that of the whole."""
    found = read(mood="glad", body={**BODY, "colour": {"deep": [1]}})
    assert found.body == Note(text="hello")
    assert decode(found.data)["mood"] == "glad"
    assert found.id != ITEM.id


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.kind)
def test_a_stored_item_is_the_one_that_was_read(body: Body) -> None:
    """ITEM-4: from the home's own rows, understood or not."""
    written = item(body, re=EPOCH)
    assert stored_item(written.data, understood=True) == written
    dark = stored_item(written.data, understood=False)
    assert (dark.head, dark.body, dark.id) == (written.head, None, written.id)


def test_a_kind_that_a_newer_version_stored_is_not_understood() -> None:
    """ITEM-4: a home that was opened by a newer version still opens."""
    dream = read(kind="dream")
    assert stored_item(dream.data, understood=True) == dream


def test_reading_what_is_stored_loads_no_pydantic() -> None:
    program = (
        "import sys\n"
        "from protocol.messages import stored_item\n"
        f"assert stored_item({ITEM.data!r}, True).body.text == 'hello'\n"
        "print('pydantic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr

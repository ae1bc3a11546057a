"""Several stewards on several machines, as they type: thresholds, parts, sticks, stolen keys."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_cli_stewards import at_terminal
from tests.integration.typist import Said, Typist, settled

ANN, BOB = "ann", "bob"


@pytest.fixture
def peer(tmp_path: Path) -> Typist:
    return settled(tmp_path)


def as_(peer: Typist, name: str, *words: str, code: int = 0) -> Said:
    """The same person at another machine, with a home of its own."""
    return peer(*words, code=code, env={"PEER_HOME": str(peer.base / name)})


def steward(peer: Typist, name: str) -> str:
    """A key for one more steward, on a machine of his; NAME:KEY."""
    said = as_(peer, name, "steward", "create", str(peer.share), "--name", name, "--no-passphrase")
    first = said.out.splitlines()[0]
    assert first.startswith(f"{name}:")
    return first


def two_of_three(peer: Typist) -> None:
    """kay, ann and bob; two of them sign together."""
    added = [word for name in (ANN, BOB) for word in ("--add", steward(peer, name))]
    assert "one more of ann, bob" in peer("root", "rotate", *added, "--threshold", "2", code=6).err
    said = as_(peer, ANN, "charter", "sign", "--json").json
    assert [row["document"] for row in said] == ["root 2 of *", "charter 1 of *", "roster 4 of lab"]
    assert [row["waits"] for row in said] == [None] * 3


def waiting(peer: Typist) -> list[Any]:
    found: list[Any] = peer("charter", "waiting", "--json").json
    return found


def test_two_of_three(peer: Typist) -> None:
    """AUTH-16, LAYOUT-11: a document waits on the share, says who is missing, and then holds."""
    two_of_three(peer)
    assert waiting(peer) == []
    assert not list(peer.share.rglob("*.sig")), "nothing is left of the parts"
    peer.round()
    assert peer("network", "show", "--as", "core", "--json").json["root_version"] == 2
    assert "one more of ann, bob" in peer("goal", "add", "x", "We want x.", code=6).err
    again = peer("goal", "add", "x", "We want x.", code=6).err
    assert "kay signed that already; it waits for one more of ann, bob" in again
    peer.round()
    assert peer("goal", "list", "--as", "core", "--json").json == []
    (row,) = waiting(peer)
    assert (row["document"], row["signed"], row["more"]) == ("charter 2 of *", ["kay"], 1)
    assert row["missing"] == ["ann", "bob"]
    assert any("We want x." in line for line in row["lines"])
    said = as_(peer, BOB, "charter", "sign")
    assert "We want x." in said.err, "what is signed is told first"
    assert "in force" in said.out
    peer.round()
    assert [goal["id"] for goal in peer("goal", "list", "--as", "core", "--json").json] == ["x"]
    assert "nothing waits" in as_(peer, ANN, "charter", "sign").out


def test_what_is_new_is_told_also_when_the_root_changes_with_it(peer: Typist) -> None:
    """What this steward completes first must not hide the versions before from what is next."""
    peer("goal", "add", "x", "We want x.")
    peer("goal", "add", "y", "We want y.")
    added = [word for name in (ANN, BOB) for word in ("--add", steward(peer, name))]
    peer("root", "rotate", *added, "--threshold", "2", code=6)
    told = as_(peer, ANN, "charter", "sign").err
    assert "new goal y" in told
    assert "goal x" not in told, "that was there before"
    assert "librarian" not in told


def test_a_halt_needs_one_and_going_on_needs_two(peer: Typist) -> None:
    """AUTH-16: any one of them can stop, and letting go needs the threshold."""
    two_of_three(peer)
    as_(peer, BOB, "halt", "core")
    peer.round()
    assert peer("tick", "--as", "core", "--json").json["state"] == "parked"
    peer("resume", code=6)
    assert peer("tick", "--as", "core", "--json").json["state"] == "parked"
    as_(peer, ANN, "charter", "sign")
    assert peer("tick", "--as", "core", "--json").json["state"] == "idle"


def test_two_admissions_are_one_document(peer: Typist) -> None:
    """What a steward signed and what waits is what he goes on from; the part before it goes."""
    two_of_three(peer)
    for name in ("dora", "emil"):
        peer("join", str(peer.share), "--name", name)
        peer("admit", name, code=6)
    assert "signed that already" in peer("admit", "dora", code=6).err, "she is no member yet"
    assert "already" in peer("admit", "core").out
    (row,) = waiting(peer)
    assert row["document"] == "roster 5 of lab"
    assert len(list(peer.share.rglob("*.sig"))) == 1
    as_(peer, ANN, "charter", "sign", "--only", row["hash"][:8])
    members = peer("network", "show", "--json").json["members"]
    assert {"dora", "emil"} <= {member["name"] for member in members}


def test_a_document_travels_on_a_stick(peer: Typist) -> None:
    """LAYOUT-11: a steward whose machine has no share signs a file; another one places it."""
    two_of_three(peer)
    peer("goal", "add", "x", "We want x.", code=6)
    as_(peer, BOB, "charter", "waiting")  # he has seen the network since he is a steward
    (part,) = peer.share.rglob("*.sig")
    stick, back = peer.base / "stick.sig", peer.base / "back.sig"
    shutil.copy(part, stick)
    away = peer.base / "away"
    peer.share.rename(away)
    as_(peer, BOB, "charter", "sign", str(stick), code=2)
    said = as_(peer, BOB, "charter", "sign", str(stick), "--to", str(back), "--json")
    assert "We want x." in said.err
    assert (said.json["more"], said.json["missing"]) == (0, [])
    away.rename(peer.share)
    assert peer("charter", "place", str(back), "--json").json["whole"] is True
    peer.round()
    assert [goal["id"] for goal in peer("goal", "list", "--as", "core", "--json").json] == ["x"]


@pytest.mark.parametrize("what", ["nothing", "junk", "spoiled", "foreign"])
def test_a_stick_with_something_else(peer: Typist, what: str) -> None:
    """Nothing is signed and nothing placed."""
    two_of_three(peer)
    peer("goal", "add", "x", "We want x.", code=6)
    (part,) = peer.share.rglob("*.sig")
    stick, to = peer.base / "stick.sig", peer.base / "to"
    data = part.read_bytes()
    if what == "junk":
        stick.write_bytes(b'{"head":1}')
    elif what == "spoiled":
        stick.write_bytes(data.replace(b"We want x.", b"We want y."))
    elif what == "foreign":
        other = Typist(peer.base / "other")
        other.base.mkdir()
        create = ("--cluster", "lab", "--steward", "kay", "--no-passphrase")
        other("network", "create", str(other.share), *create)
        stick.write_bytes((next(other.share.glob("charter/1.charter.*"))).read_bytes())
    said = as_(peer, BOB, "charter", "sign", str(stick), "--to", str(to), code=2)
    assert said.err.count("\n") == 1
    peer("charter", "place", str(stick), code=2)
    assert not to.exists()
    assert len(list(peer.share.rglob("*.sig"))) == 1


def test_a_stolen_key_is_replaced_and_what_it_did_disowned(peer: Typist) -> None:
    """AUTH-17: what it signed counts no more under the next root, however high its number."""
    thief = Typist(peer.base / "thief")
    shutil.copytree(peer.home, thief.home)
    env = {"PEER_NETWORK": str(peer.share)}
    peer("goal", "add", "good", "We want what is good.")
    thief("goal", "add", "bad", "We want what is bad.", env=env)
    peer.round()
    assert len(peer("goal", "list", "--as", "core", "--json").json) == 2
    (bad,) = peer.share.glob("charter/3.charter.*")
    peer("root", "rotate", "--new-key", "--disown", str(bad))
    peer.round()
    goals = peer("goal", "list", "--as", "core", "--json").json
    assert [goal["id"] for goal in goals] == ["good"]
    said = thief("goal", "add", "worse", "We want what is worse.", env=env, code=6)
    assert "may not sign" in said.err
    peer.round()
    assert peer("goal", "list", "--as", "core", "--json").json == goals
    states = {row["file"]: row["state"] for row in peer("audit", "--json").json["history"]}
    assert states[f"charter/{bad.name}"] == "void"
    peer("goal", "add", "better", "We want what is better.")
    peer("join", str(peer.share), "--name", "late")
    peer("admit", "late")
    peer("tick", "--as", "late")
    goals = peer("goal", "list", "--as", "late", "--json").json
    assert [goal["id"] for goal in goals] == ["good", "better"], "a newcomer sees the same"


def test_a_new_key_waits_until_its_root_is_in_force(peer: Typist) -> None:
    """The old key goes on signing until then, and the new one from then on."""
    two_of_three(peer)
    peer("root", "rotate", "--new-key", code=6)
    peer("halt", "scout")
    as_(peer, ANN, "charter", "sign")
    assert waiting(peer) == []
    peer("halt", "core")
    last = peer("audit", "--json").json["history"][-1]
    assert (last["signed_by"], last["state"]) == (["kay"], "in force")
    peer.round()
    assert peer("tick", "--as", "core", "--json").json["state"] == "parked"


def test_a_delegated_steward_stays_within_his_bounds(peer: Typist) -> None:
    """AUTH-4, AUTH-14, AUTH-15: scope, roles and members; and what he gives on is no more."""
    ann = steward(peer, ANN)
    peer("delegate", "lab", "--to", ann, "--members-max", "4")
    peer("join", str(peer.share), "--name", "dora")
    peer("join", str(peer.share), "--name", "emil")
    found = {
        name: peer("join", str(peer.share), "--name", name, "--json").json["fingerprint"]
        for name in ("dora", "emil")
    }
    as_(peer, ANN, "admit", "dora", "--fingerprint", found["dora"])
    said = as_(peer, ANN, "admit", "emil", "--fingerprint", found["emil"], code=6)
    assert "5 members, 4 are allowed" in said.err
    as_(peer, ANN, "goal", "add", "x", "We want x.", code=6)
    as_(peer, ANN, "halt", code=6)
    as_(peer, ANN, "delegate", "lab", "--to", ann, code=6)
    as_(peer, ANN, "root", "rotate", "--threshold", "1", code=6)
    as_(peer, ANN, "halt", "scout")
    peer.round()
    assert peer("tick", "--as", "scout", "--json").json["state"] == "parked"
    peer("delegate", "lab", "--take-back")
    as_(peer, ANN, "resume", code=6)
    assert peer("tick", "--as", "scout", "--json").json["state"] == "parked"
    peer("resume")
    assert peer("tick", "--as", "scout", "--json").json["state"] == "idle"


def test_a_revoked_member_counts_no_more(peer: Typist) -> None:
    """AUTH-19: what it signed and nobody has read is refused; it is told why."""
    peer("send", "--as", "core", "scout", "read this")
    said = peer("revoke", "core", "--because", "its laptop was stolen")
    assert "cannot be undone" in said.err
    again = peer("revoke", "core", "--json")
    assert again.err == "", "it is signed once"
    assert len(list(peer.share.glob("charter/revocation.*"))) == 1
    assert peer("tick", "--as", "scout", "--json").json["received"] == 0
    assert "PAGE-12" in peer("quarantine", "list", "--as", "scout").out
    assert "compromised" in peer("tick", "--as", "core", code=6).err
    assert "peer root rotate --remove kay" in peer("revoke", "kay", code=2).err
    peer("join", str(peer.share), "--name", "kay")
    peer("admit", "kay", "--steward")
    either = peer("revoke", "kay", code=2).err
    assert "peer root rotate --remove kay" in either
    assert "peer revoke kay@lab" in either, "it is never guessed who is meant"
    assert "kay@lab" in peer("revoke", "kay@lab").err
    peer("revoke", "nobody", code=3)


def test_a_revoked_key_lets_nobody_in(peer: Typist) -> None:
    """AUTH-19, JOIN-3: neither itself again nor, by its word, a new key; its owner comes back."""
    thief = Typist(peer.base / "thief")
    shutil.copytree(peer.home / "peers", thief.home / "peers")
    peer("revoke", "core", "--because", "its laptop was stolen")
    assert "peer rekey --as core" in peer("admit", "core", code=2).err
    thief("rekey", "--as", "core", env={"PEER_NETWORK": str(peer.share)})
    assert "not of this home" in peer("admit", "core", "--rekey", code=6).err
    fresh = peer("rekey", "--as", "core", "--json").json["fingerprint"]
    said = peer("admit", "core", "--rekey", "--fingerprint", fresh)
    assert "nothing that it signed counts" in said.err
    peer("tick", "--as", "core")


def test_who_types_nonsense(peer: Typist) -> None:
    """Each says what would have been right, and nothing is signed."""
    before = sorted(path.name for path in peer.share.glob("charter/*"))
    ann = steward(peer, ANN)
    for words in (
        ("root", "rotate"), ("root", "rotate", "--add", "ann"),
        ("root", "rotate", "--add", "ann:x"),
        ("root", "rotate", "--add", ann, "--add", f"bob:{ann.partition(':')[2]}"),
        ("root", "rotate", "--threshold", "x"), ("root", "rotate", "--threshold", "0"),
        ("root", "rotate", "--threshold", "²"), ("root", "rotate", "--threshold", "2"),
        ("root", "rotate", "--threshold", "kings=1"), ("root", "rotate", "--remove", "kay"),
        ("root", "rotate", "--remove", "nobody"), ("root", "rotate", "--until", "soon"),
        ("delegate", "lab"), ("delegate", "lab", "--to", ann, "--take-back"),
        ("delegate", "lab..eu", "--to", ann), ("delegate", "lab", "--to", ann, "--role", "root"),
        ("delegate", "lab", "--to", ann, "--threshold", "2"),
        ("charter", "sign", "missing.toml"), ("charter", "sign", "--to", "x"),
        ("steward", "create", str(peer.share), "--name", "all", "--no-passphrase"),
        ("steward", "create", str(peer.share), "--name", "kay", "--no-passphrase"),
    ):  # fmt: skip
        peer(*words, code=2)
    peer("delegate", "lab", "--take-back", code=3)
    peer("root", "rotate", "--threshold", "1", "--disown", "9.charter.00000000.json", code=3)
    fake = "abcde-fghi-jklm-nopqr-stuv-wxyz"
    create = ("steward", "create", str(peer.share), "--name", BOB, "--no-passphrase")
    as_(peer, BOB, *create, "--root", fake, code=5)
    assert sorted(path.name for path in peer.share.glob("charter/*")) == before


def test_the_history_is_verified_from_the_share_alone(peer: Typist) -> None:
    """Every document with who signed it; what is missing, spoiled or forged ends with 1."""
    peer("goal", "add", "x", "We want x.")
    peer("halt", "core", "--because", "too warm")
    peer("resume")
    found = peer("audit", "--json").json
    assert found["problems"] == []
    said = [(row["document"], row["state"], row["because"]) for row in found["history"]]
    assert said[:3] == [
        ("root", "in force", None), ("charter", "superseded", None), ("roster", "superseded", None)
    ]  # fmt: skip
    assert said[-2:] == [("order", "lifted", "too warm"), ("order", "in force", None)]
    assert peer("audit", "--as", "core", "--json").json == found, "a peer's home says the same"
    (charter,) = peer.share.glob("charter/2.charter.*")
    data = charter.read_bytes()
    charter.write_bytes(data.replace(b"We want x.", b"We want y."))
    bad = peer("audit", "--json", code=1).json
    assert [line.split(":")[0] for line in bad["problems"]] == [f"charter/{charter.name}"]
    charter.write_bytes(data)
    (first,) = peer.share.glob("charter/1.charter.*")
    first.unlink()
    (problem,) = peer("audit", "--json", code=1).json["problems"]
    assert "not on the share" in problem


def test_an_approval_needs_two_of_three(peer: Typist) -> None:
    """ASK-3, AUTH-16: a yes waits like any document, and the second steward completes the same."""
    two_of_three(peer)
    draft = peer.base / "charter.toml"
    draft.write_text('[[policy]]\neffect = "publish"\nverdict = "approve"\n')
    peer("charter", "sign", str(draft), code=6)
    as_(peer, ANN, "charter", "sign")
    joined = peer("join", str(peer.share), "--name", "kay", "--json").json
    peer("admit", "kay", "--steward", "--fingerprint", joined["fingerprint"], code=6)
    as_(peer, ANN, "charter", "sign")
    peer.round()
    id_ = peer("share", "--as", "core", "copper conducts", "--json", code=6).json["ids"][0]
    peer("tick", "--as", "kay")
    assert "waits for one more of ann, bob" in peer("approve", id_, code=6).err
    assert "waits for one more of ann, bob" in peer("approve", id_, code=6).err, "the same again"
    (row,) = waiting(peer)
    assert row["document"] == "decision of core@lab"
    peer.round()
    assert peer("feed", "--as", "scout", "--json").json == []
    as_(peer, BOB, "charter", "sign")
    peer.round(2)
    assert [row["text"] for row in peer("feed", "--as", "scout", "--json").json] == [
        "copper conducts"
    ]


@pytest.mark.slow
def test_at_a_terminal_who_signs_is_asked_of_each(peer: Typist) -> None:
    """What others began is signed by nobody who only pressed return."""
    two_of_three(peer)
    peer("goal", "add", "x", "We want x.", code=6)
    ann = replace(peer, env={"PEER_HOME": str(peer.base / ANN)})
    _, said = at_terminal(ann, ("charter", "sign"), [("Sign charter 2", "")])
    assert "We want x." in said
    assert len(waiting(peer)) == 1
    code, _ = at_terminal(ann, ("charter", "sign"), [("Sign charter 2", "y")])
    assert code == 0
    assert waiting(peer) == []

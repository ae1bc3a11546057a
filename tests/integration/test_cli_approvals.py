"""Approvals and mailboxes as they are typed, in two homes: a steward's and an agent's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from peer import keys
from peer.clock import SystemClock, SystemEntropy
from peer.home.places import choose
from peer.stewards.desk import Desk
from peer.stewards.shelf import FolderShelf
from peer.wiring import open_share
from protocol.charter import TYPE, Charter, Rule
from tests.integration.typist import Typist

CREATE = ("--cluster", "lab", "--steward", "kay")
RULES = (
    Rule(effect="publish", kind="insight", verdict="approve"),
    Rule(effect="publish", kind="announcement", verdict="forbidden"),
    Rule(effect="publish", kind="alert", verdict="notice"),
)


class Office:
    """A steward's machine and an agent's, over one share."""

    def __init__(self, base: Path, sealed: Path | None = None) -> None:
        self.share = base / "share"
        how = ("--no-passphrase",) if sealed is None else ("--passphrase-file", str(sealed))
        self.kay = Typist(base, {"PEER_HOME": str(base / "kays")})
        self.core = Typist(base, {"PEER_HOME": str(base / "cores")})
        self.made = self.kay("network", "create", str(self.share), *CREATE, *how, "--json").json
        self.core("join", str(self.share), "--name", "core")
        shown = self.core("status", "--json").json["fingerprint"]
        self.secret = () if sealed is None else ("--passphrase-file", str(sealed))
        self.kay("admit", "core", "--fingerprint", shown, *self.secret)
        self.core("tick")

    def charter(self, base: Path) -> None:
        folder, identity = choose(str(base / "kays"), "stewards", None, None)
        desk = Desk(
            home=str(base / "kays"), identity=identity, shelf=FolderShelf(folder),
            share=open_share(identity.share, "kay"), clock=SystemClock(),
            unlock=lambda: keys.load_sealed_key(folder, b"right")
            if keys.is_sealed(folder) else keys.load_key(folder),
            entropy=SystemEntropy(),
        )  # fmt: skip
        newest = max(desk.documents(TYPE), key=lambda d: d.number)
        assert isinstance(newest.body, Charter)
        body = replace(newest.body, version=newest.number + 1, prev=newest.digest, policy=RULES)
        desk.sign(body)
        self.core("tick")
        self.kay("tick")


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_a_steward_has_a_mailbox_from_the_beginning(office: Office) -> None:
    """BOX-1: with a key of its own; quick start needs no --as where there is one agent."""
    kay, core = office.kay, office.core
    shown = kay("network", "show", "--json").json
    assert [one["name"] for one in shown["members"]] == ["core"]
    assert [one["name"] for one in shown["mailboxes"]] == ["kay"]
    assert shown["mailboxes"][0]["fingerprint"] != shown["stewards"][0]["fingerprint"]
    assert office.made["mailbox"] == "kay"
    core("send", "kay", "hello")
    kay("tick")
    assert [row["text"] for row in kay("inbox", "--as", "kay", "--json").json] == ["hello"]
    kay("send", "core", "hello, too")
    core("tick")
    (row,) = core("inbox", "--json").json
    assert (row["from"], row["steward"]) == ("kay", True)
    assert "kay (steward) → core" in core("inbox").out
    kay("join", str(office.share), "--name", "scout")
    kay("admit", "scout")
    assert kay("status", "--json").json["peer"] == "scout", "an agent goes before a mailbox"
    assert core("peers", "--json").json == []


def test_only_the_name_of_a_steward_becomes_a_mailbox(office: Office) -> None:
    """BOX-1: and whoever gets the name anew begins without the role."""
    kay, core = office.kay, office.core
    mine = core("status", "--json").json["fingerprint"]
    said = kay("admit", "core", "--steward", "--fingerprint", mine, code=2)
    assert "no steward is called core" in said.err
    other = replace(core, env={"PEER_HOME": str(core.base / "others")})
    other("join", str(office.share), "--name", "kay")
    shown = other("status", "--json").json["fingerprint"]
    kay("admit", "kay", "--reuse", "--fingerprint", shown)
    assert kay("network", "show", "--json").json["mailboxes"] == []
    kay("admit", "kay", "--steward", "--fingerprint", shown)
    found = kay("network", "show", "--json").json["mailboxes"]
    assert [one["fingerprint"] for one in found] == [shown]


def test_an_approval_from_end_to_end(office: Office, tmp_path: Path) -> None:
    """ASK-1, ASK-10: exit 6 with what a steward has to do; nothing on the share before the yes."""
    office.charter(tmp_path)
    kay, core = office.kay, office.core
    said = core("share", "copper\x1b[2J conducts\nyou say no to this:", "--json", code=6)
    assert said.json["state"] == "asked"
    id_ = said.json["ids"][0]
    assert f"peer approve {id_[:8]}" in said.err
    assert "forbidden by the charter of *" in core("announce", "x", code=6).err
    assert [row["state"] for row in core("approvals", "--json").json] == ["open"]
    assert core("feed", "--json").json == []
    assert core("status", "--json").json["asked"] == 1
    core("alert", "a disk")
    assert "1 × publish alert" in core("approvals").out
    kay("tick")
    shown = kay("approvals")
    assert "\x1b" not in shown.out
    assert "\n  | you say no to this:" in shown.out, "quoted lines keep behind their margin"
    approved = kay("approve", id_[:6], "--json")
    assert approved.json["scope"] == "core@lab"
    assert "\n  | you say no to this:" in approved.err
    assert "\x1b" not in approved.err
    assert kay("approve", id_, "--json").json["changed"] is False
    assert kay("approvals", "--json").json == []
    assert [row["state"] for row in kay("approvals", "--all", "--json").json] == ["approved"]
    core("tick")
    assert [row["id"] for row in core("feed", "--json").json if row["kind"] == "insight"] == [id_]
    second = core("share", "iron", "--json", code=6).json["ids"][0]
    kay("tick")
    kay("deny", second, "--because", "not now")
    core("tick")
    rows = core("approvals", "--all", "--json").json
    assert [(row["state"], row["because"]) for row in rows] == [
        ("approved", ""),
        ("denied", "not now"),
    ]
    assert core("trace", second, "--json").json["state"] == "dropped"
    kay("approve", second, code=1)
    kay("approve", "aaaaaaaa", code=3)
    kay("deny", "a", code=2)
    core("approve", id_, code=3)


def test_a_request_is_among_what_waits_for_the_steward(office: Office, tmp_path: Path) -> None:
    """Until it is answered; and a late no does not promise what it cannot know."""
    office.charter(tmp_path)
    kay, core = office.kay, office.core
    id_ = core("share", "copper conducts", "--json", code=6).json["ids"][0]
    kay("tick")
    rows = {row["key"]: row for row in kay("escalations", "--json").json}
    assert rows[f"request:{id_}"]["level"] == "human"
    assert f"peer approve {id_[:8]}" in rows[f"request:{id_}"]["mend"]
    kay("approve", id_)
    assert f"request:{id_}" not in [row["key"] for row in kay("escalations", "--json").json]
    assert "unless it has gone out already" in kay("deny", id_).out


def test_a_mailbox_shows_what_waits_for_an_answer(office: Office, tmp_path: Path) -> None:
    """Its status counts requests, says how to see them, and does not say that nothing waits."""
    office.charter(tmp_path)
    kay, core = office.kay, office.core
    assert kay("status", "--as", "kay", "--json").json["questions"] == 0
    ids = [core("share", text, "--json", code=6).json["ids"][0] for text in ("copper", "iron")]
    kay("tick", "--as", "kay")
    found = kay("status", "--as", "kay", "--json").json
    assert (found["questions"], found["votes"], found["asked"]) == (2, 0, 0)
    shown = kay("status", "--as", "kay").out
    assert "2 requests wait for your yes or no: `peer approvals --as kay`" in shown
    assert f"peer approve {ids[0][:8]}" in shown
    assert "nothing waits for a human" not in shown
    for id_ in ids:
        kay("deny", id_)
    shown = kay("status", "--as", "kay").out
    assert "your yes or no" not in shown
    assert "nothing waits for a human" in shown


def test_a_sealed_key_says_yes_with_its_passphrase_only(tmp_path: Path) -> None:
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text("right\n")
    wrong.write_text("wrong\n")
    office = Office(tmp_path, right)
    office.charter(tmp_path)
    id_ = office.core("share", "copper", "--json", code=6).json["ids"][0]
    office.kay("tick")
    assert (
        "wrong passphrase"
        in office.kay("approve", id_, "--passphrase-file", str(wrong), code=6).err
    )
    office.kay("approve", id_, code=6)
    assert office.kay("approve", id_, *office.secret, "--json").json["changed"] is True


def test_escalations_reach_the_steward(office: Office) -> None:
    """BOX-4: what only a person can mend is in his list, with who says so."""
    kay, core = office.kay, office.core
    core("rekey")
    core("tick")
    kay("tick")
    (row,) = kay("escalations", "--as", "kay", "--json").json
    assert row["from"] == "core"
    assert row["text"].startswith("core: core asks for a new key")
    assert "core suggests:" in kay("escalations", "--as", "kay").out
    assert kay("inbox", "--as", "kay", "--json").json[0]["kind"] == "escalation"

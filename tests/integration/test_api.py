"""`from peer import Peer`: what programs call. Commands call it, too; their tests are elsewhere."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

import peer as public
from peer import (
    Alert,
    Answer,
    Effect,
    Escalate,
    HomeError,
    HumanNeededError,
    Item,
    Note,
    NotFoundError,
    Peer,
    Publish,
    Question,
    Received,
    Saved,
    Send,
    ShareError,
    SomaError,
    TimedOutError,
    UsageError,
    View,
    WrongShareError,
)
from peer.results.letters import Letter
from peer.settings import Run, Settings
from protocol import limits
from tests.integration.typist import NAMES, ROOT, Typist, settled

Three = dict[str, Peer]


@pytest.fixture
def typist(tmp_path: Path) -> Typist:
    return settled(tmp_path)


@pytest.fixture
def three(typist: Typist) -> Iterator[Three]:
    with ExitStack() as stack:
        yield {n: stack.enter_context(Peer.open(home=str(typist.home), name=n)) for n in NAMES}


def round(three: Three, times: int = 1) -> None:
    for _ in range(times):
        for one in three.values():
            one.tick()


# ------------------------------------------------------------------------------ opening


def test_what_only_one_fits_need_not_be_named(
    typist: Typist, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="several fit"):
        Peer.open(home=str(typist.home))
    monkeypatch.setenv("PEER_HOME", str(typist.home))
    monkeypatch.setenv("PEER_NAME", "scout")
    with Peer.open() as scout, Peer.open(name="core") as core:
        assert (scout.name, core.name) == ("scout", "core")
        assert core.address == "core@lab"
        assert len(core.fingerprint) > 26
    monkeypatch.setenv("PEER_NETWORK", str(typist.share))
    with Peer.open(network=str(typist.share)) as scout:
        assert scout.name == "scout"


def test_what_cannot_be_opened_is_said_at_once(typist: Typist) -> None:
    with pytest.raises(NotFoundError):
        Peer.open(home=str(typist.home), name="nobody")
    with pytest.raises(WrongShareError):
        Peer.open(home=str(typist.home), name="core", network=str(typist.base))
    if os.name == "posix":
        (typist.folder("core") / "key").chmod(0o644)
        with pytest.raises(HomeError, match="chmod 600"):
            Peer.open(home=str(typist.home), name="core")


def test_a_peer_can_be_closed_again_and_again(typist: Typist) -> None:
    core = Peer.open(home=str(typist.home), name="core")
    core.close()
    core.close()
    assert core.inbox() == [], "and it opens its home again when it is asked for something"
    core.close()


def test_a_peer_belongs_to_its_thread(three: Three) -> None:
    caught: list[BaseException] = []

    def ask() -> None:
        try:
            three["core"].inbox()
        except SomaError as error:
            caught.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert [type(error) for error in caught] == [UsageError]
    assert "open another one" in str(caught[0])


def test_a_sealed_letter_with_files(three: Three, tmp_path: Path) -> None:
    """Sent, listed and saved by calls; what cannot be sent says so, and nothing is written."""
    file = tmp_path / "figures.csv"
    file.write_bytes(b"1,2,3")
    sent = three["core"].send("scout", "see file", attach=[str(file)], seal=True)
    round(three, 2)
    (letter,) = three["scout"].inbox()
    assert (letter.text, letter.sealed, letter.id) == ("see file", True, sent.ids[0])
    assert [(one["name"], one["size"]) for one in letter.attachments] == [("figures.csv", 5)]
    (saved,) = three["scout"].save(letter.id[:6], str(tmp_path))
    assert saved == Saved("figures.csv", str(tmp_path / "figures-2.csv"), 5)
    assert saved.as_json()["size"] == 5
    assert Path(saved.path).read_bytes() == b"1,2,3"
    with pytest.raises(NotFoundError):
        three["scout"].save(letter.id, str(tmp_path), name="other")
    with pytest.raises(UsageError, match="--seal"):
        three["core"].send("all", "x", seal=True)
    with pytest.raises(UsageError, match="cannot be read"):
        three["core"].send("scout", "x", attach=[str(tmp_path / "none")])
    assert three["core"].outbox() == []


def test_threads_may_attach_at_once(typist: Typist, tmp_path: Path) -> None:
    """ATT-1: each file is kept as what it is."""
    contents = [bytes([n]) * 3_000_000 for n in range(4)]
    for n, data in enumerate(contents):
        (tmp_path / str(n)).write_bytes(data)

    def write(n: int) -> None:
        with Peer.open(home=str(typist.home), name="core") as core:
            core.send("scout", str(n), attach=[str(tmp_path / str(n))])

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    folder = typist.folder("core") / "blobs"
    kept = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    assert set(kept) == {hashlib.sha256(data).hexdigest() for data in contents}
    assert all(name == digest for name, digest in kept.items())


def test_threads_with_peers_of_their_own_give_out_each_number_once(typist: Typist) -> None:
    """SEND-10: ten threads, one identity."""

    def write() -> None:
        with Peer.open(home=str(typist.home), name="core") as core:
            core.send("scout", "one of ten")

    threads = [threading.Thread(target=write) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Peer.open(home=str(typist.home), name="scout") as scout:
        assert scout.tick().received == 10
        assert scout.tick().quarantined == 0


# ------------------------------------------------------------------------------ letters


def test_a_letter_and_its_answer(three: Three) -> None:
    core, scout = three["core"], three["scout"]
    sent = core.send("scout", "why?", kind="question", topics=["metal"], priority=1)
    assert (sent.to, sent.state) == (("scout",), "delivered")
    scout.tick()
    (letter,) = scout.inbox()
    assert (letter.sender, letter.to, letter.kind, letter.text) == (
        "core",
        "scout",
        "question",
        "why?",
    )
    assert (letter.priority, letter.read, letter.trust) == (1, False, "admitted")
    assert letter.when.tzinfo == UTC
    assert scout.warning is None
    answered = scout.reply(letter.id[:6], "because")
    core.wait(sent.ids, "acted", 0.1)
    core.tick()
    (answer,) = core.inbox()
    assert (answer.kind, answer.re, answer.thread) == ("answer", letter.id, letter.id)
    assert core.letter(answer.id[:8]) == answer
    assert core.read(answer.id).read is False, "as it was when it was shown"
    assert core.inbox() == []
    assert [one.read for one in core.inbox(unread=False)] == [True]
    assert [one.text for one in core.thread(answer.id)] == ["why?", "because"]
    trace = core.trace(sent.ids[0])
    assert (trace.sender, trace.to) == ("core", "scout")
    assert {"staged", "delivered", "acknowledged", "acted"} == {e.what for e in trace.events}
    assert [one.id for one in scout.outbox()] == list(answered.ids)
    assert scout.outbox()[0].state == "delivered"
    core.mark_read(core.thread(answer.id))  # also of one's own: nothing happens


def test_to_several_to_all_and_in_reply(three: Three) -> None:
    core = three["core"]
    first = core.send(["scout", "librarian"], Note(text="to both"))
    assert first.to == ("scout", "librarian")
    core.send("all", "to all", kind="alert")
    three["scout"].tick()
    letters = {one.text: one for one in three["scout"].inbox()}
    assert letters["to all"].kind == "alert"
    back = three["scout"].send("core", "more", reply_to=letters["to both"].id[:8])
    core.tick()
    assert core.inbox()[0].re == letters["to both"].id
    assert back.ids[0] == core.inbox()[0].id


def test_knowledge(three: Three) -> None:
    core, scout = three["core"], three["scout"]
    said = core.share("copper conducts", topics="metal", confidence=0.9)
    core.announce("I sort alloys", topics=["metal"])
    core.alert("my disk is full", severity="critical")
    scout.tick()
    found = {one.kind: one for one in scout.feed("core")}
    assert found["insight"].as_json()["confidence"] == 0.9
    assert found["insight"].as_json()["topics"] == ["metal"]
    assert [c.level for c in scout.concerns()] == ["human"]
    assert scout.status().concerns == tuple(scout.concerns())
    scout.endorse(said.ids[0])
    scout.dispute(said.ids[0], "it is aluminium")
    asked = scout.ask("what conducts?", topics=["metal"])
    round(three, 2)
    assert [one.kind for one in scout.feed("scout", limit=9)] == [
        "question",
        "dispute",
        "endorsement",
    ]
    answers = [one for one in scout.inbox() if one.kind == "answer"]
    assert [(one.sender, one.re) for one in answers] == [("core", asked.ids[0])]


def test_a_letter_that_nobody_receives_in_time(three: Three) -> None:
    with pytest.raises(TimedOutError):
        three["core"].send("scout", "x", wait="received", timeout=0)
    (letter,) = three["core"].outbox()
    assert letter.state == "delivered"


@pytest.mark.parametrize(
    "call",
    [
        lambda core: core.send("scout", ""),
        lambda core: core.send("scout", "x", kind="insight"),
        lambda core: core.send("scout", "x", topics=["metal"]),
        lambda core: core.send("all", "x", wait="acted"),
        lambda core: core.send("scout", "\ud800"),
        lambda core: core.send("scout", "x" * (limits.text_chars_max + 1)),
        lambda core: core.send("scout", "x", reply_to="a"),
        lambda core: core.send("core", "x"),
        lambda core: core.send(["all", "scout"], "x"),
        lambda core: core.send("scout", "x", priority=5),
        lambda core: core.send("scout", Note(text=7)),  # type: ignore[arg-type]
        lambda core: core.send("scout", Question(text="x", topics=("Not a word",))),
        lambda core: core.send("scout", b"x"),
        lambda core: core.alert("x", severity="fatal"),
        lambda core: core.share("x", confidence=2),
        lambda core: core.share("x", topics=["Metal!"]),
        lambda core: core.wait([], timeout=-1),
        lambda core: core.on("gossip"),
        lambda core: core.letter("abc"),
    ],
)
def test_what_cannot_be_meant(three: Three, call: Any) -> None:
    with pytest.raises(UsageError):
        call(three["core"])
    assert three["core"].outbox() == []


def test_errors_say_whose_fault_it_is(three: Three, typist: Typist) -> None:
    core = three["core"]
    with pytest.raises(NotFoundError):
        core.send("nobody", "x")
    with pytest.raises(NotFoundError):
        core.trace("aaaaaaaa")
    typist("halt", "core")
    core.tick()
    with pytest.raises(HumanNeededError):
        core.send("scout", "x")
    assert core.status().halted
    typist.share.rename(typist.base / "away")
    with pytest.raises(ShareError):
        core.tick()
    assert core.inbox() == []
    assert core.warning is not None
    assert "cannot be reached" in core.warning


# ------------------------------------------------------------------------------ handlers


def test_a_handler_of_a_program_runs_inside_the_tick_beside_those_of_the_peer(three: Three) -> None:
    core, scout = three["core"], three["scout"]
    seen: list[Item] = []

    @scout.on("question")
    def answer(received: Received, view: View) -> list[Effect]:
        seen.append(received.item)
        assert view.address == received.audience == "scout@lab"
        return [Send(to=received.item.head.author, body=Answer(text="mine"))]

    @scout.on("question")
    def also(received: Received, view: View) -> list[Effect]:
        return [Escalate(text="somebody asked", mend="see who")]

    scout.share("tin melts", topics=["tin"], confidence=1)
    (asked,) = core.send("scout", Question(text="what melts?", topics=("tin",))).ids
    round(three, 2)
    assert [item.id for item in seen] == [asked]
    answers = {letter.text for letter in core.inbox()}
    assert "mine" in answers
    assert any("tin melts" in text for text in answers), "the peer's own handler, too"
    assert [concern.text for concern in scout.concerns()] == ["somebody asked"]
    assert all(letter.auto for letter in core.inbox())


def test_a_handler_that_raises_is_tried_three_times_and_keeps_nothing_waiting(
    three: Three,
) -> None:
    """ACT-3, AUTO-3: and what policy refuses is told."""
    core, scout = three["core"], three["scout"]
    tried = []

    @scout.on("alert")
    def fails(received: Received, view: View) -> list[Effect]:
        tried.append(received.item.id)
        raise KeyError("no such thing")

    @scout.on("note")
    def answers_notes(received: Received, view: View) -> list[Effect]:
        return [Publish(body=Note(text="thanks"))]

    core.send("scout", Alert(text="smoke"))
    core.send("scout", "a note")
    reports = [scout.tick() for _ in range(4)]
    assert len(tried) == 3
    assert [report.quarantined for report in reports] == [0, 0, 1, 0]
    assert reports[0].acted == 1
    assert any("a note never causes a letter" in text for text in reports[0].problems)
    assert any("no such thing" in text for text in reports[0].problems)


def test_goals_and_what_serves_none(typist: Typist, three: Three) -> None:
    """GOAL-1: the author hears at once what everybody else will see."""
    core = three["core"]
    assert core.goals() == []
    assert core.announce("I sort alloys").flag is None
    typist("goal", "add", "clean", "Clean up.")
    core.tick()
    (goal,) = core.goals()
    assert (goal.id, goal.text, goal.scope) == ("clean", "Clean up.", "*")
    assert core.status().goals == (goal,)
    assert goal.as_json() == {"id": "clean", "text": "Clean up.", "scope": "*"}
    assert core.announce("I clean", goals="clean").flag is None
    assert core.announce("I draw").flag == "no-goal"
    assert core.announce("I do", goals=["clean", "other"]).flag == "unknown-goal"
    with pytest.raises(UsageError, match="no id of a goal"):
        core.announce("I do", goals=["Clean"])


def test_what_a_tick_tells(three: Three) -> None:
    told: list[tuple[int, int, str]] = []
    three["core"].send("scout", "x")
    report = three["scout"].tick(lambda done, of, what: told.append((done, of, what)))
    assert (report.state, report.received, report.acted) == ("idle", 1, 1)
    assert told[-1] == (1, 1, "items acted on")
    (one, other) = three["scout"].peers()
    assert (one.name, one.state, one.left) == ("core", "alive", False)
    assert other.as_json()["name"] == other.name == "librarian"
    status = three["scout"].status()
    assert (status.name, status.admitted, status.parked, status.unread) == ("scout", True, None, 1)
    assert status.last_tick is not None


# ------------------------------------------------------------------------------ the promise


def test_every_public_name_is_there_and_is_what_the_module_says() -> None:
    for name in public.__all__:
        assert getattr(public, name) is not None
    assert set(public.__all__) <= set(dir(public))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        public.nothing  # noqa: B018
    text = (ROOT / "peer" / "__init__.py").read_text()
    typed = set(re.findall(r"import (\w+) as \1$", text, re.MULTILINE))
    assert typed == set(public.__all__), "type checkers see the same names"


def test_importing_it_imports_next_to_nothing() -> None:
    program = (
        "import sys, peer\n"
        "def loaded(*names): print(*(name for name in names if name in sys.modules), '.')\n"
        "loaded('dataclasses', 'orjson', 'sqlite3', 'peer.api', 'protocol')\n"
        "from peer import Peer\n"
        "loaded('click', 'cryptography', 'pydantic', 'peer.tick', 'registry')\n"
    )
    # Measuring coverage imports a lot by itself.
    environment = {name: value for name, value in os.environ.items() if "COV" not in name}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, text=True, cwd=ROOT, check=True, env=environment,
    )  # fmt: skip
    assert done.stdout.split() == [".", "."]


def test_letters_are_frozen_and_say_what_the_command_says(three: Three, typist: Typist) -> None:
    three["core"].send("scout", "x")
    three["scout"].tick()
    (letter,) = three["scout"].inbox()
    with pytest.raises(AttributeError):
        letter.text = "y"  # type: ignore[misc]
    assert isinstance(letter, Letter)
    assert [letter.as_json()] == typist("inbox", "--as", "scout", "--json").json


def example(section: str) -> str:
    """The one program in a section of the README."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").partition(f"\n## {section}\n")[2]
    (program,) = re.findall(r"```python\n(.*?)```", text.partition("\n## ")[0], re.DOTALL)
    return str(program)


def test_the_check_of_the_readme_runs(typist: Typist) -> None:
    environment = {**os.environ, "PEER_HOME": str(typist.home), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", example("Own troubles")], capture_output=True, text=True,
        env=environment,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    (concern,) = typist("escalations", "--as", "core", "--json").json
    assert concern["text"] == "answers take 40 s"


def test_the_example_of_the_readme_runs(typist: Typist) -> None:
    program = example("From Python")
    typist("send", "--as", "core", "librarian", "my rename fails", "--kind", "question")
    environment = {**os.environ, "PEER_HOME": str(typist.home), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "1 received, 1 acted on\ncore question my rename fails\n"
    typist("tick", "--as", "core")
    (answer,) = typist("inbox", "--as", "core", "--json").json
    assert (answer["text"], answer["kind"], answer["auto"]) == (
        "Retry it after 20 ms.",
        "answer",
        True,
    )


def test_a_letter_that_waits_can_be_taken_back(three: Three, typist: Typist) -> None:
    core = three["core"]
    typist.share.rename(typist.base / "away")
    (item,) = core.send("scout", "never mind, copper").ids
    done = core.cancel(item[:6])
    assert isinstance(done, public.Cancelled)
    assert (done.id, done.was) == (item, "staged")
    assert (core.outbox(), core.search("copper"), core.thread) == ([], [], core.thread)
    for call in (core.cancel, core.letter, core.thread, core.read):
        with pytest.raises(NotFoundError, match="was taken back"):
            call(item)
    assert b"copper" not in b"".join(row[0] for row in core.home.db.read("SELECT data FROM item"))
    (typist.base / "away").rename(typist.share)
    (sent,) = core.send("scout", "this one stays").ids
    with pytest.raises(SomaError, match="on its way"):
        core.cancel(sent)
    three["scout"].tick()
    assert [one.text for one in three["scout"].inbox()] == ["this one stays"]
    with pytest.raises(UsageError, match="not yours"):
        three["scout"].cancel(sent)


def test_what_was_published_can_be_taken_back(three: Three) -> None:
    (item,) = three["core"].share("copper conducts").ids
    done = three["core"].erase(item)
    assert isinstance(done, public.Erased)
    assert done.as_json() == {"id": item, "by": done.by, "state": "erased", "share": "delivered"}


def test_every_call_is_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8").partition("## From Python")[2]
    calls = [
        name
        for name in dir(Peer)
        if callable(getattr(Peer, name))
        and not name.startswith("_")
        and name not in ("open", "close")
    ]
    assert [name for name in calls if f"`{name}" not in text] == []
    assert [one.__doc__ for one in (getattr(Peer, name) for name in calls) if not one.__doc__] == []


def test_a_program_stays_and_its_handlers_hear_at_once(typist: Typist, three: Three) -> None:
    """Until it is told to stop; two residents of one identity are refused."""
    stop, heard, ticks, refused = threading.Event(), list[str](), list[str](), list[str]()

    def live() -> None:
        with Peer.open(home=str(typist.home), name="scout") as scout:

            @scout.on("question")
            def answer(item: Received, view: View) -> list[Effect]:
                body = item.item.body
                assert isinstance(body, Question)
                heard.append(body.text)
                return []

            scout.run(stop, lambda report: ticks.append(report.state))

    thread = threading.Thread(target=live)
    thread.start()
    try:
        three["core"].send("scout", "are you there?", kind="question", wait="acted", timeout=30)
        with (
            Peer.open(home=str(typist.home), name="scout") as second,
            pytest.raises(SomaError) as caught,
        ):
            second.run(threading.Event())
        refused.append(str(caught.value))
    finally:
        stop.set()
        thread.join()
    assert heard == ["are you there?"]
    assert set(ticks) == {"idle"}
    assert "is running" in refused[0]


def test_what_was_published_is_found_and_taken_back(three: Three) -> None:
    core, scout = three["core"], three["scout"]
    [id] = core.share("copper conducts", topics=["metal"]).ids
    round(three, 2)
    assert [one.id for one in scout.search("copp")] == [id]
    assert scout.search("copper", author="librarian") == []
    assert core.erase(id).id == id
    round(three, 2)
    assert scout.search("copper") == []


def test_a_program_that_stays_hears_of_an_outage(typist: Typist, three: Three) -> None:
    """RUN-7: once that the share is away, and why, and once that it is back."""
    stop, heard = threading.Event(), list[str]()

    def live() -> None:
        with Peer.open(home=str(typist.home), name="scout") as scout:
            scout.running.settings = Settings(run=Run(watch="polling", poll_s=1))
            scout.run(
                stop,
                lambda report: heard.append("tick"),
                lambda why: heard.append("away" if str(typist.share) in why else why),
                lambda: heard.append("back"),
            )

    def until(count: int, what: str) -> None:
        began = time.monotonic()
        while heard.count(what) < count:
            assert time.monotonic() - began < 60, heard
            time.sleep(0.02)

    thread = threading.Thread(target=live)
    thread.start()
    try:
        until(1, "tick")
        typist.share.rename(typist.base / "elsewhere")
        until(1, "away")
        (typist.base / "elsewhere").rename(typist.share)
        until(2, "tick")
    finally:
        stop.set()
        thread.join()
    assert [one for one in heard if one != "tick"] == ["away", "back"]

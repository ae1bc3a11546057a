"""What a person does with letters: answer one, wait for what becomes of one, judge one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from peer import bodies
from peer.given import check_utf8, checked_text
from peer.home.mail import Letter
from peer.instance import RunningPeer
from peer.rows import one_line, short
from peer.sealing import open_item
from peer.send import Sent, send
from peer.stewards.standing import standing
from peer.tick.receipts import read_receipt
from protocol.errors import ShareError, SomaError, TimedOutError, UsageError
from protocol.messages import Alert, Answer, Body, Note, Question, Sealed, stored_item
from protocol.page import ALL

Stage = Literal["received", "acted"]
# A replaced file that is opened more often may be shown old for half a minute (CIFS).
look_every_seconds = 2.0
RETRACTABLE = ("insight", "answer", "announcement", "question", "endorsement", "dispute")

QUOTED_CHARS = 500  # of a question that was passed on


def reply(peer: RunningPeer, prefix: str, text: str, *, only: bool = False) -> Sent:
    """Answer the author of an item in its thread, sealed if it was; it then counts as read.

    The answer to a question that was passed on goes to who asked it, as its author says, and to who
    passed it on; with `only` to him alone.
    """
    letter = peer.home.mail.get(prefix)
    if letter.mine:
        short = letter.id[:8]
        raise UsageError(
            f"{short} is your own; go on with `peer send NAME TEXT --reply-to {short}`"
        )
    kind, sealed = letter.kind, letter.kind == Sealed.kind
    if sealed and letter.understood:
        opened = open_item(peer, stored_item(letter.data, understood=True), letter.audience)
        kind = kind if opened is None else opened.item.head.kind
    to, re = ([letter.author], letter.id) if only else _asked_by(peer, letter)
    if len(to) > 1 and not _is_at_hand(peer, re):
        # What he asked is known here by somebody's word alone, so it stands beside the answer.
        text += _quoted(peer, letter)
        checked_text(text)
    body: Body = Answer(text=text) if kind == "question" else Note(text=text)
    sent = send(peer, to, [body], re=re, thread=letter.thread, seal=sealed)
    with peer.home.transaction():
        peer.home.mail.mark_read([letter.n], peer.clock.wall_ms())
    return sent


def _asked_by(peer: RunningPeer, letter: Letter) -> tuple[list[str], str]:
    """Whom an answer to a letter goes to, and which item it answers.

    Of a question that was passed on the asker knows only his own. Who passes something on by hand,
    or on behalf of nobody who is here, gets the answer himself.
    """
    item = stored_item(letter.data, understood=bool(letter.understood))
    if not (isinstance(item.body, Question) and item.head.auto and item.head.re):
        return [letter.author], letter.id
    asker = item.body.asker
    if asker in (None, peer.address, letter.author):
        return [letter.author], letter.id
    assert asker is not None
    members = map(peer.full, standing(peer).others)
    if asker not in members or _says_otherwise(peer, item.head.re, asker, item.body):
        return [letter.author], letter.id
    return [asker, letter.author], item.head.re


def _is_at_hand(peer: RunningPeer, id_: str) -> bool:
    return peer.home.knowledge.get(id_) is not None


def _says_otherwise(peer: RunningPeer, id_: str, asker: str, passed: Question) -> bool:
    """Whether a question is known here, and is another one than what was passed on as it."""
    node = peer.home.knowledge.get(id_)
    if node is None:
        return False
    return node.author != asker or node.said != passed.text


def _quoted(peer: RunningPeer, letter: Letter) -> str:
    """What is answered, for whoever may have asked something else."""
    item = stored_item(letter.data, understood=True)
    assert isinstance(item.body, Question)
    by = short(letter.author, peer.identity.cluster)
    return f"\n\n(asked, as {by} passed it on: {one_line(item.body.text, QUOTED_CHARS)})"


def judged(peer: RunningPeer, prefix: str) -> tuple[list[str], Letter]:
    """To whom it goes that a person vouches for or contradicts an item, and the item.

    What was published is judged before everybody; an answer that came by letter before its author,
    who alone knows it: vouching for it accepts it.
    """
    letter = peer.home.mail.get(prefix)
    if letter.kind == Answer.kind and letter.audience == peer.address and not letter.mine:
        return [letter.author], letter
    return [ALL], published_by_another(peer, prefix)


def published_by_another(peer: RunningPeer, prefix: str) -> Letter:
    """The publication of somebody else that a person vouches for or contradicts."""
    letter = peer.home.mail.get(prefix)
    if letter.mine:
        raise UsageError(f"{letter.id[:8]} is your own; only others can vouch for it or dispute it")
    if letter.audience != ALL:
        raise UsageError(
            f"{letter.id[:8]} is a letter that nobody else can see; answer it with"
            f" `peer reply {letter.id[:8]} TEXT`"
        )
    return letter


def published_by_me(peer: RunningPeer, prefix: str) -> Letter:
    """The publication of one's own that a person takes back."""
    letter = peer.home.mail.get(prefix)
    short = letter.id[:8]
    if not letter.mine:
        raise UsageError(
            f"{short} is not yours; contradict it with `peer dispute {short} --because TEXT`"
        )
    if letter.audience != ALL or letter.kind not in RETRACTABLE:
        raise UsageError(
            f"{short} is a {letter.kind} that claims nothing before everybody; only what you"
            " published of your knowledge can be taken back"
        )
    return letter


def known_ids(peer: RunningPeer, prefixes: Iterable[str]) -> tuple[str, ...]:
    """The whole ids of items that are here, each once; NotFoundError for an unknown one."""
    several = [prefixes] if isinstance(prefixes, str) else list(prefixes)
    for one in several:
        check_utf8(one, "an id")
    return tuple(dict.fromkeys(peer.home.mail.get(one).id for one in several))


def alert_over(peer: RunningPeer, prefix: str, text: str) -> Sent:
    """Tell everybody that a trouble is over; `prefix` names an alert that told of it."""
    letter = peer.home.mail.get(prefix)
    short = letter.id[:8]
    if not letter.mine or letter.kind != Alert.kind or letter.audience != ALL:
        raise UsageError(
            f"{short} is no alert that you published; `peer feed {peer.name}` has them"
        )
    first = stored_item(letter.data, understood=True).head.re or letter.id
    return send(
        peer, [ALL], [bodies.alert(text, "info")], re=first, thread=first,
        along=lambda: forget(peer, first),
    )  # fmt: skip


def forget(peer: RunningPeer, alert: str) -> None:
    """A trouble that a check had found counts as over; a check that finds it still tells anew."""
    for one in peer.home.troubles.all():
        if one.alert == alert:
            peer.home.troubles.forget(one.key)
    peer.home.concerns.resolve(f"item:{peer.address}:{alert}", peer.clock.wall_ms())


def wait(
    peer: RunningPeer,
    ids: Sequence[str],
    stage: Stage,
    seconds: float,
    pause: Callable[[float], None],
) -> None:
    """Look at receipts until every letter is `stage` at its reader.

    TimedOutError after `seconds`, SomaError where a reader refused one; letters stay on their way.
    """
    end = peer.clock.monotonic_ms() + round(seconds * 1000)
    while missing := [
        letter for letter in map(peer.home.mail.get, ids) if not _is(peer, letter, stage)
    ]:
        left = (end - peer.clock.monotonic_ms()) / 1000
        if left <= 0:
            reader, short = peer.bare(missing[0].audience), missing[0].id[:8]
            raise TimedOutError(
                f"{short} is not {stage} by {reader} after {seconds:g} s; it stays on its way, and"
                f" `peer trace {short}` shows where it is"
            )
        pause(min(look_every_seconds, left))
        for audience in dict.fromkeys(letter.audience for letter in missing):
            _look(peer, peer.bare(audience))


def _look(peer: RunningPeer, reader: str) -> None:
    try:
        read_receipt(peer, reader)
    except ShareError:
        return  # a drive that is away now may be back before the time is up


def _is(peer: RunningPeer, letter: Letter, stage: Stage) -> bool:
    if letter.refused:
        raise SomaError(
            f"{peer.bare(letter.audience)} refused {letter.id[:8]} by {letter.refused};"
            " `peer escalations` says what to do"
        )
    if letter.covered_at is None:
        return False
    return stage == "received" or letter.page_acted_at is not None

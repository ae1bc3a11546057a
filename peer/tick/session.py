"""One heartbeat session: wake, check, listen, receive, act, look, guide, share, beat.

Rules: every phase may be killed anywhere; the next tick finds out from home and share what is
left to do. A halted peer reads, receipts and beats, and neither acts nor sends. A peer that is
parked for another reason writes nothing to the share.
"""

from __future__ import annotations

from peer import lock, rekeying, voting
from peer.instance import RunningPeer
from peer.stewards import reading
from peer.stewards import standing as stewards
from peer.stewards.standing import Standing
from peer.telling import tell
from peer.tick import own
from peer.tick.act import act
from peer.tick.aims import unflag
from peer.tick.beat import beat
from peer.tick.card import renew_card
from peer.tick.deliver import deliver
from peer.tick.guide import guide
from peer.tick.listen import listen
from peer.tick.look import look
from peer.tick.receipts import audit, write_receipts
from peer.tick.receive import discard, receive
from peer.tick.report import Report
from peer.tick.retire import retire
from peer.tick.selfcheck import check_self
from protocol import canonical
from protocol.errors import HumanNeededError, ShareUnavailableError
from protocol.order import describe_halts
from registry import roster, yard
from registry.layout import PageName

LOST_KEY = "lost-key"  # of what a person is told


def tick(peer: RunningPeer) -> Report:
    """Run one tick; ShareError where the share cannot be used (exit 5).

    The report's state is `busy` where another tick of this peer runs, and `parked` where the peer
    may not act; `human` then says what a person must do, where one must.
    """
    report = Report(peer.name)
    with lock.held(peer.folder) as mine:
        if mine:
            tick_locked(peer, report)
        else:
            report.state = "busy"
    return report


def tick_locked(peer: RunningPeer, report: Report) -> None:
    """`tick` for whoever holds the lock; what was done before a fault stands in the report."""
    try:
        _session(peer, report)
    except HumanNeededError as error:
        report.state, report.human = "parked", str(error)
    report.shorten()
    _keep(peer, report)


def _session(peer: RunningPeer, report: Report) -> None:
    _wake(peer, report)
    standing = _check(peer, report)
    fresh = listen(peer, standing, report)
    standing = stewards.standing(peer)
    done = receive(peer, standing, report, fresh)
    watch = _OrderWatch(peer, standing)
    if standing.obedient:
        unflag(peer)
        act(peer, report, watch.obedient)
        if watch.standing.obedient:
            report.problems += voting.settle(peer)
            check_self(peer, report)
    if not peer.goes_on():
        report.problems.append("ended before its time, as asked; the next tick goes on from here")
        return
    look(peer, watch.standing, report)
    if watch.standing.obedient:
        guide(peer, watch.standing)
    _share(peer, watch.standing, report, done)
    peer.home.erasures.scrub()


def _wake(peer: RunningPeer, report: Report) -> None:
    own.check_parked(peer)
    state, now = peer.home.state, peer.clock.wall_ms()
    behind = state.number("last_wall") - now
    if behind > 60_000:
        report.problems.append(
            f"the clock is {behind // 1000} s behind the last tick; check it with `peer doctor`"
        )
    with peer.home.transaction(durable=False):
        state.put_all({"tick": state.number("tick") + 1, "tick_began": now})


def _check(peer: RunningPeer, report: Report) -> Standing:
    peer.looked.clear()
    report.problems += reading.refresh(peer)
    if rekeying.is_due(peer):
        rekeying.change(peer)
    rekeying.settle(peer)
    standing = stewards.standing(peer)
    _tell_of_key(peer, standing)
    if standing.member is None:
        raise HumanNeededError(_not_a_member(peer, standing))
    if standing.hidden_orders:
        return standing
    own.check_heartbeat(peer)
    _keep_folders(peer, report)
    own.check_feed(peer)
    audit(peer, (*standing.others, *standing.mailboxes))
    _greet(peer, standing)
    renew_card(peer, standing)
    song = canonical.b32(peer.entropy.draw(16)).encode()
    if not roster.sing(peer.share, peer.name, song):
        raise ShareUnavailableError(
            "the share gave back other bytes than were written; check the drive"
        )
    return standing


def _not_a_member(peer: RunningPeer, standing: Standing) -> str:
    lost = _lost_key(peer, standing)
    if lost is not None:
        return f"{lost[0]}: {lost[1]}"
    return (
        f"{peer.name} is not admitted; a steward runs `peer admit {peer.name}"
        f" --fingerprint {peer.fingerprint}`"
    )


def _lost_key(peer: RunningPeer, standing: Standing) -> tuple[str, str] | None:
    """What a person should know, and do, where the key of this home counts no more."""
    known = standing.find(peer.name)
    state = None if known is None else known.state_of(peer.signer.key)
    if known is None or state in (None, "active"):
        return None
    mend = (
        f"run `peer rekey --as {peer.name}`, and a steward `peer admit {peer.name} --rekey` with"
        " the fingerprint that it shows"
    )
    if known.active:
        said = f"the key of this home is {state}, and {peer.name} has got another one"
        return said, f"go on with the home that has it, or {mend}"
    return f"the key of this home is {state}, as a steward said", mend


def _tell_of_key(peer: RunningPeer, standing: Standing) -> None:
    """A person hears it once that my key counts no more, and no more when one counts."""
    lost, now = _lost_key(peer, standing), peer.clock.wall_ms()
    if lost is not None:
        with peer.home.transaction():
            peer.home.concerns.renew(LOST_KEY, "human", *lost, now)
    elif any(one.key == LOST_KEY for one in peer.home.concerns.all()):
        with peer.home.transaction():
            peer.home.concerns.resolve(LOST_KEY, now)


def _keep_folders(peer: RunningPeer, report: Report) -> None:
    """My folders on the share are there and are folders; whatever took their place goes."""
    if not yard.is_whole(peer.share, peer.name):
        yard.make_folders(peer.share, peer.name)
        report.problems.append("folders of mine were missing on the share; they were made anew")


def _greet(peer: RunningPeer, standing: Standing) -> None:
    """In a new epoch everybody hears from me what I hold, so that he offers the rest again."""
    if not peer.home.state.number("greet") or standing.roster is None:
        return
    with peer.home.transaction():
        for member in standing.roster.members:
            if member.active and member.name != peer.name:
                peer.home.journal.owe_receipt(peer.full(member.name))
                # Mail of a life that was lost may still lie there, to be fetched.
                peer.home.state.put(f"mail:{peer.full(member.name)}", 1)
        peer.home.state.forget("greet")


class _OrderWatch:
    """Looks at the orders again, at most once a second, while a long tick acts."""

    def __init__(self, peer: RunningPeer, standing: Standing) -> None:
        self._peer = peer
        self.standing = standing

    def obedient(self) -> bool:
        reading.refresh(self._peer)
        self.standing = stewards.standing(self._peer)
        return self.standing.obedient


def _share(peer: RunningPeer, standing: Standing, report: Report, done: list[PageName]) -> None:
    report.problems += [f"halted: {line}" for line in describe_halts(standing.halts)]
    if standing.hidden_orders:
        report.state = "parked"
        report.problems.append("parked: an order is hidden on the share; see `peer escalations`")
        return
    if standing.obedient:
        tell(peer)
        deliver(peer, report)
    else:
        report.state = "parked"
    write_receipts(peer, report)
    discard(peer, done, report)
    if standing.obedient:
        retire(peer, report)
    report.seq = beat(peer, "parked" if standing.halted else "idle", halted=standing.halted)


def _keep(peer: RunningPeer, report: Report) -> None:
    with peer.home.transaction(durable=False):
        if peer.home.quarantine.touched:
            peer.home.quarantine.trim(peer.home.state.number("tick"))
        kept = canonical.encode(report.kept())
        peer.home.state.put_all({"report": kept, "tick_ended": peer.clock.wall_ms()})

"""Looking after 1,000 peers: whose heartbeats did not change, and all of whose did."""

from __future__ import annotations

import os
from dataclasses import replace
from hashlib import sha256

from benchmarks.measure import Target, Turn, contest, timed
from benchmarks.network import Network, network
from peer.instance import RunningPeer
from peer.stewards import standing as stewards
from peer.stewards.desk import newest_roster
from peer.tick.listen import listen
from peer.tick.look import look
from peer.tick.report import Report
from peer.tick.session import tick
from protocol import canonical, documents, limits
from protocol.envelope import open_envelope
from protocol.heartbeat import TYPE, Heartbeat
from protocol.roster import Member, MemberKey, Roster
from protocol.signing import Signer

ROUNDS = 15
PEERS = 1_000  # one of them looks
SAME, STATS = "nothing changed", "scandir of peers/ and a stat each"
NEW, LOOP = "all changed", "read and verify in a loop"
TARGETS = (
    f"{SAME}: at most 4 times as long as a {STATS}",
    f"{NEW}: at most 1.5 times as long as to {LOOP}",
)


def run(rounds: int) -> None:
    """Print both tables."""
    with network(("core",)) as made:
        crowd = _Crowd(made)
        core = made.peers["core"]
        crowd.beat()
        tick(core)
        same: dict[str, Turn] = {
            SAME: lambda: _watch(core, changed=0),
            STATS: lambda: timed(lambda: _stats(crowd.folder)),
        }
        title = f"Looking after {PEERS - 1} neighbours who did not beat"
        contest(title, STATS, same, [Target(SAME, at_most=4)], rounds)

        def all_new() -> float:
            crowd.beat()
            return _watch(core, changed=len(crowd.signers))

        new: dict[str, Turn] = {NEW: all_new, LOOP: lambda: timed(crowd.verify)}
        title = f"Looking after {PEERS - 1} neighbours who all beat"
        contest(title, LOOP, new, [Target(NEW, at_most=1.5)], rounds)


def _watch(peer: RunningPeer, changed: int) -> float:
    """The seconds of listening and looking; checks how many heartbeats were new."""
    standing, report = stewards.standing(peer), Report(peer.name)
    before = {name: row.seq for name, row in peer.home.neighbours.all().items()}

    def work() -> None:
        listen(peer, standing, report)
        look(peer, standing, report)

    seconds = timed(work)
    after = peer.home.neighbours.all()
    found = sum(row.seq != before.get(name) for name, row in after.items())
    if found != changed or report.problems:
        raise RuntimeError(f"{found} heartbeats changed, not {changed}: {report.problems[:1]}")
    return seconds


def _stats(folder: str) -> None:
    with os.scandir(folder) as found:
        for entry in found:
            os.stat(f"{entry.path}/heartbeat.json")


class _Crowd:
    """Neighbours that only beat: their keys are in the roster, their heartbeats on the share."""

    def __init__(self, made: Network) -> None:
        self.folder = os.path.join(made.share, "peers")
        self.core = made.peers["core"]
        self.seq = 0
        self.signers = {
            f"peer-{number:03}": Signer(sha256(b"%d" % number).digest())
            for number in range(1, PEERS)
        }
        members = [
            Member(name=name, keys=(MemberKey(key=signer.key),))
            for name, signer in self.signers.items()
        ]
        current = newest_roster(made.desk)
        assert isinstance(current.body, Roster)
        everybody = sorted([*current.body.members, *members], key=lambda member: member.name)
        made.desk.sign(
            replace(
                current.body,
                version=current.number + 1,
                prev=current.digest,
                members=tuple(everybody),
            )
        )
        for name in self.signers:
            os.mkdir(os.path.join(self.folder, name))
        tick(self.core)  # learns the roster, whose signed head the heartbeats then carry

    def beat(self) -> None:
        """Everybody's next heartbeat; nothing is synced, this is not what is measured."""
        self.seq += 1
        now = self.core.clock.wall_ms()
        heads = stewards.heads_in_force(self.core)
        for name, signer in self.signers.items():
            heartbeat = Heartbeat(
                network=self.core.identity.network,
                author=self.core.full(name),
                key=signer.key,
                epoch=canonical.b32(signer.public[:16]),
                seq=self.seq,
                tick=self.seq,
                at=now,
                next_beat_ms=self.core.next_beat_ms,
                lifecycle="idle",
                heads=heads,
            )
            path = os.path.join(self.folder, name, "heartbeat.json")
            with open(path + ".new", "wb") as file:
                file.write(documents.seal(heartbeat, signer))
            os.replace(path + ".new", path)

    def verify(self) -> None:
        """Open, decode canonically and check the signature of each, and nothing else."""
        for name, signer in self.signers.items():
            with open(os.path.join(self.folder, name, "heartbeat.json"), "rb") as file:
                data = file.read(limits.document_bytes_max + 1)
            if not open_envelope(data, (TYPE,), limits.document_bytes_max).signed_by(signer.key):
                raise RuntimeError(f"the heartbeat of {name} does not verify")

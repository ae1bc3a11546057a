"""Two Syncthing instances of our own that keep two folders alike; on 127.0.0.1, known to nobody."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests.integration.drives.mounts import Mounts, free_port, program, run, wait_for

KEY = "only-for-this-test"
CONFIG = """
<configuration version="36">
  <folder id="net" path="{folder}" type="sendReceive" rescanIntervalS="10" fsWatcherEnabled="true"
          fsWatcherDelayS="1">
    {members}
    <minDiskFree unit="">0</minDiskFree>
    <maxConflicts>10</maxConflicts>
  </folder>
  {devices}
  <gui enabled="true" tls="false"><address>127.0.0.1:{gui}</address><apikey>{key}</apikey></gui>
  <options>
    <listenAddress>tcp://127.0.0.1:{port}</listenAddress>
    <globalAnnounceEnabled>false</globalAnnounceEnabled>
    <localAnnounceEnabled>false</localAnnounceEnabled>
    <relaysEnabled>false</relaysEnabled>
    <natEnabled>false</natEnabled>
    <reconnectionIntervalS>1</reconnectionIntervalS>
    <startBrowser>false</startBrowser>
    <urAccepted>-1</urAccepted>
    <autoUpgradeIntervalH>0</autoUpgradeIntervalH>
    <crashReportingEnabled>false</crashReportingEnabled>
  </options>
</configuration>
"""


@dataclass(frozen=True)
class Instance:
    """One of the two: its folder, its own directory, its ports, its device id."""

    folder: Path
    home: Path
    gui: int
    port: int
    device: str

    def ask(self, path: str, method: str = "GET") -> object:
        """A call of its interface; None while it does not answer."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.gui}/rest/{path}", method=method, headers={"X-API-Key": KEY}
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=10) as answer:
                text = answer.read()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return None
        return json.loads(text) if text.strip() else {}

    def connected(self) -> bool:
        """Whether it talks to the other one."""
        answer = self.ask("system/connections")
        if not isinstance(answer, dict):
            return False
        return any(one["connected"] for one in answer["connections"].values())


def pair(mounts: Mounts) -> tuple[Instance, Instance]:
    """Two that know each other and are connected."""
    server = program("syncthing", "syncthing")
    both = (_generate(mounts, server, "A"), _generate(mounts, server, "B"))
    for one in both:
        devices = "".join(
            f'<device id="{other.device}" name="{other.folder.name}" compression="never">'
            f"<address>tcp://127.0.0.1:{other.port}</address></device>"
            for other in both
        )
        members = "".join(f'<device id="{other.device}"></device>' for other in both)
        text = CONFIG.format(
            folder=one.folder, members=members, devices=devices, gui=one.gui, port=one.port, key=KEY
        )
        (one.home / "config.xml").write_text(text)
        mounts.start(
            server, f"--home={one.home}", "--no-browser", "--no-restart", "--no-upgrade",
            env={"HOME": str(one.home), "STNOUPGRADE": "1", "GOMAXPROCS": "1"},
        )  # fmt: skip
    wait_for("two connected instances", lambda: all(one.connected() for one in both), 60)
    return both


def part(both: tuple[Instance, Instance]) -> None:
    """From now on they do not talk."""
    for one in both:
        assert one.ask("system/pause", "POST") is not None
    wait_for("a partition", lambda: not any(one.connected() for one in both))


def unite(both: tuple[Instance, Instance]) -> None:
    """They talk again."""
    for one in both:
        assert one.ask("system/resume", "POST") is not None
    wait_for("a connection", lambda: all(one.connected() for one in both), 60)


def conflicts(both: tuple[Instance, Instance]) -> list[str]:
    """The copies that conflicts left in the folders."""
    return sorted(
        os.path.relpath(file, one.folder)
        for one in both
        for file in one.folder.rglob("*.sync-conflict-*")
    )


def _generate(mounts: Mounts, server: str, name: str) -> Instance:
    folder, home = mounts.folder(name), mounts.folder(f"{name}-syncthing")
    run(server, "generate", f"--home={home}", "--no-default-folder", "--skip-port-probing")
    device = run(server, f"--home={home}", "--device-id").stdout.strip()
    (folder / ".stfolder").mkdir()
    return Instance(folder, home, free_port(), free_port(), device)

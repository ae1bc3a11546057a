"""Servers of our own for a test: configuration, keys and ports in its folder, on 127.0.0.1 only."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.integration.drives.mounts import (
    Mounts,
    free_port,
    listens,
    needs_root,
    program,
    run,
    wait_for,
)

SSHD = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/mine.pub
PidFile {folder}/pid
UsePAM no
StrictModes no
PasswordAuthentication no
PermitRootLogin prohibit-password
Subsystem sftp internal-sftp
"""


@dataclass(frozen=True)
class Ssh:
    """An SSH server that lets us in with one key."""

    pid: int
    port: int
    key: Path
    known_hosts: Path

    def signal(self, number: int) -> None:
        """Let the server and whoever serves a connection for it hear a signal."""
        for pid in [self.pid, *_descendants(self.pid)]:
            os.kill(pid, number)


def _descendants(pid: int) -> list[int]:
    done = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True)
    rows = [line.split() for line in done.stdout.splitlines()]
    parents = {int(child): int(parent) for child, parent in rows}
    found: list[int] = []
    left = [pid]
    while left:
        children = [child for child, parent in parents.items() if parent in left]
        found, left = found + children, children
    return found


def sshd(mounts: Mounts) -> Ssh:
    """Start one; it serves every file of this machine, to whoever holds the key."""
    needs_root()
    server = program("sshd", "openssh-server")
    keygen = program("ssh-keygen", "openssh-client")
    folder, port = mounts.folder("sshd"), free_port()
    for name in ("host", "mine"):
        run(keygen, "-q", "-t", "ed25519", "-N", "", "-f", folder / name)
    (folder / "config").write_text(SSHD.format(port=port, folder=folder))
    kind, key = (folder / "host.pub").read_text().split()[:2]
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {kind} {key}\n")
    os.makedirs("/run/sshd", mode=0o755, exist_ok=True)  # it insists on this empty folder
    process = mounts.start(server, "-D", "-e", "-f", folder / "config")
    wait_for("sshd", lambda: listens(port) or process.poll() is not None)
    assert process.poll() is None, mounts.log(process)
    return Ssh(process.pid, port, folder / "mine", folder / "known_hosts")


def sshfs(mounts: Mounts, server: Ssh, store: Path, at: Path, cache_seconds: int = 20) -> Path:
    """Mount a folder of this machine through its SSH server; 20 s are what sshfs does unasked."""
    return mounts.fuse(
        at, program("sshfs", "sshfs"), "-f", f"root@127.0.0.1:{store}", at, "-p", server.port,
        "-o", f"IdentityFile={server.key}", "-o", f"UserKnownHostsFile={server.known_hosts}",
        "-o", "ssh_command=ssh -F /dev/null", "-o", "BatchMode=yes",
        "-o", f"dcache_timeout={cache_seconds}",
    )  # fmt: skip

"""Debian's own cron daemon reads the crontab that we write, and beats.

It runs as root in namespaces of its own, where its spool, its system tables and its pid file are
empty ones of the test: no crontab of anybody is read or touched, and it dies with the test.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.typist import Typist, settled

# $1: the folder of the test; $2: the file that a beat replaces; then the words that begin `peer`.
SCRIPT = """
set -eu
base=$1 beat=$2; shift 2
mount --bind "$base/spool" /var/spool/cron/crontabs
mount --bind "$base/run" /run
mount --bind "$base/none" /etc/cron.d
mount --bind "$base/crontab" /etc/crontab
echo '# not ours' | crontab -
"$@" schedule install --with cron --cron '* * * * *' --as core
crontab -l >"$base/written"
before=$(cksum <"$beat")
cron -f & daemon=$!
trap 'kill $daemon' EXIT
for second in $(seq 100); do
  [ "$(cksum <"$beat")" = "$before" ] || break
  sleep 1
done
"$@" schedule remove --as core
crontab -l >"$base/left"
"""


def can_unshare() -> bool:
    return (
        os.name == "posix"
        and os.geteuid() == 0
        and all(map(shutil.which, ("cron", "crontab", "unshare")))
        and Path("/etc/debian_version").exists()
        and subprocess.run(
            ["unshare", "--mount", "--pid", "--fork", "mount", "-t", "tmpfs", "none", "/mnt"],
            capture_output=True,
        ).returncode == 0
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.skipif(not can_unshare(), reason="needs root, Debian's cron and a mount namespace")
def test_a_real_cron_daemon_runs_a_tick(tmp_path: Path) -> None:
    (tmp_path / "a home with 100% strange's words").mkdir()
    typed: Typist = settled(tmp_path / "a home with 100% strange's words")
    typed("config", "set", "schedule.spread_s", "0", "--as", "core")
    for name in ("run", "none"):
        (tmp_path / name).mkdir()
    (tmp_path / "crontab").touch()
    (tmp_path / "spool").mkdir()
    shutil.chown(tmp_path / "spool", group="crontab")
    (tmp_path / "spool").chmod(0o1730)
    beat = typed.share / "peers" / "core" / "heartbeat.json"
    before = json.loads(beat.read_bytes())
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child",
         "sh", "-c", SCRIPT, "sh", tmp_path, beat, sys.executable, "-m", "peer"],
        env=typed.environment, capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    log = typed.folder("core") / "schedule.log"
    assert done.returncode == 0, done.stderr
    assert log.read_text().startswith("core  beat "), done.stderr
    assert beat.read_bytes() != before
    assert (tmp_path / "written").read_text().startswith("# not ours\n# soma-peer-core-")
    assert (tmp_path / "left").read_text() == "# not ours\n"

"""systemctl, crontab, launchctl and schtasks that are scripts in a PATH of a test.

They keep what they are told in a folder, write down every call, and fail where a file says so:
`refuse/<tool>` holds the complaint. Nothing else is in that PATH, so that no test can reach the
crontab or the units of whoever runs it.
"""

from __future__ import annotations

import sys
from pathlib import Path

HEAD = """\
#!{python} -IS
import os, sys
base = {base!r}
tool, words = os.path.basename(sys.argv[0]), sys.argv[1:]
with open(base + "/calls", "a") as calls:
    calls.write(" ".join([tool, *words]) + "\\n")
def path(*parts):
    return os.path.join(base, *parts)
refusal = path("refuse", tool)
if os.path.exists(refusal):
    sys.exit(open(refusal).read())
def mark(name, there):
    if there:
        open(path(name), "w").close()
    elif os.path.exists(path(name)):
        os.unlink(path(name))
"""

SYSTEMCTL = """
assert words.pop(0) == "--user"
verb, now, units = words[0], "--now" in words, [w for w in words[1:] if not w.startswith("-")]
import json
def file(unit):
    return os.path.join(os.environ["XDG_CONFIG_HOME"], "systemd/user", unit)
def text(unit):
    return open(file(unit)).read() if os.path.exists(file(unit)) else None
loaded = json.load(open(path("loaded"))) if os.path.exists(path("loaded")) else {}
if verb == "daemon-reload":
    names = os.listdir(file("")) if os.path.isdir(file("")) else []
    json.dump({name: text(name) for name in names}, open(path("loaded"), "w"))
elif verb in ("enable", "disable", "restart"):
    for unit in units:
        if unit not in loaded or text(unit) is None:
            sys.exit("Unit file " + unit + " does not exist.")
        if verb == "enable" and "[Install]" not in loaded[unit]:
            sys.exit("The unit files have no installation config")
        if verb != "restart":
            mark("enabled." + unit, verb == "enable")
        if now:
            mark("active." + unit, verb == "enable")
elif verb in ("is-enabled", "is-active"):
    sys.exit(0 if os.path.exists(path(verb[3:] + "." + units[0])) else 3)
elif verb == "show" and "--property=NeedDaemonReload" in words:
    print("yes" if text(units[0]) != loaded.get(units[0]) else "no")
elif verb == "show" and units and units[0].endswith(".timer"):
    print("Sat 2026-11-21 18:00:00 UTC")
"""

CRONTAB = """
if words == ["-l"]:
    if not os.path.exists(path("crontab")):
        sys.exit("no crontab for kim")
    sys.stdout.buffer.write(open(path("crontab"), "rb").read())
else:
    assert words == ["-"]
    open(path("crontab"), "wb").write(sys.stdin.buffer.read())
"""

LAUNCHCTL = """
verb = words[0]
if verb == "bootstrap":
    import plistlib
    with open(words[2], "rb") as file:
        label = plistlib.load(file)["Label"]
    if os.path.exists(path("agent." + label)):
        sys.exit("Bootstrap failed: 5: Input/output error")
    mark("agent." + label, True)
else:
    label = words[1].rpartition("/")[2]
    if not os.path.exists(path("agent." + label)):
        sys.exit("Could not find service")
    if verb == "bootout":
        mark("agent." + label, False)
"""

SCHTASKS = """
verb, label = words[0], words[words.index("/TN") + 1]
if verb == "/Create":
    assert "/F" in words
    open(words[words.index("/XML") + 1], encoding="utf-16").read()
    mark("task." + label, True)
elif not os.path.exists(path("task." + label)):
    sys.exit("ERROR: The system cannot find the file specified.")
elif verb == "/Delete":
    mark("task." + label, False)
elif "/FO" in words:
    print("\\nFolder: \\\\\\nTaskName:      " + label + "\\nNext Run Time: 11/21/2026 6:00:00 PM")
"""

LOGINCTL = """
print("yes" if os.path.exists(path("linger")) else "no")
"""

SCRIPTS = {
    "systemctl": SYSTEMCTL,
    "crontab": CRONTAB,
    "launchctl": LAUNCHCTL,
    "schtasks": SCHTASKS,
    "loginctl": LOGINCTL,
}


class Tools:
    """The scripts, below a folder."""

    def __init__(self, base: Path) -> None:
        self.base = base
        (base / "bin").mkdir(parents=True)
        (base / "refuse").mkdir()
        for name, body in SCRIPTS.items():
            script = base / "bin" / name
            script.write_text(HEAD.format(python=sys.executable, base=str(base)) + body)
            script.chmod(0o755)

    @property
    def environment(self) -> dict[str, str]:
        """Where an account finds these tools and keeps its files."""
        home = self.base / "account"
        return {
            "PATH": str(self.base / "bin"),
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
        }

    def refuse(self, tool: str, words: str) -> None:
        """From now on a tool only complains; with no words, it works again."""
        file = self.base / "refuse" / tool
        if words:
            file.write_text(words)
        else:
            file.unlink()

    def without(self, tool: str) -> None:
        """A machine that does not have a tool."""
        (self.base / "bin" / tool).unlink()

    @property
    def changes(self) -> list[str]:
        """The calls so far that change something."""
        asking = ("is-", "show", "-l", "print", "/Query", "show-user")
        calls = (self.base / "calls").read_text().splitlines()
        return [c for c in calls if not any(w.startswith(asking) for w in c.split()[1:])]

    def forget(self) -> None:
        """Begin to write calls down anew."""
        (self.base / "calls").write_text("")

    @property
    def crontab(self) -> str | None:
        """The crontab that is kept; None where there is none."""
        file = self.base / "crontab"
        return file.read_text() if file.exists() else None

    @crontab.setter
    def crontab(self, text: str) -> None:
        (self.base / "crontab").write_text(text)

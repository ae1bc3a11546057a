"""What is installed is what stands here: three packages from one place, with all their data.

Other distributions own the names `peer`, `protocol` and `registry`; one of them installed over
ours would break us silently, which is why the place is a test.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

PACKAGES = ("peer", "protocol", "registry")
TOP_LEVEL = {
    ".ci", ".gitattributes", ".gitignore", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md",
    "LICENSE", "Makefile", "README.md", "SPEC.md", "benchmarks", "constraints.txt", "peer",
    "protocol",
    "pyproject.toml", "registry", "sample_network", "tests",
}  # fmt: skip


def python(*arguments: str, cwd: Path, path: Path | None = None) -> str:
    """Standard output of this interpreter, run elsewhere."""
    command = [sys.executable, *arguments]
    environment = {"PYTHONPATH": str(path)} if path else {}
    result = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_all_three_packages_come_from_this_checkout(root: Path) -> None:
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        assert spec is not None
        assert spec.origin == str(root / package / "__init__.py")


def test_no_other_distribution_claims_our_names() -> None:
    owners = importlib.metadata.packages_distributions()
    assert {package: set(owners.get(package, [])) - {"soma-network"} for package in PACKAGES} == {
        package: set() for package in PACKAGES
    }


def test_both_commands_are_installed() -> None:
    scripts = importlib.metadata.distribution("soma-network").entry_points
    assert {s.name: s.value for s in scripts if s.group == "console_scripts"} == {
        "peer": "peer.cli:main",
        "soma-peer": "peer.cli:main",
    }


def test_the_top_level_is_as_given(root: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = {name.split("/")[0] for name in listed.stdout.split("\0") if name}
    assert found == TOP_LEVEL


def test_pins_name_no_place_and_cover_what_we_ask_for(root: Path) -> None:
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert not [pin for pin in pins if "==" not in pin or "/" in pin or "@" in pin]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    sets = [project["dependencies"], *project["optional-dependencies"].values()]
    asked = [line for one in sets for line in one]
    pinned = {pin.split("==")[0].lower().replace("_", "-") for pin in pins}
    assert not {name for line in asked if (name := line.split(">")[0].lower()) not in pinned}


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    python("-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=root)
    (built,) = folder.glob("*.whl")
    return built


@pytest.mark.slow
def test_the_wheel_holds_the_three_packages_and_all_their_files(root: Path, wheel: Path) -> None:
    packed = set(zipfile.ZipFile(wheel).namelist())
    assert {name.split("/")[0].split("-")[0] for name in packed} == {*PACKAGES, "soma_network"}
    here = {
        file.relative_to(root).as_posix()
        for package in PACKAGES
        for file in (root / package).rglob("*")
        if file.suffix in {".py", ".sql", ".json"}
        and not any(part.startswith(".") for part in file.relative_to(root).parts)
    }
    assert not sorted(here - packed)
    assert {f"{package}/py.typed" for package in PACKAGES} <= packed
    assert [name for name in packed if name.startswith("peer/home/migrations/")]
    assert [name for name in packed if name.startswith("protocol/schemas/")]


@pytest.mark.slow
def test_the_wheel_works_where_there_is_no_checkout(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    found = (
        "import peer, protocol, registry as r; print(peer.__file__, protocol.__file__, r.__file__)"
    )
    origins = python("-c", found, cwd=tmp_path, path=site).split()
    assert origins == [str(site / package / "__init__.py") for package in PACKAGES]
    call = "import sys; sys.argv = ['peer', '--help']; from peer.cli import main; main()"
    assert "Usage: peer" in python("-c", call, cwd=tmp_path, path=site)

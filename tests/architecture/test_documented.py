"""SPEC.md, the tests and the code name the same rules; README.md and --help the same commands.

An id is `PAGE-3`: capitals, a hyphen, a number. SPEC.md defines it once, in bold (`**PAGE-3**`);
tests and code cite it bare. What a rule *means* is not checked here: its tests do that.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

import peer.cli
from peer import settings
from peer.settings import environment_name

if TYPE_CHECKING:
    from tests.conftest import Source

DEFINED = re.compile(r"\*\*([A-Z]+-[0-9]+)\*\*")
CITED = re.compile(r"\b([A-Z]+-[0-9]+)\b")

ARCHITECTURE_LINES_MAX = 200


@pytest.fixture(scope="module")
def defined(root: Path) -> set[str]:
    """The ids that SPEC.md defines."""
    return set(DEFINED.findall((root / "SPEC.md").read_text(encoding="utf-8")))


def test_every_rule_is_defined_once(root: Path, defined: set[str]) -> None:
    assert defined, "SPEC.md defines no rule in the form **PAGE-3**"
    counted = Counter(DEFINED.findall((root / "SPEC.md").read_text(encoding="utf-8")))
    assert not {rule: n for rule, n in counted.items() if n > 1}


def test_every_must_has_an_id(root: Path) -> None:
    """A paragraph, list item or table row that says MUST carries the id of a rule."""
    text = (root / "SPEC.md").read_text(encoding="utf-8")
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    blocks = re.split(r"\n\s*\n|\n(?=\s*(?:[-*|]|\d+\.)\s)|\n(?=\|)", text)
    bare = [
        " ".join(block.split())[:90]
        for block in blocks
        if re.search(r"\bMUST\b", block) and not DEFINED.search(block) and "RFC 2119" not in block
    ]
    assert not bare, f"MUST without an id: {bare}"


def test_every_rule_has_a_test(root: Path, defined: set[str]) -> None:
    cited: set[str] = set()
    for file in (root / "tests").rglob("*.py"):
        if "architecture" not in file.relative_to(root).parts:
            cited.update(CITED.findall(file.read_text(encoding="utf-8")))
    assert not sorted(defined - cited), "rules of SPEC.md that no test cites"


def raised_rules(tree: ast.Module) -> Iterator[str]:
    """The rules that stand as literals in `RuleError("PAGE-3", …)` or `rule="PAGE-3"`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            given = node.args[:1] if name == "RuleError" else []
            given = given + [word.value for word in node.keywords if word.arg == "rule"]
            for value in given:
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield value.value


def test_every_rule_that_the_code_raises_is_in_the_specification(
    sources: list[Source], defined: set[str]
) -> None:
    raised = {rule: source.path for source in sources for rule in raised_rules(source.tree)}
    assert not {rule: path for rule, path in raised.items() if rule not in defined}


def test_every_rule_that_the_code_mentions_is_in_the_specification(
    sources: list[Source], defined: set[str]
) -> None:
    families = {rule.split("-")[0] for rule in defined}
    mentioned = {rule: source.path for source in sources for rule in CITED.findall(source.text)}
    unknown = {
        rule: path
        for rule, path in mentioned.items()
        if rule.split("-")[0] in families and rule not in defined
    }
    assert not unknown


def walk(command: click.Command, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    """Every command that is not a group, with its full path such as `peer outbox cancel`."""
    if not isinstance(command, click.Group):
        yield context.command_path, command
        return
    if command.invoke_without_command and context.parent is not None:
        yield context.command_path, command
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        assert child is not None, f"{context.command_path} lists {name} and has no such command"
        if not child.hidden:
            yield from walk(child, click.Context(child, info_name=name, parent=context))


@pytest.fixture(scope="module")
def commands() -> dict[str, click.Command]:
    """All commands by path. The root group is the one click group that peer.cli offers."""
    group = next(value for value in vars(peer.cli).values() if isinstance(value, click.Group))
    found = dict(walk(group, click.Context(group, info_name="peer")))
    assert len(found) > 1
    return found


def test_every_command_explains_itself_with_an_example(commands: dict[str, click.Command]) -> None:
    silent = [path for path, command in commands.items() if not (command.help or "").strip()]
    assert not silent, "commands without help"
    bare = [
        path
        for path, command in commands.items()
        if not re.search(rf"{re.escape(path)}\b", f"{command.help}\n{command.epilog}")
    ]
    assert not bare, "commands whose help shows no example, such as `peer send librarian hello`"


def test_every_option_explains_itself(commands: dict[str, click.Command]) -> None:
    silent = [
        f"{path} {option.opts[0]}"
        for path, command in commands.items()
        for option in command.params
        if isinstance(option, click.Option) and not option.hidden and not option.help
    ]
    assert not silent


def test_every_command_is_in_the_readme(root: Path, commands: dict[str, click.Command]) -> None:
    readme = (root / "README.md").read_text(encoding="utf-8")
    missing = [path for path in commands if not re.search(rf"{re.escape(path)}\b", readme)]
    assert not missing


def test_every_setting_is_in_the_readme_as_it_is_and_no_other(root: Path) -> None:
    """Name, default, meaning and environment variable of each: a row of the README's table."""
    readme = (root / "README.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `([a-z]+\.[a-z_]+)` \|.*$", readme, flags=re.MULTILINE)
    assert documented == settings.names()
    for one in settings.explain(None, {}):
        default = "" if one.default == "" else f"`{one.default}`"
        row = f"| `{one.name}` | {default} | {one.means} | `{environment_name(one.name)}` |"
        assert row in readme, row


def test_every_make_target_explains_itself(root: Path) -> None:
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z-]+):(.*)$", makefile, flags=re.MULTILINE)
    assert {"demo", "test", "lint", "types", "layers", "sample", "bench", "check"} <= dict(
        targets
    ).keys()
    assert not [name for name, rest in targets if "## " not in rest]


def test_architecture_stays_short(root: Path) -> None:
    lines = (root / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= ARCHITECTURE_LINES_MAX

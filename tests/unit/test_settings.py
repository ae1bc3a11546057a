"""Settings: where a value comes from, and that a file is changed in one line and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from peer import settings
from peer.settings_damaged import mistyped, readable
from protocol.errors import UsageError

WRITTEN = """\
# mine
[schedule]   # when
cron = "0 */2 * * *"  # every two hours # really
zone = "Europe/Berlin"

[run]
poll_s = 5
"""


@pytest.fixture
def folder(tmp_path: Path) -> str:
    (tmp_path / settings.FILE).write_text(WRITTEN)
    return str(tmp_path)


def text(folder: str) -> str:
    return (Path(folder) / settings.FILE).read_text()


def test_environment_wins_over_file_and_file_over_default(folder: str) -> None:
    found = {s.name: s for s in settings.explain(folder, {"PEER_RUN_POLL_S": "7"})}
    assert (found["run.poll_s"].value, found["run.poll_s"].origin) == (7, "environment")
    assert (found["schedule.zone"].value, found["schedule.zone"].origin) == (
        "Europe/Berlin", "file",
    )  # fmt: skip
    assert (found["log.files"].value, found["log.files"].origin) == (5, "default")
    assert settings.load(folder, {}).run.poll_s == 5
    assert settings.load(None, {}).schedule.cron == "0 */6 * * *"
    assert set(found) == set(settings.names())


def test_a_line_is_changed_and_every_other_byte_stays(folder: str) -> None:
    settings.save(folder, "schedule.cron", "17 4 * * *")
    assert text(folder) == WRITTEN.replace('"0 */2 * * *"', '"17 4 * * *"')
    settings.save(folder, "schedule.spread_s", 0)
    assert '"Europe/Berlin"\nspread_s = 0\n\n[run]' in text(folder)
    settings.save(folder, "log.level", "debug")
    assert text(folder).endswith('poll_s = 5\n\n[log]\nlevel = "debug"\n')
    settings.unset(folder, "log.level")
    settings.unset(folder, "schedule.spread_s")
    settings.unset(folder, "letters.expires_days")
    assert text(folder) == WRITTEN.replace('"0 */2 * * *"', '"17 4 * * *"')


def test_a_remark_with_quotes_and_hashes_stays(folder: str) -> None:
    path = Path(folder) / settings.FILE
    path.write_text('[metrics]\ntextfile = "/a#b"  # it is "c#d"\n')
    settings.save(folder, "metrics.textfile", 'q"\\#')
    assert text(folder) == '[metrics]\ntextfile = "q\\"\\\\#"  # it is "c#d"\n'
    assert settings.load(folder, {}).metrics.textfile == 'q"\\#'


def test_breaks_that_only_unicode_knows_are_part_of_a_remark(folder: str) -> None:
    path = Path(folder) / settings.FILE
    path.write_text("[run] # a\u2028b\x85c\npoll_s = 3 # d\u2029e\n")
    settings.save(folder, "run.poll_s", 4)
    assert text(folder) == "[run] # a\u2028b\x85c\npoll_s = 4 # d\u2029e\n"


def test_what_no_line_can_be_changed_in_is_left_alone(folder: str) -> None:
    path = Path(folder) / settings.FILE
    for strange in ('schedule.cron = "0 1 * * *"\n', 'schedule = {cron = "0 1 * * *"}\n'):
        path.write_text(strange)
        for change in (settings.save, lambda at, name, _: settings.unset(at, name)):
            with pytest.raises(UsageError, match="change it there by hand"):
                change(folder, "schedule.cron", "0 2 * * *")
            assert text(folder) == strange


def test_nothing_written_is_nothing_to_take_out(tmp_path: Path) -> None:
    path = Path(settings.unset(str(tmp_path), "run.poll_s"))
    assert path == tmp_path / settings.FILE
    assert not path.exists()
    settings.save(str(tmp_path), "run.poll_s", 3)
    assert text(str(tmp_path)) == "[run]\npoll_s = 3\n"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('[schedule]\ncorn = ""\n', "line 2: no setting is called schedule.corn; did you mean"),
        ('[schedule]\n\ncron = "0 0 * *"\n', "line 3: schedule.cron is '0 0 \\* \\*': it is five"),
        ("[run]\npoll_s = true\n", "line 2: run.poll_s must be a whole number"),
        ("[run]\npoll_s = 0\n", "whole number from 1 to 3600"),
        ("[schedule]\ncron = 5\n", 'must be a text in "quotes"'),
        ('# a\ncron = ""\n', "line 2: cron stands in no section"),
        ("[schedule]\ncron = \n", "is no TOML: .*line 2.*; mend it, or move it away"),
        ('[nothing]\nx = "y"\n', "`peer config show` lists all"),
        ('[schedule]\nactive_hours = "8-20"\n', "it is a span such as"),
        ('[schedule]\nzone = "Mars/Olympus"\n', "no time zone is called so"),
        ('[run]\nwatch = "never"\n', "it is one of auto, native, polling|one of"),
        ('[ping]\nstart = "ftp://x"\n', "it is an address such as"),
    ],
)
def test_a_damaged_file_says_where_and_what(tmp_path: Path, written: str, said: str) -> None:
    (tmp_path / settings.FILE).write_text(written)
    with pytest.raises(UsageError, match=said) as caught:
        settings.load(str(tmp_path), {})
    assert str(tmp_path / settings.FILE) in str(caught.value)
    with pytest.raises(UsageError):
        settings.save(str(tmp_path), "log.files", 2)
    assert (tmp_path / settings.FILE).read_text() == written


def test_a_file_that_cannot_be_read_is_no_file_of_defaults(tmp_path: Path) -> None:
    (tmp_path / settings.FILE).mkdir()
    with pytest.raises(UsageError, match="cannot be read"):
        settings.load(str(tmp_path), {})
    (tmp_path / settings.FILE).rmdir()
    (tmp_path / settings.FILE).write_bytes(b'[log]\nlevel = "\xff"\n')
    with pytest.raises(UsageError, match="cannot be read"):
        settings.load(str(tmp_path), {})


def test_the_environment_is_checked_like_the_file() -> None:
    with pytest.raises(UsageError, match="PEER_RUN_POLL_S is 'two', which is no whole number"):
        settings.load(None, {"PEER_RUN_POLL_S": "two"})
    with pytest.raises(UsageError, match="PEER_SCHEDULE_CRON"):
        settings.load(None, {"PEER_SCHEDULE_CRON": "daily"})
    with pytest.raises(UsageError, match=r"did you mean run\.poll_s"):
        settings.parse("poll_s", "3")
    for far in ("schedule.bogus", "nothing.at_all", "schedule"):
        with pytest.raises(UsageError, match="`peer config show` lists all"):
            settings.parse(far, "3")
    with pytest.raises(UsageError, match="control characters"):
        settings.save("/nowhere", "metrics.textfile", "a\nb")
    with pytest.raises(UsageError, match="no setting is called"):
        settings.unset("/nowhere", "nothing.at_all")


@pytest.mark.parametrize("value", ["x.txt", "/srv/prom.d", "a.prom.new", "core.PROM"])
def test_a_textfile_that_node_exporter_would_not_read_is_refused(value: str) -> None:
    with pytest.raises(UsageError, match=r"end in \.prom"):
        settings.parse("metrics.textfile", value)


@pytest.mark.parametrize("value", ["", "core.prom", "/srv/node", "/srv/prom.d/", "/a.b/textfile"])
def test_a_textfile_is_a_prom_file_or_a_folder(value: str) -> None:
    assert settings.parse("metrics.textfile", value) == value


@pytest.mark.parametrize(
    ("before", "change", "mend"),
    [
        ("", {"schedule.active_hours": "08:00-12:00"}, 'schedule.cron "0 8'),
        ('active_hours = "08:30-12:00"', {"schedule.cron": "0 13 * * *"}, 'schedule.cron "30 8'),
        ('cron = "0 9 * * *"\nactive_hours = "08:00-12:00"', {"schedule.cron": None}, '"0 8 '),
        ("", {"schedule.cron": "0 9 30 2 *"}, 'schedule.cron "0 6'),
    ],
)
def test_a_schedule_that_never_beats_is_not_written(
    tmp_path: Path, before: str, change: dict[str, str | None], mend: str
) -> None:
    """Whichever of its parts is changed; what is told to do instead can be done."""
    file = tmp_path / settings.FILE
    file.write_text(f"[schedule]\n{before}\n")
    with pytest.raises(UsageError, match="never beats") as refused:
        settings.change(str(tmp_path), change)
    assert file.read_text() == f"[schedule]\n{before}\n"
    assert mend in str(refused.value)
    told = str(refused.value).split('"')[1]
    settings.change(str(tmp_path), change | {"schedule.cron": told})
    settings.load(str(tmp_path), {}).schedule.timetable("core@lab")


def test_other_settings_can_be_changed_beside_a_schedule_that_never_beats(folder: str) -> None:
    (Path(folder) / settings.FILE).write_text('[schedule]\ncron = "0 9 30 2 *"\n')
    settings.save(folder, "log.files", 2)
    assert settings.load(folder, {}).log.files == 2


def test_what_can_be_read_of_damaged_settings_holds(tmp_path: Path) -> None:
    file = tmp_path / settings.FILE
    assert readable(str(tmp_path), {}) == settings.Settings()
    for damaged in (
        "[schedule]\ncron = \n",
        "[schedule\n",
        '[run]\nx = "é\n',
        "[ping]\ntype = 3\n",
    ):
        file.write_text(f'[log]\nfiles = 3\nlevel = "loud"\n{damaged}[metrics]\ntextfile = "a"\n')
        found = readable(str(tmp_path), {"PEER_RUN_POLL_S": "9", "PEER_LOG_KILOBYTES": "many"})
        assert (found.log.files, found.log.level, found.log.kilobytes) == (3, "info", 1024)
        assert (found.metrics.textfile, found.run.poll_s) == ("a", 9)
    file.write_bytes(b"[log]\nfiles = 3\n[log]\nfiles = 4\n# \xff")
    assert readable(str(tmp_path), {}) == settings.Settings()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[run]\npoll_s = 5\n", ""),
        ("# mine\n\n[run]\npoll_s = 5\n", "# mine\n"),
        ("[run]\n\npoll_s = 5\n\n[log]\nfiles = 2\n", "[log]\nfiles = 2\n"),
        ("[log]\nfiles = 2\n\n[run]\npoll_s = 5\n", "[log]\nfiles = 2\n"),
        ("[run] # mine\npoll_s = 5\n", "[run] # mine\n"),
        ("[run]\n# mine\npoll_s = 5\n", "[run]\n# mine\n"),
        ('[run]\nwatch = "auto"\npoll_s = 5\n', '[run]\nwatch = "auto"\n'),
        ("[run]\n\n[log]\nfiles = 2\n", "[run]\n\n[log]\nfiles = 2\n"),
    ],
)
def test_a_section_of_which_nothing_is_left_goes(tmp_path: Path, before: str, after: str) -> None:
    """But not what a person has written there, nor what was empty before."""
    (tmp_path / settings.FILE).write_text(before)
    settings.unset(str(tmp_path), "run.poll_s")
    assert text(str(tmp_path)) == after


def test_a_variable_is_mistyped_where_it_is_nearly_one_of_a_setting() -> None:
    legitimate = ("HOME", "NAME", "NETWORK", "PASSPHRASE", "COMPLETE", "LOG_FILES", "X")
    assert mistyped({f"PEER_{name}": "" for name in legitimate} | {"LOG_FLIES": ""}) == []
    for wrong, right in (
        ("PEER_LOG_FLIES", "PEER_LOG_FILES"), ("PEER_RUN_POLL", "PEER_RUN_POLL_S"),
        ("PEER_SHEDULE_CRON", "PEER_SCHEDULE_CRON"), ("PEER_LOGLEVEL", "PEER_LOG_LEVEL"),
    ):  # fmt: skip
        assert mistyped({"PEER_NAME": "core", wrong: "3"}) == [(wrong, right)]

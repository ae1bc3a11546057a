"""The tree of errors: whose fault it is, and what a command returns."""

from __future__ import annotations

import pickle

import pytest

from protocol import errors


@pytest.mark.parametrize(
    ("kind", "exit_code"),
    [
        (errors.UsageError, 2),
        (errors.NotFoundError, 3),
        (errors.TimedOutError, 4),
        (errors.ShareError, 5),
        (errors.ShareUnavailableError, 5),
        (errors.ShareFullError, 5),
        (errors.ShareDeniedError, 5),
        (errors.WrongShareError, 5),
        (errors.MissingError, 5),
        (errors.OversizedError, 5),
        (errors.SpecialFileError, 5),
        (errors.HumanNeededError, 6),
        (errors.HomeError, 1),
    ],
)
def test_exit_codes_are_those_of_the_manual(kind: type[errors.SomaError], exit_code: int) -> None:
    error = kind("the folder is empty: mount it and try again")
    assert error.exit_code == exit_code
    assert isinstance(error, errors.SomaError)
    assert isinstance(error, errors.ShareError) == (exit_code == 5)
    assert str(error) == "the folder is empty: mount it and try again"


def test_a_broken_rule_names_itself() -> None:
    """It crosses processes whole: workers of a simulation send it home."""
    error = errors.RuleError("PAGE-3", "seq is 0")
    assert str(error) == "PAGE-3: seq is 0"
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (again.rule, again.reason, again.exit_code) == ("PAGE-3", "seq is 0", 1)
    assert not isinstance(error, ValueError)

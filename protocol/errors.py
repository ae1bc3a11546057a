"""The errors of the project. A class says whose fault it is; `exit_code` what a command returns.

    SomaError                           1
    ├── RuleError                       1   somebody else's bytes break a rule of SPEC.md
    ├── UsageError                      2   what the caller typed
    ├── NotFoundError                   3   no such peer, item or document
    ├── TimedOutError                   4   what was waited for did not happen in time
    ├── ShareError                      5   the share, or one file on it
    │   ├── ShareUnavailableError           gone, frozen, I/O error
    │   ├── ShareFullError                  no space, no quota
    │   ├── ShareDeniedError                permission, read-only
    │   ├── WrongShareError                 no marker, or another network's
    │   ├── MissingError                    no such file or folder
    │   ├── OversizedError                  larger than the reader's limit
    │   └── SpecialFileError                not a regular file: link, folder, FIFO, device
    ├── HumanNeededError                6   only a person can go on from here
    │   └── WaitingError                    6   signed by one steward, and others have to
    └── HomeError                       1   the home cannot be used: its disk, its permissions
        └── DamagedHomeError                its database is gone, empty or unreadable

`str(error)` is one line: what is wrong and what to do next. Our own mistakes are not in this tree:
they are `ValueError`, `TypeError`, `AssertionError`, and they end the program.
"""

from __future__ import annotations


class SomaError(Exception):
    """Anything this project raises on purpose."""

    exit_code = 1


class RuleError(SomaError):
    """Bytes written by somebody else break a rule; they go to quarantine and the tick goes on.

    `rule` is an id of SPEC.md such as "PAGE-3"; `reason` says in plain words what was found.
    """

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(rule, reason)
        self.rule = rule
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.rule}: {self.reason}"

    @property
    def may_be_torn(self) -> bool:
        """Whether the bytes may be half of a file that is still being written (PAGE-14).

        They are no canonical JSON. A key or signature that is misspelled (CANON-7) stands in a
        document that is whole.
        """
        return self.rule.startswith("CANON-") and self.rule != "CANON-7"


class UsageError(SomaError):
    """What the caller typed cannot be meant: unknown option, bad name, contradiction."""

    exit_code = 2


class NotFoundError(SomaError):
    """No such peer, item or document."""

    exit_code = 3


class TimedOutError(SomaError):
    """What was waited for did not happen in time; it may still happen."""

    exit_code = 4


class ShareError(SomaError):
    """The share, or one file on it, cannot be used as asked."""

    exit_code = 5


class ShareUnavailableError(ShareError):
    """The share is gone, frozen, or answers with I/O errors."""


class ShareFullError(ShareError):
    """No space or no quota left on the share."""


class ShareDeniedError(ShareError):
    """No permission, or the share is mounted read-only."""


class WrongShareError(ShareError):
    """The folder has no marker, or the marker of another network."""


class MissingError(ShareError):
    """No such file or folder on the share."""


class OversizedError(ShareError):
    """A file is larger than the reader's limit; none of it was kept."""


class SpecialFileError(ShareError):
    """Something other than a regular file stands there: link, folder, FIFO, device."""


class HumanNeededError(SomaError):
    """Only a person can go on from here: a halt, a fork, a choice that is not ours."""

    exit_code = 6


class WaitingError(HumanNeededError):
    """What was signed waits until other stewards signed it, too."""


class HomeError(SomaError):
    """The home cannot be used: its disk is full, others own it, or something is damaged."""


class DamagedHomeError(HomeError):
    """The database of a home is gone, empty or unreadable; `peer repair` saves what it holds."""

"""Kills and power cuts, over and over: `python -m tests.crash` (`make crash`).

A *scene* says what is under way and who acts then; a *means* says how that act is struck: SIGKILL
at a random instant, at every call of the share, at every system call; a call that fails, lies or
writes less than it should; the power of a whole machine. After it some calm rounds, and then a look
from outside the code under test, see `ledger`.
"""

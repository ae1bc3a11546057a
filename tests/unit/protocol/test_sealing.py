"""Sealing, held to published vectors, to a second implementation, and to every way to cheat."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import cryptography_vectors
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from hypothesis import given
from hypothesis import strategies as st

from protocol import canonical
from protocol.errors import RuleError
from protocol.messages import Alert, Head, Item, Note, Question, Sealed, compose, stored_item
from protocol.sealing import (
    Enclosed,
    Opened,
    Opener,
    bound_to,
    chunk_bytes,
    opener_of,
    read_plain,
    seal,
    seal_parts,
    unseal,
    unseal_parts,
)
from protocol.signing import Signer, hkdf

NETWORK = "0" * 64
AUTHOR, READER, THIRD = "core@lab", "scout@lab", "smith@lab"
SCOUT = opener_of(Signer(bytes([2]) * 32))
SMITH = opener_of(Signer(bytes([3]) * 32))
SEED = bytes(range(32))
HASH, KEY = "ab" * 32, canonical.b64(bytes(range(32)))
FILE = Enclosed(sha256=HASH, size=5, name="plan.txt", key=KEY)
HEAD = Head(
    author=AUTHOR,
    kind="note",
    salt="c" * 26,
    at=1_790_000_000_000,
    re="a" * 26,
    thread="b" * 26,
    priority=1,
)


def sealed_size(size: int) -> int:
    """Bytes of a sealed file of so many bytes, by SEAL-7."""
    return size + 16 * max(1, -(-size // 65_536))


def sealed(body: Note | Question | Alert | None = None, files: tuple[Enclosed, ...] = ()) -> Item:
    """A sealed item of core for scout."""
    pairs = [(one, sealed_size(one.size)) for one in files]
    body = body or Note(text="secret words")
    item, _ = seal(HEAD, body, pairs, NETWORK, READER, SCOUT.key, SEED)
    return item


def opened(item: Item, *openers: Opener, network: str = NETWORK, to: str = READER) -> Opened | None:
    return unseal(item, network, to, openers or (SCOUT,))


def changed(item: Item, **members: object) -> Item:
    """The item as its bytes would say it with other members."""
    value = canonical.decode(item.data) | members
    return stored_item(canonical.encode(value), understood=True)


def vectors(path: str) -> list[dict[str, str]]:
    """The cases of a file of `cryptography_vectors`."""
    text = (Path(cryptography_vectors.__file__).parent / path).read_text()
    return [
        {
            name.strip(): value.strip()
            for name, mark, value in (line.partition("=") for line in block.splitlines())
            if mark
        }
        for block in text.split("COUNT")[1:]
    ]


class TestKnownAnswers:
    def test_hkdf(self) -> None:
        """SEAL-2: RFC 5869, appendix A; its first 32 bytes are ours whatever length is asked."""
        cases = vectors("KDF/rfc-5869-HKDF-SHA256.txt")
        assert len(cases) >= 2
        for case in cases:
            secret, salt, info = (bytes.fromhex(case[k]) for k in ("IKM", "salt", "info"))
            assert hkdf(secret, salt, info) == bytes.fromhex(case["OKM"])[:32]

    def test_agreement(self) -> None:
        """SEAL-1: RFC 7748, section 5.2."""
        cases = [case for case in vectors("asymmetric/X25519/rfc7748.txt") if "OUTPUT_U" in case]
        assert cases
        for case in cases:
            opener = Opener(bytes.fromhex(case["INPUT_SCALAR"]))
            if case.get("INPUT_U"):
                agreed = opener.agree(bytes.fromhex(case["INPUT_U"]))
                assert agreed == bytes.fromhex(case["OUTPUT_U"])

    def test_a_sealed_item_spelled_by_hand(self) -> None:
        """SEAL-1 to SEAL-4: what another implementation must write, from the primitives alone."""

        def derive(secret: bytes, salt: bytes, info: bytes) -> bytes:
            prk = hmac.digest(salt or bytes(32), secret, hashlib.sha256)
            return hmac.digest(prk, info + b"\x01", hashlib.sha256)

        mine = X25519PrivateKey.from_private_bytes(
            derive(bytes([2]) * 32, b"", b"soma/sealing-key/1")
        )
        public = mine.public_key().public_bytes_raw()
        assert public == SCOUT.public
        drawn = X25519PrivateKey.from_private_bytes(SEED)
        ephemeral = drawn.public_key().public_bytes_raw()
        secret = drawn.exchange(X25519PublicKey.from_public_bytes(public))
        bound = b'{"audience":"scout@lab","author":"core@lab","network":"%b","salt":"%b"}' % (
            b"0" * 64,
            b"c" * 26,
        )
        assert bound == bound_to(NETWORK, AUTHOR, READER, HEAD.salt)
        plain = b'{"body":{"text":"secret words"},"kind":"note","re":"%b","thread":"%b"}' % (
            b"a" * 26,
            b"b" * 26,
        )
        key = derive(secret, ephemeral + public, b"soma/sealed/1")
        box = ChaCha20Poly1305(key).encrypt(bytes(12), plain, bound)
        expected = Sealed(ephemeral=canonical.b64(ephemeral), box=canonical.b64(box))
        assert sealed().body == expected
        assert canonical.decode(sealed().data) == {
            "at": HEAD.at, "author": AUTHOR, "kind": "sealed", "priority": 1, "salt": "c" * 26,
            "body": {"ephemeral": expected.ephemeral, "box": expected.box},
        }  # fmt: skip

    def test_a_sealed_file_spelled_by_hand(self) -> None:
        """SEAL-7: chunks of 65,536 bytes, numbered from 0, the last one marked."""
        data = bytes(range(256)) * 600
        cipher = ChaCha20Poly1305(bytes(32))
        first, second, third = data[:65536], data[65536:131072], data[131072:]
        expected = [
            cipher.encrypt(bytes(12), first, None),
            cipher.encrypt(bytes(10) + b"\x01\x00", second, None),
            cipher.encrypt(bytes(10) + b"\x02\x01", third, None),
        ]
        assert list(seal_parts(bytes(32), [data[:1000], data[1000:]])) == expected
        assert sum(map(len, expected)) == sealed_size(len(data))


class TestItems:
    def test_what_is_sealed_is_opened(self) -> None:
        """SEAL-4: kind, text, threads and files come back; outside stand none of them."""
        item = sealed(Question(text="where?", topics=("metal",)), (FILE,))
        found = opened(item)
        assert found is not None
        assert found.item.id == item.id
        assert found.item.body == Question(text="where?", topics=("metal",))
        assert (found.item.head.kind, found.item.head.re) == ("question", "a" * 26)
        assert found.item.head.thread == "b" * 26
        assert found.files == (FILE,)
        outside = item.data.decode()
        for word in ("where", "metal", "question", "plan.txt", "a" * 26, "b" * 26, KEY):
            assert word not in outside
        (named,) = item.head.attachments
        assert (named.sha256, named.size, named.name) == (HASH, 21, "")

    @given(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
        st.binary(min_size=32, max_size=32),
    )
    def test_whatever_is_sealed_is_opened(self, text: str, seed: bytes) -> None:
        """SEAL-2."""
        item, plain = seal(HEAD, Note(text=text), (), NETWORK, READER, SCOUT.key, seed)
        found = opened(item)
        assert found is not None
        assert found.item.body == Note(text=text)
        assert read_plain(item, plain) == found

    def test_only_the_reader_opens_it(self) -> None:
        """SEAL-2: nor its author, who keeps what he wrote."""
        assert opened(sealed(), SMITH, opener_of(Signer(bytes([1]) * 32))) is None
        assert opened(sealed(), SMITH, SCOUT) is not None

    def test_it_is_bound_to_its_place(self) -> None:
        """SEAL-3: another network, audience, author or salt opens nothing."""
        item = sealed()
        assert opened(item, network="1" * 64) is None
        assert opened(item, to=THIRD) is None
        assert opened(changed(item, author=THIRD)) is None
        assert opened(changed(item, salt="d" * 26)) is None
        assert opened(changed(item, at=1)) is not None  # the page vouches for the rest

    def test_no_bit_of_it_can_be_changed(self) -> None:
        """SEAL-2: neither of the box nor of the key beside it."""
        item = sealed()
        assert isinstance(item.body, Sealed)
        box = canonical.unb64(item.body.box, len(item.body.box) * 3 // 4)
        for bit in range(len(box) * 8):
            other = bytearray(box)
            other[bit // 8] ^= 1 << bit % 8
            body = {"ephemeral": item.body.ephemeral, "box": canonical.b64(bytes(other))}
            assert opened(changed(item, body=body)) is None
        key = canonical.unb64(item.body.ephemeral, 32)
        for bit in range(256):
            other = bytearray(key)
            other[bit // 8] ^= 1 << bit % 8
            body = {"ephemeral": canonical.b64(bytes(other)), "box": item.body.box}
            assert opened(changed(item, body=body)) is None

    @pytest.mark.parametrize(
        "body",
        [
            {"ephemeral": canonical.b64(bytes(32)), "box": "AAAA"},  # of small order
            {"ephemeral": "A" * 42 + "B", "box": "AAAA"},  # bits beyond the last byte
            {"ephemeral": KEY, "box": "A"},
            {"ephemeral": KEY, "box": "AB"},
        ],
    )
    def test_what_is_no_box_opens_nothing(self, body: dict[str, str]) -> None:
        """SEAL-5: and raises nothing."""
        assert opened(changed(sealed(), body=body)) is None

    def test_what_is_not_sealed_opens_nothing(self) -> None:
        assert opened(compose(HEAD, Note(text="open"))) is None

    @pytest.mark.parametrize(
        "plain",
        [b"no json", b"[]", b'{"kind":7}', b'{"attachments":[{"name":"x"}],"kind":"note"}'],
    )
    def test_nonsense_in_a_box_opens_nothing(self, plain: bytes) -> None:
        """SEAL-4, SEAL-5: the author seals what he likes."""
        item = sealed()
        assert isinstance(item.body, Sealed)
        ephemeral = canonical.unb64(item.body.ephemeral, 32)
        key = hkdf(SCOUT.agree(ephemeral), ephemeral + SCOUT.public, b"soma/sealed/1")
        bound = bound_to(NETWORK, AUTHOR, READER, HEAD.salt)
        box = ChaCha20Poly1305(key).encrypt(bytes(12), plain, bound)
        body = {"ephemeral": item.body.ephemeral, "box": canonical.b64(box)}
        assert opened(changed(item, body=body)) is None
        with pytest.raises(RuleError):
            read_plain(item, plain)

    def test_unknown_kinds_and_boxes_in_boxes_are_not_understood(self) -> None:
        """SEAL-4, SEAL-5."""
        item = sealed()
        inner = {"ephemeral": KEY, "box": "AAAA"}
        for kind, body in (("poem", {"text": "x"}), ("note", {}), ("sealed", inner), ("note", 7)):
            found = read_plain(item, canonical.encode({"kind": kind, "body": body}))
            assert found.item.body is None
            assert found.item.head.kind == kind

    def test_what_would_be_too_large_is_our_own_mistake(self) -> None:
        """ITEM-1: text takes a third more room in a box."""
        with pytest.raises(ValueError, match="bytes"):
            sealed(Note(text="x" * 60_000))


class TestFiles:
    @pytest.mark.parametrize("size", [0, 1, chunk_bytes - 1, chunk_bytes, chunk_bytes + 1, 300_000])
    def test_any_size_in_any_parts(self, size: int) -> None:
        """SEAL-7."""
        data = bytes(range(251)) * (size // 251 + 1)
        data = data[:size]
        box = b"".join(seal_parts(SEED, [data[at : at + 7_001] for at in range(0, size, 7_001)]))
        assert len(box) == sealed_size(size)
        for step in (65_537, 1_000_000):
            parts = [box[at : at + step] for at in range(0, len(box), step)]
            assert b"".join(unseal_parts(SEED, parts)) == data

    def test_nothing_can_be_changed_moved_or_left_out(self) -> None:
        """SEAL-7."""
        chunks = list(seal_parts(SEED, [bytes(200_000)]))
        assert len(chunks) == 4
        one, two, three, four = chunks
        for wrong in (
            [two, one, three, four],
            [one, two, three],
            [one, two, four],
            [one, two, three, four, four],
            [one, two, three, four[:-1]],
            [one, two, three, four + b"x"],
            [one, two, three, b""],
            [],
            [b"short"],
        ):
            with pytest.raises(RuleError, match="SEAL-7"):
                b"".join(unseal_parts(SEED, wrong))
        for at in (0, 70_000, 200_063):
            whole = bytearray(b"".join(chunks))
            whole[at] ^= 1
            with pytest.raises(RuleError, match="SEAL-7"):
                b"".join(unseal_parts(SEED, [bytes(whole)]))
        with pytest.raises(RuleError, match="SEAL-7"):
            b"".join(unseal_parts(bytes(32), chunks))


def test_every_use_of_a_seed_has_a_key_of_its_own() -> None:
    """SEAL-1: the key that opens tells nothing of the one that signs."""
    signer = Signer(SEED)
    keys = {signer.derive(use) for use in (b"soma/sealing-key/1", b"soma/other/1", b"")}
    assert len(keys) == 3
    assert SEED not in keys
    assert signer.derive(b"a") == Signer(SEED).derive(b"a")

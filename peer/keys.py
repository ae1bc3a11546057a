"""Keys at rest: an agent's key is a private file, a steward's may be sealed with a passphrase.

A steward's envelope derives its key with Argon2id (RFC 9106; t = 3, 64 MiB, 4 lanes) and seals the
seed with ChaCha20-Poly1305; PKCS #8 encryption as libraries offer it derives with far less work.
Not here: what keys may sign.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import Any

from peer.clock import Entropy
from peer.home.files import read_private, write_private
from protocol import canonical, limits
from protocol.errors import HomeError, HumanNeededError, RuleError
from protocol.sealing import Opener, opener_of
from protocol.signing import Signer

_ARGON2 = {"iterations": 3, "lanes": 4, "memory_kib": 64 * 1024}
_CONTEXT = b"soma/steward-key/1"


def store_key(folder: str, seed: bytes) -> Signer:
    """Keep a seed (32 bytes) as an agent's key: unprotected, it works while nobody is there."""
    write_private(os.path.join(folder, "key"), canonical.encode({"seed": canonical.b64(seed)}))
    return Signer(seed)


def load_key(folder: str) -> Signer:
    """The agent's key of `folder`; HomeError where it is damaged or others can read it."""
    return _load(folder, "key")


def _load(folder: str, name: str) -> Signer:
    value = _read(folder, name)
    return Signer(_field(folder, value, "seed", limits.seed_bytes))


def sealing_keys(folder: str) -> list[Opener]:
    """The keys with which the agent of `folder` opens what was sealed for it, newest first.

    `key`, and those that a change of key left beside it: `key.1`, `key.2` … in their order.
    """
    signers = [load_key(folder)]
    former = [
        int(name[4:]) for name in os.listdir(folder) if re.fullmatch(r"key\.[0-9]{1,9}", name)
    ]
    for number in sorted(former, reverse=True):
        with suppress(HomeError):  # a damaged old key opens nothing, and hinders nothing
            signers.append(_load(folder, f"key.{number}"))
    return [opener_of(signer) for signer in signers]


def store_sealed_key(folder: str, seed: bytes, passphrase: bytes, entropy: Entropy) -> Signer:
    """Keep a seed so that only the passphrase opens it."""
    salt, nonce = entropy.draw(16), entropy.draw(12)
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    sealed = ChaCha20Poly1305(_derive(passphrase, salt, **_ARGON2)).encrypt(nonce, seed, _CONTEXT)
    value = _ARGON2 | {
        "salt": canonical.b64(salt),
        "nonce": canonical.b64(nonce),
        "sealed": canonical.b64(sealed),
    }
    write_private(os.path.join(folder, "key"), canonical.encode(value))
    return Signer(seed)


def is_sealed(folder: str) -> bool:
    """Whether the key of `folder` wants a passphrase."""
    return "sealed" in _read(folder)


def load_sealed_key(folder: str, passphrase: bytes) -> Signer:
    """A steward's key; HumanNeededError where the passphrase is wrong."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    value = _read(folder)
    try:
        work = {name: int(value[name]) for name in _ARGON2}
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(folder) from error
    if work["memory_kib"] > 1024 * 1024 or work["iterations"] > 100 or work["lanes"] > 64:
        raise _damaged(folder)
    key = _derive(passphrase, _field(folder, value, "salt", 16), **work)
    sealed = _field(folder, value, "sealed", limits.seed_bytes + 16)
    try:
        seed = ChaCha20Poly1305(key).decrypt(_field(folder, value, "nonce", 12), sealed, _CONTEXT)
    except InvalidTag as error:
        raise HumanNeededError(
            "wrong passphrase for the steward key; try again, or name another --passphrase-file"
        ) from error
    return Signer(seed)


def _derive(passphrase: bytes, salt: bytes, iterations: int, lanes: int, memory_kib: int) -> bytes:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    kdf = Argon2id(salt=salt, length=32, iterations=iterations, lanes=lanes, memory_cost=memory_kib)
    return kdf.derive(passphrase)


def _read(folder: str, name: str = "key") -> dict[str, Any]:
    try:
        value = canonical.decode(read_private(os.path.join(folder, name)))
    except RuleError as error:
        raise _damaged(folder) from error
    if not isinstance(value, dict):
        raise _damaged(folder)
    return value


def _field(folder: str, value: dict[str, Any], name: str, size: int) -> bytes:
    try:
        return canonical.unb64(value[name], size)
    except (KeyError, TypeError, RuleError) as error:
        raise _damaged(folder) from error


def _damaged(folder: str) -> HomeError:
    return HomeError(f"the key in {folder} is damaged; restore it from a backup")

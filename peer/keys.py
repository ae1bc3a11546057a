"""Keys at rest: an agent's key is a private file, a steward's may be sealed with a passphrase.

    key         the key that an agent signs with
    key.next    the one that it asked to change to, until a steward admits it
    key.1 …     those that it signed with before, the oldest first: what was sealed for them opens

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


KEY, NEXT = "key", "key.next"
_FORMER = re.compile(r"key\.([1-9][0-9]{0,3})\Z").match


def store_key(folder: str, seed: bytes, name: str = KEY) -> Signer:
    """Keep a seed (32 bytes) as an agent's key: unprotected, it works while nobody is there."""
    write_private(os.path.join(folder, name), canonical.encode({"seed": canonical.b64(seed)}))
    return Signer(seed)


def load_key(folder: str, name: str = KEY) -> Signer:
    """The agent's key of `folder`; HomeError where it is damaged or others can read it."""
    return Signer(load_seed(folder, name))


def load_seed(folder: str, name: str = KEY) -> bytes:
    """The 32 bytes that an agent's key is made of; HomeError as in `load_key`."""
    value = _read(folder, name)
    return _field(folder, value, "seed", limits.seed_bytes)


def load_next(folder: str) -> Signer | None:
    """The key that an agent asked to change to, if it did."""
    try:
        return load_key(folder, NEXT) if os.path.exists(os.path.join(folder, NEXT)) else None
    except HomeError:
        if os.path.exists(os.path.join(folder, NEXT)):
            raise
        return None  # a tick has just put it in the place of the other


def key_files(folder: str) -> list[str]:
    """The names of all key files of an agent: the present one, the next one, the newest first."""
    try:
        names = os.listdir(folder)
    except OSError as error:
        raise HomeError(f"{folder}: {error.strerror}; check its disk and its owner") from error
    former = sorted((int(m[1]) for m in map(_FORMER, names) if m), reverse=True)
    found = [KEY, NEXT, *(f"{KEY}.{number}" for number in former)]
    return [name for name in found if os.path.exists(os.path.join(folder, name))]


def own_keys(folder: str) -> list[str]:
    """The public keys of all key files that can be read."""
    found = []
    for name in key_files(folder):
        with suppress(HomeError):
            found.append(load_key(folder, name).key)
    return found


def find_key(folder: str, key: str) -> Signer:
    """The one of an agent's keys that is `key`; HomeError where it is not there."""
    return Signer(_find_seed(folder, key))


def _find_seed(folder: str, key: str) -> bytes:
    for _ in range(2):  # a tick may be moving them
        for name in key_files(folder):
            try:
                seed = load_seed(folder, name)
            except HomeError:
                if os.path.exists(os.path.join(folder, name)):
                    raise
                continue
            if Signer(seed).key == key:
                return seed
    raise HomeError(
        f"the key that this peer changed to is gone from {folder}; restore it from a backup"
    )


def settle_next(folder: str, key: str) -> None:
    """`key`, which lies there as the next one, becomes the present one, which is kept.

    Again is harmless, after a death at any point, too. Whoever calls has the lock.
    """
    present, new = load_seed(folder), _find_seed(folder, key)
    if present != new:
        numbers = [int(m[1]) for m in map(_FORMER, key_files(folder)) if m]
        if all(load_seed(folder, f"{KEY}.{number}") != present for number in numbers):
            store_key(folder, present, f"{KEY}.{max(numbers, default=0) + 1}")
        store_key(folder, new)
    asked = load_next(folder)
    if asked is not None and asked.key == key:
        os.unlink(os.path.join(folder, NEXT))


def sealing_keys(folder: str) -> list[Opener]:
    """The keys with which the agent of `folder` opens what was sealed for it, in `key_files` order.

    A key that cannot be read opens nothing, and hinders no other one.
    """
    found = []
    for name in key_files(folder):
        with suppress(HomeError):
            found.append(opener_of(load_key(folder, name)))
    return found


def store_sealed_key(
    folder: str, seed: bytes, passphrase: bytes, entropy: Entropy, name: str = KEY
) -> Signer:
    """Keep a seed so that only the passphrase opens it."""
    salt, nonce = entropy.draw(16), entropy.draw(12)
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    sealed = ChaCha20Poly1305(_derive(passphrase, salt, **_ARGON2)).encrypt(nonce, seed, _CONTEXT)
    value = _ARGON2 | {
        "salt": canonical.b64(salt),
        "nonce": canonical.b64(nonce),
        "sealed": canonical.b64(sealed),
    }
    write_private(os.path.join(folder, name), canonical.encode(value))
    return Signer(seed)


def is_sealed(folder: str) -> bool:
    """Whether the key of `folder` wants a passphrase."""
    return "sealed" in _read(folder, KEY)


def load_sealed_key(folder: str, passphrase: bytes, name: str = KEY) -> Signer:
    """A steward's key; HumanNeededError where the passphrase is wrong."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    value = _read(folder, name)
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


def has_next(folder: str) -> bool:
    """Whether a key lies there that its owner asked to change to."""
    return os.path.exists(os.path.join(folder, NEXT))


def take_next(folder: str) -> None:
    """The next key becomes the present one as it is, sealed or not; the present one is kept.

    Again is harmless, after a death at any point, too.
    """
    numbers = [int(m[1]) for m in map(_FORMER, key_files(folder)) if m]
    present = read_private(os.path.join(folder, KEY))
    if all(read_private(os.path.join(folder, f"{KEY}.{n}")) != present for n in numbers):
        former = f"{KEY}.{max(numbers, default=0) + 1}"
        write_private(os.path.join(folder, former), present)
    os.replace(os.path.join(folder, NEXT), os.path.join(folder, KEY))


def _derive(passphrase: bytes, salt: bytes, iterations: int, lanes: int, memory_kib: int) -> bytes:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    kdf = Argon2id(salt=salt, length=32, iterations=iterations, lanes=lanes, memory_cost=memory_kib)
    return kdf.derive(passphrase)


def _read(folder: str, name: str) -> dict[str, Any]:
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

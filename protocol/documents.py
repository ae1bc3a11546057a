"""Documents that one peer signs about itself: the checks that heartbeat, receipt and card share.

Rules of a document with the prefix P: P-1 it has the form of its type; P-2 it stands where it
belongs (network, author …); P-3 it is signed once, by the key that it names itself. Whether that
key belongs to anybody is for the reader to ask the roster.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeVar

from protocol import limits, wire
from protocol.envelope import open_envelope, seal_envelope
from protocol.errors import RuleError
from protocol.signing import Signer


class Document(Protocol):
    """Any frozen dataclass with the two members that every document has."""

    @property
    def type(self) -> str:
        """What is signed, for instance `soma/card/1`."""

    @property
    def key(self) -> str:
        """The key that signs it."""


T = TypeVar("T", bound=Document)


def seal(document: Document, signer: Signer) -> bytes:
    """The bytes of a document signed by its author; ValueError where nobody would read it."""
    data = seal_envelope(document.type, wire.dump(document), [signer])
    if len(data) > limits.document_bytes_max:
        raise ValueError(f"document of {len(data)} bytes; {limits.document_bytes_max} are allowed")
    return data


def open_document(
    data: bytes, type_: str, form: type[T], rules: str, expected: Mapping[str, str]
) -> T:
    """The document of `type_` in `data`, as `form`, whose members `expected` have these values.

    Raises RuleError: ENV-* for the envelope, `rules`-1 to `rules`-3 as above.
    """
    envelope = open_envelope(data, (type_,), limits.document_bytes_max)
    document = wire.validate(form, envelope.body, f"{rules}-1")
    for member, value in expected.items():
        if (found := getattr(document, member)) != value:
            raise RuleError(f"{rules}-2", f"its {member} is {found}, not {value}")
    if len(envelope.signatures) != 1 or not envelope.signed_by(document.key):
        raise RuleError(f"{rules}-3", f"not signed by the key that it names ({document.key[:8]}…)")
    return document

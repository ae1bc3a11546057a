"""The field types of the wire: one name for each form that several documents share.

Rules: a form says which text or number is allowed, nothing else; meaning is checked where the
document is judged. Patterns are anchored by `Form`. Nothing here is specific to one document.
"""

from __future__ import annotations

from typing import Annotated

from protocol import limits
from protocol.names import (
    address_pattern,
    check_cluster,
    check_name,
    cluster_pattern,
    name_pattern,
)
from protocol.wire import AtMost, Between, Checked, Form, Length

PeerName = Annotated[str, Form(name_pattern, limits.name_chars_max), Checked(check_name)]
ClusterName = Annotated[
    str, Form(cluster_pattern, limits.cluster_chars_max), Checked(check_cluster)
]
AddressText = Annotated[str, Form(address_pattern, limits.address_chars_max)]
Audience = Annotated[str, Form(rf"all|{address_pattern}", limits.address_chars_max)]
Scope = Annotated[str, Form(rf"\*|{cluster_pattern}|{address_pattern}", limits.address_chars_max)]

Hash = Annotated[str, Form(r"[0-9a-f]{64}", 64)]
NetworkId = Hash
ItemId = Annotated[str, Form(r"[a-z2-7]{26}", 26)]
Epoch = Annotated[str, Form(r"[a-z2-7]{26}", 26)]
Salt = Annotated[str, Form(r"[a-z2-7]{26}", 26)]
Key = Annotated[str, Form(r"[A-Za-z0-9_-]{43}", 43)]
Signature = Annotated[str, Form(r"[A-Za-z0-9_-]{86}", 86)]

Seq = Annotated[int, Between(1, limits.int_abs_max)]
Count = Annotated[int, Between(0, limits.int_abs_max)]
Millis = Annotated[int, Between(0, limits.int_abs_max)]
Permille = Annotated[int, Between(0, 1000)]

Text = Annotated[str, Length(0, limits.text_chars_max)]
Line = Annotated[str, Form(r"[^\x00-\x1f\x7f-\x9f]*", limits.line_chars_max)]
Word = Annotated[str, Form(r"[a-z0-9][a-z0-9._/-]*", limits.word_chars_max)]
Topics = Annotated[tuple[Word, ...], AtMost(limits.topics_max)]
Epochs = Annotated[tuple[Epoch, ...], AtMost(limits.earlier_epochs_max)]

"""Every limit of the protocol, with its unit in its name.

A limit stands here when two peers must agree on it. Limits of one peer alone (deadlines, work in
a tick) stand with the code that keeps them. Changing a number here changes SPEC.md.
This module does *not* check anything: whoever reads bytes compares.
"""

# Files on the share.
page_bytes_max = 512 * 1024
page_items_max = 4_096
item_bytes_max = 64 * 1024
document_bytes_max = 64 * 1024  # heartbeat, receipt, card
steward_bytes_max = 1024 * 1024  # root, charter, roster, order

# Canonical JSON. The largest integer every JSON implementation keeps exactly (RFC 8785 §3.2.2.3).
int_abs_max = 2**53 - 1
depth_max = 16  # nested objects and arrays; the outermost counts 1

# Keys and signatures, raw bytes.
key_bytes = 32
seed_bytes = 32
signature_bytes = 64
signatures_max = 64  # on one document

# Names.
name_chars_max = 32
cluster_chars_max = 100
address_chars_max = name_chars_max + 1 + cluster_chars_max
type_chars_max = 64

# Streams.
stream_pages_unreceipted_max = 16  # of one author to one recipient, on the share
receipt_ranges_max = 64

# Attachments.
blob_bytes_max = 64 * 1024 * 1024  # one file as it lies on the share
attachments_max = 16  # of one item

# Letters.
item_id_chars = 26
quarantine_bytes_max = 512 * 1024

# Texts and lists inside items and documents.
text_chars_max = 60_000  # an item's 64 KiB bind first where characters take several bytes
line_chars_max = 500
word_chars_max = 64
kind_chars_max = 32
topics_max = 16
serves_max = 16  # goals that an announcement serves
evidence_max = 16
claims_max = 16
first_max = 3  # whom a question asks first
erased_max = 256  # hashes in an erasure
digest_lines_max = 100
asked_bytes_max = 63 * 1024  # an item that a request carries
earlier_epochs_max = 64
capabilities_max = 32
members_max = 1_000  # of one cluster
member_keys_max = 16
member_roles_max = 16
stewards_max = 16
delegation_depth_max = 8  # stewards of stewards
goals_max = 100
rules_max = 256  # of a charter's policy, budgets, votable keys
lifts_max = 64
heads_max = 64  # signed heads in a heartbeat
mail_flags_max = 500
receipt_streams_max = 64
refused_max = 64
damaged_max = 64

"""Bugs of obeying: halts, resumes, and what only stewards may say."""

from __future__ import annotations

from tests.simulation.bugs import Bug, Constant, Edit

BUGS = (
    Bug(
        "acts-though-halted",
        "Asks only for hidden orders before it acts, and not for halts.",
        (Edit("peer.stewards.standing:Standing.obedient", "and not self.halts and", "and"),),
    ),
    Bug(
        "sends-though-halted",
        "Forgets that `send` must obey halts, too.",
        (
            Edit(
                "peer.send:check_allowed",
                "if standing.halted:",
                "if standing.halted and not standing.member:",
            ),
        ),
    ),
    Bug(
        "folder-before-orders",
        "Lets `send` see to its own folders before it reads the orders: where it cannot write, it"
        " takes the share for away, and a halt that lies there for unheard.",
        (
            Edit(
                "peer.send:_reachable",
                "        reading.refresh(peer, hasty=True)\n",
                "        peer.share.make_folder(f'peers/{peer.name}/inbox')\n"
                "        reading.refresh(peer, hasty=True)\n",
            ),
        ),
        weather="tight",
    ),
    Bug(
        "only-halts-by-name",
        "Takes a halt for everybody as one for nobody.",
        (
            Edit(
                "protocol.order:within",
                'return scope in ("*", address, cluster)',
                "return scope in (address, cluster)",
            ),
        ),
    ),
    Bug(
        "resume-lifts-all",
        "Lets a resume lift every halt, not those that it names.",
        (
            Edit(
                "protocol.order:halts_in_force", "for digest in order.lifts", "for digest in orders"
            ),
            Edit(
                "protocol.order:halts_in_force",
                "if digest in orders and contains(order.scope, orders[digest].scope)",
                "if digest in orders",
            ),
        ),
    ),
    Bug(
        "orders-read-once",
        "Reads the orders when a process starts, and never again.",
        (Constant("peer.instance:LATELY_MS", 10**12),),
    ),
    Bug(
        "halt-forgotten-with-its-file",
        "Takes what lies on the share for what is in force: a halt ends when its file is removed.",
        (
            Edit(
                "peer.stewards.reading:read_documents",
                "    problems: list[str] = []\n",
                "    with peer.home.transaction():\n"
                "        paths = shelf.listed(peer.share, 4096, lambda path: path)\n"
                "        for stored in peer.home.archive.all(order.TYPE):\n"
                "            if layout.document_path(stored.type, 0, stored.digest) not in paths:\n"
                "                peer.home.db.write('DELETE FROM document WHERE digest = ?',"
                " stored.digest)\n"
                "    problems: list[str] = []\n",
            ),
        ),
        weather="hiders",
    ),
    Bug(
        "hidden-order-ignored",
        "Tells a person that an order is hidden, and goes on acting.",
        (
            Edit(
                "peer.stewards.standing:_sum_up",
                "if binds(one, peer.address, ruling.trust)",
                "if not one",
            ),
        ),
    ),
    Bug(
        "kept-before-placed",
        "Keeps what the steward signs before it is placed: what he has he never places again.",
        (
            Edit(
                "peer.stewards.desk:Desk.put",
                "        # Placed first",
                "        self.shelf.keep(document)\n        # Placed first",
            ),
            Edit(
                "peer.stewards.desk:Desk.put_back",
                "        documents, mine =",
                "        return\n        documents, mine =",
            ),
        ),
        weather="signers",
    ),
    Bug(
        "heads-not-heard",
        "Never looks at the signed heads in heartbeats.",
        (Edit("peer.stewards.hiding:hear_heads", "return list(unknown.values())", "return []"),),
    ),
    Bug(
        "unsigned-head-believed",
        "Believes the heads in a heartbeat because the heartbeat is signed.",
        (
            Edit(
                "peer.stewards.hiding:_open_head",
                "    return open_head(",
                "    from protocol import wire\n"
                "    from protocol.head import Head as Form\n"
                "    if open_head:\n"
                "        return wire.trusted(Form, value['signed'])\n"
                "    return open_head(",
            ),
        ),
    ),
    Bug(
        "anybody-may-rule",
        "Checks that a steward document is signed, and not whether by a steward.",
        (Edit("protocol.trust:Trust._sound", "both = grant.keys & keys", "both = keys"),),
    ),
    Bug(
        "steward-signature-not-checked",
        "Compares the key that a steward document names with the root, and never verifies.",
        (
            Edit("protocol.authority:_verified", "if not envelope.by_all():", "if not keys:"),
            Edit("protocol.authority:_head", "if not envelope.by_all():", "if not keys:"),
        ),
    ),
    Bug(
        "root-signed-by-itself",
        "Takes a later root that its own stewards signed, whoever they are.",
        (
            Edit(
                "protocol.authority:_next_root",
                'if trust.grant("root", "*", part.keys) is None:',
                "if not part.keys:",
            ),
        ),
        weather="usurpers",
    ),
    Bug(
        "decisions-from-anybody",
        "Takes a decision for good without asking whether its signer may decide.",
        (
            Edit(
                "protocol.trust:Trust._sound",
                "both = grant.keys & keys",
                'both = keys if grant.role == "approval" else grant.keys & keys',
            ),
        ),
        weather="usurpers",
    ),
    Bug(
        "revocations-from-anybody",
        "Takes a revocation for good without asking whether its signer may revoke anybody.",
        (
            Edit(
                "protocol.trust:Trust._sound",
                "both = grant.keys & keys",
                'both = keys if grant.role == "revocation" else grant.keys & keys',
            ),
        ),
        weather="usurpers",
    ),
)

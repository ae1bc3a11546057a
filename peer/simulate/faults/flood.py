"""An outsider fills an inbox, the orders or the charter with junk, some hundred files."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults import _lies
from peer.simulate.faults._share import spans, store_of, take
from peer.simulate.instance import Instance
from peer.simulate.world import World
from protocol import canonical
from protocol.errors import ShareError
from protocol.messages import Note
from protocol.signing import Signer
from registry import layout
from registry.layout import PageName
from registry.memory import MemoryShare

files_max = 300
documents_max = 60  # each is read by everybody at every tick


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Names that mean nothing, or names and forms that do; a person clears charter and orders."""
    store = store_of(world, who)
    folder = chance.pick((layout.inbox(who.name),) * 3 + (layout.ORDERS, layout.CHARTER))
    inbox = folder not in (layout.ORDERS, layout.CHARTER)
    count = 20 + chance.below((files_max if inbox else documents_max) - 20)
    formed = chance.hits(600)
    try:
        if len(store.nodes(folder)) > files_max:
            return None  # that is enough
        files = _letters(world, who, chance, count) if inbox else _documents(folder, chance, count)
        if not formed:
            files = {f"{canonical.b32(chance.draw(8))}.tmp": b"junk" for _ in range(count)}
        store.nodes(folder).update(files)
    except ShareError:
        return None
    if not inbox or not formed:
        world.until(spans(world, chance, 8), lambda: _clear(world, store, folder, [*files]))
    return f"{count} {'well formed' if formed else 'odd'} names in {folder}"


def _letters(world: World, who: Instance, chance: Chance, count: int) -> dict[str, bytes]:
    """Letters to `who` in the names of its neighbours, and of nobody."""
    signer = Signer(chance.draw(32))
    authors = [one.name for one in world.active() if one is not who] + ["mallory"]
    author = f"{chance.pick(authors)}@{who.identity.cluster}"
    epoch = canonical.b32(chance.draw(16))
    note = _lies.item_by(author, Note(text="flood"), chance, who.clock.wall_ms())
    place = (author, epoch, who.identity.address, 1)
    data = _lies.page_by(world, signer, place, [note])
    names = (PageName(author.partition("@")[0], epoch[:8], seq + 1) for seq in range(count))
    return {layout.letter_file(name): data for name in names}


def _documents(folder: str, chance: Chance, count: int) -> dict[str, bytes]:
    found = {}
    for number in range(count):
        digest = chance.draw(8).hex()
        numbered = f"{number + 2}.roster.{digest[:8]}.json"
        name = f"{digest}.json" if folder == layout.ORDERS else numbered
        found[name] = b'{"signatures":[],"signed":{}}'
    return found


def _clear(world: World, store: MemoryShare, folder: str, names: list[str]) -> None:
    for one in {id(s): s for s in (store, world.drive.store)}.values():
        for name in names:
            take(world, one, f"{folder}/{name}")

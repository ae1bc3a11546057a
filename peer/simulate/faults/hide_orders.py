"""Orders are deleted or overwritten as soon as they appear, for a while."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._share import mend_documents, put, spans, take
from peer.simulate.instance import Instance
from peer.simulate.world import World
from protocol.errors import ShareError
from registry import layout


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """All orders, or those that come from now on; in the end the steward places them again."""
    store = world.drive.store
    overwrite, all_of_them = chance.hits(400), chance.hits(500)
    try:
        spared = [] if all_of_them else sorted(store.nodes(layout.ORDERS))
    except ShareError:
        return None
    hiding = [True]

    def hide(op: str, path: str) -> None:
        if not hiding or not path.startswith(layout.ORDERS) or op == "place":
            return
        try:
            names = sorted(set(store.nodes(layout.ORDERS)) - set(spared))
        except ShareError:
            return
        for name in names:
            if not overwrite:
                take(world, store, f"{layout.ORDERS}/{name}")
            elif store.nodes(layout.ORDERS)[name] != b"{}":
                put(world, store, f"{layout.ORDERS}/{name}", b"{}")

    hide("names", layout.ORDERS)
    views = [world.drive.views[name] for name in sorted(world.drive.views)]
    for view in views:
        view.troubles["hide-orders"] = hide

    def over() -> None:
        hiding.clear()
        mend_documents(world)

    world.until(spans(world, chance, 8), over)
    how = "overwritten" if overwrite else "deleted"
    return f"{'all' if all_of_them else 'new'} orders are {how}"

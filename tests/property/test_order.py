"""Halts in force over random sets of orders, and scopes over random addresses."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protocol.names import Address
from protocol.order import Order, contains, halts_in_force, within
from tests.strategies import addresses, clusters, members, order_sets, scopes


@given(order_sets(), st.data())
def test_the_sequence_of_orders_does_not_matter(
    orders: dict[str, Order], data: st.DataObject
) -> None:
    """HALT-2: in whatever order they were learned, the same halts hold."""
    shuffled = dict(data.draw(st.permutations(list(orders.items()))))
    assert halts_in_force(shuffled) == halts_in_force(orders)


@given(order_sets())
def test_a_halt_is_in_force_unless_a_resume_of_enough_scope_names_it(
    orders: dict[str, Order],
) -> None:
    """HALT-1: against the rule read word by word."""
    expected = {
        digest
        for digest, halt in orders.items()
        if halt.order == "halt"
        and not any(
            resume.order == "resume"
            and digest in resume.lifts
            and contains(resume.scope, halt.scope)
            for resume in orders.values()
        )
    }
    assert halts_in_force(orders).keys() == expected


@given(order_sets(), order_sets())
def test_orders_only_add_up(known: dict[str, Order], more: dict[str, Order]) -> None:
    """HALT-2: learning a halt never lifts one; learning a resume never halts anybody."""
    halts = {digest: order for digest, order in more.items() if order.order == "halt"}
    resumes = {digest: order for digest, order in more.items() if order.order == "resume"}
    before = halts_in_force(known).keys()
    new_halts = {f"a{digest[1:]}": halt for digest, halt in halts.items()}
    assert before <= halts_in_force(known | new_halts).keys()
    new_resumes = {f"b{digest[1:]}": resume for digest, resume in resumes.items()}
    assert halts_in_force(known | new_resumes).keys() <= before


@given(order_sets(), members)
def test_who_is_halted_obeys_a_halt_that_names_him(orders: dict[str, Order], who: str) -> None:
    """HALT-3: lifting what covers everybody frees everybody."""
    halts = {d: o for d, o in halts_in_force(orders).items() if within(who, o.scope)}
    lifted = Order(
        network="0" * 64, order="resume", scope="*", salt="a" * 26, at=0, lifts=tuple(halts)
    )
    after = halts_in_force(orders | {"c" * 64: lifted})
    assert not [order for order in after.values() if within(who, order.scope)]


@given(addresses, st.data())
def test_an_address_lies_in_each_of_its_regions(address: str, data: st.DataObject) -> None:
    """HALT-3: in the network, in itself, and in every tail of its cluster's labels."""
    name, _, cluster = address.partition("@")
    labels = cluster.split(".")
    region = ".".join(labels[data.draw(st.integers(0, len(labels) - 1)) :])
    assert within(address, "*")
    assert within(address, address)
    assert within(address, region)
    assert not within(address, f"{name}@{region}") or region == cluster
    assert not within(address, f"x{region}")
    assert not within(address, f"x.{region}") or region != cluster


@given(addresses, clusters | addresses)
def test_within_agrees_with_labels(address: str, scope: str) -> None:
    """HALT-3: compared label by label, from the most general one."""
    name, _, cluster = scope.rpartition("@")
    mine = Address.parse(address)
    ends_so = mine.cluster.split(".")[-len(cluster.split(".")) :] == cluster.split(".")
    expected = ends_so if not name else address == scope
    assert within(address, scope) is expected


@given(scopes, scopes, members)
def test_what_contains_a_scope_contains_everybody_in_it(outer: str, inner: str, who: str) -> None:
    """HALT-1: so no resume frees more than it covers."""
    if contains(outer, inner) and within(who, inner):
        assert within(who, outer)


@given(scopes, scopes)
def test_two_scopes_that_contain_each_other_are_one(one: str, two: str) -> None:
    """HALT-1: containing is an order."""
    assert contains(one, one)
    assert (contains(one, two) and contains(two, one)) == (one == two)

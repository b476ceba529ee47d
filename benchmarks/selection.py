"""A dynamic selection of five criteria, two of them about behaviour: counted while it is built, and evaluated."""

from collections.abc import Iterator

from django.utils import timezone

from benchmarks.frame import Figure, Scale, interleaved, seconds
from benchmarks.generate import House, a_house
from recipients import selections
from recipients.criteria import glossary, tree
from recipients.criteria.tree import Condition, Group, How
from recipients.models import Selection, SelectionMember


def figures(scale: Scale) -> Iterator[Figure]:
    root = five(a_house(scale.pick(1_000_000, 20_000)))
    found = counted(root)
    if not found:
        raise SystemExit("nobody is found: this run says nothing about speed")
    medians = interleaved({"count": lambda: seconds(lambda: counted(root))})
    yield Figure("selection.count", medians["count"], "s", of=f"{found} people found")
    medians = interleaved({"materialise": lambda: materialised(root, found)})
    yield Figure("selection.materialise", medians["materialise"], "s", of=f"{found} members written")


def five(house: House) -> Group:
    """Dutch speakers of a firm in Rotterdam or with a phone, opened lately, got the last mailing and did not click."""
    latest = str(house.mailings[-1])
    return Group(
        How.ALL,
        (
            Condition("person.language", "is", {"codes": ("nl",)}),
            Group(
                How.ANY,
                (
                    Condition("company.city", "is", {"text": ("rotterdam",)}),
                    Condition("person.phone", "filled"),
                ),
            ),
            Condition("mailing.opened", "did", {"days": ("365",)}),
            Condition("mailing.clicked", "did_not", {"mailing": (latest,)}),
        ),
    )


def counted(root: Group) -> int:
    return selections.count(root, glossary.load(root), now=timezone.now())


def materialised(root: Group, found: int) -> float:
    """Evaluate into an empty list; the members are gone afterwards."""
    selection = Selection.objects.create(name="Five", kind=Selection.Kind.DYNAMIC, criteria=tree.write(root))
    taken = seconds(lambda: selections.evaluate(selection, now=timezone.now()))
    assert SelectionMember.objects.filter(selection=selection).count() == found
    SelectionMember.objects.filter(selection=selection)._raw_delete("default")
    selection.delete()
    return taken

"""Where energy and water go: flows from left to right, as wide as they are large.

In come `Link`s between named nodes, out go ribbons and boxes in a unit square, for whoever draws them. Nodes stand in
columns by how many links lead to them at most.
"""

from collections.abc import Sequence
from dataclasses import dataclass

GAP = 0.04
"""Between two nodes of a column, of the picture's height (a choice) [-]"""

BOX = 0.02
"""How wide a node's box is, of the picture's width (a choice) [-]"""


@dataclass(frozen=True, slots=True)
class Link:
    """A flow.

    Parameters
    ----------
    source, target : str
        From which node to which.
    amount : float
        How much, in the picture's unit; at least 0.
    """

    source: str
    target: str
    amount: float


@dataclass(frozen=True, slots=True)
class Box:
    """A node as it is drawn.

    Parameters
    ----------
    name : str
        Of the node.
    amount : float
        What flows through it, in the picture's unit.
    left, bottom, height : float
        Where it stands in the unit square [-]
    """

    name: str
    amount: float
    left: float
    bottom: float
    height: float


@dataclass(frozen=True, slots=True)
class Ribbon:
    """A flow as it is drawn.

    Parameters
    ----------
    link : Link
        The flow.
    start, end : tuple of float
        The lower left and the lower right corner in the unit square [-]
    height : float
        How wide it is [-]
    """

    link: Link
    start: tuple[float, float]
    end: tuple[float, float]
    height: float


def lay_out(links: Sequence[Link]) -> tuple[list[Box], list[Ribbon]]:
    """Boxes and ribbons of flows; those of 0 are left out.

    Raises
    ------
    ValueError
        They run in a circle.
    """
    flows = [link for link in links if link.amount > 0]
    columns = _columns(flows)
    through = {name: max(_sum(flows, "source", name), _sum(flows, "target", name)) for name in columns}
    last = max(columns.values(), default=0)
    most = max((sum(through[name] for name in columns if columns[name] == at) for at in range(last + 1)), default=1.0)
    crowd = max((list(columns.values()).count(at) for at in range(last + 1)), default=1)
    scale = (1 - GAP * (crowd - 1)) / most
    boxes: dict[str, Box] = {}
    for at in range(last + 1):
        top = 1.0
        for name in (name for name in columns if columns[name] == at):
            height = through[name] * scale
            boxes[name] = Box(name, through[name], at * (1 - BOX) / max(last, 1), top - height, height)
            top -= height + GAP
    return list(boxes.values()), _ribbons(flows, boxes, scale)


def _ribbons(flows: Sequence[Link], boxes: dict[str, Box], scale: float) -> list[Ribbon]:
    """Each leaves and enters its boxes below those before it."""
    leaving = {name: box.bottom + box.height for name, box in boxes.items()}
    entering = dict(leaving)
    ribbons: list[Ribbon] = []
    for link in flows:
        height = link.amount * scale
        leaving[link.source] -= height
        entering[link.target] -= height
        start = boxes[link.source].left + BOX, leaving[link.source]
        ribbons.append(Ribbon(link, start, (boxes[link.target].left, entering[link.target]), height))
    return ribbons


def _sum(flows: Sequence[Link], side: str, name: str) -> float:
    return sum(link.amount for link in flows if getattr(link, side) == name)


def _columns(flows: Sequence[Link]) -> dict[str, int]:
    """The column of each node: one more than that of the last node that flows into it."""
    names = list(dict.fromkeys(name for link in flows for name in (link.source, link.target)))
    columns = dict.fromkeys(names, 0)
    for _ in names:
        moved = {
            link.target: columns[link.source] + 1 for link in flows if columns[link.target] <= columns[link.source]
        }
        if not moved:
            return columns
        columns |= moved
    raise ValueError("The flows run in a circle.")

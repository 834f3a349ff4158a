"""Defines the catalogue that superiors get: groups and cameras, and the changes between two of them. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum


class NodeEvent(StrEnum):
    """Change of a node, in the standard's words (GB/T 28181-2022, annex A.2.5)."""

    ON = "ON"
    OFF = "OFF"
    ADD = "ADD"
    DEL = "DEL"
    UPDATE = "UPDATE"


@dataclass(frozen=True, slots=True)
class CatalogNode:
    """A group or a camera. It has no field for anything but name, place in the tree, state and coordinates."""

    code: str
    name: str
    parent: str
    """Code of the group above, or the centre's own id."""
    civil_code: str
    group: str = ""
    """Code of the business group that a district stands in; of a camera the district says it."""
    is_on: bool | None = None
    """True while a camera delivers pictures; None: a group."""
    longitude: float | None = None
    latitude: float | None = None

    @property
    def is_camera(self) -> bool:
        """True if it is no group."""
        return self.is_on is not None


@dataclass(frozen=True, slots=True)
class NodeChange:
    """A node as it is now, or as it was before it went."""

    event: NodeEvent
    node: CatalogNode
    is_fault: bool = False
    """True if a camera that was on is off now."""


@dataclass(frozen=True, slots=True)
class UpwardCatalog:
    """All nodes for one superior, groups before what is in them."""

    nodes: Mapping[str, CatalogNode] = field(default_factory=dict)

    @classmethod
    def of(cls, nodes: Iterable[CatalogNode]) -> "UpwardCatalog":
        """Makes a catalogue of nodes with different codes."""
        return cls({node.code: node for node in nodes})

    def beneath(self, code: str) -> tuple[CatalogNode, ...]:
        """Lists a node and all below it; empty where there is no such node."""
        if code not in self.nodes:
            return ()
        inside = {code}
        for node in self.nodes.values():  # groups come first
            if node.parent in inside:
                inside.add(node.code)
        return tuple(node for node in self.nodes.values() if node.code in inside)

    @property
    def cameras(self) -> int:
        """Number of nodes that are no groups."""
        return sum(node.is_camera for node in self.nodes.values())


def changes(before: UpwardCatalog, after: UpwardCatalog) -> Iterator[NodeChange]:
    """Yields the changes between two catalogues."""
    for code, old in before.nodes.items():
        if code not in after.nodes:
            yield NodeChange(NodeEvent.DEL, old)
    for code, node in after.nodes.items():
        known = before.nodes.get(code)
        if known is None:
            yield NodeChange(NodeEvent.ADD, node)
        elif known != node:
            is_fault = known.is_on is True and node.is_on is False
            state = NodeEvent.ON if node.is_on else NodeEvent.OFF
            is_state = replace(known, is_on=node.is_on) == node
            yield NodeChange(state if is_state else NodeEvent.UPDATE, node, is_fault)

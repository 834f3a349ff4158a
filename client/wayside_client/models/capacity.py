from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Capacity")


@_attrs_define
class Capacity:
    """Use of the chain, and what it could do.

    Attributes:
        agents (int):
        agents_online (int | None):
        gpus (float | None): GPUs of the machines that are alive.
        lag_ms (int | None): Median time from the intake to the commit; None also while no snapshot comes.
        nodes (int | None): Machines of the cluster that Ray's head counts.
        nodes_alive (int | None):
        pictures_per_s (float | None): Archived in the last minute; None also in the first minute of the centre.
        pictures_possible_per_s (float | None): Sum of the rates that the online agents measured; None before the first.
        pictures_target_per_s (float | None):
        streams (int | None): Cameras that are online now.
        streams_possible (int): Cameras that agents have configured.
        streams_target (int | None):
    """

    agents: int
    agents_online: int | None
    gpus: float | None
    lag_ms: int | None
    nodes: int | None
    nodes_alive: int | None
    pictures_per_s: float | None
    pictures_possible_per_s: float | None
    pictures_target_per_s: float | None
    streams: int | None
    streams_possible: int
    streams_target: int | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        agents = self.agents

        agents_online: int | None
        agents_online = self.agents_online

        gpus: float | None
        gpus = self.gpus

        lag_ms: int | None
        lag_ms = self.lag_ms

        nodes: int | None
        nodes = self.nodes

        nodes_alive: int | None
        nodes_alive = self.nodes_alive

        pictures_per_s: float | None
        pictures_per_s = self.pictures_per_s

        pictures_possible_per_s: float | None
        pictures_possible_per_s = self.pictures_possible_per_s

        pictures_target_per_s: float | None
        pictures_target_per_s = self.pictures_target_per_s

        streams: int | None
        streams = self.streams

        streams_possible = self.streams_possible

        streams_target: int | None
        streams_target = self.streams_target

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "agents": agents,
                "agents_online": agents_online,
                "gpus": gpus,
                "lag_ms": lag_ms,
                "nodes": nodes,
                "nodes_alive": nodes_alive,
                "pictures_per_s": pictures_per_s,
                "pictures_possible_per_s": pictures_possible_per_s,
                "pictures_target_per_s": pictures_target_per_s,
                "streams": streams,
                "streams_possible": streams_possible,
                "streams_target": streams_target,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        agents = d.pop("agents")

        def _parse_agents_online(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        agents_online = _parse_agents_online(d.pop("agents_online"))

        def _parse_gpus(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        gpus = _parse_gpus(d.pop("gpus"))

        def _parse_lag_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        lag_ms = _parse_lag_ms(d.pop("lag_ms"))

        def _parse_nodes(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        nodes = _parse_nodes(d.pop("nodes"))

        def _parse_nodes_alive(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        nodes_alive = _parse_nodes_alive(d.pop("nodes_alive"))

        def _parse_pictures_per_s(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        pictures_per_s = _parse_pictures_per_s(d.pop("pictures_per_s"))

        def _parse_pictures_possible_per_s(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        pictures_possible_per_s = _parse_pictures_possible_per_s(d.pop("pictures_possible_per_s"))

        def _parse_pictures_target_per_s(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        pictures_target_per_s = _parse_pictures_target_per_s(d.pop("pictures_target_per_s"))

        def _parse_streams(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        streams = _parse_streams(d.pop("streams"))

        streams_possible = d.pop("streams_possible")

        def _parse_streams_target(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        streams_target = _parse_streams_target(d.pop("streams_target"))

        _made = class_(
            agents=agents,
            agents_online=agents_online,
            gpus=gpus,
            lag_ms=lag_ms,
            nodes=nodes,
            nodes_alive=nodes_alive,
            pictures_per_s=pictures_per_s,
            pictures_possible_per_s=pictures_possible_per_s,
            pictures_target_per_s=pictures_target_per_s,
            streams=streams,
            streams_possible=streams_possible,
            streams_target=streams_target,
        )

        _made.additional_properties = d
        return _made

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties

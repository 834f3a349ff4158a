"""Maps that a site may import: GeoJSON, and PMTiles archives written here from the specification (version 3)."""

import gzip
import json
from collections.abc import Mapping, Sequence
from typing import Final

Tile = tuple[int, int, int]
HEADER: Final = 127
MVT, PNG = 1, 2


def geojson(*features: tuple[str, object, object], **members: object) -> bytes:
    """A collection of (geometry type, coordinates, name)."""
    return json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": {"name": name, "owner": "somebody", "onclick": "alert(1)"},
                    "geometry": {"type": kind, "coordinates": coordinates},
                }
                for kind, coordinates, name in features
            ],
            **members,
        }
    ).encode()


def varint(number: int) -> bytes:
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*written, number])


def tile_id(tile: Tile) -> int:
    """Its place on the Hilbert curve, after all tiles of the zoom levels above."""
    zoom, x, y = tile
    found = ((1 << zoom * 2) - 1) // 3
    for level in reversed(range(zoom)):
        side = 1 << level
        right, down = x & side, y & side
        found += ((3 * right) ^ down) << level
        if not down:
            if right:
                x, y = side - 1 - x, side - 1 - y
            x, y = y, x
    return found


def pmtiles(
    tiles: Mapping[Tile, bytes],
    *,
    kind: int = MVT,
    metadata: object = None,
    bounds: tuple[float, float, float, float] = (118.0, 31.0, 119.0, 32.0),
    root: bytes | None = None,
) -> bytes:
    """One archive with all tiles in its root directory."""
    ordered = sorted((tile_id(tile), gzip.compress(data) if kind == MVT else data) for tile, data in tiles.items())
    ids = [number for number, _ in ordered]
    steps = [number - before for number, before in zip(ids, [0, *ids], strict=False)]
    entries = [len(ordered), *steps, *[1] * len(ordered), *[len(data) for _, data in ordered]]
    entries += [1, *[0] * (len(ordered) - 1)]
    directory = gzip.compress(b"".join(map(varint, entries))) if root is None else root
    described = gzip.compress(json.dumps({} if metadata is None else metadata).encode())
    content = b"".join(data for _, data in ordered)
    at_metadata = HEADER + len(directory)
    at_tiles = at_metadata + len(described)
    spans = [
        HEADER,
        len(directory),
        at_metadata,
        len(described),
        at_tiles,
        0,
        at_tiles,
        len(content),
        *[len(tiles)] * 3,
    ]
    zooms = [zoom for zoom, _, _ in tiles]
    west, south, east, north = (round(degrees * 1e7).to_bytes(4, "little", signed=True) for degrees in bounds)
    header = b"PMTiles\x03" + b"".join(number.to_bytes(8, "little") for number in spans)
    header += bytes([1, 2, 2 if kind == MVT else 1, kind, min(zooms), max(zooms)])
    header += west + south + east + north + bytes([min(zooms)]) + west + south
    assert len(header) == HEADER
    return header + directory + described + content


def vector_tile(layer: str, *features: tuple[int, Sequence[tuple[int, int]], str]) -> bytes:
    """A Mapbox vector tile (2.1) of one layer: (1 point, 2 line or 3 polygon; places of 0 to 4095; name)."""
    values = [_field(4, _field(1, name.encode())) for _, _, name in features]
    written = [
        _field(
            2,
            _field(2, varint(0) + varint(number)) + _number(3, kind) + _field(4, _geometry(kind, places)),
        )
        for number, (kind, places, _) in enumerate(features)
    ]
    body = _field(1, layer.encode()) + b"".join(written) + _field(3, b"name") + b"".join(values)
    return _field(3, body + _number(5, 4096) + _number(15, 2))


def _geometry(kind: int, places: Sequence[tuple[int, int]]) -> bytes:
    x, y, commands = 0, 0, []
    for number, (to_x, to_y) in enumerate(places):
        if number == 0:
            commands.append(1 | 1 << 3)
        elif number == 1:
            commands.append(2 | (len(places) - 1) << 3)
        commands += [_zigzag(to_x - x), _zigzag(to_y - y)]
        x, y = to_x, to_y
    if kind == 3:
        commands.append(7 | 1 << 3)
    return b"".join(map(varint, commands))


def _zigzag(number: int) -> int:
    return number << 1 if number >= 0 else (-number << 1) - 1


def _field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return varint(number << 3) + varint(value)

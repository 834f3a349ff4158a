"""Converts YuNet from the compiled libfacedetection to ONNX: reads its weights by their names in the symbol table.

ONNX Runtime computes the same network seven times as fast as the library (measured on two cores, CPU ms a 1080p
picture: 68 and 500), and the library holds Python's interpreter lock meanwhile. None of its code is executed here: it
is read as a file, so that it may even be compiled for another machine.

Network: Wu et al., YuNet, Machine Intelligence Research 2023. Layers: libfacedetection v3, `facedetectcnn-model.cpp`.
"""

import struct
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engines.convert.onnx_writer import Attribute, GraphWriter
from engines.errors import BadGraph

Floats = NDArray[np.float32]
Weights = Mapping[str, Floats]

INPUT: Final = "image"
STRIDES: Final = (8, 16, 32)
WIDTHS: Final = (16, 16, 32, 64, 64, 64, 64)
"""Channels: of the stem, and behind each of the six stages."""
HEADS: Final = {"cls": 1, "obj": 1, "bbox": 4}
"""Head → its planes, in the order of an output's six: face or not, object or not, and x, y, log width, log height.

The landmark head is left out: the product has no use for the position of eyes."""
_PADDED_STEM: Final = 32
"""The library pads the 27 inputs of its first layer (3 rows x 3 columns x BGR) to whole vector registers."""
_SYMTAB, _NOBITS = 2, 8


def convert(library: bytes, where: str) -> bytes:
    """Convert the YuNet inside a shared library to an ONNX file. Deterministic. Raises BadGraph.

    Input `image` B x 3 x H x W (BGR, 0..255, sides multiples of 32); outputs `map_8`, `map_16`, `map_32`, each of them
    B x 6 x h x w.
    """
    weights = _weights(_symbols(library, where), where)
    graph = GraphWriter("yunet")
    stem = weights["backbone__model0_pw_weight"][:, :27].reshape(-1, 3, 3, 3).transpose(0, 3, 1, 2)
    x = _conv(graph, INPUT, "stem", stem, weights["backbone__model0_pw_bias"], stride=2)
    x = _pool(graph, _pair(graph, _relu(graph, x), "backbone__model0_dp", weights))
    levels = []
    for stage in range(1, 6):
        for half in ("dp1", "dp2"):
            x = _pair(graph, x, f"backbone__model{stage}_{half}", weights)
        if stage == 2:
            x = _pool(graph, x)
        elif stage > 2:
            levels.append(x)
            x = _pool(graph, x) if stage < 5 else x
    above = ""
    outputs = {}
    for level in (2, 1, 0):
        joined = levels[level]
        if above:
            joined = graph.node("Add", [_doubled(graph, above), joined], f"joined_{level}")
        above = _pair(graph, joined, f"neck__lateral_convs__{level}", weights)
        name = f"map_{STRIDES[level]}"
        _head(graph, above, level, name, weights)
        outputs[name] = ("batch", 6, f"height_{STRIDES[level]}", f"width_{STRIDES[level]}")
    return graph.model({INPUT: ("batch", 3, "height", "width")}, outputs)


def _conv(graph: GraphWriter, x: str, name: str, weight: Floats, bias: Floats, *, stride: int = 1) -> str:
    side = weight.shape[-1]
    group = len(weight) if weight.shape[1] == 1 and side == 3 else 1
    inputs = [x, graph.weight(f"{name}.weight", weight), graph.weight(f"{name}.bias", bias)]
    attributes: dict[str, Attribute] = {"kernel_shape": (side, side), "pads": (side // 2,) * 4}
    attributes |= {"strides": (stride, stride), "group": group}
    return graph.node("Conv", inputs, name, attributes)


def _pair(graph: GraphWriter, x: str, name: str, weights: Weights) -> str:
    """Add a pointwise and a depthwise convolution and a ReLU: the only block of this network."""
    x = _conv(graph, x, f"{name}_pw", _pointwise(weights, name), weights[f"{name}_pw_bias"])
    return _relu(graph, _conv(graph, x, f"{name}_dw", _depthwise(weights, name), weights[f"{name}_dw_bias"]))


def _head(graph: GraphWriter, x: str, level: int, output: str, weights: Weights) -> None:
    """Add the three heads of a level side by side: two convolutions instead of six."""
    names = [f"bbox_head__multi_level_{head}__{level}" for head in HEADS]
    biases = [np.concatenate([weights[f"{name}_{part}_bias"] for name in names]) for part in ("pw", "dw")]
    pointwise = np.concatenate([_pointwise(weights, name) for name in names])
    depthwise = np.concatenate([_depthwise(weights, name) for name in names])
    _conv(graph, _conv(graph, x, f"heads_{level}", pointwise, biases[0]), output, depthwise, biases[1])


def _pointwise(weights: Weights, name: str) -> Floats:
    return weights[f"{name}_pw_weight"][:, :, None, None]


def _depthwise(weights: Weights, name: str) -> Floats:
    return weights[f"{name}_dw_weight"].T.reshape(-1, 1, 3, 3)


def _relu(graph: GraphWriter, x: str) -> str:
    return graph.node("Relu", [x], f"{x}_relu")


def _pool(graph: GraphWriter, x: str) -> str:
    return graph.node("MaxPool", [x], f"{x}_pool", {"kernel_shape": (2, 2), "strides": (2, 2)})


def _doubled(graph: GraphWriter, x: str) -> str:
    scales = graph.weight(f"{x}_scales", np.array([1, 1, 2, 2], np.float32))
    attributes = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return graph.node("Resize", [x, "", scales], f"{x}_doubled", attributes)


def _weights(symbols: Mapping[str, bytes], where: str) -> Weights:
    """Read pointwise weights as outputs x inputs and depthwise ones as 9 x channels, as the library holds them."""
    wanted: dict[str, tuple[int, ...]] = {
        "backbone__model0_pw_weight": (WIDTHS[0], _PADDED_STEM),
        "backbone__model0_pw_bias": (WIDTHS[0],),
    }
    for name, out, into in _pairs():
        wanted |= {f"{name}_pw_weight": (out, into), f"{name}_pw_bias": (out,)}
        wanted |= {f"{name}_dw_weight": (9, out), f"{name}_dw_bias": (out,)}
    found = {}
    for name, shape in wanted.items():
        values = np.frombuffer(symbols.get(name, b"")[: 4 * int(np.prod(shape))], "<f4")
        if values.size != np.prod(shape) or not np.isfinite(values).all():
            raise BadGraph(where, f"holds no {name} of {' x '.join(map(str, shape))} numbers")
        found[name] = values.reshape(shape)
    return found


def _pairs() -> Iterator[tuple[str, int, int]]:
    """Yield each pair of convolutions: its name, outputs and inputs."""
    yield "backbone__model0_dp", WIDTHS[1], WIDTHS[0]
    for stage in range(1, 6):
        yield f"backbone__model{stage}_dp1", WIDTHS[stage], WIDTHS[stage]
        yield f"backbone__model{stage}_dp2", WIDTHS[stage + 1], WIDTHS[stage]
    for level in range(3):
        yield f"neck__lateral_convs__{level}", WIDTHS[-1], WIDTHS[-1]
        for head, planes in HEADS.items():
            yield f"bbox_head__multi_level_{head}__{level}", planes, WIDTHS[-1]


def _symbols(library: bytes, where: str) -> dict[str, bytes]:
    """Read the data symbols of a 64-bit little-endian ELF file, by name (System V gABI, chapters 4 and 5)."""
    if library[:6] != b"\x7fELF\x02\x01":
        raise BadGraph(where, "not a 64-bit little-endian ELF file")
    try:
        return _read_symbols(library)
    except (struct.error, IndexError, ValueError, OverflowError) as error:
        raise BadGraph(where, f"a damaged ELF file ({error})") from error


def _read_symbols(library: bytes) -> dict[str, bytes]:
    (table,) = struct.unpack_from("<Q", library, 0x28)
    entry_size, count = struct.unpack_from("<HH", library, 0x3A)
    # name, type, flags, address, offset, size, link, ...
    sections = [struct.unpack_from("<IIQQQQIIQQ", library, table + index * entry_size) for index in range(count)]
    found = {}
    for section in sections:
        if section[1] != _SYMTAB:
            continue
        names = sections[section[6]][4]
        for at in range(section[4], section[4] + section[5], 24):
            name, _, _, home, address, size = struct.unpack_from("<IBBHQQ", library, at)
            if size and 0 < home < count and sections[home][1] != _NOBITS:
                start = sections[home][4] + address - sections[home][3]
                text = library[names + name : library.index(b"\0", names + name)]
                found[text.decode("ascii", "replace")] = library[start : start + size]
    return found

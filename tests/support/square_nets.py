"""Tiny ONNX detectors, one a head: each finds one bright square and names it by its colour, to the pixel.

    blue  -> car         (the model's first channel, if it takes BGR)
    green -> person
    red   -> dog, which no manifest of ours names

What they share computes the square from sums of rows and columns, so a picture of any size or shape has one right
answer; what follows writes that answer as the exporter of that head would. No weight was trained.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

SCORE = 0.9
WIDTH, HEIGHT = 192, 128
"""Of the input: no square, so that a decoder that swaps the sides is found out. Multiples of 32."""
CAR, PERSON, DOG = 0, 1, 2
COCO_80 = {CAR: 2, PERSON: 0, DOG: 16}
COCO_91 = {CAR: 3, PERSON: 1, DOG: 18}


@dataclass(frozen=True)
class SquareNet:
    """One head as one exporter writes it. `times` spoils every output; `batch` fixes how many pictures a run takes."""

    name: str
    head: str
    extra: str = ""
    """Of the manifest's [output]."""
    input: str = ""
    """Of the manifest's [input]."""
    classes: str = "car = 2, person = 0"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """As the graph undoes them, for pixels of 0 to 255."""
    batch: int | None = None
    times: float = 1.0
    rgb: bool = False

    def model(self) -> bytes:
        """The ONNX file."""
        return _Graph(self).model()

    def manifest(self, model: bytes) -> str:
        """What a customer writes."""
        return f"""
name = "{self.name}"
kind = "model"
file = "{self.name}.onnx"
sha256 = "{hashlib.sha256(model).hexdigest()}"
licence = "none"

[source]
ecosystem = "file"

[input]
tensor = "images"
colour = "{"RGB" if self.rgb else "BGR"}"
width = {WIDTH}
height = {HEIGHT}
{self.input}

[output]
decoder = "{self.head}"
classes = {{ {self.classes} }}
thresholds = {{ vehicle = 0.5, person = 0.5 }}
{self.extra}
"""

    def put(self, folder: Path) -> str:
        """Write both beside one another, as a customer does; the detector's name."""
        model = self.model()
        (folder / f"{self.name}.onnx").write_bytes(model)
        (folder / f"{self.name}.toml").write_text(self.manifest(model))
        return self.name

    def with_(self, **changes: Any) -> "SquareNet":
        """The same, but."""
        return replace(self, **changes)


IMAGENET = ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
BGR_IMAGENET = "mean = [103.53, 116.28, 123.675]\nstd = [57.375, 57.12, 58.395]"
NETS = (
    SquareNet("nanodet", "nanodet", input='fit = "pad"'),
    SquareNet("yolox-raw", "yolox", input='fit = "pad"'),
    SquareNet("yolox-decoded", "yolox", extra="decoded = true", input='fit = "pad"'),
    SquareNet(
        "detr-sigmoid",  # as RF-DETR exports itself
        "detr",
        extra='tensors = { logits = "labels", boxes = "dets" }',
        input='scale = "0..1"\nmean = [0.485, 0.456, 0.406]\nstd = [0.229, 0.224, 0.225]',
        classes="car = 3, person = 1",
        mean=IMAGENET[0],
        std=IMAGENET[1],
        rgb=True,
    ),
    SquareNet(
        "detr-softmax",  # as the first DETR: one more column, for nothing
        "detr",
        extra='activation = "softmax"\ntensors = { boxes = "pred_boxes" }',
        classes="car = 3, person = 1",
    ),
    SquareNet(
        "detr-decoded",  # as D-FINE and RT-DETR export themselves
        "detr",
        extra="decoded = true",
        input='scale = "0..1"\nsize_tensor = "orig_target_sizes"',
        std=(255.0, 255.0, 255.0),
        rgb=True,
    ),
    SquareNet("nanodet-plus", "nanodet-plus", input=BGR_IMAGENET, mean=IMAGENET[0][::-1], std=IMAGENET[1][::-1]),
    SquareNet(
        "rtmdet",  # as MMDeploy exports it, with its suppression
        "mmdeploy",
        input=BGR_IMAGENET + '\nfit = "pad"',
        mean=IMAGENET[0][::-1],
        std=IMAGENET[1][::-1],
    ),
)


def street(square: tuple[int, int, int, int], size: tuple[int, int], colour: int = CAR) -> NDArray[np.uint8]:
    """A black picture of `size` with a bright rectangle (x0 y0 x1 y1)."""
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    x0, y0, x1, y1 = square
    picture[y0:y1, x0:x1, colour] = 255
    return picture


class _Graph:
    def __init__(self, net: SquareNet) -> None:
        self._net = net
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._names = (f"t{number}" for number in count())

    def model(self) -> bytes:
        inputs = [self._value("images", TensorProto.FLOAT, (3, HEIGHT, WIDTH))]
        if "size_tensor" in self._net.input:
            inputs.append(self._value("orig_target_sizes", TensorProto.INT64, (2,)))
        square, shares = self._square()
        heads = {
            "nanodet": self._nanodet,
            "nanodet-plus": self._nanodet_plus,
            "yolox": self._yolox,
            "detr": self._detr,
            "mmdeploy": self._mmdeploy,
        }
        outputs = heads[self._net.head](square, shares)
        values = []
        for name, (tensor, kind, shape) in outputs.items():
            spoilt = self._op("Mul", tensor, self._constant(self._net.times)) if kind == TensorProto.FLOAT else tensor
            self._nodes.append(helper.make_node("Identity", [spoilt], [name]))
            values.append(self._value(name, kind, shape))
        graph = helper.make_graph(self._nodes, "square", inputs, values, self._constants)
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
        return bytes(made.SerializeToString())

    def _square(self) -> tuple[dict[str, str], str]:
        """Its centre and sides (B x 1 each, pixels), and how much of it is of each channel (B x 3, 0 to SCORE)."""
        pixels = self._op("Add", self._op("Mul", "images", self._planes(self._net.std)), self._planes(self._net.mean))
        light = self._clip(self._op("Div", self._op("Sub", pixels, self._constant(130)), self._constant(125)), 0, 1)
        if self._net.rgb:
            light = self._op("Gather", light, self._integers([2, 1, 0]), axis=1)
        mask = self._reduce("ReduceMax", light, [1])
        found = {}
        for centre, side, axes, length in (("x", "width", [1, 2], WIDTH), ("y", "height", [1, 3], HEIGHT)):
            line = self._reduce("ReduceMax", mask, axes)
            found[side] = self._reduce("ReduceSum", line, [1], keep=True)
            places = self._op("Mul", line, self._constant(np.arange(length) + 0.5))
            found[centre] = self._op(
                "Div", self._reduce("ReduceSum", places, [1], keep=True), self._clip(found[side], 1e-3, 1e6)
            )
        area = self._clip(self._reduce("ReduceSum", mask, [2, 3]), 1e-3, 1e9)
        shares = self._op("Div", self._reduce("ReduceSum", light, [2, 3]), area)
        return found, self._op("Mul", shares, self._constant(SCORE))

    def _yolox(self, square: dict[str, str], shares: str) -> dict[str, tuple[str, int, Sequence[int]]]:
        """The same square from one cell of each grid, the first surest: suppression leaves that one."""
        decoded = "decoded = true" in self._net.extra
        firsts = np.cumsum([0, *((WIDTH // stride) * (HEIGHT // stride) for stride in (8, 16, 32))])
        classes = self._op("MatMul", shares, self._constant(_columns(COCO_80, 80)))
        rows, places = [], []
        for first, stride, (column, row), sure in zip(
            firsts, (8, 16, 32), ((5, 3), (7, 2), (1, 3)), (1.0, 0.9, 0.8), strict=False
        ):
            values = [square[name] for name in ("x", "y", "width", "height")]
            if not decoded:
                cells = [self._op("Div", value, self._constant(stride)) for value in values]
                corners = [
                    self._op("Sub", value, self._constant(at))
                    for value, at in zip(cells[:2], (column, row), strict=True)
                ]
                values = corners + [self._op("Log", self._clip(value, 1e-3, 1e6)) for value in cells[2:]]
            there = self._op("Mul", self._clip(square["width"], 0, 1), self._constant(sure))
            rows.append(self._rows(self._concat([*values, there, classes])))
            places.append(int(first) + row * (WIDTH // stride) + column)
        everything = self._placed(self._concat(rows), places, int(firsts[-1]))
        if not decoded:  # a real net says sides under a cell's wherever it sees nothing
            small = np.zeros((int(firsts[-1]), 85))
            small[:, 2:4] = -1
            small[places] = 0
            everything = self._op("Add", everything, self._constant(small))
        return {"output": (everything, TensorProto.FLOAT, (int(firsts[-1]), 85))}

    def _nanodet(self, square: dict[str, str], shares: str) -> dict[str, tuple[str, int, Sequence[int]]]:
        """Every cell of the middle grid whose centre lies in the square says the square; suppression leaves one."""
        outputs: dict[str, tuple[str, int, Sequence[int]]] = {}
        classes = self._rows(self._op("MatMul", shares, self._constant(_columns(COCO_80, 80))))
        edges = {
            name: self._op(sign, square[centre], self._op("Mul", square[side], self._constant(0.5)))
            for name, sign, centre, side in (
                ("left", "Sub", "x", "width"),
                ("top", "Sub", "y", "height"),
                ("right", "Add", "x", "width"),
                ("bottom", "Add", "y", "height"),
            )
        }
        for stride in (8, 16, 32):
            y, x = (np.indices((HEIGHT // stride, WIDTH // stride)) + 0.5) * stride
            x, y = x.reshape(-1), y.reshape(-1)
            sides = [
                self._op("Sub", self._constant(x), edges["left"]),
                self._op("Sub", self._constant(y), edges["top"]),
                self._op("Sub", edges["right"], self._constant(x)),
                self._op("Sub", edges["bottom"], self._constant(y)),
            ]
            inside = self._op(
                "Cast", self._op("Greater", self._op("Min", *sides), self._constant(0)), to=TensorProto.FLOAT
            )
            if stride != 16:
                inside = self._op("Mul", inside, self._constant(0))
            stacked = self._op("Div", self._concat([self._last(side) for side in sides], -1), self._constant(stride))
            # The mean of two neighbouring bins is any distance: weights |distance - bin| under 1, in logarithms.
            away = self._op("Abs", self._op("Sub", self._last(stacked), self._constant(np.arange(11))))
            bins = self._op("Log", self._clip(self._op("Sub", self._constant(1), away), 1e-9, 1))
            flat = self._op("Reshape", bins, self._integers([0, len(x), 44]))
            outputs[f"class_{stride}"] = (
                self._op("Mul", self._last(inside), classes), TensorProto.FLOAT, (len(x), 80)
            )  # fmt: skip
            outputs[f"box_{stride}"] = (flat, TensorProto.FLOAT, (len(x), 44))
        return outputs

    def _nanodet_plus(self, square: dict[str, str], shares: str) -> dict[str, tuple[str, int, Sequence[int]]]:
        """One cell of the coarsest grid says the square: 8 bins reach 7 strides, more than the picture is wide."""
        bins, stride, (column, row) = 8, 64, (1, 1)
        counts = [-(-WIDTH // side) * -(-HEIGHT // side) for side in (8, 16, 32, 64)]
        total, place = sum(counts), sum(counts[:3]) + row * -(-WIDTH // stride) + column
        half = {name: self._op("Mul", square[name], self._constant(0.5)) for name in ("width", "height")}
        at = {"x": column * stride, "y": row * stride}
        sides = []
        for centre, side in (("x", "width"), ("y", "height")):
            before = self._op("Sub", self._constant(at[centre]), self._op("Sub", square[centre], half[side]))
            after = self._op("Sub", self._op("Add", square[centre], half[side]), self._constant(at[centre]))
            sides.append((before, after))
        distances = self._concat([sides[0][0], sides[1][0], sides[0][1], sides[1][1]])
        # As in _nanodet; a square that lies beside this centre cannot be said, and no test has one.
        away = self._op("Abs", self._op("Sub", self._last(self._op("Div", distances, self._constant(stride))),
                                        self._constant(np.arange(bins))))  # fmt: skip
        logits = self._op("Log", self._clip(self._op("Sub", self._constant(1), away), 1e-9, 1))
        flat = self._op("Reshape", logits, self._integers([0, 4 * bins]))
        there = self._clip(square["width"], 0, 1)
        classes = self._op("Mul", self._op("MatMul", shares, self._constant(_columns(COCO_80, 80))), there)
        everything = self._placed(self._rows(self._concat([classes, flat])), [place], total)
        return {"output": (everything, TensorProto.FLOAT, (total, 80 + 4 * bins))}

    def _mmdeploy(self, square: dict[str, str], shares: str) -> dict[str, tuple[str, int, Sequence[int]]]:
        """Row 2 of 4 says the square; the others fill up the batch."""
        rows, row = 4, 2
        classes = self._op("MatMul", shares, self._constant(_columns(COCO_80, 80)))
        half = {name: self._op("Mul", square[name], self._constant(0.5)) for name in ("width", "height")}
        edges = [
            self._op(sign, square[centre], half[side])
            for sign in ("Sub", "Add")
            for centre, side in (("x", "width"), ("y", "height"))
        ]
        score = self._reduce("ReduceMax", classes, [1])
        dets = self._placed(self._rows(self._concat([*edges, score])), [row], rows)
        best = self._op("Cast", self._op("ArgMax", classes, axis=1, keepdims=1), to=TensorProto.FLOAT)
        labels = self._op("Squeeze", self._placed(self._rows(best), [row], rows), self._integers([2]))
        return {
            "dets": (dets, TensorProto.FLOAT, (rows, 5)),
            "labels": (self._op("Cast", labels, to=TensorProto.INT64), TensorProto.INT64, (rows,)),
        }

    def _detr(self, square: dict[str, str], shares: str) -> dict[str, tuple[str, int, Sequence[int]]]:
        """Query 3 of 5 says the square, the others nothing."""
        queries, query = 5, 3
        decoded, softmax = "decoded = true" in self._net.extra, "softmax" in self._net.extra
        width, height = (self._constant(side) for side in (WIDTH, HEIGHT))
        table = _columns(COCO_80, 80) if decoded else _columns(COCO_91, 91)
        classes = self._placed(self._rows(self._op("MatMul", shares, self._constant(table))), [query], queries)
        classes = self._clip(classes, 1e-4, 0.9999)
        parts = [
            self._op("Div", square[name], side)
            for name, side in (("x", width), ("y", height), ("width", width), ("height", height))
        ]
        if decoded:
            scale = self._op("Cast", "orig_target_sizes", to=TensorProto.FLOAT)
            half = self._op("Mul", self._concat(parts[2:]), self._constant(0.5))
            centre = self._concat(parts[:2])
            edges = [self._op("Mul", self._op(sign, centre, half), scale) for sign in ("Sub", "Add")]
            boxes = self._placed(self._rows(self._concat(edges)), [query], queries)
            return {
                "labels": (self._op("ArgMax", classes, axis=2, keepdims=0), TensorProto.INT64, (queries,)),
                "boxes": (boxes, TensorProto.FLOAT, (queries, 4)),
                "scores": (self._reduce("ReduceMax", classes, [2]), TensorProto.FLOAT, (queries,)),
            }
        boxes = self._placed(self._rows(self._concat(parts)), [query], queries)
        one = self._constant(1)
        if softmax:
            nothing = self._op("Sub", one, self._reduce("ReduceSum", classes, [2], keep=True))
            logits = self._op("Log", self._concat([classes, self._clip(nothing, 1e-4, 1)], -1))
            names = ("logits", "pred_boxes")
        else:
            logits = self._op("Log", self._op("Div", classes, self._op("Sub", one, classes)))
            names = ("labels", "dets")
        columns = 92 if softmax else 91
        return {
            names[0]: (logits, TensorProto.FLOAT, (queries, columns)),
            names[1]: (boxes, TensorProto.FLOAT, (queries, 4)),
        }

    def _value(self, name: str, kind: int, shape: Sequence[int]) -> Any:
        return helper.make_tensor_value_info(name, kind, [self._net.batch or "batch", *shape])

    def _op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = next(self._names)
        self._nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def _constant(self, value: Any, kind: type = np.float32) -> str:
        name = next(self._names)
        self._constants.append(numpy_helper.from_array(np.asarray(value, kind), name))
        return name

    def _integers(self, values: Sequence[int]) -> str:
        return self._constant(values, np.int64)

    def _planes(self, values: Sequence[float]) -> str:
        return self._constant(np.reshape(values, (1, 3, 1, 1)))

    def _clip(self, tensor: str, low: float, high: float) -> str:
        return self._op("Clip", tensor, self._constant(low), self._constant(high))

    def _reduce(self, kind: str, tensor: str, axes: Sequence[int], *, keep: bool = False) -> str:
        keep = keep or (axes == [1] and kind == "ReduceMax")
        return self._op(kind, tensor, self._integers(axes), keepdims=int(keep))

    def _concat(self, tensors: Sequence[str], axis: int = 1) -> str:
        return self._op("Concat", *tensors, axis=axis)

    def _rows(self, tensor: str) -> str:
        """B x n as B x 1 x n."""
        return self._op("Unsqueeze", tensor, self._integers([1]))

    def _last(self, tensor: str) -> str:
        return self._op("Unsqueeze", tensor, self._integers([-1]))

    def _placed(self, rows: str, places: Sequence[int], total: int) -> str:
        """B x k x n as B x total x n: row i at places[i], zeros elsewhere."""
        return self._op("MatMul", self._constant(np.eye(total)[:, list(places)]), rows)


def _columns(numbers: dict[int, int], total: int) -> NDArray[np.float32]:
    """Channel → column of its class."""
    table = np.zeros((3, total), np.float32)
    for channel, column in numbers.items():
        table[channel, column] = 1
    return table

"""`python -m bench.edge.ranges`: measures the activation ranges that the quantised NanoDet is made with.

Pictures: every tenth frame of the catalog's street film and its six photographs, each at the size that a search gives
it. Writes `engines/manifests/nanodet-g.ranges.json` and prints the hashes for the manifest. Ranges that are measured
anew, on another processor or version of ONNX Runtime, may differ in a digit: then so do the hashes.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from engines.catalog.catalog import Catalog
from engines.cli.annotate import read_picture
from engines.convert.eight_bits import Ranges, quantised, quantised_tensors, with_activations
from engines.detection.preprocess import Picture, check_picture, pass_size, tensor_of
from engines.manifest import Kind
from engines.runtimes.ort import OrtEngine

MODEL: Final = "nanodet-g-416"
FILM: Final = "bikes"
EVERY: Final = 10
PHOTO_PX: Final = 1280
RANGES: Final = Path("engines/manifests/nanodet-g.ranges.json")


def pictures(catalog: Catalog) -> Iterator[Picture]:
    """Yield the pictures of the measurement."""
    film, number = cv2.VideoCapture(str(catalog.path(FILM))), 0
    while film.grab():
        if number % EVERY == 0:
            yield np.asarray(film.retrieve()[1], np.uint8)
        number += 1
    for manifest in catalog.manifests(Kind.PHOTO):
        photo = read_picture(catalog.path(manifest.name))
        size = (PHOTO_PX, round(photo.shape[0] * PHOTO_PX / photo.shape[1]))
        yield np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), np.uint8)


def measure(catalog: Catalog) -> Ranges:
    """Return least and greatest value of each activation, in five digits."""
    manifest, model = catalog.manifest(MODEL), catalog.read(MODEL)
    given = manifest.input
    assert given is not None
    names = quantised_tensors(model)
    engine = OrtEngine(MODEL, with_activations(model, names))
    least, most = dict.fromkeys(names, np.inf), dict.fromkeys(names, -np.inf)
    for picture in pictures(catalog):
        outputs = engine.run({given.tensor: tensor_of(picture, given, pass_size(check_picture(picture), given))[None]})
        for name in names:
            least[name] = min(least[name], float(outputs[name].min()))
            most[name] = max(most[name], float(outputs[name].max()))
    return {name: (float(f"{least[name]:.5g}"), float(f"{most[name]:.5g}")) for name in names}


def main() -> int:
    """Measure, write, and print the hashes."""
    catalog = Catalog()
    ranges = measure(catalog)
    RANGES.write_text(json.dumps(ranges, indent=1) + "\n", encoding="utf-8")
    for bits in (7, 8):
        data = quantised(catalog.read(MODEL), ranges, bits, MODEL)
        print(f"int{bits} = {hashlib.sha256(data).hexdigest()!r}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

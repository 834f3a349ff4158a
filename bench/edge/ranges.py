"""`python -m bench.edge.ranges MODEL`: measures the activation ranges that a quantised network is made with.

Pictures: every tenth frame of the catalog's street film and its six photographs, each at the sizes that a search gives
it. Writes the file that the manifest names and prints the hashes for it. Ranges that are measured anew, on another
processor or version of ONNX Runtime, may differ in a digit: then so do the hashes.
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
from engines.detection.preprocess import Picture, Size, check_picture, pass_size, tensor_of
from engines.manifest import Input, Kind, Quantised
from engines.runtimes.ort import OrtEngine

FILM: Final = "bikes"
EVERY: Final = 10
PHOTO_PX: Final = 1280
TWICE_UP_TO_PX: Final = 1_000_000
"""Largest picture that is measured at twice its size too, as windows are seen: all activations are kept at once."""
MANIFESTS: Final = Path("engines/manifests")


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


def sizes(picture: Picture, given: Input) -> list[Size]:
    """Return the sizes at which a picture is measured: that of one pass, or its own and twice its own."""
    width, height = own = check_picture(picture)
    if given.pixels is not None:
        return [pass_size(own, given)]
    return [own, (2 * width, 2 * height)] if width * height <= TWICE_UP_TO_PX else [own]


def measure(catalog: Catalog, name: str, form: Quantised) -> Ranges:
    """Return least and greatest value of each activation, in five digits."""
    model, given = catalog.read(name), catalog.manifest(name).input
    assert given is not None
    names = quantised_tensors(model, form.float_layers)
    engine = OrtEngine(name, with_activations(model, names))
    least, most = dict.fromkeys(names, np.inf), dict.fromkeys(names, -np.inf)
    for picture in pictures(catalog):
        for size in sizes(picture, given):
            outputs = engine.run({given.tensor: tensor_of(picture, given, size)[None]})
            for one in names:
                least[one] = min(least[one], float(outputs[one].min()))
                most[one] = max(most[one], float(outputs[one].max()))
    return {one: (float(f"{least[one]:.5g}"), float(f"{most[one]:.5g}")) for one in names}


def main(name: str) -> int:
    """Measure, write, and print the hashes."""
    catalog = Catalog()
    form = catalog.manifest(name).quantised
    if form is None:
        print(f"the manifest of {name} has no [quantised]: name there the file of ranges", file=sys.stderr)
        return 2
    ranges = measure(catalog, name, form)
    (MANIFESTS / form.ranges).write_text(json.dumps(ranges, indent=1) + "\n", encoding="utf-8")
    for bits in (7, 8):
        data = quantised(catalog.read(name), ranges, bits, form.float_layers, name)
        print(f"int{bits} = {hashlib.sha256(data).hexdigest()!r}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

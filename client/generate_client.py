"""Generates the typed client anew from the API: the document, the Python modules over it, the TypeScript types.

`make client` runs it. The generators have locks of their own (`client/generator`), since the Python one asks for an
older Typer than the product has. `tests/client/test_generated.py` refuses a document that is no longer the API's, and a
generated file that was changed by hand.
"""

import copy
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

from center.api.router import create

CLIENT: Final = Path(__file__).parent
TOOL: Final = CLIENT / "generator"
PACKAGE: Final = CLIENT / "wayside_client"
DOCUMENT: Final = CLIENT / "openapi.json"
TYPES: Final = CLIENT / "typescript" / "wayside-center.d.ts"
SUMS: Final = PACKAGE / "generated.json"
_PARTS: Final = ("api", "models", "types.py")
"""Parts of the package that are generated. The generator's own client and errors are left out: ours stand beside."""
_STREAM: Final = "text/event-stream"
_HIDDEN: Final = {
    "from_dict(cls: ": "from_dict(class_: ",
    " = cls(": " = class_(",
    "{% set module_name = model.class_info.module_name %}": '{% set module_name = "_made" %}',
}
"""Names in the generator's template of models that a field may have too, and ours for them."""


def document() -> bytes:
    """Returns the OpenAPI document of the API of this checkout, as `wayside-center openapi` prints it."""
    return (json.dumps(create().openapi(), indent=2, ensure_ascii=False, sort_keys=True) + "\n").encode()


def sums() -> dict[str, str]:
    """Returns the SHA-256 of the document, of the generators and their settings, and of what they made."""
    parts = [PACKAGE / part for part in _PARTS]
    made = [file for part in parts for file in ([part] if part.is_file() else part.rglob("*.py"))]
    tools = [Path(__file__), *(file for file in TOOL.rglob("*") if file.is_file() and "node_modules" not in file.parts)]
    return {
        "document": _sum_of([DOCUMENT]),
        "generators": _sum_of(tools),
        "python": _sum_of(made),
        "typescript": _sum_of([TYPES]),
    }


def main() -> None:
    """Writes the document and everything that is generated from it."""
    DOCUMENT.write_bytes(document())
    with tempfile.TemporaryDirectory() as folder:
        _python(Path(folder))
    _typescript()
    SUMS.write_text(json.dumps(sums(), indent=2) + "\n", encoding="utf-8")


def _python(folder: Path) -> None:
    """Generates modules of operations and models, and puts them in the place of the present ones."""
    asked = folder / "openapi.json"
    asked.write_text(json.dumps(_answering(json.loads(DOCUMENT.read_bytes()))), encoding="utf-8")
    made = folder / "made"
    tools = CLIENT.parent / ".cache" / "client"
    command: list[str | Path] = [
        tools / "bin" / "openapi-python-client",
        "generate",
        "--path",
        asked,
        "--output-path",
        made,
    ]
    command += ["--config", TOOL / "config.yml", "--custom-template-path", _templates(tools, folder / "templates")]
    command += ["--meta", "none", "--fail-on-warning"]
    path = f"{tools / 'bin'}{os.pathsep}{os.environ['PATH']}"  # ruff of the same lock formats
    subprocess.run(command, check=True, env=os.environ | {"PATH": path})
    for part in _PARTS:
        if (PACKAGE / part).is_dir():
            shutil.rmtree(PACKAGE / part)
        shutil.move(made / part, PACKAGE / part)


def _templates(tools: Path, folder: Path) -> Path:
    """Collects our templates, and the generator's of models without its faults.

    There a field called `cls` hides the class that is made, and one called as the model the object.
    """
    shutil.copytree(TOOL / "templates", folder)
    (theirs,) = tools.glob("lib/python*/site-packages/openapi_python_client/templates/model.py.jinja")
    text = theirs.read_text(encoding="utf-8")
    for hidden, plain in _HIDDEN.items():
        if text.count(hidden) != 1:
            raise SystemExit(f"{theirs} is another one: look whether a field's name still hides what is made")
        text = text.replace(hidden, plain)
    (folder / theirs.name).write_text(text, encoding="utf-8")
    return folder


def _answering(api: dict[str, Any]) -> dict[str, Any]:
    """Returns the document without operations whose answer never ends: those are written by hand."""
    answering = copy.deepcopy(api)
    for path, operations in api["paths"].items():
        for method, operation in operations.items():
            if any(_STREAM in response.get("content", {}) for response in operation["responses"].values()):
                del answering["paths"][path][method]
    return answering


def _typescript() -> None:
    """Generates the types of all operations and models."""
    command: list[str | Path] = [TOOL / "node_modules" / ".bin" / "openapi-typescript", DOCUMENT, "--output", TYPES]
    subprocess.run(command, check=True)


def _sum_of(files: list[Path]) -> str:
    """Sums names and contents of files, in the order of their names."""
    total = hashlib.sha256()
    for file in sorted(files):
        total.update(
            f"{file.relative_to(CLIENT).as_posix()}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode()
        )
    return total.hexdigest()


if __name__ == "__main__":
    main()

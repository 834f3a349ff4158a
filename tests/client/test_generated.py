"""The generated half of the client is of this API, of these generators, and of nobody's hand."""

import json
import tomllib
from pathlib import Path
from typing import Any

import generate_client
from wayside_client import models

FORMS = {"date": "2026-11-29", "uuid": "0c6b2f3e-0000-4000-8000-000000000001"}
ROOT = Path(__file__).parents[2]
MAKE = "The API and its client differ: run make client, and look at what changes for those who use it"


def test_the_document_is_that_of_the_api() -> None:
    assert generate_client.DOCUMENT.read_bytes() == generate_client.document(), MAKE


def test_what_is_generated_is_of_that_document_and_unchanged() -> None:
    assert json.loads(generate_client.SUMS.read_text(encoding="utf-8")) == generate_client.sums(), MAKE


def test_its_version_is_that_of_the_product() -> None:
    versions = [
        tomllib.loads((ROOT / file).read_text(encoding="utf-8"))["project"]["version"]
        for file in ("pyproject.toml", "client/pyproject.toml")
    ]
    assert versions[0] == versions[1]


def test_every_model_reads_what_the_document_describes_and_writes_it_again() -> None:
    schemas = json.loads(generate_client.DOCUMENT.read_bytes())["components"]["schemas"]
    for name, schema in schemas.items():
        if schema["type"] == "object":
            example = made(schema, schemas)
            assert getattr(models, name).from_dict(example).to_dict() == example, name


def made(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """A value that this schema allows, with every field."""
    if "$ref" in schema:
        return made(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if values := [schema["const"]] if "const" in schema else schema.get("enum"):
        return values[-1]
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return made(choices[0], schemas)
    match schema.get("type"):
        case "object":
            return {field: made(shape, schemas) for field, shape in schema.get("properties", {}).items()}
        case "array":
            parts = schema.get("prefixItems") or [schema["items"]] * max(1, schema.get("minItems", 1))
            return [made(part, schemas) for part in parts]
        case kind:
            return {
                "string": FORMS.get(schema.get("format", ""), "a"),
                "integer": 1,
                "number": 0.5,
                "boolean": True,
                None: "anything",
            }[kind]

"""Describes a JSON schema as sorted lines, one a field, without the names of classes."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]


def fields(name: str, schema: Schema, seen: dict[str, str] | None = None) -> Iterator[str]:
    """Every field under `name`, recursively: its path, its type, and `required` or its default.

    A type that was met before is told by where that was. `seen` carries that from one schema of a document to the next.
    """
    yield from _Walk(schema.get("$defs", {}), {} if seen is None else seen).under(name, schema)


class _Walk:
    def __init__(self, definitions: Schema, seen: dict[str, str]) -> None:
        self._definitions = definitions
        self._seen = seen

    def under(self, path: str, schema: Schema) -> Iterator[str]:
        if (reference := schema.get("$ref")) is not None:
            before = self._seen.setdefault(reference, path)
            if before == path:
                yield from self.under(path, self._resolved(schema))
            elif "properties" in self._resolved(schema):
                yield f"{path} as {before}"
            return
        required = schema.get("required", ())
        for field, inner in sorted(schema.get("properties", {}).items()):
            yield f"{path}.{field} {self.kind(inner)}{_presence(inner, required=field in required)}"
            yield from self.under(f"{path}.{field}", inner)
        for variant in _variants(schema):
            yield from self.under(f"{path}{self._tag(variant)}", variant)
        if isinstance(items := schema.get("items"), Mapping):
            yield from self.under(f"{path}[]", items)
        for number, item in enumerate(schema.get("prefixItems", ())):
            yield from self.under(f"{path}[{number}]", item)
        if (values := _values(schema)) is not None:
            yield from self.under(f"{path}{{}}", values)

    def kind(self, schema: Schema) -> str:
        """The type of a value in one word."""
        schema = self._resolved(schema)
        if "const" in schema:
            return json.dumps(schema["const"], ensure_ascii=False)
        if "enum" in schema:
            return "|".join(sorted(json.dumps(value, ensure_ascii=False) for value in schema["enum"]))
        if variants := _variants(schema):
            return "|".join(dict.fromkeys(self.kind(variant) for variant in variants))
        if "prefixItems" in schema:
            return f"[{', '.join(self.kind(item) for item in schema['prefixItems'])}]"
        if "items" in schema:
            return f"{self.kind(schema['items'])}[]"
        return _plain_kind(schema) if (values := _values(schema)) is None else f"map of {self.kind(values)}"

    def _resolved(self, schema: Schema) -> Schema:
        while (reference := schema.get("$ref")) is not None:
            schema = self._definitions[reference.rpartition("/")[2]]
        return schema

    def _tag(self, variant: Schema) -> str:
        """What tells an object of a union from the others: its constant fields."""
        properties = self._resolved(variant).get("properties", {})
        constants = [f"{field}={value['const']}" for field, value in properties.items() if "const" in value]
        return f"<{','.join(constants)}>" if constants else ""


def _plain_kind(schema: Schema) -> str:
    return ":".join(word for word in (schema.get("type", "any"), schema.get("format")) if word)


def _variants(schema: Schema) -> tuple[Schema, ...]:
    return tuple(schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf") or ())


def _values(schema: Schema) -> Schema | None:
    """What a map holds; None for no map. Keys that keep to a pattern make it one too."""
    every = [schema.get("additionalProperties"), *schema.get("patternProperties", {}).values()]
    return next((each for each in every if isinstance(each, Mapping)), None)


def _presence(schema: Schema, *, required: bool) -> str:
    if required:
        return " required"
    default = schema.get("default")
    is_simple = "default" in schema and not isinstance(default, dict)
    return f" = {json.dumps(default, ensure_ascii=False)}" if is_simple else ""

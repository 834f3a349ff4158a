"""Describes fields and parameters in the OpenAPI document by the docstrings behind the attributes of their models.

Pydantic could do it as each class is made (`use_attribute_docstrings`), and would read and parse sources at every start
of every process that loads a contract. Here it is done when the document is made.
"""

import ast
import functools
import inspect
import sys
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, get_args, get_type_hints

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute


def describe(document: dict[str, Any], routes: Iterable[object]) -> None:
    """Adds descriptions to what has none: fields of schemas, and parameters that are fields of a model."""
    operations = {
        operation["operationId"]: operation for path in document["paths"].values() for operation in path.values()
    }
    classes: dict[str, type] = {}
    for route in routes:
        if not isinstance(route, APIRoute) or route.operation_id is None:
            continue
        asked = [param.field_info.annotation for param in _params(route.dependant)]
        body = [] if route.body_field is None else [route.body_field.field_info.annotation]
        for kind in (route.response_model, *asked, *body):
            _collect(kind, classes)
        texts = {name: text for kind in asked if isinstance(kind, type) for name, text in _texts(kind).items()}
        for parameter in operations[route.operation_id].get("parameters", ()):
            if parameter["name"] in texts:
                parameter.setdefault("description", texts[parameter["name"]])
    for name, schema in document["components"]["schemas"].items():
        if name in classes:
            texts = _texts(classes[name])
            for field, shape in schema.get("properties", {}).items():
                if field in texts:
                    shape.setdefault("description", texts[field])


def _params(dependant: Dependant) -> Iterator[Any]:
    """Yields the query parameters of a route, those that FastAPI makes of the fields of one model as that model."""
    yield from dependant.query_params
    for below in dependant.dependencies:
        yield from _params(below)


def _collect(kind: object, classes: dict[str, type]) -> None:
    """Notes the classes of a type and of all their fields by name."""
    if isinstance(kind, type) and not get_args(kind):
        if kind.__name__ in classes or not _is_of_this_product(kind):
            return
        classes[kind.__name__] = kind
        for below in get_type_hints(kind).values():
            _collect(below, classes)
    for part in get_args(kind):
        _collect(part, classes)


def _is_of_this_product(kind: type) -> bool:
    return kind.__module__.partition(".")[0] in {"center", "provisioning"}


def _texts(kind: type) -> dict[str, str]:
    """Returns the docstrings of the attributes of a class and of its bases, by attribute."""
    found: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        if _is_of_this_product(each):
            found |= _documented(each.__module__).get(each.__qualname__, {})
    return found


@functools.cache
def _documented(module: str) -> dict[str, dict[str, str]]:
    """Returns the docstrings of attributes in the classes of a module: a string behind an annotation documents it."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {
        node.name: {
            before.target.id: inspect.cleandoc(text.value.value)
            for before, text in pairwise(node.body)
            if isinstance(before, ast.AnnAssign)
            and isinstance(before.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
            and isinstance(text.value.value, str)
        }
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }

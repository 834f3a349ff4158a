"""Finds words of the product that stand in no closed set: in the constants of its functions, as they are loaded."""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from inspect import unwrap
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final

_PROGRAMS: Final = ("__main__", "migrations.env")
"""Modules that do something when they are imported."""


def modules(package: ModuleType) -> list[ModuleType]:
    """Every module of a package."""
    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    return [importlib.import_module(each.name) for each in found if not each.name.endswith(_PROGRAMS)]


def constants(looked_at: Iterable[ModuleType]) -> Iterator[str]:
    """Every text in the functions of modules, and every one that has a name of its own there."""
    for module in looked_at:
        for value in vars(module).values():
            if isinstance(value, str | bytes):
                yield _text(value)
            elif getattr(value, "__module__", "") == module.__name__:
                for each in vars(value).values() if isinstance(value, type) else (value,):
                    function = unwrap(getattr(each, "__func__", getattr(each, "fget", each)))
                    if isinstance(function, FunctionType):
                        yield from _texts(function.__code__)


def _texts(code: CodeType) -> Iterator[str]:
    constant: Any
    for constant in code.co_consts:
        if isinstance(constant, str | bytes):
            yield _text(constant)
        elif isinstance(constant, tuple):
            yield from (_text(each) for each in constant if isinstance(each, str | bytes))
        elif isinstance(constant, CodeType):
            yield from _texts(constant)


def _text(constant: str | bytes) -> str:
    return constant if isinstance(constant, str) else constant.decode("latin-1")

"""The Python reference pages: directives for mkdocstrings, which reads the docstrings without importing anything."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import griffe

import mememoji

_SOURCE: Final = Path(mememoji.__file__).parents[1]

# Packages with a page of their own; `None` takes all public modules where a package exports no names itself.
_MODULES: Final[dict[str, tuple[str, ...] | None]] = {
    "detection": None,
    "classification": None,
    "tracking": None,
    "drawing": None,
    "video": None,
    "storage": None,
    "service": ("app", "settings"),
    "datasets": None,
    "evaluation": None,
    "conversion": None,
    "training": None,
}


def python_pages() -> dict[str, str]:
    """Return the pages by name, without suffix."""
    package = griffe.load("mememoji", search_paths=[_SOURCE], resolve_aliases=True)
    pages = {"mememoji": _page("mememoji", package, list(mememoji.__all__))}
    for name, modules in _MODULES.items():
        pages[name] = _package_page(package[name], modules)
    return pages


def _page(title: str, module: griffe.Object | griffe.Alias, names: list[str]) -> str:
    lines = [f"# {title}\n", _summary(module), ""]
    for name in names:
        if not name.startswith("_"):
            lines += [f"::: {module.path}.{name}", ""]
    return "\n".join(lines)


def _package_page(package: griffe.Module | griffe.Alias, modules: tuple[str, ...] | None) -> str:
    exported = [str(name).strip("'\"") for name in package.exports or ()]
    lines = [_page(f"mememoji.{package.name}", package, exported)]
    for module in _public_modules(package):
        short = module.path.removeprefix(f"{package.path}.")
        if modules is not None and short not in modules:
            continue
        members = [name for name in _own_members(module) if name not in exported]
        if not members:
            continue
        lines += [f"## {short}\n", f"`{module.path}`\n", _summary(module), ""]
        for name in members:
            lines += [f"::: {module.path}.{name}", "    options:", "      heading_level: 3", ""]
    return "\n".join(lines)


def _public_modules(package: griffe.Module | griffe.Alias) -> Iterator[griffe.Module]:
    for name in sorted(package.modules):
        module = package.modules[name]
        if module.is_alias or name.startswith("_"):
            continue
        yield module
        yield from _public_modules(module)


def _own_members(module: griffe.Module) -> list[str]:
    members = {**module.classes, **module.functions}
    own = [m for m in members.values() if not m.is_alias and not m.name.startswith("_") and m.docstring]
    return [member.name for member in sorted(own, key=lambda member: member.lineno or 0)]


def _summary(module: griffe.Object | griffe.Alias) -> str:
    return inspect.cleandoc(module.docstring.value) if module.docstring else ""

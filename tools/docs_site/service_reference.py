"""The reference pages of the service: its settings, and its REST routes from the OpenAPI description."""

import json
import re
from functools import cache
from typing import Any, Final

from mememoji.service.app import create_app
from mememoji.service.settings import ServiceSettings
from tools.docs_site.markdown import code, table

INTERNAL_SETTINGS: Final = frozenset({"shared_folder"})
"""Settings that `mememoji serve` passes to its own workers."""

_FORM_TYPES: Final = ("application/json", "multipart/form-data", "application/x-www-form-urlencoded")


def settings_page() -> str:
    """Return the page with one row for each environment variable of the service."""
    rows = []
    for name, field in ServiceSettings.model_fields.items():
        if name in INTERNAL_SETTINGS:
            continue
        rows.append((code(f"MEMEMOJI_{name.upper()}"), _setting_default(field), field.description or ""))
    intro = (
        "Each setting is an environment variable. `mememoji serve --show-settings` prints all of them as they would be "
        "used, without secrets; the options of [`mememoji serve`](commands.md#serve) take precedence.\n"
    )
    return "\n".join(["# Settings\n", intro, table(("variable", "default", "meaning"), rows)])


def _setting_default(field: Any) -> str:
    if field.default_factory is not None:
        return "depends on the machine"
    value = field.default
    if value is None or value == ():
        return "not set"
    return code(getattr(value, "value", value))


def openapi_text() -> str:
    """Return the OpenAPI description as indented JSON."""
    return json.dumps(_openapi(), indent=2) + "\n"


@cache
def _openapi() -> dict[str, Any]:
    return create_app(ServiceSettings(store="none")).openapi()


def rest_page() -> str:
    """Return the page with one section for each route and one for each schema."""
    description = _openapi()
    lines = [
        "# REST API\n",
        "The running service shows this description at `/docs`; [openapi.json](openapi.json) is the machine-readable "
        "form. The WebSocket `/v1.0.0/live`, which OpenAPI cannot describe, is explained in the "
        "[service guide](../guides/service.md#live-frames).\n",
    ]
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            lines += _operation(method, path, operation)
    lines += ["## Schemas\n"]
    for name, schema in sorted(description["components"]["schemas"].items()):
        lines += _schema(name, schema)
    return "\n".join(lines)


def _operation(method: str, path: str, operation: dict[str, Any]) -> list[str]:
    lines = [f"## {method.upper()} {path}\n", operation.get("description", operation.get("summary", "")), ""]
    parameters = operation.get("parameters", [])
    if parameters:
        rows = [
            (
                code(p["name"]),
                p["in"],
                _type_of(p["schema"]),
                "yes" if p.get("required") else "no",
                p.get("description", ""),
            )
            for p in parameters
        ]
        lines += [table(("parameter", "in", "type", "required", "meaning"), rows)]
    content = operation.get("requestBody", {}).get("content", {})
    if content:
        kinds = ", ".join(code(kind) for kind in sorted(content, key=_FORM_TYPES.index))
        fields = next(iter(content.values()))["schema"].get("properties", {})
        names = ", ".join(code(name) for name in fields)
        lines += [f"Body: {kinds}" + (f", with the fields {names}." if names else "."), ""]
    responses = []
    for status, response in operation["responses"].items():
        schema = response.get("content", {}).get("application/json", {}).get("schema", {})
        responses.append((status, response["description"], _type_of(schema)))
    return [*lines, table(("status", "meaning", "body"), responses)]


def _schema(name: str, schema: dict[str, Any]) -> list[str]:
    lines = [f"### {name}\n", schema.get("description", ""), ""]
    if "enum" in schema:
        return [*lines, "One of " + ", ".join(code(value) for value in schema["enum"]) + ".", ""]
    rows = [
        (code(field), _type_of(about), about.get("description", ""))
        for field, about in schema.get("properties", {}).items()
    ]
    return [*lines, table(("field", "type", "meaning"), rows)] if rows else lines


def _type_of(schema: dict[str, Any]) -> str:
    """Return a schema's type as Markdown, with links to the page's sections."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{re.sub(r'[^a-z0-9_-]+', '-', name.lower())})"
    if "anyOf" in schema:
        return " or ".join(_type_of(option) for option in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(code(value) for value in schema["enum"])
    if "const" in schema:
        return code(schema["const"])
    kind = schema.get("type", "")
    if kind == "array":
        return f"list of {_type_of(schema.get('items', {})) or 'values'}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type_of(schema['additionalProperties'])}"
    return str(kind)

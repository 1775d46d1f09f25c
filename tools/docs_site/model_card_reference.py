"""The reference page of the model cards in the package."""

import json
from pathlib import Path
from typing import Any

from tools.docs_site.markdown import code, table


def model_card_page(package: Path) -> str:
    """Return the page with one section for each `*.card.json` below the package's folder."""
    lines = [
        "# Model cards\n",
        "Weights never travel without their card, which holds all that is needed to use them: input size and scaling, "
        "class order, calibration, hash, training data, license and scores. `mememoji model` prints the card of a "
        "classifier, `Analyzer.classifier.card` is the same in Python.\n",
    ]
    for path in sorted(package.rglob("*.card.json")):
        card = json.loads(path.read_text(encoding="utf-8"))
        kind = path.relative_to(package).parts[0]
        name = path.name.removesuffix(".card.json")
        lines += [f"## {kind}: {name}\n"]
        rows = [(code(key), _value(value)) for key, value in card.items() if not isinstance(value, dict)]
        lines += [table(("field", "value"), rows)]
        for key, value in card.items():
            if isinstance(value, dict):
                lines += [f"### {kind}: {name}, {key}\n", _nested(value)]
    return "\n".join(lines)


def _nested(values: dict[str, Any]) -> str:
    flat = []
    for key, value in values.items():
        if isinstance(value, dict):
            flat += [(code(f"{key}: {inner}"), _value(number)) for inner, number in value.items()]
        else:
            flat.append((code(key), _value(value)))
    return table(("field", "value"), flat)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(code(entry) for entry in value)
    return str(value) if isinstance(value, str) and " " in value else code(value)

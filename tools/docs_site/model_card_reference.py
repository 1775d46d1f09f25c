"""The reference page of the model cards in the package."""

import json
from pathlib import Path
from typing import Any, Final

from tools.docs_site.markdown import code, table

_KINDS: Final = {"classification": "Classifier", "detection": "Detector"}


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
        kind = _KINDS[path.relative_to(package).parts[0]]
        lines += [f"## {kind} {path.name.removesuffix('.card.json')}\n", table(("field", "value"), _rows(card))]
    return "\n".join(lines)


def _rows(values: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows = []
    for key, value in values.items():
        if isinstance(value, dict):
            rows += _rows(value, f"{prefix}{key}.")
        else:
            rows.append((code(prefix + key), _value(value)))
    return rows


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(code(entry) for entry in value)
    return value if isinstance(value, str) and " " in value else code(value)

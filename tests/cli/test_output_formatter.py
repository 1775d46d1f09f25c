"""Output formats of `mememoji predict`."""

import json
import os

from mememoji.cli.output_formatter import ImageResult, JsonFormatter, TableFormatter
from mememoji.results import Analysis

EMPTY = Analysis(320, 240, (), "fake", "fake")
NAMES = ["plain.jpg", "a\nb\x1b[31m.jpg", os.fsdecode(b"fran\xe7ois.jpg"), "x" * 100 + "\n.jpg"]


def test_table_with_names_of_any_characters_has_one_aligned_row_each() -> None:
    table = TableFormatter(NAMES)
    lines = "".join(table.add(ImageResult(name, EMPTY)) for name in NAMES).encode().decode().splitlines()
    assert len(lines) == len(NAMES) + 1
    assert {line.index("-  no face") for line in lines[1:]} == {lines[0].index("face") + 3}
    assert lines[2].startswith(r"a\nb\x1b[31m.jpg ")
    assert lines[3].startswith(r"fran\xe7ois.jpg ")


def test_json_with_names_of_any_characters_is_valid() -> None:
    formatter = JsonFormatter()
    saved = {"annotated": NAMES[2], "crops": [NAMES[2]]}
    text = formatter.add(ImageResult(NAMES[1], EMPTY)) + formatter.add(ImageResult(NAMES[2], EMPTY, saved))
    text += formatter.add(ImageResult(NAMES[2], error=f"{NAMES[2]} cannot be read")) + formatter.end()
    items = json.loads(text)
    assert [item["path"] for item in items] == [NAMES[1], r"fran\xe7ois.jpg", r"fran\xe7ois.jpg"]
    assert (items[1]["annotated"], items[1]["crops"]) == (r"fran\xe7ois.jpg", [r"fran\xe7ois.jpg"])
    # Every string of it can be encoded.
    json.dumps(items, ensure_ascii=False).encode("utf-8")

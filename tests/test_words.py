"""The words of the field: a name or sentence that has a standard word does not use a private one."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from mememoji.cli import app

ROOT = Path(__file__).resolve().parents[1]

# A pattern of words that are not used here -> the word to use instead. Parts of names count: `_`, capitals and digits
# separate words.
BANNED = {
    r"pictures?|photographs?|photos?": "image",
    r"colours?|coloured|grey|licences?|behaviour|neighbours?|centres?": "US spelling",
    r"(optimis|normalis|quantis|recognis|initialis|minimis)(e|es|ed|er|ers|ing|ation)": "US spelling",
    r"analys(e|ed|er|ers|ing)": "US spelling",
    r"data sets?": "dataset",
    r"(sure|surest|surer) (of|faces?|detections?)|less sure": "confident, highest-scoring",
    r"so many|so much": "the number of, N",
    r"judged|judging": "evaluate, validate, score",
    r"taught|lessons?|learned (from|what)|learner|by heart": "trained on, distilled from, student, memorize",
    r"worn|wear": "corrupt, corruption",
    r"uphill|climb": "ascend (SAM)",
    r"plates?|sightings?|excused|alarms?": "image, detection, ignored, false positive",
    r"closer look|looks? closer": "second stage",
    r"seams?|rooms?": "interface, package",
    r"told|tells": "reported, describes",
    r"(is|are) no (?!longer|more|faster|slower|larger|smaller)\w+": "is not a",
    r"(what|which) is no \w+": "non-face",
    r"remember(s|ed|ing)?|forgotten": "store, delete",
}
PATTERNS = [
    (re.compile(rf"(?<![a-zA-Z])(?:{pattern})(?![a-z])", re.IGNORECASE), instead) for pattern, instead in BANNED.items()
]
# Texts that keep their word: file names in examples, and what other datasets call their columns and folders.
ALLOWED = re.compile(r"photo\.jpg|max_pictures|photos/|\"photos?\"|\"picture\"|there (is|are) no", re.IGNORECASE)


def find_banned(text: str) -> Iterator[tuple[str, str]]:
    """Yield each banned word of a text with the word to use instead."""
    text = ALLOWED.sub("", text)
    for pattern, instead in PATTERNS:
        for match in pattern.finditer(text):
            yield match.group(0), instead


FILES = {"README and CONTRIBUTING": [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]} | {
    f"{folder}/{pattern}": [
        path
        for path in sorted((ROOT / folder).rglob(pattern))
        if path != Path(__file__) and "generated" not in path.parts and "reference" not in path.parts
    ]
    for folder, pattern in (
        ("src", "*.py"),
        ("docs", "*.md"),
        ("web/src", "*.svelte"),
        ("web/src", "*.ts"),
        ("benchmarks", "*.py"),
        ("tools", "*.py"),
        ("tests", "*.py"),
        ("examples", "*.ipynb"),
    )
}


@pytest.mark.parametrize("files", FILES.values(), ids=FILES)
def test_files_use_the_words_of_the_field(files: list[Path]) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {word!r}, use {instead}"
        for path in files
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        for word, instead in find_banned(line)
    ]
    assert found == []


def list_commands(group: typer.Typer, names: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the name of each command below a group, as a tuple of words."""
    yield names
    for command in group.registered_commands:
        name = command.name or (command.callback.__name__ if command.callback is not None else "")
        yield (*names, name.replace("_", "-"))
    for child in group.registered_groups:
        assert child.typer_instance is not None
        assert child.name is not None
        yield from list_commands(child.typer_instance, (*names, child.name))


@pytest.mark.parametrize("names", [*list_commands(app)], ids=lambda names: " ".join(("mememoji", *names)))
def test_help_uses_the_words_of_the_field(names: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*names, "--help"])
    assert result.exit_code == 0
    assert list(find_banned(result.output)) == []

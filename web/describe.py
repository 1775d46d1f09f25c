"""Generate the files that the web app takes from Python: the OpenAPI document, constants and the icon.

    python web/describe.py && npm --prefix web run schema

tests/web/test_generated.py checks that they are up to date.
"""

import json
import re
from pathlib import Path

from mememoji.drawing.memes import meme_svg
from mememoji.drawing.memes.meme_overlay import HEAD_SCALE
from mememoji.emotions import EMOTIONS, Emotion
from mememoji.results import FACE_THRESHOLD, Composition
from mememoji.service.app import create_app
from mememoji.service.settings import ServiceSettings
from mememoji.version import __version__

WEB = Path(__file__).resolve().parent


def render_openapi() -> str:
    """Return `openapi.json`; its version is constant, so that a release does not change the file."""
    document = create_app(ServiceSettings(store="none")).openapi()
    return json.dumps(document | {"info": document["info"] | {"version": "1.0.0"}}, indent=1, ensure_ascii=False) + "\n"


def render_emotions() -> str:
    """Return `src/generated/emotions.ts`."""
    colors = "\n".join(f'  {emotion.value}: "{emotion.color}",' for emotion in EMOTIONS)
    return (
        "// Written by web/describe.py from src/mememoji/emotions.py and src/mememoji/results.py.\n\n"
        "/** The color of each emotion, in the fixed order of the emotions. */\n"
        f"export const COLORS = {{\n{colors}\n}} as const;\n\n"
        "/** The face score from which a detection counts as a face. */\n"
        f"export const FACE_THRESHOLD = {FACE_THRESHOLD};\n"
    )


def render_memes() -> str:
    """Return `src/generated/memes.ts`."""
    return (
        "// Written by web/describe.py from src/mememoji/drawing/memes/meme_overlay.py.\n\n"
        "/** Size of a meme's head relative to the box of its face. */\n"
        f"export const HEAD_SCALE = {HEAD_SCALE};\n"
    )


def render_about() -> str:
    """Return `src/generated/about.ts`; the date is that of the table from which the model card has its scores."""
    text = (WEB.parent / "docs" / "results" / "other-origin.md").read_text("utf-8")
    measured = re.search(r"Measured on (\d{4}-\d{2}-\d{2})", text)
    assert measured is not None, "docs/results/other-origin.md must say when it was measured"
    return (
        "// Written by web/describe.py from src/mememoji/version.py and docs/results/other-origin.md.\n\n"
        "/** The version of the package. */\n"
        f'export const VERSION = "{__version__}";\n\n'
        "/** The date on which the accuracy in the model card was measured. */\n"
        f'export const ACCURACY_DATE = "{measured[1]}";\n'
    )


def render_icon() -> str:
    """Return `src/assets/icon.svg`: the happy meme face."""
    happy = Composition(tuple(1.0 if emotion is Emotion.HAPPY else 0.0 for emotion in EMOTIONS))
    return meme_svg(happy)


FILES = {
    WEB / "openapi.json": render_openapi,
    WEB / "src" / "generated" / "emotions.ts": render_emotions,
    WEB / "src" / "generated" / "memes.ts": render_memes,
    WEB / "src" / "generated" / "about.ts": render_about,
    WEB / "src" / "assets" / "icon.svg": render_icon,
}

if __name__ == "__main__":
    for path, render in FILES.items():
        path.write_text(render(), "utf-8")

"""Writes what the web app takes from Python: the service's OpenAPI document, the emotions' colors, the page's icon.

    python web/describe.py && npm --prefix web run schema

tests/web/test_generated.py holds that they are true of the code.
"""

import json
from pathlib import Path

from mememoji.drawing.memes import meme_svg
from mememoji.drawing.memes.meme_overlay import HEAD_SCALE
from mememoji.emotions import EMOTIONS, Emotion
from mememoji.results import FACE_THRESHOLD, Composition
from mememoji.service.app import create_app
from mememoji.service.settings import ServiceSettings

WEB = Path(__file__).resolve().parent


def openapi() -> str:
    """The text of `openapi.json`; the version is left out, so that a release changes nothing here."""
    document = create_app(ServiceSettings(store="none")).openapi()
    return json.dumps(document | {"info": document["info"] | {"version": "1.0.0"}}, indent=1, ensure_ascii=False) + "\n"


def emotions() -> str:
    """The text of `src/generated/emotions.ts`."""
    colors = "\n".join(f'  {emotion.value}: "{emotion.color}",' for emotion in EMOTIONS)
    return (
        "// Written by web/describe.py from src/mememoji/emotions.py and src/mememoji/results.py.\n\n"
        f"/** The emotions' colors, in the emotions' order. */\nexport const COLORS = {{\n{colors}\n}} as const;\n\n"
        f"/** The face-likeness from which a detection counts as a face. */\nexport const FACE_THRESHOLD = {FACE_THRESHOLD};\n"
    )


def memes() -> str:
    """The text of `src/generated/memes.ts`."""
    return (
        "// Written by web/describe.py from src/mememoji/drawing/memes/meme_overlay.py.\n\n"
        "/** A meme's head over the box of the face it lies on. */\n"
        f"export const HEAD_SCALE = {HEAD_SCALE};\n"
    )


def icon() -> str:
    """The text of `src/assets/icon.svg`: the meme face of a good mood."""
    mood = Composition(tuple(1.0 if emotion is Emotion.HAPPY else 0.0 for emotion in EMOTIONS))
    return meme_svg(mood)


FILES = {
    WEB / "openapi.json": openapi,
    WEB / "src" / "generated" / "emotions.ts": emotions,
    WEB / "src" / "generated" / "memes.ts": memes,
    WEB / "src" / "assets" / "icon.svg": icon,
}

if __name__ == "__main__":
    for path, text in FILES.items():
        path.write_text(text(), "utf-8")

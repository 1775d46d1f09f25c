"""Agreement of the renderers: the shapes of the web app with those of Python, a browser's pixels with ours."""

import json
import os
import re
import shutil
import subprocess
from itertools import product
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from mememoji.drawing.memes import meme_image, meme_shapes, meme_svg
from mememoji.drawing.memes.description import load_meme_description
from mememoji.drawing.memes.svg import path_data
from mememoji.emotions import EMOTIONS, Emotion
from mememoji.results import Composition
from tests.drawing.memes.compositions import halves, pure, random_compositions

ROOT = Path(__file__).resolve().parents[3]
MODULE = ROOT / "web" / "src" / "memes" / "meme.ts"

# The module of the web app is transpiled to CommonJS in memory and run unchanged otherwise.
PROGRAM = """
const { readFileSync } = require('fs');
const Module = require('module');
const typescript = require('typescript');
const [file] = process.argv.slice(1);
const options = { module: typescript.ModuleKind.CommonJS, target: 'es2022', esModuleInterop: true };
const { outputText } = typescript.transpileModule(readFileSync(file, 'utf8'), { compilerOptions: options });
const loaded = new Module(file);
loaded.filename = file;
loaded._compile(outputText, file);
const { memeShapes, viewBox, headBox, EMOTIONS } = loaded.exports;
const faces = JSON.parse(readFileSync(0, 'utf8')).map((composition) => memeShapes(composition));
console.log(JSON.stringify({ viewBox, headBox, emotions: EMOTIONS, faces }));
"""


def grid() -> list[Composition]:
    """Every composition in steps of a third, and random ones."""
    steps = [parts for parts in product(range(4), repeat=6) if sum(parts) == 3]
    return [Composition.from_fractions([part / 3 for part in parts]) for parts in steps] + random_compositions(100)


def numbers(path: str) -> npt.NDArray[np.float64]:
    return np.array(re.findall(r"-?\d+(?:\.\d+)?", path), np.float64)


@pytest.fixture(scope="module")
def drawn_by_node() -> dict[str, object]:
    """The output of web/src/memes/meme.ts for `grid()`."""
    if not MODULE.is_file():
        pytest.skip("the source of the web app is not in this checkout")
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    modules = os.pathsep.join([str(ROOT / "web" / "node_modules"), os.environ.get("NODE_PATH", "")])
    environment = os.environ | {"NODE_PATH": modules}
    command = [node, "-e", "require.resolve('typescript')"]
    if subprocess.run(command, env=environment, capture_output=True).returncode:
        pytest.skip("TypeScript is not installed in web/node_modules; run `npm ci` in web/")
    done = subprocess.run(
        [node, "-e", PROGRAM, str(MODULE)],
        input=json.dumps([composition.to_dict() for composition in grid()]),
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, object] = json.loads(done.stdout)
    return result


def test_web_view_box_and_emotions_are_the_same(drawn_by_node: dict[str, object]) -> None:
    description = load_meme_description()
    assert drawn_by_node["emotions"] == list(EMOTIONS)
    assert drawn_by_node["viewBox"] == " ".join(f"{value:g}" for value in description.view_box)
    assert drawn_by_node["headBox"] == list(description.head)


def test_web_shapes_are_the_same(drawn_by_node: dict[str, object]) -> None:
    faces = drawn_by_node["faces"]
    assert isinstance(faces, list)
    for composition, theirs in zip(grid(), faces, strict=True):
        ours = meme_shapes(composition)
        assert [shape["name"] for shape in theirs] == [shape.name for shape in ours]
        for shape, other in zip(ours, theirs, strict=True):
            own = path_data(shape.points, shape.closed)
            # Both round to hundredths, possibly in different directions.
            np.testing.assert_allclose(numbers(other["d"]), numbers(own), atol=0.0101, err_msg=shape.name)
            assert re.sub(r"[^MCZ]", "", other["d"]) == re.sub(r"[^MCZ]", "", own)
            for color, theirs_color in ((shape.fill, other["fill"]), (shape.stroke, other["stroke"])):
                off = [0] if color is None else np.array(list(bytes.fromhex(theirs_color[1:])), int) - color
                assert (color is None) == (theirs_color == "none")
                assert np.abs(off).max() <= 1
            assert other["strokeWidth"] == pytest.approx(shape.stroke_width, abs=1e-9)
            assert other["opacity"] == pytest.approx(shape.opacity, abs=1e-9)
            assert ("clip" in other) == (shape.clip is not None)
            if shape.clip is not None:
                np.testing.assert_allclose(numbers(other["clip"]), numbers(path_data(shape.clip, True)), atol=0.0101)


def test_browser_renders_the_svg_like_meme_image(tmp_path: Path) -> None:
    """Chromium's rendering of a page of faces differs by less than 2 levels on average, and 40 in any 5x5 pixels."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("Chromium is not installed")
    faces = [pure(emotion) for emotion in EMOTIONS] + halves() + random_compositions(9)
    size, columns = 160, 6
    width, height = columns * size, len(faces) // columns * size
    svgs = "".join(meme_svg(face, size=size, prefix=f"face{number}") for number, face in enumerate(faces))
    page, image_path = tmp_path / "faces.html", tmp_path / "faces.png"
    style = "body{margin:0;background:#5b8c6a;display:flex;flex-wrap:wrap}svg{display:block}"
    page.write_text(f"<!doctype html><meta charset=utf-8><style>{style}</style><body>{svgs}", encoding="utf-8")
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-lcd-text"]
    command += [
        "--force-device-scale-factor=1",
        "--force-color-profile=srgb",
        f"--user-data-dir={tmp_path / 'profile'}",
    ]
    command += [f"--window-size={width},{height}", f"--screenshot={image_path}", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert image_path.is_file(), done.stderr
    bgr = cv2.imread(str(image_path))
    assert bgr is not None
    theirs = bgr[..., ::-1].astype(np.float64)
    assert theirs.shape == (height, width, 3)
    for number, face in enumerate(faces):
        top, left = number // columns * size, number % columns * size
        off = np.abs(theirs[top : top + size, left : left + size] - blend_onto(face, size, (0x5B, 0x8C, 0x6A)))
        assert off.mean() < 2, face
        # Antialiasing may differ, positions may not.
        assert cv2.blur(off, (5, 5)).max() < 40, face


def blend_onto(face: Composition, size: int, color: tuple[int, int, int]) -> npt.NDArray[np.float64]:
    image = meme_image(face, size).astype(np.float64)
    alpha = image[..., 3:] / 255
    return np.asarray(image[..., :3] * alpha + np.array(color) * (1 - alpha))


def test_meme_svg_is_a_complete_document() -> None:
    text = meme_svg(pure(Emotion.SAD), size=48)
    assert text.startswith('<svg xmlns="http://www.w3.org/2000/svg" viewBox="')
    assert 'width="48" height="48"' in text
    references = set(re.findall(r"url\(#([\w-]+)\)", text))
    assert references
    assert references == set(re.findall(r'<clipPath id="([\w-]+)"', text))

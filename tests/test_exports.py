"""The exported names, and a light import."""

import subprocess
import sys

import pytest

import mememoji

EXPORTED = [
    "EMOTIONS",
    "Analysis",
    "Analyzer",
    "Box",
    "Composition",
    "Detection",
    "Emotion",
    "Face",
    "ImageLimits",
    "InputError",
    "MememojiError",
    "ModelError",
    "RunError",
    "__version__",
    "annotate",
    "read_image",
]


def test_all_lists_the_exported_names() -> None:
    assert mememoji.__all__ == EXPORTED


@pytest.mark.parametrize("name", EXPORTED)
def test_exported_name_is_an_attribute(name: str) -> None:
    value = getattr(mememoji, name)
    assert getattr(value, "__name__", name) == name
    assert name in dir(mememoji)


def test_unknown_name_raises_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Emotions'"):
        _ = mememoji.Emotions


def loaded_by(statement: str) -> set[str]:
    program = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return set(done.stdout.split())


def test_importing_the_package_is_light() -> None:
    assert loaded_by("import mememoji").isdisjoint({"numpy", "cv2", "PIL", "onnxruntime", "torch", "logging"})


def test_analyzing_images_needs_no_extra() -> None:
    loaded = loaded_by("import mememoji.cli, mememoji; mememoji.Analyzer, mememoji.annotate")
    assert "onnxruntime" in loaded
    assert loaded.isdisjoint({"torch", "pyarrow", "matplotlib", "onnx", "pandas"})

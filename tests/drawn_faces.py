"""Sample images for tests: drawn faces on a uniform background, with their labels."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from mememoji.datasets.detection_images import DetectionSample


def draw_sample(seed: int, *, faces: int = 1, size: int = 96) -> DetectionSample:
    """Draw an image (size, size) with up to two faces, each with eyes, a nose and a mouth."""
    rng = np.random.default_rng(seed)
    image = np.full((size, size, 3), rng.integers(40, 110, 3), np.uint8)
    boxes, landmarks = [], []
    for index in range(faces):
        height = float(rng.integers(28, 40))
        width = round(height * 0.8)
        x = 4 + index * size / 2 + float(rng.integers(0, int(size / 2 - width - 6)))
        y = float(rng.integers(4, int(size - height - 4)))
        center = (round(x + width / 2), round(y + height / 2))
        cv2.ellipse(image, center, (round(width / 2), round(height / 2)), 0, 0, 360, (235, 205, 180), -1)
        points = [(x + width * across, y + height * down) for across, down in _LANDMARKS]
        for point in points:
            cv2.circle(image, (round(point[0]), round(point[1])), 2, (30, 20, 60), -1)
        boxes.append((x, y, x + width, y + height))
        landmarks.append(points)
    success, code = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    assert success
    return DetectionSample(
        id=f"drawn:{seed}",
        source="drawn",
        image=code.tobytes(),
        faces=np.array(boxes, np.float32).reshape(-1, 4),
        landmarks=np.array(landmarks, np.float32).reshape(-1, 5, 2),
        ignore=np.zeros((0, 4), np.float32),
        ignore_why=(),
    )


_LANDMARKS = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.58), (0.35, 0.78), (0.65, 0.78))


def write_parquet(samples: list[DetectionSample], path: Path) -> None:
    """Write a file for `read_detection_samples`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    def xywh(boxes: npt.NDArray[np.float32]) -> list[list[float]]:
        return [[x, y, right - x, bottom - y] for x, y, right, bottom in boxes.tolist()]

    rows = [
        {
            "id": sample.id,
            "source": sample.source,
            "image": sample.image,
            "faces": xywh(sample.faces),
            "landmarks": sample.landmarks.reshape(-1, 10).tolist(),
            "ignore": xywh(sample.ignore),
            "ignore_why": list(sample.ignore_why),
        }
        for sample in samples
    ]
    boxes = pa.list_(pa.list_(pa.float32()))
    schema = pa.schema(
        [
            *((name, pa.string()) for name in ("id", "source")),
            ("image", pa.binary()),
            *((name, boxes) for name in ("faces", "landmarks", "ignore")),
            ("ignore_why", pa.list_(pa.string())),
        ]
    )
    pq.write_table(pa.Table.from_pylist(rows, schema), path)

"""Requests of predict and their responses."""

import base64
import http.client
import io
import json
import re
from typing import Any
from urllib.parse import quote

import httpx
import numpy as np
import pytest
from PIL import Image

from mememoji.image_io import END_MISSING, encode_jpeg
from tests.service.conftest import Serving

PREDICT = "/v1.0.0/predict"


def data_url(content: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(content).decode()


def jpeg_of(url: str) -> Image.Image:
    head, _, digits = url.partition(",")
    assert head == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(digits, validate=True)))


@pytest.fixture(scope="module")
def small(astronaut: bytes) -> bytes:
    """The portrait as a JPEG of 256x256."""
    return encode_jpeg(np.array(Image.open(io.BytesIO(astronaut)).convert("RGB").resize((256, 256))))


def send(client: httpx.Client, how: str, content: bytes, **flags: str) -> httpx.Response:
    text = data_url(content)
    match how:
        case "file":
            return client.post(PREDICT, params=flags, files={"image_buf": ("x.txt", content, "text/plain")})
        case "base64 in the query":
            return client.post(PREDICT, params={"image_base64": text, **flags})
        case "base64 in the query, plus signs raw":
            pairs = "&".join([f"image_base64={text}", *(f"{name}={quote(value)}" for name, value in flags.items())])
            return client.post(f"{PREDICT}?{pairs}")
        case "bare base64 in a form":
            return client.post(PREDICT, data={"image_base64": text.partition(",")[2], **flags})
        case "base64 in JSON":
            return client.post(PREDICT, json={"image_base64": text, **flags})
        case "base64 in a multipart field":
            fields = {"image_base64": (None, text), **{name: (None, value) for name, value in flags.items()}}
            return client.post(PREDICT, files=fields)
    raise AssertionError(how)


def post_line(client: httpx.Client, target: str) -> tuple[int, object]:
    """Return the status, and the faces or error code, for a request line that is too long for httpx."""
    connection = http.client.HTTPConnection("127.0.0.1", client.base_url.port, timeout=30)
    try:
        connection.request("POST", target)
        response = connection.getresponse()
        answer = json.loads(response.read())
    finally:
        connection.close()
    return response.status, answer.get("code", answer.get("faces"))


WAYS = (
    "file",
    "base64 in the query",
    "base64 in the query, plus signs raw",
    "bare base64 in a form",
    "base64 in JSON",
    "base64 in a multipart field",
)


@pytest.mark.parametrize("how", WAYS)
def test_predict_accepts_every_input_format(service: httpx.Client, small: bytes, how: str) -> None:
    response = send(service, how, small, crop_image="TRUE", annotate_image="true")
    assert response.status_code == 200, response.text
    answer = response.json()
    (face,) = answer["faces"]
    assert answer["pic_id"]
    assert face["index"] == 0
    (x, y), width, height = face["location_xy"], face["width"], face["height"]
    assert all(isinstance(value, int) for value in (x, y, width, height))
    assert x >= 0
    assert y >= 0
    assert x + width <= 256
    assert y + height <= 256
    names = [entry["emotion"] for entry in face["prediction"]]
    assert names == ["angry", "fear", "happy", "sad", "surprise", "neutral"]
    fractions = [entry["percent"] for entry in face["prediction"]]
    assert sum(fractions) == pytest.approx(1.0, abs=1e-3)
    assert fractions[2] > 0.5
    thumbnail, annotated = jpeg_of(face["thumbnail"]), jpeg_of(answer["annotated_image"])
    assert (thumbnail.size, thumbnail.mode) == ((40, 50), "RGB")
    assert annotated.size == (256, 256)


def test_preview_is_the_upright_image(service: httpx.Client) -> None:
    large = Image.new("RGB", (2400, 1000), (200, 30, 30))
    exif = large.getexif()
    exif[0x0112] = 6  # a quarter turn
    file = io.BytesIO()
    large.save(file, "JPEG", exif=exif)
    answer = send(service, "file", file.getvalue(), preview_image="true").json()
    assert (answer["width"], answer["height"]) == (1000, 2400)
    preview = jpeg_of(answer["preview_image"])
    assert preview.size == (667, 1600)
    red, green, blue = preview.convert("RGB").getpixel((300, 800))  # type: ignore[misc]
    assert red > 180
    assert max(green, blue) < 60


@pytest.mark.parametrize(
    ("flags", "has_thumbnail"),
    [
        ({}, True),
        ({"crop_image": ""}, True),
        ({"crop_image": "True", "annotate_image": ""}, True),
        ({"crop_image": "false", "annotate_image": "False"}, False),
        ({"crop_image": "FALSE"}, False),
    ],
    ids=str,
)
def test_thumbnails_are_sent_unless_refused_and_copies_on_request(
    service: httpx.Client, small: bytes, flags: dict[str, str], has_thumbnail: bool
) -> None:
    answer = send(service, "file", small, **flags).json()
    assert not {"annotated_image", "preview_image"} & set(answer)
    assert ["thumbnail" in face for face in answer["faces"]] == [has_thumbnail]


def test_thumbnail_is_the_center_of_the_box_in_color(service: httpx.Client, astronaut: bytes) -> None:
    image = Image.open(io.BytesIO(astronaut)).convert("RGB")
    for scale in (1, 4):
        scaled = image.resize((round(512 * scale), round(512 * scale)))
        (face,) = send(service, "file", encode_jpeg(np.array(scaled), 95)).json()["faces"]
        (x, y), width, height = face["location_xy"], face["width"], face["height"]
        region = min(width, height * 0.8)
        left, top = x + (width - region) / 2, y + (height - region / 0.8) / 2
        expected = scaled.crop((round(left), round(top), round(left + region), round(top + region / 0.8)))
        difference = np.asarray(expected.resize((40, 50), Image.Resampling.BOX), int) - jpeg_of(face["thumbnail"])
        assert np.abs(difference).mean() < 6, scale


def test_predict_without_faces_returns_an_empty_list(service: httpx.Client) -> None:
    gray = encode_jpeg(np.full((120, 160, 3), 128, np.uint8))
    answer = send(service, "file", gray).json()
    assert answer["faces"] == []
    assert (answer["width"], answer["height"]) == (160, 120)


def test_predict_reports_a_file_without_its_end_mark(service: httpx.Client, small: bytes) -> None:
    complete, cut = (service.post(PREDICT, files={"image_buf": content}).json() for content in (small, small[:-2]))
    assert "warnings" not in complete
    assert cut["warnings"] == [END_MISSING]
    assert cut["faces"] == complete["faces"]
    assert service.post(PREDICT, files={"image_buf": small[:-20]}).status_code == 400


def test_boxes_are_in_the_upright_image(service: httpx.Client, small: bytes) -> None:
    turned = Image.open(io.BytesIO(small)).crop((0, 0, 256, 200)).rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    turned.save(file, "JPEG", exif=exif)
    answer = send(service, "file", file.getvalue()).json()
    assert (answer["width"], answer["height"]) == (256, 200)
    assert len(answer["faces"]) == 1


def test_predict_accepts_a_long_query(service: httpx.Client, astronaut: bytes) -> None:
    image = np.random.default_rng(0).integers(0, 255, (700, 700, 3), np.uint8)
    content = encode_jpeg(image)
    query = quote(data_url(content))
    assert len(query) > 400_000
    assert post_line(service, f"{PREDICT}?image_base64={query}") == (200, [])


ERRORS: list[tuple[str, dict[str, Any], int, int]] = [
    ("nothing at all", {}, 400, 35842),
    ("a JPEG XL", {"files": {"image_buf": ("a.jpg", b"\xff\x0a\xfa\x1f", "image/jpeg")}}, 400, 400),
    ("an empty file", {"files": {"image_buf": ("a.jpg", b"", "image/jpeg")}}, 400, 5724),
    ("a file that is not an image", {"files": {"image_buf": ("a.jpg", b"garbage", "image/jpeg")}}, 400, 400),
    ("empty base64", {"params": {"image_base64": ""}}, 400, 2873),
    ("a data URL of nothing", {"params": {"image_base64": "data:image/png;base64,"}}, 400, 5724),
    ("invalid base64", {"params": {"image_base64": "data:image/png;base64,%%%"}}, 400, 2873),
    ("an empty URL", {"params": {"image_url": ""}}, 400, 2873),
    ("a flag of another kind", {"params": {"crop_image": "maybe", "image_base64": "AAAA"}}, 400, 2873),
    ("a number for an image", {"json": {"image_base64": 7}}, 400, 2873),
    ("text for a file", {"data": {"image_buf": "text"}}, 400, 2873),
    ("invalid JSON", {"content": b"{", "headers": {"content-type": "application/json"}}, 400, 400),
    ("JSON that is not an object", {"json": [1, 2]}, 400, 400),
    ("an invalid form", {"content": b"--", "headers": {"content-type": "multipart/form-data"}}, 400, 400),
    ("a private URL", {"params": {"image_url": "http://127.0.0.1/x"}}, 400, 2873),
]


@pytest.mark.parametrize(("name", "request_", "status", "code"), ERRORS, ids=[row[0] for row in ERRORS])
def test_invalid_input_is_an_error(
    service: httpx.Client, name: str, request_: dict[str, Any], status: int, code: int
) -> None:
    response = service.post(PREDICT, **request_)
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert set(response.json()) == {"code", "message"}
    assert response.json()["message"]


def test_predict_uses_the_first_image_only(service: httpx.Client, small: bytes) -> None:
    files = {"image_buf": ("a", small)}
    response = service.post(PREDICT, params={"image_url": "ftp://x/y"}, files=files)
    assert (response.status_code, response.json()["code"]) == (400, 2873)
    for behind in ("", "%%%"):
        assert service.post(PREDICT, params={"image_base64": behind}, files=files).status_code == 200


def test_unknown_path_and_method_are_errors(service: httpx.Client) -> None:
    assert service.get("/nowhere").json() == {"code": 404, "message": "Resource not found"}
    response = service.get(PREDICT)
    assert (response.status_code, response.json()["code"]) == (405, 405)


def test_image_over_the_limits_is_413(serve: Serving, small: bytes) -> None:
    with serve(max_body_bytes=30_000, max_pixels=10_000, store="none") as client:
        wide = encode_jpeg(np.zeros((101, 100, 3), np.uint8))
        assert send(client, "file", wide).status_code == 413
        body = client.post(PREDICT, files={"image_buf": ("a", b"x" * 40_000)})
        assert (body.status_code, body.json()["code"]) == (413, 413)
        streamed = client.post(PREDICT, content=(b"x" * 1000 for _ in range(50)))
        assert streamed.status_code in (400, 413)


@pytest.mark.parametrize("length", [20_000, 200_000, 20_000_000])
def test_request_line_over_the_limit_is_414(serve: Serving, length: int) -> None:
    with serve(max_request_head_bytes=10_000, store="none") as client:
        status, answer = post_line(client, f"{PREDICT}?image_base64={'A' * length}")
        assert (status, answer) == (414, 414)


def test_batch_returns_results_and_errors_in_order(service: httpx.Client, small: bytes) -> None:
    files = [("image_buf", ("a", small)), ("image_buf", ("b", b"garbage")), ("image_buf", ("c", small))]
    response = service.post(f"{PREDICT}/batch", files=files)
    assert response.status_code == 200, response.text
    first, bad, last = response.json()["results"]
    assert first["faces"] == last["faces"]
    assert first["pic_id"] != last["pic_id"]
    assert bad["code"] == 400
    too_many = service.post(f"{PREDICT}/batch", json={"image_base64": ["AAAA"] * 17})
    assert too_many.status_code == 413
    assert service.post(f"{PREDICT}/batch").json()["code"] == 35842


def test_predict_limits_faces_to_max_faces(serve: Serving, astronaut: bytes) -> None:
    face = Image.open(io.BytesIO(astronaut)).convert("RGB").crop((150, 20, 310, 180))
    three = Image.new("RGB", (520, 180), "white")
    for index in range(3):
        three.paste(face, (10 + index * 170, 10))
    content = encode_jpeg(np.array(three))
    with serve(max_faces=2, store="none") as client:
        assert len(send(client, "file", content).json()["faces"]) == 2


def test_log_has_no_query(serve: Serving, small: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    with serve(store="none") as client:
        secret = "http://user.example/?token=hush"
        response = client.post(PREDICT, params={"image_url": secret})
    out = capfd.readouterr()
    assert "hush" not in out.out + out.err
    assert re.fullmatch(r"[0-9a-f]{16}", response.headers["x-request-id"])
    assert json.loads(response.text)["code"] == 2873

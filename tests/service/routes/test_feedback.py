"""Feedback on the faces of stored images."""

from typing import Any

import httpx
import pytest

from mememoji.emotions import Emotion
from mememoji.storage.factory import open_store
from tests.service.conftest import Serving

FEEDBACK = "/v1.0.0/feedback"


@pytest.fixture
def pic_id(service: httpx.Client, astronaut: bytes) -> str:
    answer = service.post("/v1.0.0/predict", files={"image_buf": astronaut}).json()
    return str(answer["pic_id"])


@pytest.mark.parametrize("how", ["params", "data", "json"])
def test_feedback_is_echoed_and_stored_in_order(service: httpx.Client, pic_id: str, how: str) -> None:
    for emotion in ("sad", "happy"):
        values: dict[str, Any] = {"image_id": pic_id, "face_index": "0", "feedback": emotion}
        response = service.post(FEEDBACK, **{how: values})  # type: ignore[arg-type]
        assert response.status_code == 200, response.text
        assert response.json() == {"id": pic_id, "face_index": "0", "feedback": emotion}
    stored = service.get(f"/v1.0.0/images/{pic_id}").json()
    assert stored["faces"][0]["feedback"] == ["sad", "happy"]


def test_integer_face_index_in_json_is_echoed_as_text(service: httpx.Client, pic_id: str) -> None:
    response = service.post(FEEDBACK, json={"image_id": pic_id, "face_index": 0, "feedback": "fear"})
    assert response.json()["face_index"] == "0"


ERRORS: list[tuple[dict[str, Any], int, int]] = [
    ({}, 400, 2873),
    ({"image_id": "", "face_index": "0", "feedback": "happy"}, 400, 2873),
    ({"image_id": "PIC", "feedback": "happy"}, 400, 2873),
    ({"image_id": "PIC", "face_index": "-1", "feedback": "happy"}, 400, 2873),
    ({"image_id": "PIC", "face_index": "0.5", "feedback": "happy"}, 400, 2873),
    ({"image_id": "PIC", "face_index": "٣", "feedback": "happy"}, 400, 2873),
    ({"image_id": "PIC", "face_index": "9" * 30, "feedback": "happy"}, 400, 2873),
    ({"image_id": "PIC", "face_index": "0", "feedback": "joy"}, 400, 2873),
    ({"image_id": "PIC", "face_index": "1", "feedback": "happy"}, 404, 404),
    ({"image_id": "unknown", "face_index": "0", "feedback": "happy"}, 404, 404),
    ({"image_id": "with\0zero", "face_index": "0", "feedback": "happy"}, 404, 404),
]


@pytest.mark.parametrize(("values", "status", "code"), ERRORS)
def test_invalid_feedback_is_an_error(
    service: httpx.Client, pic_id: str, values: dict[str, Any], status: int, code: int
) -> None:
    given = {name: pic_id if value == "PIC" else value for name, value in values.items()}
    response = service.post(FEEDBACK, params=given)
    assert (response.status_code, response.json()["code"]) == (status, code), response.text


def test_delete_feedback_deletes_the_latest_equal_entry(service: httpx.Client, pic_id: str) -> None:
    for emotion in ("sad", "happy", "sad"):
        service.post(FEEDBACK, params={"image_id": pic_id, "face_index": "0", "feedback": emotion})
    given = {"image_id": pic_id, "face_index": "0", "feedback": "sad"}
    for remaining in (["sad", "happy"], ["happy"]):
        response = service.delete(FEEDBACK, params=given)
        assert (response.status_code, response.json()) == (200, {"id": pic_id, "face_index": "0", "feedback": "sad"})
        assert service.get(f"/v1.0.0/images/{pic_id}").json()["faces"][0]["feedback"] == remaining
    response = service.delete(FEEDBACK, params=given)
    assert (response.status_code, response.json()["code"]) == (404, 404)


@pytest.mark.parametrize(("values", "status", "code"), ERRORS)
def test_delete_of_missing_feedback_is_an_error(
    service: httpx.Client, pic_id: str, values: dict[str, Any], status: int, code: int
) -> None:
    given = {name: pic_id if value == "PIC" else value for name, value in values.items()}
    response = service.delete(FEEDBACK, params=given)
    assert (response.status_code, response.json()["code"]) in ((status, code), (404, 404)), response.text


def test_feedback_survives_a_restart(serve: Serving, astronaut: bytes, tmp_path: Any) -> None:
    url = f"sqlite:///{tmp_path}/kept.db"
    with serve(store=url) as client:
        pic_id = client.post("/v1.0.0/predict", files={"image_buf": astronaut}).json()["pic_id"]
        client.post(FEEDBACK, params={"image_id": pic_id, "face_index": "0", "feedback": "surprise"})
    store = open_store(url)
    assert store.get(pic_id).faces[0].feedback == (Emotion.SURPRISE,)
    store.close()

"""Stored images and the pixels that are stored of them."""

import httpx
import pytest

from mememoji.image_io import read_image
from mememoji.storage.factory import open_store
from mememoji.storage.image_record import PixelRetention
from tests.service.conftest import Serving


def predict(client: httpx.Client, content: bytes) -> str:
    return str(client.post("/v1.0.0/predict", files={"image_buf": content}).json()["pic_id"])


def test_stored_image_is_the_response_of_predict(service: httpx.Client, astronaut: bytes) -> None:
    answer = service.post("/v1.0.0/predict", files={"image_buf": astronaut}, params={"crop_image": "false"}).json()
    response = service.get(f"/v1.0.0/images/{answer['pic_id']}")
    assert response.headers["cache-control"] == "no-store"
    stored = response.json()
    assert stored.pop("expires_at") > stored.pop("created_at")
    assert stored.pop("kept") == "nothing"
    assert stored.pop("faces") == [{**face, "feedback": []} for face in answer.pop("faces")]
    assert stored == answer


def test_stored_image_without_expiry_has_no_time_of_deletion(serve: Serving, astronaut: bytes) -> None:
    with serve(retention_days=0) as client:
        assert "expires_at" not in client.get(f"/v1.0.0/images/{predict(client, astronaut)}").json()


def test_invalid_flag_of_a_stored_image_is_400(service: httpx.Client, astronaut: bytes) -> None:
    response = service.get(f"/v1.0.0/images/{predict(service, astronaut)}", params={"preview_image": "perhaps"})
    assert (response.status_code, response.json()["code"]) == (400, 2873)


def test_deleted_image_is_404(service: httpx.Client, astronaut: bytes) -> None:
    pic_id = predict(service, astronaut)
    assert service.delete(f"/v1.0.0/images/{pic_id}").status_code == 204
    assert service.delete(f"/v1.0.0/images/{pic_id}").status_code == 404
    assert service.get(f"/v1.0.0/images/{pic_id}").status_code == 404
    gone = service.post("/v1.0.0/feedback", params={"image_id": pic_id, "face_index": "0", "feedback": "sad"})
    assert gone.status_code == 404


@pytest.mark.parametrize("retention", list(PixelRetention))
def test_pixels_are_stored_as_set(
    serve: Serving, astronaut: bytes, tmp_path: object, retention: PixelRetention
) -> None:
    url = f"sqlite:///{tmp_path}/pixels.db"
    flags = {"annotate_image": "true", "preview_image": "true"}
    with serve(store=url, store_pixels=retention) as client:
        answer = client.post("/v1.0.0/predict", files={"image_buf": astronaut}, params=flags).json()
        pic_id = answer["pic_id"]
        stored = client.get(f"/v1.0.0/images/{pic_id}", params=flags).json()
        bare = client.get(f"/v1.0.0/images/{pic_id}", params={"crop_image": "false"}).json()
    files = {"annotated_image", "preview_image"}
    assert {name: stored[name] for name in files & set(stored)} == (
        {name: answer[name] for name in files} if retention is PixelRetention.RECEIVED else {}
    )
    has_thumbnails = retention is not PixelRetention.NOTHING
    assert ["thumbnail" in face for face in stored["faces"]] == [has_thumbnails]
    assert not files & set(bare)
    assert "thumbnail" not in bare["faces"][0]
    store = open_store(url)
    record = store.get(pic_id, pixels=True)
    store.close()
    assert record.retention is retention
    assert record.image == (astronaut if retention is PixelRetention.RECEIVED else None)
    (face,) = record.faces
    if retention is PixelRetention.CROPS:
        assert face.crop is not None
        height, width = read_image(face.crop).shape[:2]
        assert max(height, width) == min(192, max(face.face.box.width, face.face.box.height))
    else:
        assert face.crop is None


def test_predict_without_a_store_stores_nothing(serve: Serving, astronaut: bytes) -> None:
    with serve(store="none") as client:
        answer = client.post("/v1.0.0/predict", files={"image_buf": astronaut}).json()
        assert answer["stored"] is False
        assert len(answer["faces"]) == 1
        assert client.get(f"/v1.0.0/images/{answer['pic_id']}").status_code == 404


@pytest.mark.parametrize(("required", "status"), [(True, 503), (False, 200)])
def test_unavailable_store_is_503(serve: Serving, astronaut: bytes, required: bool, status: int) -> None:
    # The discard port has no listener.
    with serve(store="postgresql://nobody@127.0.0.1:9/none", store_required=required) as client:
        response = client.post("/v1.0.0/predict", files={"image_buf": astronaut})
        assert response.status_code == status, response.text
        if status == 503:
            assert response.headers["retry-after"]
        else:
            assert response.json()["stored"] is False
        feedback = client.post("/v1.0.0/feedback", params={"image_id": "a", "face_index": "0", "feedback": "sad"})
        assert feedback.status_code == 503
        ready = client.get("/health/ready")
        assert ready.status_code == (503 if required else 200)
        assert client.get("/health/live").status_code == 200

"""The OpenAPI document: it describes the service and has everything in the contract."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from mememoji.service.url_fetcher.image_fetcher import ImageFetcher
from tests.service.conftest import Serving

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
FLAGS = ("annotate_image", "crop_image", "preview_image")
ERROR_REF = {"$ref": "#/components/schemas/ErrorResponse"}


async def resolve_to_loopback(host: str, port: int) -> list[str]:
    """Resolve every host to loopback, which is refused, so that generated URLs need no network."""
    return ["127.0.0.1"]


@pytest.fixture(scope="module")
def document(service: httpx.Client) -> dict[str, Any]:
    answer: dict[str, Any] = service.get("/openapi.json").json()
    return answer


# Each image of a batch has its own error, so that the response has status 200; and in a form all values are text, even
# generated objects. Errors of a whole batch are tested below.
BATCH = """
[[operations]]
include-path = "/v1.0.0/predict/batch"
checks.negative_data_rejection.enabled = false
"""
# Flags are also accepted in capitals and empty, which no enumeration says.
STORED = """
[[operations]]
include-path = "/v1.0.0/images/{{image_id}}"
checks.negative_data_rejection.enabled = false

[[operations]]
include-method = "DELETE"
phases.coverage.enabled = false
phases.fuzzing.enabled = false

[parameters]
image_id = "{}"
face_index = "0"
"""


def assert_conforms(client: httpx.Client, folder: Path, *excluded: str, config: str = "") -> None:
    """Run all checks of schemathesis but these against the service."""
    (folder / "schemathesis.toml").write_text(BATCH + config, "utf-8")
    # No schema describes which text is an image: most data that matches a schema correctly gets an error.
    without = ",".join(("positive_data_acceptance", *excluded))
    done = subprocess.run(
        [
            *(str(SCHEMATHESIS), "run", f"{client.base_url}/openapi.json", "--exclude-checks", without),
            *("--max-examples", "10", "--generation-deterministic", "--no-color"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "11 selected / 11 total" in done.stdout


@pytest.mark.parametrize(
    ("settings", "excluded"),
    [
        ({}, ()),
        ({"store": "none"}, ()),
        # A body that is too large is not validated.
        ({"max_body_bytes": 1024}, ("negative_data_rejection",)),
        # A client without access does not learn the allowed methods either.
        ({"api_keys": "hush"}, ("unsupported_method",)),
        ({"rate_limit": "1/hour"}, ("unsupported_method",)),
    ],
    ids=str,
)
def test_generated_requests_conform_to_the_schema(
    serve: Serving, tmp_path: Path, settings: dict[str, Any], excluded: tuple[str, ...]
) -> None:
    with serve(fetcher=ImageFetcher(resolver=resolve_to_loopback), **settings) as client:
        assert_conforms(client, tmp_path, *excluded)


def test_requests_on_a_stored_image_conform_to_the_schema(serve: Serving, tmp_path: Path, astronaut: bytes) -> None:
    with serve(fetcher=ImageFetcher(resolver=resolve_to_loopback)) as client:
        image_id = client.post("/v1.0.0/predict", files={"image_buf": astronaut}).json()["pic_id"]
        assert_conforms(client, tmp_path, config=STORED.format(image_id))
        (face,) = client.get(f"/v1.0.0/images/{image_id}").json()["faces"]
        assert face["feedback"]  # some of the generated data was valid


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"image_url": []},
        {"image_base64": [3]},
        {"image_base64": None},
        {"image_url": [{}]},
        {"image_base64": "AAAA", "crop_image": "perhaps"},
        {"image_base64": ["AAAA"] * 17},
    ],
    ids=str,
)
def test_invalid_batch_is_refused(service: httpx.Client, body: dict[str, Any]) -> None:
    response = service.post("/v1.0.0/predict/batch", json=body)
    assert response.status_code == (413 if len(body.get("image_base64") or "") == 17 else 400)
    assert set(response.json()) == {"code", "message"}


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the operations by method and path."""
    return {f"{m.upper()} {path}": o for path, methods in document["paths"].items() for m, o in methods.items()}


def test_document_has_every_route(document: dict[str, Any]) -> None:
    assert set(operations(document)) == {
        "POST /v1.0.0/predict",
        "POST /v1.0.0/predict/batch",
        "POST /v1.0.0/feedback",
        "DELETE /v1.0.0/feedback",
        "GET /v1.0.0/images/{image_id}",
        "DELETE /v1.0.0/images/{image_id}",
        "GET /v1.0.0/model",
        "GET /v1.0.0/terms",
        "GET /admin/status",
        "GET /health/live",
        "GET /health/ready",
    }


@pytest.mark.parametrize(
    ("route", "names"),
    [
        ("GET /v1.0.0/model", set()),
        ("POST /v1.0.0/predict", {"image_url", "image_base64", *FLAGS}),
        ("POST /v1.0.0/feedback", {"image_id", "face_index", "feedback"}),
        ("DELETE /v1.0.0/feedback", {"image_id", "face_index", "feedback"}),
        ("GET /admin/status", {"include_keys", "exclude_keys"}),
    ],
)
def test_document_has_the_contracts_parameters(document: dict[str, Any], route: str, names: set[str]) -> None:
    parameters = operations(document)[route].get("parameters", [])
    assert {parameter["name"] for parameter in parameters if parameter["in"] == "query"} == names
    # All parameters of our DELETE are required; those of the contract may be in the body instead.
    assert {parameter["required"] for parameter in parameters} <= {route.startswith("DELETE")}


def test_document_has_the_contracts_file(document: dict[str, Any]) -> None:
    content = operations(document)["POST /v1.0.0/predict"]["requestBody"]["content"]
    assert content["multipart/form-data"]["schema"]["properties"]["image_buf"]["format"] == "binary"
    for kind in ("multipart/form-data", "application/x-www-form-urlencoded", "application/json"):
        fields = set(content[kind]["schema"]["properties"])
        assert fields - {"image_buf"} == {"image_url", "image_base64", *FLAGS}


@pytest.mark.parametrize(
    ("model", "required", "optional"),
    [
        ("ErrorResponse", {"code": "integer", "message": "string"}, set()),
        ("PredictResponse", {"pic_id": "string", "faces": "array"}, {"annotated_image"}),
        (
            "FaceResponse",
            dict.fromkeys(("index", "width", "height"), "integer")
            | dict.fromkeys(("location_xy", "prediction"), "array"),
            {"thumbnail"},
        ),
        ("EmotionFraction", {"emotion": None, "percent": "number"}, set()),
        ("FeedbackResponse", {"id": "string", "face_index": "string", "feedback": None}, set()),
        ("StatusResponse", {}, {"uptime", "num_requests", "avg_response_time", "service_name"}),
    ],
)
def test_document_has_the_contracts_fields(
    document: dict[str, Any], model: str, required: dict[str, str | None], optional: set[str]
) -> None:
    schema = document["components"]["schemas"][model]
    for name, kind in required.items():
        assert name in schema["required"]
        assert schema["properties"][name].get("type") == kind
    assert optional <= set(schema["properties"]) - set(schema.get("required", []))


def test_document_has_the_contracts_emotions(document: dict[str, Any]) -> None:
    assert document["components"]["schemas"]["Emotion"]["enum"] == [
        *("angry", "fear", "happy", "sad", "surprise", "neutral")
    ]


def test_document_has_one_error_schema(document: dict[str, Any]) -> None:
    seen = set()
    for route, operation in operations(document).items():
        for status, response in operation["responses"].items():
            if status.startswith("2"):
                continue
            seen.add(int(status))
            if route == "GET /health/ready":
                assert status == "503"  # lists what it waits for
                continue
            assert response["content"] == {"application/json": {"schema": ERROR_REF}}, (route, status)
    assert seen == {400, 401, 404, 408, 413, 414, 429, 503}


def test_document_with_api_keys_has_a_security_scheme(serve: Serving, document: dict[str, Any]) -> None:
    assert "securitySchemes" not in document["components"]
    with serve(api_keys="hush", store="none") as client:
        described = client.get("/openapi.json").json()
    assert described["components"]["securitySchemes"] == {
        "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}
    }
    open_ones = {route for route, operation in operations(described).items() if not operation["security"]}
    assert open_ones == {"GET /health/live", "GET /health/ready"}


def test_document_lacks_the_errors_of_fastapi(document: dict[str, Any]) -> None:
    assert not {"HTTPValidationError", "ValidationError"} & set(document["components"]["schemas"])


@pytest.mark.parametrize(
    ("path", "methods"),
    [("/v1.0.0/images/x", {"GET", "DELETE"}), ("/v1.0.0/predict", {"POST"}), ("/openapi.json", {"GET", "HEAD"})],
)
def test_refused_method_lists_the_allowed_ones(service: httpx.Client, path: str, methods: set[str]) -> None:
    response = service.put(path)
    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == methods
    assert response.json() == {"code": 405, "message": "Method not allowed"}

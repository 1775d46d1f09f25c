"""The flags of a request that name the image files of its response, and their description in OpenAPI."""

from typing import Any, Final

from mememoji.service.inference.image_outputs import OutputOptions
from mememoji.service.request import RequestParams

FLAG_SCHEMA: Final[dict[str, Any]] = {"type": "string", "enum": ["true", "false"]}
"""The OpenAPI schema of a flag."""

FLAGS: Final = {
    "annotate_image": "true adds annotated_image: the image with boxes and bars.",
    "crop_image": "false leaves out the thumbnails of the faces.",
    "preview_image": "true adds preview_image: the upright image, at most 1600 a side.",
}
"""What the flags mean, by name."""


def document_parameter(name: str, description: str, **schema: Any) -> dict[str, Any]:
    """Return the OpenAPI description of an optional query parameter."""
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


def document_flags() -> list[dict[str, Any]]:
    """Return the OpenAPI descriptions of the flags as query parameters.

    Flags are only documented to FastAPI, not declared: `RequestParams` reads them from the body too.
    """
    return [document_parameter(name, description, **FLAG_SCHEMA) for name, description in FLAGS.items()]


def get_output_options(params: RequestParams, *, crops: bool = False) -> OutputOptions:
    """Return the image files that a request's flags ask for.

    Args:
        params: The parameters of the request.
        crops: Whether the crops of the faces are needed, to store them.

    Raises:
        APIError: A flag is neither true nor false.
    """
    return OutputOptions(
        annotated=params.get_flag("annotate_image"),
        preview=params.get_flag("preview_image"),
        # The original sent thumbnails always, and its clients rely on them.
        thumbnails=params.get_flag("crop_image", default=True),
        crops=crops,
    )

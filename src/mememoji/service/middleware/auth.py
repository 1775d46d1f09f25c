"""Authentication by API key, and the check of a WebSocket's origin."""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

from pydantic import SecretStr
from starlette.datastructures import Headers, QueryParams
from starlette.types import ASGIApp, Scope

from mememoji.service.api_errors import APIError
from mememoji.service.middleware.admission import AdmissionMiddleware, is_open
from mememoji.service.origin_policy import OriginPolicy

KEY_HEADER: Final = "X-API-Key"


class ApiKeyAuth(AdmissionMiddleware):
    """ASGI middleware that requires a valid API key, if any key is set.

    Browsers cannot set a header when they open a WebSocket, so there the key may be the query parameter `api_key`, and
    the page's origin must be allowed: see `OriginPolicy.allows_websocket`.

    A request with a valid key has `scope["user"]`, a digest of the key.

    Args:
        app: The application to protect.
        api_keys: The valid keys; without any, no key is needed.
        policy: The pages that may open a WebSocket.
    """

    def __init__(self, app: ASGIApp, *, api_keys: Sequence[SecretStr], policy: OriginPolicy) -> None:
        super().__init__(app)
        self._key_digests = [_hash_key(key.get_secret_value()) for key in api_keys]
        self._policy = policy

    def check(self, scope: Scope) -> None:
        """Check the key, and the origin of a WebSocket: see `AdmissionMiddleware`."""
        if is_open(scope):
            return
        headers = Headers(scope=scope)
        key = headers.get(KEY_HEADER)
        if scope["type"] == "websocket":
            key = key or QueryParams(scope["query_string"]).get("api_key")
            self._check_origin(headers)
        if not self._key_digests:
            return
        # Digests have equal lengths and every key is compared, so the time taken reveals nothing about a key.
        digest = _hash_key(key or "")
        if not sum(hmac.compare_digest(digest, valid) for valid in self._key_digests):
            raise APIError(401, f"no valid key; send yours as {KEY_HEADER}")
        scope["user"] = digest.hex()

    def _check_origin(self, headers: Headers) -> None:
        origin = headers.get("origin")
        if origin is not None and not self._policy.allows_websocket(origin, headers.get("host", "")):
            raise APIError(403, f"pages of {origin[:100]} may not connect; add it to MEMEMOJI_CORS_ORIGINS")


def _hash_key(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()

"""Redaction of the secrets in a store's URL, for messages, logs and the list of settings."""

import re
from typing import Final

# Up to the last @ of the whole URL: if a password was not percent-encoded, too much is redacted rather than too little.
_PASSWORD: Final = re.compile(r"(://[^:@/?#]*):.*@", re.DOTALL)
_SECRET_OPTION: Final = re.compile(
    r"([?&;][^=&;]*(?:pass|secret|token|authmechanismproperties)[^=&;]*=)[^&;]*", re.IGNORECASE
)


def redact_url(url: str) -> str:
    """Return the URL with `***` in place of its password and of options that hold secrets."""
    return _SECRET_OPTION.sub(r"\1***", _PASSWORD.sub(r"\1:***@", url))

"""A store's URL as it may be shown: in messages, in logs, among the settings."""

import re
from typing import Final

# To the last @ before the path or, where a password was not escaped, behind it: too much is blotted out, never too
# little.
_PASSWORD: Final = re.compile(r"(://[^:@/?#]*):.*@", re.DOTALL)
_SECRET_OPTION: Final = re.compile(
    r"([?&;][^=&;]*(?:pass|secret|token|authmechanismproperties)[^=&;]*=)[^&;]*", re.IGNORECASE
)


def without_password(url: str) -> str:
    """The URL with `***` for its password, to be shown and logged."""
    return _SECRET_OPTION.sub(r"\1***", _PASSWORD.sub(r"\1:***@", url))

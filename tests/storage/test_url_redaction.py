import pytest

from mememoji.storage.url_redaction import redact_url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("", ""),
        ("sqlite:////tmp/a@b:c.db", "sqlite:////tmp/a@b:c.db"),
        ("mongodb://h1:1,h2:2/d", "mongodb://h1:1,h2:2/d"),
        ("postgresql://me@h:5/d", "postgresql://me@h:5/d"),
        ("postgresql://me:hunter2@h/d", "postgresql://me:***@h/d"),
        ("postgresql://:hunter2@h/d", "postgresql://:***@h/d"),
        ("postgresql://me:hun/t@er:2@h:5/d", "postgresql://me:***@h:5/d"),
        ("postgresql://h/d?user=me&password=hunter2&a=b", "postgresql://h/d?user=me&password=***&a=b"),
        ("mongodb://h/d?tlsCertificateKeyFilePassword=hunter2", "mongodb://h/d?tlsCertificateKeyFilePassword=***"),
    ],
)
def test_redact_url_hides_the_password(url: str, shown: str) -> None:
    assert redact_url(url) == shown

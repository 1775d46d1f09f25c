"""The strict parser of URLs."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememoji.errors import FetchError
from mememoji.service.url_fetcher.url import MAX_LENGTH, HttpURL


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://images.example", ("http", "images.example", 80, "/")),
        ("HTTPS://Images.Example/A.png", ("https", "images.example", 443, "/A.png")),
        ("http://images.example:8080?size=1", ("http", "images.example", 8080, "/?size=1")),
        ("https://my_bucket.images.example:443/a#b?c@d", ("https", "my_bucket.images.example", 443, "/a")),
        ("http://p.example/a%20b/ä|b?q=é&r=[1]@", ("http", "p.example", 80, "/a%20b/%C3%A4%7Cb?q=%C3%A9&r=[1]@")),
        ("http://intranet/a//b/../c", ("http", "intranet", 80, "/a//b/../c")),
        ("http://xn--bcher-kva.example/", ("http", "xn--bcher-kva.example", 80, "/")),
        ("http://1.2.3.4:1024/", ("http", "1.2.3.4", 1024, "/")),
        ("http://1.2.3.4.example/", ("http", "1.2.3.4.example", 80, "/")),
        ("http://[2606:4700:0:0::1]/", ("http", "2606:4700::1", 80, "/")),
    ],
)
def test_parse_splits_a_url(text: str, expected: tuple[str, str, int, str]) -> None:
    url = HttpURL.parse(text)
    assert (url.scheme, url.host, url.port, url.target) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must start with http"),
        ("image.png", "must start with http"),
        ("ftp://images.example/", "must start with http"),
        ("http://", "has no host"),
        ("http://:80/", "has no host"),
        ("http://user:secret@images.example/", "user name or password is refused"),
        ("http://images.example:/", "host and port cannot be parsed"),
        ("http://images.example:0/", "port must be in 1..65535"),
        ("http://images.example:65536/", "port must be in 1..65535"),
        ("http://images.example./", "single dots"),
        ("http://images..example/", "single dots"),
        ("http://" + "a" * 64 + ".example/", "single dots"),
        ("http://" + "a." * 126 + "ab/", "single dots"),
        ("http://bücher.example/", "xn--"),
        ("http://0x7f.1/", "four decimal numbers"),
        ("http://[fe80::1%eth0]/", "without a zone"),
        ("http://images.example/a b", "percent-encode"),
        ("http://images.example/\n", "percent-encode"),
        ("http://images.example/" + "a" * MAX_LENGTH, "at most 8,192 characters"),
    ],
)
def test_parse_of_an_invalid_url_raises_fetch_error(text: str, message: str) -> None:
    with pytest.raises(FetchError, match=message) as caught:
        HttpURL.parse(text)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("", "https://p.example:8443/a/b?c"),
        ("d.png", "https://p.example:8443/a/d.png"),
        ("/d.png?e#f", "https://p.example:8443/d.png?e"),
        ("../../../d.png", "https://p.example:8443/d.png"),
        ("?e", "https://p.example:8443/a/b?e"),
        ("//q.example/ä", "https://q.example/%C3%A4"),
        ("https://[2606:4700::1]/", "https://[2606:4700::1]/"),
    ],
)
def test_join_resolves_a_redirect(location: str, expected: str) -> None:
    url = HttpURL.parse("https://p.example:8443/a/b?c").join(location)
    assert f"{url.scheme}://{url.authority}{url.target}" == expected


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("http://p.example/", "from https to http"),
        ("file:///etc/passwd", "must start with http"),
        ("javascript:alert(1)", "must start with http"),
        ("//user:secret@q.example/", "user name or password"),
        ("https://[/", "not a URL"),
        ("https:\\\\q.example", "percent-encode"),
        (" https://q.example/", "percent-encode"),
        (b"/\xff".decode("utf-8", "surrogateescape"), "percent-encode"),
        ("/" * (MAX_LENGTH + 1), "at most"),
    ],
)
def test_join_of_an_invalid_redirect_raises_fetch_error(location: str, message: str) -> None:
    with pytest.raises(FetchError, match=message):
        HttpURL.parse("https://p.example:8443/a/b?c").join(location)


def test_join_allows_redirect_from_http_to_https() -> None:
    assert HttpURL.parse("http://p.example/").join("https://p.example/").scheme == "https"


def test_repr_has_no_query() -> None:
    assert "secret" not in repr(HttpURL.parse("https://p.example/a?token=secret"))


def is_ip_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


@given(st.text(st.characters(codec="utf-8"), max_size=60) | st.text("htps:/\\@.#?[]%0127fxé\t\n", max_size=40))
def test_parse_of_any_text_returns_a_url_or_raises(rest: str) -> None:
    try:
        url = HttpURL.parse("http://" + rest)
    except FetchError:
        return
    assert url.target.startswith("/")
    assert (url.scheme + url.host + url.target).isascii()
    assert url.host in rest.lower() or is_ip_address(url.host)
    assert HttpURL.parse(f"http://{url.authority}{url.target}") == url


@given(st.ip_addresses())
def test_parse_recognizes_ip_addresses(address: object) -> None:
    host = f"[{address}]" if ":" in str(address) else str(address)
    assert HttpURL.parse(f"http://{host}/").host == str(ip_address(str(address)))

"""URLs, parsed once."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememoji.errors import FetchError
from mememoji.service.url_fetcher.url import MAX_LENGTH, WebUrl


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://pictures.example", ("http", "pictures.example", 80, "/")),
        ("HTTPS://Pictures.Example/A.png", ("https", "pictures.example", 443, "/A.png")),
        ("http://pictures.example:8080?size=1", ("http", "pictures.example", 8080, "/?size=1")),
        ("https://my_bucket.pictures.example:443/a#b?c@d", ("https", "my_bucket.pictures.example", 443, "/a")),
        ("http://p.example/a%20b/ä|b?q=é&r=[1]@", ("http", "p.example", 80, "/a%20b/%C3%A4%7Cb?q=%C3%A9&r=[1]@")),
        ("http://intranet/a//b/../c", ("http", "intranet", 80, "/a//b/../c")),
        ("http://xn--bcher-kva.example/", ("http", "xn--bcher-kva.example", 80, "/")),
        ("http://1.2.3.4:1024/", ("http", "1.2.3.4", 1024, "/")),
        ("http://1.2.3.4.example/", ("http", "1.2.3.4.example", 80, "/")),
        ("http://[2606:4700:0:0::1]/", ("http", "2606:4700::1", 80, "/")),
    ],
)
def test_a_url_is_taken_apart(text: str, expected: tuple[str, str, int, str]) -> None:
    url = WebUrl.parse(text)
    assert (url.scheme, url.host, url.port, url.target) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "starts with http"),
        ("picture.png", "starts with http"),
        ("ftp://pictures.example/", "starts with http"),
        ("http://", "names no host"),
        ("http://:80/", "names no host"),
        ("http://user:secret@pictures.example/", "user name or password is refused"),
        ("http://pictures.example:/", "host and port cannot be read"),
        ("http://pictures.example:0/", "port is not in 1..65535"),
        ("http://pictures.example:65536/", "port is not in 1..65535"),
        ("http://pictures.example./", "single dots"),
        ("http://pictures..example/", "single dots"),
        ("http://" + "a" * 64 + ".example/", "single dots"),
        ("http://" + "a." * 126 + "ab/", "single dots"),
        ("http://bücher.example/", "xn--"),
        ("http://0x7f.1/", "four decimal numbers"),
        ("http://[fe80::1%eth0]/", "without a zone"),
        ("http://pictures.example/a b", "percent-encode"),
        ("http://pictures.example/\n", "percent-encode"),
        ("http://pictures.example/" + "a" * MAX_LENGTH, "longer than 8,192 characters"),
    ],
)
def test_what_is_not_such_a_url(text: str, message: str) -> None:
    with pytest.raises(FetchError, match=message) as caught:
        WebUrl.parse(text)
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
def test_where_a_redirect_leads(location: str, expected: str) -> None:
    url = WebUrl.parse("https://p.example:8443/a/b?c").joined(location)
    assert f"{url.scheme}://{url.authority}{url.target}" == expected


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("http://p.example/", "from https to http"),
        ("file:///etc/passwd", "starts with http"),
        ("javascript:alert(1)", "starts with http"),
        ("//user:secret@q.example/", "user name or password"),
        ("https://[/", "not a URL"),
        ("https:\\\\q.example", "percent-encode"),
        (" https://q.example/", "percent-encode"),
        (b"/\xff".decode("utf-8", "surrogateescape"), "percent-encode"),
        ("/" * (MAX_LENGTH + 1), "longer than"),
    ],
)
def test_where_no_redirect_leads(location: str, message: str) -> None:
    with pytest.raises(FetchError, match=message):
        WebUrl.parse("https://p.example:8443/a/b?c").joined(location)


def test_a_redirect_may_lead_to_the_safe_way() -> None:
    assert WebUrl.parse("http://p.example/").joined("https://p.example/").scheme == "https"


def test_secrets_are_not_shown() -> None:
    assert "secret" not in repr(WebUrl.parse("https://p.example/a?token=secret"))


@given(st.text(st.characters(codec="utf-8"), max_size=60) | st.text("htps:/\\@.#?[]%0127fxé\t\n", max_size=40))
def test_any_text_is_a_url_or_refused(rest: str) -> None:
    try:
        url = WebUrl.parse("http://" + rest)
    except FetchError:
        return
    assert url.target.startswith("/")
    assert (url.scheme + url.host + url.target).isascii()
    assert url.host in rest.lower() or url.address is not None
    assert WebUrl.parse(f"http://{url.authority}{url.target}") == url


@given(st.ip_addresses())
def test_an_address_is_read_as_itself(address: object) -> None:
    host = f"[{address}]" if ":" in str(address) else str(address)
    assert WebUrl.parse(f"http://{host}/").address == ip_address(str(address))

"""The URL fetcher, against a server of the tests' own on loopback.

Most tests use `LoopbackBackend`, which connects to that server instead of to a public address, so that addresses are
still checked.
"""

import asyncio
import contextlib
import json
import shutil
import socketserver
import ssl
import struct
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememoji.errors import FetchError, TooLargeError
from mememoji.service.url_fetcher.image_fetcher import ImageFetcher
from mememoji.service.url_fetcher.ip_filter import is_public

IMAGE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
PUBLIC = "1.1.1.1"
OTHER_PUBLIC = "2606:4700:4700::1111"


class Server(socketserver.ThreadingTCPServer):
    """Responds to each path with the bytes below, and records the requests."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.tls = tls
        self.connections = 0
        self.requests: list[bytes] = []
        self.stopping = threading.Event()
        self.left = threading.Semaphore(0)  # counts the clients that closed a connection to a silent server

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def get_request(self) -> tuple[Any, Any]:
        connection, address = super().get_request()
        self.connections += 1
        connection.settimeout(30)
        if self.tls is not None:
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address


class _Connection(socketserver.StreamRequestHandler):
    server: Server

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # the client disconnected, as it should
            first = self.rfile.read(1)
            if first == b"\x16":  # TLS, which this server does not support
                self.wfile.write(response(b"", status="400 Bad Request"))
                return
            head = first
            # A client that aborts the handshake closes the stream: then every line is empty.
            while (line := self.rfile.readline()) not in (b"\r\n", b""):
                head += line
            if line == b"":
                return
            self.server.requests.append(head)
            path = head.split(b" ")[1].decode().partition("?")[0]
            if path == "/silence":
                if self.rfile.read(1) == b"":
                    self.server.left.release()
            elif path in ("/drip", "/drip-head"):
                self.wfile.write(
                    response(b"", "Transfer-Encoding: chunked") if path == "/drip" else b"HTTP/1.1 200 OK\r\n"
                )
                drop = b"1\r\na\r\n" if path == "/drip" else b"X: a\r\n"
                while not self.server.stopping.wait(0.01):
                    self.wfile.write(drop)
            elif path.startswith("/endless"):
                self.wfile.write(response(b"", *["Transfer-Encoding: chunked"] * path.endswith("chunked")))
                while not self.server.stopping.is_set():
                    self.wfile.write(b"400\r\n" + bytes(1024) + b"\r\n")
            else:
                self.wfile.write(RESPONSES.get(path, response(b"nothing here", status="404 Not Found")))


def response(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode() + body


def redirect(location: str, status: str = "302 Found") -> bytes:
    return response(b"", f"Location: {location}", "Content-Length: 0", "Set-Cookie: a=b", status=status)


RESPONSES = {
    "/empty": response(b"", "Content-Length: 0"),
    "/image": response(IMAGE, f"Content-Length: {len(IMAGE)}"),
    "/until-the-end": response(IMAGE),
    "/chunked": response(
        b"5\r\n" + IMAGE[:5] + b"\r\n%x\r\n" % (len(IMAGE) - 5) + IMAGE[5:] + b"\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked",
    ),
    "/labeled-as-text": response(IMAGE, f"Content-Length: {len(IMAGE)}", "Content-Type: text/html"),
    "/identity": response(IMAGE, f"Content-Length: {len(IMAGE)}", "Content-Encoding: identity"),
    "/after-hints": b"HTTP/1.1 103 Early Hints\r\n\r\n" + response(IMAGE, f"Content-Length: {len(IMAGE)}"),
    **{f"/moved-{status}": redirect("/image", f"{status} Moved") for status in (301, 302, 303, 307, 308)},
    "/hop-1": redirect("hop-2?a=b"),
    "/hop-2": redirect("//images.example/hop-3"),
    "/hop-3": redirect("http://images.example/image"),
    "/loop": redirect("/loop"),
    "/nowhere": response(b"", "Content-Length: 0", status="302 Found"),
    "/two-ways": response(b"", "Location: /image", "Location: /empty", "Content-Length: 0", status="302 Found"),
    "/rest": response(IMAGE, f"Content-Length: {len(IMAGE)}", status="206 Partial Content"),
    "/no-content": response(b"", status="204 No Content"),
    "/switched": response(b"", "Upgrade: websocket", "Connection: upgrade", status="101 Switching Protocols"),
    "/broken": response(b"", "Content-Length: 0", status="500 Internal Server Error"),
    "/gzip": response(IMAGE, f"Content-Length: {len(IMAGE)}", "Content-Encoding: gzip"),
    "/identity-and-gzip": response(IMAGE, "Content-Encoding: identity", "Content-Encoding: br"),
    "/says-large": response(b"", "Content-Length: 99999999999"),
    "/cut": response(IMAGE[:99], f"Content-Length: {len(IMAGE)}"),
    "/cut-chunk": response(b"ff\r\nabc", "Transfer-Encoding: chunked"),
    "/two-lengths": response(IMAGE, "Content-Length: 5", f"Content-Length: {len(IMAGE)}"),
    "/no-length": response(IMAGE, "Content-Length: -1"),
    "/long-head": response(IMAGE, "X: " + "a" * 200_000),
    "/garbage": bytes(range(256)) * 8,
    "/old": IMAGE,
    "/ssh": b"SSH-2.0-OpenSSH_9.6\r\n",
    "/hangs-up": b"",
}


class LoopbackBackend(httpcore.AsyncNetworkBackend):
    """Connects to the test's server, whatever the address, and records the addresses."""

    def __init__(self, port: int, unreachable: Sequence[str] = ()) -> None:
        self.port = port
        self.unreachable = unreachable
        self.addresses: list[tuple[str, int]] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.addresses.append((host, port))
        if host in self.unreachable:
            raise httpcore.ConnectError
        return await httpcore.AnyIOBackend().connect_tcp("127.0.0.1", self.port, timeout)


class FakeResolver:
    """A resolver that returns one result after the other, the last one repeatedly, and records the hosts."""

    def __init__(self, *results: Sequence[str]) -> None:
        self.results = results
        self.hosts: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.hosts.append((host, port))
        return self.results[min(len(self.hosts), len(self.results)) - 1]


@contextlib.contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    with Server(tls) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.stopping.set()
        running.shutdown()
        thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def backend(server: Server) -> LoopbackBackend:
    return LoopbackBackend(server.port)


SSL_CONTEXT = ssl.create_default_context()
"""Created once: loading the certificate authorities takes longer than these tests."""


def fetch(url: str, **settings: Any) -> bytes:
    async def run() -> bytes:
        async with contextlib.aclosing(ImageFetcher(**{"ssl_context": SSL_CONTEXT, **settings})) as fetcher:
            return await fetcher.fetch(url)

    return asyncio.run(run())


def fetch_path(backend: LoopbackBackend, path: str, **settings: Any) -> bytes:
    return fetch(f"http://images.example/{path}", backend=backend, resolver=FakeResolver([PUBLIC]), **settings)


def ssrf_urls() -> list[str]:
    lines = Path(__file__).with_name("ssrf_urls.txt").read_text("utf-8").split("\n")
    lines = [line for line in lines if line and not line.startswith("# ")]
    return [json.loads(line) if line.startswith('"') else line for line in lines]


def test_fetch_returns_the_image_and_sends_few_headers(backend: LoopbackBackend, server: Server) -> None:
    assert fetch_path(backend, "image?size=1#part") == IMAGE
    assert backend.addresses == [(PUBLIC, 80)]
    first, *headers = server.requests[0].decode().splitlines()
    assert first == "GET /image?size=1 HTTP/1.1"
    sent = dict(header.split(": ", 1) for header in headers)
    assert sent.pop("User-Agent").startswith("Mememoji/")
    assert sent == {
        "Host": "images.example",
        "Accept": "image/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("empty", b""),
        ("until-the-end", IMAGE),
        ("chunked", IMAGE),
        ("labeled-as-text", IMAGE),
        ("identity", IMAGE),
        ("after-hints", IMAGE),
    ],
)
def test_fetch_accepts_every_body_encoding(backend: LoopbackBackend, path: str, expected: bytes) -> None:
    assert fetch_path(backend, path, max_bytes=len(IMAGE)) == expected


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("missing", "responded with 404, expected 200; check the URL"),
        ("broken", "responded with 500"),
        ("rest", "responded with 206"),
        ("no-content", "responded with 204"),
        ("switched", "does not speak HTTP"),
        ("gzip", "compresses its responses"),
        ("identity-and-gzip", "compresses its responses"),
        ("cut", "closed the connection"),
        ("cut-chunk", "closed the connection"),
        ("two-lengths", "does not speak HTTP"),
        ("no-length", "does not speak HTTP"),
        ("long-head", "does not speak HTTP"),
        ("garbage", "does not speak HTTP"),
        ("old", "does not speak HTTP"),
        ("ssh", "does not speak HTTP"),
        ("hangs-up", "does not speak HTTP"),
        ("nowhere", "redirects to 0 locations"),
        ("two-ways", "redirects to 2 locations"),
    ],
)
def test_fetch_of_an_invalid_response_raises_fetch_error(backend: LoopbackBackend, path: str, message: str) -> None:
    with pytest.raises(FetchError, match=message):
        fetch_path(backend, path)


@pytest.mark.parametrize("path", ["image", "until-the-end", "chunked", "says-large", "endless", "endless-chunked"])
def test_too_large_body_is_refused_while_streaming(backend: LoopbackBackend, path: str) -> None:
    with pytest.raises(TooLargeError, match=r"at most 2,055 bytes; downscale it"):
        fetch_path(backend, path, max_bytes=len(IMAGE) - 1)


@pytest.mark.parametrize("path", ["silence", "drip", "drip-head"])
def test_fetch_timeout_covers_the_whole_fetch(backend: LoopbackBackend, path: str) -> None:
    with pytest.raises(FetchError, match=r"must arrive within 0\.3 seconds"):
        fetch_path(backend, path, timeout=0.3)


def test_connection_is_closed_on_timeout(backend: LoopbackBackend, server: Server) -> None:
    with pytest.raises(FetchError):
        fetch_path(backend, "silence", timeout=0.3)
    assert server.left.acquire(timeout=20)


def test_fetch_timeout_covers_the_dns_lookup(backend: LoopbackBackend) -> None:
    async def silent(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    with pytest.raises(FetchError, match="within"):
        fetch("http://images.example/image", backend=backend, resolver=silent, timeout=0.1)
    assert backend.addresses == []


@pytest.mark.parametrize("path", ["moved-301", "moved-302", "moved-303", "moved-307", "moved-308", "hop-1"])
def test_redirect_is_followed_on_a_new_connection(backend: LoopbackBackend, server: Server, path: str) -> None:
    resolver = FakeResolver([PUBLIC])
    assert fetch(f"http://images.example/{path}", backend=backend, resolver=resolver) == IMAGE
    assert server.connections == len(server.requests) == len(backend.addresses) == len(resolver.hosts) > 1
    assert not any(b"cookie" in head.lower() or b"referer" in head.lower() for head in server.requests)


@pytest.mark.parametrize(
    ("path", "max_redirects", "num_requests"), [("moved-301", 0, 1), ("hop-1", 2, 3), ("loop", 5, 6)]
)
def test_too_many_redirects_raise_fetch_error(
    backend: LoopbackBackend, server: Server, path: str, max_redirects: int, num_requests: int
) -> None:
    with pytest.raises(FetchError, match=f"redirects more than {max_redirects} times"):
        fetch_path(backend, path, max_redirects=max_redirects)
    assert len(server.requests) == num_requests


def test_ssrf_url_list_is_large() -> None:
    assert len(set(ssrf_urls())) == len(ssrf_urls()) >= 60


@pytest.mark.parametrize(
    "url", [*ssrf_urls(), "http://images.example/" + "a" * 10_000], ids=lambda url: ascii(url)[:60]
)
def test_ssrf_url_is_refused_before_connecting(backend: LoopbackBackend, server: Server, url: str) -> None:
    with pytest.raises(FetchError) as caught:
        fetch(url, backend=backend, resolver=FakeResolver(["127.0.0.1"]))
    assert (backend.addresses, server.connections) == ([], 0)
    assert "127.0" not in str(caught.value)
    assert "password@" not in str(caught.value)


@pytest.mark.parametrize("url", ssrf_urls(), ids=lambda url: ascii(url)[:60])
def test_redirect_to_ssrf_url_is_refused(backend: LoopbackBackend, url: str) -> None:
    async def resolver(host: str, port: int) -> list[str]:
        return [PUBLIC] if host == "start.example" else ["127.0.0.1"]

    path = "/ssrf"
    RESPONSES[path] = redirect("").replace(b"Location: ", b"Location: " + url.encode("utf-8", "surrogatepass"))
    with pytest.raises(FetchError):
        fetch(f"http://start.example{path}", backend=backend, resolver=resolver, max_redirects=1)
    # Some are relative URLs, which redirect to the server that sent them.
    assert set(backend.addresses) == {(PUBLIC, 80)}


def spellings(address: IPv4Address) -> list[str]:
    a, b, c, d = address.packed
    high, low = struct.unpack(">HH", address.packed)
    number = int(address)
    inverted_high, inverted_low = high ^ 0xFFFF, low ^ 0xFFFF
    full_width = "".join(chr(ord(c) + 0xFEE0) for c in str(address))
    return [
        *(f"{address}", f"{address}.", f"{number}", f"{number}.", f"{number:#x}", f"0{number:o}", full_width),
        *(f"{a}.{b}.{low}", f"{a}.{number & 0xFFFFFF}", f"{a:#x}.{b:#x}.{c:#x}.{d:#x}", f"0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        *(f"{a:#x}.{number & 0xFFFFFF:#x}", f"{a:03}.{b:03}.{c:03}.{d:04}", "%3" + f"{a}.{b}.{c}.{d}"),
        *(f"[::ffff:{address}]", f"[::ffff:{high:x}:{low:x}]", f"[::{address}]", f"[::ffff:0:{address}]"),
        *(f"[64:ff9b::{address}]", f"[64:ff9b:1::{address}]", f"[2002:{high:x}:{low:x}::1]", f"[{address}]"),
        *(f"[2001::{inverted_high:x}:{inverted_low:x}]", f"[2001:0:{high:x}:{low:x}::1]"),
        *(f"[2606:4700::5efe:{address}]", f"[2606:4700::200:5efe:{address}]"),
    ]


@given(
    st.ip_addresses(v=4).filter(lambda address: not is_public(address))
    | st.sampled_from(["10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "192.168.0.0/16"]).flatmap(
        lambda block: st.ip_addresses(network=block)
    )
)
def test_non_public_address_is_refused_in_every_spelling(address: IPv4Address) -> None:
    backend = LoopbackBackend(port=9)

    async def run() -> None:
        async with contextlib.aclosing(
            ImageFetcher(backend=backend, resolver=FakeResolver([str(address)]), ssl_context=SSL_CONTEXT)
        ) as it:
            for host in [*spellings(address), "images.example"]:
                with pytest.raises(FetchError):
                    await it.fetch(f"http://{host}/")

    asyncio.run(run())
    assert backend.addresses == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_is_refused_unless_private_is_allowed(server: Server, host: str) -> None:
    with pytest.raises(FetchError, match="the address is not public"):
        fetch(f"http://{host}:{server.port}/image")
    assert server.connections == 0
    assert fetch(f"http://{host}:{server.port}/image", allow_private=True) == IMAGE
    assert server.connections == 1


@pytest.mark.parametrize("url", ["http://127.1/", "http://a@127.0.0.1/", "file:///etc/passwd", "http://127.0.0.1:25/"])
def test_allow_private_keeps_all_other_rules(backend: LoopbackBackend, url: str) -> None:
    with pytest.raises(FetchError):
        fetch(url, backend=backend, resolver=FakeResolver(["127.0.0.1"]), allow_private=True)
    assert backend.addresses == []


@pytest.mark.parametrize(
    "addresses",
    [
        [],
        ["127.0.0.1"],
        [PUBLIC, "127.0.0.1"],
        ["::1", PUBLIC],
        [PUBLIC] * 20 + ["10.0.0.1"],
        ["fe80::1%eth0"],
        ["::ffff:1.1.1.1"],
        ["images.example"],
        [""],
    ],
)
def test_host_with_one_non_public_address_is_refused(backend: LoopbackBackend, addresses: list[str]) -> None:
    with pytest.raises(FetchError, match=r"the address is not public|no address was found") as caught:
        fetch("http://images.example/image?token=secret", backend=backend, resolver=FakeResolver(addresses))
    assert backend.addresses == []
    assert "10.0" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_host_is_resolved_once_per_request(backend: LoopbackBackend, server: Server) -> None:
    resolver = FakeResolver([PUBLIC], ["127.0.0.1"])
    assert fetch("http://images.example/image", backend=backend, resolver=resolver) == IMAGE
    assert resolver.hosts == [("images.example", 80)]
    assert backend.addresses == [(PUBLIC, 80)]


def test_dns_rebinding_is_refused_at_the_next_request(backend: LoopbackBackend, server: Server) -> None:
    resolver = FakeResolver([PUBLIC], ["127.0.0.1"])
    with pytest.raises(FetchError, match="the address is not public"):
        fetch("http://images.example/moved-301", backend=backend, resolver=resolver)
    assert len(resolver.hosts) == 2
    assert backend.addresses == [(PUBLIC, 80)]
    assert server.connections == 1


def test_unreachable_address_falls_back_to_the_next(server: Server) -> None:
    backend = LoopbackBackend(server.port, unreachable=[OTHER_PUBLIC])
    resolver = FakeResolver([OTHER_PUBLIC, PUBLIC])
    assert fetch("http://images.example/image", backend=backend, resolver=resolver) == IMAGE
    assert [address for address, _ in backend.addresses] == [OTHER_PUBLIC, PUBLIC]


def test_unreachable_server_raises_fetch_error(server: Server) -> None:
    backend = LoopbackBackend(server.port, unreachable=[PUBLIC])
    with pytest.raises(FetchError, match=r"cannot be reached.*send the image itself"):
        fetch_path(backend, "image")


def test_closed_port_raises_fetch_error() -> None:
    with serving() as closed:
        port = closed.port
    with pytest.raises(FetchError, match="cannot be reached"):
        fetch(f"http://127.0.0.1:{port}/", allow_private=True)


def test_host_header_of_ipv6_address_has_brackets(backend: LoopbackBackend, server: Server) -> None:
    assert fetch(f"http://[{OTHER_PUBLIC}]:8080/image", backend=backend) == IMAGE
    assert backend.addresses == [(OTHER_PUBLIC, 8080)]
    assert f"Host: [{OTHER_PUBLIC}]:8080".encode() in server.requests[0]


@pytest.mark.parametrize(
    ("port", "ports", "allowed"),
    [
        (80, (), False),
        (80, {8080}, False),
        (8080, {8080}, True),
        (79, None, False),
        (80, None, True),
        (443, None, True),
        (1023, None, False),
        (1024, None, True),
    ],
)
def test_port_outside_the_allowed_ones_is_refused(
    backend: LoopbackBackend, port: int, ports: Any, allowed: bool
) -> None:
    refused: Callable[[], Any] = lambda: pytest.raises(FetchError, match="port is refused")  # noqa: E731
    with contextlib.nullcontext() if allowed else refused():
        fetch(
            f"http://images.example:{port}/image", backend=backend, resolver=FakeResolver([PUBLIC]), allowed_ports=ports
        )
    assert len(backend.addresses) == allowed


def test_fetch_ignores_proxies_of_the_environment(
    backend: LoopbackBackend, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert fetch_path(backend, "image") == IMAGE
        assert (proxy.connections, server.connections) == (0, 1)


@pytest.mark.parametrize(
    "limits", [{"max_bytes": 0}, {"timeout": 0.0}, {"timeout": float("nan")}, {"max_redirects": -1}]
)
def test_fetcher_with_non_positive_limit_raises_value_error(limits: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="max_bytes and timeout must be positive"):
        ImageFetcher(ssl_context=SSL_CONTEXT, **limits)


def test_concurrent_fetches_are_independent(backend: LoopbackBackend) -> None:
    async def run() -> list[bytes | BaseException]:
        settings: dict[str, Any] = {"backend": backend, "resolver": FakeResolver([PUBLIC]), "ssl_context": SSL_CONTEXT}
        async with contextlib.aclosing(ImageFetcher(**settings)) as fetcher:
            urls = [f"http://images.example/{path}" for path in ("image", "missing") * 20]
            return await asyncio.gather(*map(fetcher.fetch, urls), return_exceptions=True)

    results = asyncio.run(run())
    assert results[::2] == [IMAGE] * 20
    assert all(isinstance(result, FetchError) for result in results[1::2])


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a self-signed certificate for images.example in one file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    options = "-x509 -newkey rsa:2048 -noenc -days 2 -subj /CN=images.example -addext subjectAltName=DNS:images.example"
    made = [
        subprocess.run([openssl, "req", *options.split(), "-keyout", file, "-out", f"{file}.crt"], capture_output=True)
    ]
    assert made[0].returncode == 0, made[0].stderr
    file.write_bytes(file.read_bytes() + Path(f"{file}.crt").read_bytes())
    return file


@pytest.fixture
def secure(certificate: Path) -> Iterator[Server]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with serving(context) as running:
        yield running


def test_tls_uses_the_host_name_and_the_checked_address(certificate: Path, secure: Server) -> None:
    assert secure.tls is not None
    named: list[str | None] = []
    secure.tls.sni_callback = lambda connection, name, context: named.append(name)
    backend = LoopbackBackend(secure.port)
    trusting = ssl.create_default_context(cafile=certificate)
    url = "https://images.example/image"
    assert fetch(url, backend=backend, resolver=FakeResolver([PUBLIC]), ssl_context=trusting) == IMAGE
    assert named == ["images.example"]
    assert backend.addresses == [(PUBLIC, 443)]
    assert b"Host: images.example\r\n" in secure.requests[0]


@pytest.mark.parametrize("host", ["images.example", "other.example", "xn--zzzzzz.example", "my_own.example", PUBLIC])
def test_untrusted_or_mismatched_certificate_is_refused(certificate: Path, secure: Server, host: str) -> None:
    trust = SSL_CONTEXT if host == "images.example" else ssl.create_default_context(cafile=certificate)
    with pytest.raises(FetchError, match="certificate of the URL's server is not trusted"):
        fetch(
            f"https://{host}/image",
            backend=LoopbackBackend(secure.port),
            resolver=FakeResolver([PUBLIC]),
            ssl_context=trust,
        )
    assert secure.requests == []


def test_server_without_tls_raises_fetch_error(backend: LoopbackBackend) -> None:
    with pytest.raises(FetchError, match=r"cannot be reached|does not speak"):
        fetch("https://images.example/image", backend=backend, resolver=FakeResolver([PUBLIC]))


def test_connection_hanging_in_the_tls_handshake_is_closed() -> None:
    async def run() -> bytes:
        closed = asyncio.Event()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()
            closed.set()

        async with await asyncio.start_server(accept, "127.0.0.1", 0) as silent:
            backend = LoopbackBackend(silent.sockets[0].getsockname()[1])
            settings: dict[str, Any] = {
                "backend": backend,
                "resolver": FakeResolver([PUBLIC]),
                "ssl_context": SSL_CONTEXT,
                "timeout": 0.3,
            }
            async with contextlib.aclosing(ImageFetcher(**settings)) as fetcher:
                with pytest.raises(FetchError, match="must arrive within"):
                    await fetcher.fetch("https://images.example/image")
                await asyncio.wait_for(closed.wait(), 20)
        return b""

    asyncio.run(run())

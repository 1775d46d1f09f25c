"""The URL fetcher, against a server of the tests' own on loopback.

Most tests let `Rerouted` carry connections to a public address to that server, so that the address rule stays on.
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
from mememoji.service.url_fetcher.image_fetcher import PictureFetcher
from mememoji.service.url_fetcher.ip_filter import is_public

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
PUBLIC = "1.1.1.1"
OTHER_PUBLIC = "2606:4700:4700::1111"


class Server(socketserver.ThreadingTCPServer):
    """Answers by the path that is asked for with the bytes below, and keeps what it was asked."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.tls = tls
        self.connections = 0
        self.asked: list[bytes] = []
        self.stopping = threading.Event()
        self.left = threading.Semaphore(0)  # counts the clients that closed a connection on a silent server

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
        with contextlib.suppress(OSError):  # the client went away, as it should
            first = self.rfile.read(1)
            if first == b"\x16":  # TLS, which this server does not speak
                self.wfile.write(answer(b"", status="400 Bad Request"))
                return
            head = first
            # A client that gives up the handshake ends the stream: then every line is empty.
            while (line := self.rfile.readline()) not in (b"\r\n", b""):
                head += line
            if line == b"":
                return
            self.server.asked.append(head)
            path = head.split(b" ")[1].decode().partition("?")[0]
            if path == "/silence":
                if self.rfile.read(1) == b"":
                    self.server.left.release()
            elif path in ("/drip", "/drip-head"):
                self.wfile.write(
                    answer(b"", "Transfer-Encoding: chunked") if path == "/drip" else b"HTTP/1.1 200 OK\r\n"
                )
                drop = b"1\r\na\r\n" if path == "/drip" else b"X: a\r\n"
                while not self.server.stopping.wait(0.01):
                    self.wfile.write(drop)
            elif path.startswith("/endless"):
                self.wfile.write(answer(b"", *["Transfer-Encoding: chunked"] * path.endswith("chunked")))
                while not self.server.stopping.is_set():
                    self.wfile.write(b"400\r\n" + bytes(1024) + b"\r\n")
            else:
                self.wfile.write(ANSWERS.get(path, answer(b"nothing here", status="404 Not Found")))


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode() + body


def redirect(location: str, status: str = "302 Found") -> bytes:
    return answer(b"", f"Location: {location}", "Content-Length: 0", "Set-Cookie: a=b", status=status)


ANSWERS = {
    "/empty": answer(b"", "Content-Length: 0"),
    "/picture": answer(PICTURE, f"Content-Length: {len(PICTURE)}"),
    "/until-the-end": answer(PICTURE),
    "/chunked": answer(
        b"5\r\n" + PICTURE[:5] + b"\r\n%x\r\n" % (len(PICTURE) - 5) + PICTURE[5:] + b"\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked",
    ),
    "/labelled-as-text": answer(PICTURE, f"Content-Length: {len(PICTURE)}", "Content-Type: text/html"),
    "/identity": answer(PICTURE, f"Content-Length: {len(PICTURE)}", "Content-Encoding: identity"),
    "/after-hints": b"HTTP/1.1 103 Early Hints\r\n\r\n" + answer(PICTURE, f"Content-Length: {len(PICTURE)}"),
    **{f"/moved-{status}": redirect("/picture", f"{status} Moved") for status in (301, 302, 303, 307, 308)},
    "/hop-1": redirect("hop-2?a=b"),
    "/hop-2": redirect("//pictures.example/hop-3"),
    "/hop-3": redirect("http://pictures.example/picture"),
    "/loop": redirect("/loop"),
    "/nowhere": answer(b"", "Content-Length: 0", status="302 Found"),
    "/two-ways": answer(b"", "Location: /picture", "Location: /empty", "Content-Length: 0", status="302 Found"),
    "/rest": answer(PICTURE, f"Content-Length: {len(PICTURE)}", status="206 Partial Content"),
    "/no-content": answer(b"", status="204 No Content"),
    "/switched": answer(b"", "Upgrade: websocket", "Connection: upgrade", status="101 Switching Protocols"),
    "/broken": answer(b"", "Content-Length: 0", status="500 Internal Server Error"),
    "/gzip": answer(PICTURE, f"Content-Length: {len(PICTURE)}", "Content-Encoding: gzip"),
    "/identity-and-gzip": answer(PICTURE, "Content-Encoding: identity", "Content-Encoding: br"),
    "/says-large": answer(b"", "Content-Length: 99999999999"),
    "/cut": answer(PICTURE[:99], f"Content-Length: {len(PICTURE)}"),
    "/cut-chunk": answer(b"ff\r\nabc", "Transfer-Encoding: chunked"),
    "/two-lengths": answer(PICTURE, "Content-Length: 5", f"Content-Length: {len(PICTURE)}"),
    "/no-length": answer(PICTURE, "Content-Length: -1"),
    "/long-head": answer(PICTURE, "X: " + "a" * 200_000),
    "/garbage": bytes(range(256)) * 8,
    "/old": PICTURE,
    "/ssh": b"SSH-2.0-OpenSSH_9.6\r\n",
    "/hangs-up": b"",
}


class Rerouted(httpcore.AsyncNetworkBackend):
    """Connects to the test's server, whatever the address, and keeps the addresses it was handed."""

    def __init__(self, port: int, unreachable: Sequence[str] = ()) -> None:
        self.port = port
        self.unreachable = unreachable
        self.handed: list[tuple[str, int]] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.handed.append((host, port))
        if host in self.unreachable:
            raise httpcore.ConnectError
        return await httpcore.AnyIOBackend().connect_tcp("127.0.0.1", self.port, timeout)


class Names:
    """A resolver that gives one answer after the other, the last one for ever, and keeps what it was asked."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self.answers[min(len(self.asked), len(self.answers)) - 1]


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
def network(server: Server) -> Rerouted:
    return Rerouted(server.port)


TLS = ssl.create_default_context()
"""Made once: to read the authorities takes long beside these tests."""


def fetched(url: str, **settings: Any) -> bytes:
    async def run() -> bytes:
        async with contextlib.aclosing(PictureFetcher(**{"tls": TLS, **settings})) as fetcher:
            return await fetcher.fetch(url)

    return asyncio.run(run())


def fetched_from(network: Rerouted, path: str, **settings: Any) -> bytes:
    return fetched(f"http://pictures.example/{path}", network=network, resolver=Names([PUBLIC]), **settings)


def tricks() -> list[str]:
    lines = Path(__file__).with_name("ssrf_tricks.txt").read_text("utf-8").split("\n")
    lines = [line for line in lines if line and not line.startswith("# ")]
    return [json.loads(line) if line.startswith('"') else line for line in lines]


def test_the_picture_comes_and_the_request_says_little(network: Rerouted, server: Server) -> None:
    assert fetched_from(network, "picture?size=1#part") == PICTURE
    assert network.handed == [(PUBLIC, 80)]
    first, *headers = server.asked[0].decode().splitlines()
    assert first == "GET /picture?size=1 HTTP/1.1"
    sent = dict(header.split(": ", 1) for header in headers)
    assert sent.pop("User-Agent").startswith("Mememoji/")
    assert sent == {
        "Host": "pictures.example",
        "Accept": "image/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("empty", b""),
        ("until-the-end", PICTURE),
        ("chunked", PICTURE),
        ("labelled-as-text", PICTURE),
        ("identity", PICTURE),
        ("after-hints", PICTURE),
    ],
)
def test_any_form_of_answer_is_taken(network: Rerouted, path: str, expected: bytes) -> None:
    assert fetched_from(network, path, max_bytes=len(PICTURE)) == expected


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("missing", "answered 404, expected 200; check the URL"),
        ("broken", "answered 500"),
        ("rest", "answered 206"),
        ("no-content", "answered 204"),
        ("switched", "does not speak HTTP"),
        ("gzip", "compresses its answers"),
        ("identity-and-gzip", "compresses its answers"),
        ("cut", "broke off"),
        ("cut-chunk", "broke off"),
        ("two-lengths", "does not speak HTTP"),
        ("no-length", "does not speak HTTP"),
        ("long-head", "does not speak HTTP"),
        ("garbage", "does not speak HTTP"),
        ("old", "does not speak HTTP"),
        ("ssh", "does not speak HTTP"),
        ("hangs-up", "does not speak HTTP"),
        ("nowhere", "redirects to 0 places"),
        ("two-ways", "redirects to 2 places"),
    ],
)
def test_other_answers_are_errors(network: Rerouted, path: str, message: str) -> None:
    with pytest.raises(FetchError, match=message):
        fetched_from(network, path)


@pytest.mark.parametrize("path", ["picture", "until-the-end", "chunked", "says-large", "endless", "endless-chunked"])
def test_too_much_is_refused_while_it_comes(network: Rerouted, path: str) -> None:
    with pytest.raises(TooLargeError, match=r"more than 2,055 bytes; make the image smaller"):
        fetched_from(network, path, max_bytes=len(PICTURE) - 1)


@pytest.mark.parametrize("path", ["silence", "drip", "drip-head"])
def test_slow_servers_have_a_time_in_all(network: Rerouted, path: str) -> None:
    with pytest.raises(FetchError, match=r"no whole image within 0\.3 seconds"):
        fetched_from(network, path, seconds=0.3)


def test_a_connection_is_closed_when_time_is_up(network: Rerouted, server: Server) -> None:
    with pytest.raises(FetchError):
        fetched_from(network, "silence", seconds=0.3)
    assert server.left.acquire(timeout=20)


def test_a_slow_name_server_has_no_more_time(network: Rerouted) -> None:
    async def silent(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    with pytest.raises(FetchError, match="within"):
        fetched("http://pictures.example/picture", network=network, resolver=silent, seconds=0.1)
    assert network.handed == []


@pytest.mark.parametrize("path", ["moved-301", "moved-302", "moved-303", "moved-307", "moved-308", "hop-1"])
def test_redirects_are_followed_on_new_connections(network: Rerouted, server: Server, path: str) -> None:
    names = Names([PUBLIC])
    assert fetched(f"http://pictures.example/{path}", network=network, resolver=names) == PICTURE
    assert server.connections == len(server.asked) == len(network.handed) == len(names.asked) > 1
    assert not any(b"cookie" in head.lower() or b"referer" in head.lower() for head in server.asked)


@pytest.mark.parametrize(("path", "most", "asked"), [("moved-301", 0, 1), ("hop-1", 2, 3), ("loop", 5, 6)])
def test_redirects_end(network: Rerouted, server: Server, path: str, most: int, asked: int) -> None:
    with pytest.raises(FetchError, match=f"redirects more than {most} times"):
        fetched_from(network, path, max_redirects=most)
    assert len(server.asked) == asked


def test_there_are_many_tricks() -> None:
    assert len(set(tricks())) == len(tricks()) >= 60


@pytest.mark.parametrize("url", [*tricks(), "http://pictures.example/" + "a" * 10_000], ids=lambda url: ascii(url)[:60])
def test_a_trick_is_refused_before_anything_is_connected_to(network: Rerouted, server: Server, url: str) -> None:
    with pytest.raises(FetchError) as caught:
        fetched(url, network=network, resolver=Names(["127.0.0.1"]))
    assert (network.handed, server.connections) == ([], 0)
    assert "127.0" not in str(caught.value)
    assert "password@" not in str(caught.value)


@pytest.mark.parametrize("url", tricks(), ids=lambda url: ascii(url)[:60])
def test_a_redirect_to_a_trick_is_refused(network: Rerouted, url: str) -> None:
    async def names(host: str, port: int) -> list[str]:
        return [PUBLIC] if host == "start.example" else ["127.0.0.1"]

    path = "/trick"
    ANSWERS[path] = redirect("").replace(b"Location: ", b"Location: " + url.encode("utf-8", "surrogatepass"))
    with pytest.raises(FetchError):
        fetched(f"http://start.example{path}", network=network, resolver=names, max_redirects=1)
    # Some are relative where they come from, and lead back to the server that sent them.
    assert set(network.handed) == {(PUBLIC, 80)}


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
def test_an_address_that_is_not_public_is_refused_in_all_its_spellings(address: IPv4Address) -> None:
    network = Rerouted(port=9)

    async def run() -> None:
        async with contextlib.aclosing(PictureFetcher(network=network, resolver=Names([str(address)]), tls=TLS)) as it:
            for host in [*spellings(address), "pictures.example"]:
                with pytest.raises(FetchError):
                    await it.fetch(f"http://{host}/")

    asyncio.run(run())
    assert network.handed == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_parts_that_are_shipped_refuse_loopback_unless_they_are_told(server: Server, host: str) -> None:
    with pytest.raises(FetchError, match="the address is not public"):
        fetched(f"http://{host}:{server.port}/picture")
    assert server.connections == 0
    assert fetched(f"http://{host}:{server.port}/picture", allow_private=True) == PICTURE
    assert server.connections == 1


@pytest.mark.parametrize("url", ["http://127.1/", "http://a@127.0.0.1/", "file:///etc/passwd", "http://127.0.0.1:25/"])
def test_private_addresses_allowed_lift_no_other_rule(network: Rerouted, url: str) -> None:
    with pytest.raises(FetchError):
        fetched(url, network=network, resolver=Names(["127.0.0.1"]), allow_private=True)
    assert network.handed == []


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
        ["pictures.example"],
        [""],
    ],
)
def test_one_address_that_is_not_public_refuses_the_name(network: Rerouted, addresses: list[str]) -> None:
    with pytest.raises(FetchError, match=r"the address is not public|no address was found") as caught:
        fetched("http://pictures.example/picture?token=secret", network=network, resolver=Names(addresses))
    assert network.handed == []
    assert "10.0" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_name_is_resolved_once_for_a_request_so_it_cannot_be_bound_anew(network: Rerouted, server: Server) -> None:
    names = Names([PUBLIC], ["127.0.0.1"])
    assert fetched("http://pictures.example/picture", network=network, resolver=names) == PICTURE
    assert names.asked == [("pictures.example", 80)]
    assert network.handed == [(PUBLIC, 80)]


def test_a_name_bound_anew_is_refused_at_the_next_request(network: Rerouted, server: Server) -> None:
    names = Names([PUBLIC], ["127.0.0.1"])
    with pytest.raises(FetchError, match="the address is not public"):
        fetched("http://pictures.example/moved-301", network=network, resolver=names)
    assert len(names.asked) == 2
    assert network.handed == [(PUBLIC, 80)]
    assert server.connections == 1


def test_an_address_that_does_not_answer_leaves_the_next(server: Server) -> None:
    network = Rerouted(server.port, unreachable=[OTHER_PUBLIC])
    names = Names([OTHER_PUBLIC, PUBLIC])
    assert fetched("http://pictures.example/picture", network=network, resolver=names) == PICTURE
    assert [address for address, _ in network.handed] == [OTHER_PUBLIC, PUBLIC]


def test_a_server_that_is_not_there_is_an_error(server: Server) -> None:
    network = Rerouted(server.port, unreachable=[PUBLIC])
    with pytest.raises(FetchError, match=r"cannot be reached.*send the image itself"):
        fetched_from(network, "picture")


def test_a_closed_port_is_an_error() -> None:
    with serving() as closed:
        port = closed.port
    with pytest.raises(FetchError, match="cannot be reached"):
        fetched(f"http://127.0.0.1:{port}/", allow_private=True)


def test_an_ipv6_address_keeps_its_brackets(network: Rerouted, server: Server) -> None:
    assert fetched(f"http://[{OTHER_PUBLIC}]:8080/picture", network=network) == PICTURE
    assert network.handed == [(OTHER_PUBLIC, 8080)]
    assert f"Host: [{OTHER_PUBLIC}]:8080".encode() in server.asked[0]


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
def test_ports(network: Rerouted, port: int, ports: Any, allowed: bool) -> None:
    refused: Callable[[], Any] = lambda: pytest.raises(FetchError, match="port is refused")  # noqa: E731
    with contextlib.nullcontext() if allowed else refused():
        fetched(f"http://pictures.example:{port}/picture", network=network, resolver=Names([PUBLIC]), ports=ports)
    assert len(network.handed) == allowed


def test_proxies_of_the_environment_are_not_used(
    network: Rerouted, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert fetched_from(network, "picture") == PICTURE
        assert (proxy.connections, server.connections) == (0, 1)


@pytest.mark.parametrize(
    "limits", [{"max_bytes": 0}, {"seconds": 0.0}, {"seconds": float("nan")}, {"max_redirects": -1}]
)
def test_limits_are_positive(limits: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="limits are positive"):
        PictureFetcher(tls=TLS, **limits)


def test_many_at_once(network: Rerouted) -> None:
    async def run() -> list[bytes | BaseException]:
        settings: dict[str, Any] = {"network": network, "resolver": Names([PUBLIC]), "tls": TLS}
        async with contextlib.aclosing(PictureFetcher(**settings)) as fetcher:
            urls = [f"http://pictures.example/{path}" for path in ("picture", "missing") * 20]
            return await asyncio.gather(*map(fetcher.fetch, urls), return_exceptions=True)

    results = asyncio.run(run())
    assert results[::2] == [PICTURE] * 20
    assert all(isinstance(result, FetchError) for result in results[1::2])


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for images.example that nobody signed, in one file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    options = (
        "-x509 -newkey rsa:2048 -noenc -days 2 -subj /CN=pictures.example -addext subjectAltName=DNS:images.example"
    )
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


def test_tls_is_spoken_with_the_name_and_the_connection_goes_to_the_address(certificate: Path, secure: Server) -> None:
    assert secure.tls is not None
    named: list[str | None] = []
    secure.tls.sni_callback = lambda connection, name, context: named.append(name)
    network = Rerouted(secure.port)
    trusting = ssl.create_default_context(cafile=certificate)
    url = "https://pictures.example/picture"
    assert fetched(url, network=network, resolver=Names([PUBLIC]), tls=trusting) == PICTURE
    assert named == ["pictures.example"]
    assert network.handed == [(PUBLIC, 443)]
    assert b"Host: images.example\r\n" in secure.asked[0]


@pytest.mark.parametrize("host", ["pictures.example", "other.example", "xn--zzzzzz.example", "my_own.example", PUBLIC])
def test_a_certificate_that_is_not_trusted_or_not_of_the_name_is_refused(
    certificate: Path, secure: Server, host: str
) -> None:
    trust = TLS if host == "pictures.example" else ssl.create_default_context(cafile=certificate)
    with pytest.raises(FetchError, match="certificate of the URL's server is not trusted"):
        fetched(f"https://{host}/picture", network=Rerouted(secure.port), resolver=Names([PUBLIC]), tls=trust)
    assert secure.asked == []


def test_a_server_without_tls_is_an_error(network: Rerouted) -> None:
    with pytest.raises(FetchError, match=r"cannot be reached|does not speak"):
        fetched("https://pictures.example/picture", network=network, resolver=Names([PUBLIC]))


def test_a_connection_that_hangs_in_the_handshake_is_closed() -> None:
    async def run() -> bytes:
        closed = asyncio.Event()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()
            closed.set()

        async with await asyncio.start_server(accept, "127.0.0.1", 0) as silent:
            network = Rerouted(silent.sockets[0].getsockname()[1])
            settings: dict[str, Any] = {"network": network, "resolver": Names([PUBLIC]), "tls": TLS, "seconds": 0.3}
            async with contextlib.aclosing(PictureFetcher(**settings)) as fetcher:
                with pytest.raises(FetchError, match="no whole image within"):
                    await fetcher.fetch("https://pictures.example/picture")
                await asyncio.wait_for(closed.wait(), 20)
        return b""

    asyncio.run(run())

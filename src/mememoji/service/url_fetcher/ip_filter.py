"""Which network addresses a URL of a stranger may lead to, and the addresses of a host's name."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

Address = IPv4Address | IPv6Address

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port in, the text of each of its addresses out, the preferred one first; OSError where there is none."""

# IANA's special-purpose registry and what stands beside it. Blocks that Python already calls not global are
# repeated: what it says has changed between its versions, and this must not.
_REFUSED_4: Final = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this network; Linux takes 0.0.0.0 for itself
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' NAT; Alibaba's metadata at 100.100.100.200
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's platform, reached from every machine of it
        "169.254.0.0/16",  # link-local; most clouds' metadata at 169.254.169.254
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata at 192.0.0.192
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays, withdrawn
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)

_UNICAST_6: Final = IPv6Network("2000::/3")
"""All of IPv6 that IANA gives out for global unicast: loopback, mapped, local and multicast blocks lie outside."""

_REFUSED_6: Final = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which carries an IPv4 address
        "3ffe::/16",  # 6bone, returned
        "3fff::/20",  # documentation
    )
)

_NAT64: Final = IPv6Network("64:ff9b::/96")
"""Where DNS64 puts IPv4 addresses for networks without IPv4: their only way to most of the web."""

_ISATAP: Final = frozenset({0x0000_5EFE, 0x0200_5EFE})
"""The upper half of the interface identifier of a tunnel to the IPv4 address in the lower half."""


def is_public(address: Address) -> bool:
    """Whether the address is globally reachable unicast, and no tunnel to one that is not."""
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in block for block in _REFUSED_4)
    if address.scope_id is not None:
        return False
    if address in _NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    if address not in _UNICAST_6 or any(address in block for block in _REFUSED_6):
        return False
    return address.is_global and int(address) >> 32 & 0xFFFF_FFFF not in _ISATAP


class NameResolver:
    """The `Resolver` that asks the system, in threads of its own: a slow name server holds up nothing else.

    Args:
        seconds: a lookup may take, the wait for a thread included.
        threads: lookups at once; what waits is dropped when its time is over.
    """

    def __init__(self, *, seconds: float = 5.0, threads: int = 8) -> None:
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="mememoji-names")

    async def __call__(self, host: str, port: int) -> list[str]:
        """The text of each of the host's addresses, in the system's order.

        Raises:
            OSError: the name has no address, or TimeoutError: there was no answer in time.
        """
        async with asyncio.timeout(self._seconds):
            return await asyncio.get_running_loop().run_in_executor(self._threads, _lookup, host, port)

    def close(self) -> None:
        """Take no more names. Returns at once, also where a lookup hangs."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _lookup(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))

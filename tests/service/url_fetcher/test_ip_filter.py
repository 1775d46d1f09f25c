"""The filter of IP addresses and the DNS resolver."""

import asyncio
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememoji.service.url_fetcher.ip_filter import DNSResolver, is_public


@pytest.mark.parametrize(
    "text",
    [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "223.255.255.255",
        "2606:4700:4700::1111",
        "2001:4860:4860::8888",
        "2a00:1450:4001:800::200e",
        "64:ff9b::8.8.8.8",
    ],
)
def test_public_address_is_public(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0",
        "::",
        # The first and the last of blocks
        *("0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.0"),
        *("127.255.255.255", "169.254.0.0", "169.254.255.255", "172.16.0.0", "172.31.255.255", "192.0.0.0"),
        *("192.0.0.9", "192.0.0.10", "192.0.0.255", "192.0.2.255", "192.88.99.1", "192.168.0.0", "192.168.255.255"),
        *("198.18.0.0", "198.19.255.255", "198.51.100.0", "203.0.113.255", "224.0.0.0", "239.255.255.255"),
        *("240.0.0.0", "255.255.255.255"),
        *("::1", "100::1", "fc00::", "fdff:ffff::1", "fe80::1", "febf::1", "fec0::1", "feff::1", "ff0e::1", "5f00::1"),
        *("2001::1", "2001:1::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:1ff::1", "2001:db8::1"),
        *("3ffe::1", "3fff::1", "4000::1", "2606:4700::1%eth0", "fe80::1%1"),
        # Metadata services
        *("169.254.169.254", "100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254", "fd20:ce::254"),
        # With an embedded IPv4 address, even a public one
        *("::ffff:8.8.8.8", "::ffff:127.0.0.1", "::8.8.8.8", "::127.0.0.1", "::ffff:0:8.8.8.8"),
        *("64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::8.8.8.8", "2002:808:808::1", "2002:7f00:1::1"),
        *("2606:4700::5efe:8.8.8.8", "2606:4700::200:5efe:10.0.0.1"),
    ],
)
def test_special_address_is_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@given(st.ip_addresses(v=4))
def test_public_ipv4_is_global_in_the_standard_library_too(address: IPv4Address) -> None:
    if is_public(address):
        assert address.is_global
        assert not address.is_multicast
        assert not address.is_reserved


@given(st.ip_addresses(v=6))
def test_public_ipv6_embeds_no_ipv4_address(address: IPv6Address) -> None:
    if is_public(address):
        assert address.is_global
        assert not address.is_multicast
        assert (address.ipv4_mapped, address.sixtofour, address.teredo) == (None, None, None)


@given(st.ip_addresses(v=4))
def test_nat64_address_is_public_if_its_ipv4_is(address: IPv4Address) -> None:
    assert is_public(IPv6Address(f"64:ff9b::{address}")) == is_public(address)


def look_up(host: str, **settings: float) -> list[str]:
    resolver = DNSResolver(**settings)  # type: ignore[arg-type]
    try:
        return asyncio.run(resolver(host, 80))
    finally:
        resolver.close()


def test_resolver_returns_the_systems_addresses() -> None:
    addresses = look_up("localhost")
    assert addresses
    assert len(set(addresses)) == len(addresses)
    assert all(ip_address(address).is_loopback for address in addresses)


def test_unknown_host_raises_os_error() -> None:
    with pytest.raises(OSError, match=r"\w"):
        look_up("images.invalid")


def test_lookup_has_its_own_timeout() -> None:
    with pytest.raises(TimeoutError):
        look_up("localhost", timeout=0.0)

"""Which addresses a calendar may be fetched from."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from telemed.scheduling.feeds.fetching import address_of, is_public


@pytest.mark.parametrize("address", [
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0",
    "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2001:0:7f00:1::", "100::1",
])  # fmt: skip
def test_what_is_not_on_the_internet(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["9.9.9.9", "141.1.1.1", "2620:fe::fe", "::ffff:9.9.9.9"])
def test_what_is(address: str) -> None:
    assert is_public(ip_address(address))


def test_addresses_as_calendar_programs_give_them() -> None:
    assert str(address_of(" webcal://example.org/a.ics ")) == "https://example.org/a.ics"
    assert str(address_of("http://example.org:8080/a.ics?key=1#x")) == "http://example.org:8080/a.ics?key=1"


@pytest.mark.parametrize("typed", [
    "", "example.org/a.ics", "file:///etc/passwd", "ftp://example.org/", "https://", "gopher://x/1", "//example.org/a",
    "https://example.org/" + "a" * 2000, "http://[::1", "javascript:alert(1)",
])  # fmt: skip
def test_addresses_that_are_none(typed: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        address_of(typed)

"""Who calls, behind proxies."""

import pytest

from seriatim.gateway.http.addresses import TrustedProxies

PROXIES = TrustedProxies(["10.0.0.0/8", "2001:db8::1"])


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "caller"),
    [
        ("192.0.2.1", None, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),  # not a proxy of ours: whatever it says is its own
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "1.2.3.4, 198.51.100.7", "198.51.100.7"),  # the left part was written by the caller
        ("10.0.0.1", "198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("2001:db8::1", "2001:db8::2", "2001:db8::2"),
        ("", "198.51.100.7", ""),
    ],
)
def test_only_a_trusted_proxy_is_believed_and_only_about_its_caller(
    peer: str, forwarded_for: str | None, caller: str
) -> None:
    assert PROXIES.caller(peer, forwarded_for) == caller


def test_nobody_is_trusted_by_default() -> None:
    assert TrustedProxies().caller("127.0.0.1", "198.51.100.7") == "127.0.0.1"


def test_a_setting_that_is_no_network_is_refused_at_start() -> None:
    with pytest.raises(ValueError, match="proxy"):
        TrustedProxies(["proxy"])

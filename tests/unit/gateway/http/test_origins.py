"""Which pages may sign people in."""

import pytest

from seriatim.gateway.http.origins import origin_allowed

LISTED = frozenset({"https://chat.example"})


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://localhost:8000", "localhost:8000"),
        ("https://chat.example", "chat.example"),
        ("https://chat.example", "chat.example:443"),
        ("https://chat.example:443", "chat.example"),
        ("http://CHAT.example", "chat.EXAMPLE"),
        ("http://[::1]:8000", "[::1]:8000"),
    ],
)
def test_a_page_of_the_host_itself_may(origin: str, host: str) -> None:
    assert origin_allowed(origin, host, None)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://evil.example", "chat.example"),
        ("https://chat.example.evil.example", "chat.example"),
        ("http://localhost:3000", "localhost:8000"),
        ("null", "chat.example"),
        ("", "chat.example"),
        ("file://", ""),
        ("https://", ""),
        ("https://chat.example:x", "chat.example"),
        ("chrome-extension://chat.example", "chat.example"),
        ("https://[chat.example", "chat.example"),
    ],
)
def test_no_other_page_may(origin: str, host: str) -> None:
    assert not origin_allowed(origin, host, None)


def test_a_list_replaces_the_rule_of_the_same_host() -> None:
    assert origin_allowed("https://chat.example", "internal:8000", LISTED)
    assert not origin_allowed("http://internal:8000", "internal:8000", LISTED)

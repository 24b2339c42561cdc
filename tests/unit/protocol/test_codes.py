"""Close codes: which ones let a client come back unchanged."""

import pytest

from seriatim.protocol.codes import CloseCode, may_reconnect

FINAL = {
    CloseCode.BAD_FRAME,
    CloseCode.NOT_AUTHENTICATED,
    CloseCode.FORBIDDEN,
    CloseCode.REPLACED,
    CloseCode.DEVICE_REVOKED,
    CloseCode.TOO_BIG,
    CloseCode.UPGRADE_CLIENT,
    CloseCode.BANNED,
}


@pytest.mark.parametrize("code", CloseCode, ids=lambda code: code.name)
def test_a_client_comes_back_unless_it_has_to_change_something_first(code: CloseCode) -> None:
    assert may_reconnect(code) is (code not in FINAL)


def test_a_connection_that_broke_without_a_word_is_made_again() -> None:
    assert may_reconnect(1006)

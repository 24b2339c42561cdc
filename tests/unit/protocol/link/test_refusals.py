import pytest

from seriatim.core.errors import ChatError, Forbidden, KeyReused, RateLimited, TokenExpired, Unavailable
from seriatim.protocol.answers import Error
from seriatim.protocol.link.refusals import error_of, is_final


@pytest.mark.parametrize(
    ("code", "kind", "final"),
    [
        ("forbidden", Forbidden, True),
        ("key_reused", KeyReused, True),
        ("rate_limited", RateLimited, False),
        ("unavailable", Unavailable, False),
        ("token_expired", TokenExpired, False),
        ("from_the_future", ChatError, True),
    ],
)
def test_a_code_becomes_its_error_and_says_whether_to_try_again(code: str, kind: type[ChatError], final: bool) -> None:
    error = error_of(Error(id=1, code=code, message="no", path="$.body"))
    assert type(error) is kind
    assert error.path == "$.body"
    assert is_final(error) is final


def test_who_mentions_everybody_too_often_holds_up_nothing_of_what_he_writes_next() -> None:
    refused = Error(id=1, code="rate_limited", message="no", reason="mention_all", retry_after_ms=500_000)
    assert is_final(error_of(refused))

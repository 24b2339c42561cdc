"""Refusals: each has a code of its own, a status that means the same, and says whether to try again."""

import pytest

from seriatim.core import errors
from seriatim.core.errors import ChatError, RateLimited

ALL = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, ChatError) and kind != ChatError
]
AGAIN = {"rate_limited", "internal", "unavailable"}


def test_no_two_refusals_share_a_code() -> None:
    codes = [kind.code for kind in ALL]
    assert len(set(codes)) == len(codes) > 10


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.code)
def test_only_what_may_pass_is_tried_again_and_its_status_says_so(kind: type[ChatError]) -> None:
    assert kind.retryable is (kind.code in AGAIN)
    assert (kind.status in {429, 500, 503}) is kind.retryable


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    assert errors.__doc__ is not None
    drawn = {line.split("──")[1].split()[0] for line in errors.__doc__.splitlines() if "──" in line}
    assert drawn == {kind.__name__ for kind in ALL}


def test_a_refusal_carries_its_field_rule_and_wait() -> None:
    error = RateLimited("too many", path="$.body", reason="send", retry_after_ms=5)
    assert (str(error), error.path, error.reason, error.retry_after_ms) == ("too many", "$.body", "send", 5)

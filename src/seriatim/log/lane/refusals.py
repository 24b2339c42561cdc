"""What the append function says when it does not store a message: its statuses as errors."""

from typing import NamedTuple

from seriatim.core.errors import BadRequest, ChatError, Forbidden, KeyReused, NotFound, RateLimited


class _Refusal(NamedTuple):
    error: type[ChatError]
    message: str
    path: str = "$.conversation_id"
    reason: str | None = None


_REFUSALS = {
    2: _Refusal(KeyReused, "this client_id was stored with another body", "$.client_id"),
    3: _Refusal(NotFound, "no such conversation"),
    4: _Refusal(Forbidden, "only members may send here"),
    5: _Refusal(BadRequest, "there is no such entry to quote", "$.target_seq", "no_such_entry"),
    6: _Refusal(BadRequest, "there is no such message to reply to", "$.thread_seq", "no_such_thread"),
    7: _Refusal(BadRequest, "this is a reply: name the root of its thread", "$.thread_seq", "nested_thread"),
    8: _Refusal(Forbidden, "this conversation is archived", reason="archived"),
    9: _Refusal(Forbidden, "a moderator has silenced you here", reason="silenced"),
    10: _Refusal(Forbidden, "your role may not send here", reason="post_role"),
    11: _Refusal(Forbidden, "slow mode: not so soon after your last message", reason="slow_mode"),
    12: _Refusal(Forbidden, "you may not mention everybody here", "$.mentions", "mention_all"),
    13: _Refusal(RateLimited, "you mentioned everybody a short while ago", "$.mentions", "mention_all"),
}


def refusal(status: int, wait_ms: int) -> ChatError:
    """Return the error that this status of append_with_2 means; `wait_ms` 0: no use to wait."""
    error, message, path, reason = _REFUSALS[status]
    return error(message, path=path, reason=reason, retry_after_ms=wait_ms or None)

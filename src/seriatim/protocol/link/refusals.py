"""`error` frames back to the errors of core/errors.py, and which of them keep a command in the outbox."""

from collections.abc import Iterator

from seriatim.core.errors import ChatError, TokenExpired
from seriatim.protocol.answers import Error


def error_of(frame: Error) -> ChatError:
    """Return the error that the server raised; a code this version does not know is a plain ChatError."""
    kind = _BY_CODE.get(frame.code, ChatError)
    return kind(frame.message, path=frame.path, reason=frame.reason, retry_after_ms=frame.retry_after_ms)


def is_final(error: ChatError) -> bool:
    """Say whether sending the same command again is pointless, or would hold up what follows it for minutes."""
    return error.reason == "mention_all" or not (
        error.retryable or error.retry_after_ms is not None or isinstance(error, TokenExpired)
    )


def _tree(kind: type[ChatError]) -> Iterator[type[ChatError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _tree(child)


_BY_CODE = {kind.code: kind for kind in _tree(ChatError)}

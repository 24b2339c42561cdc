"""Every way in which Seriatim refuses, as one tree; `code` is for programs and never changes, the text is for people.

ChatError
├── BadFrame             bytes that are no frame
├── BadRequest           decoded, but invalid (path, reason)
│   └── BadQuery         a search that cannot be understood (position)
├── Unauthenticated
│   └── TokenExpired
├── Forbidden            a member without this right
├── NotFound             does not exist, or the asker may not know that it does
├── Conflict             the state forbids it (reason)
│   └── KeyReused        this client_id was stored with another body
├── Gone                 expired or removed for good
├── TooLarge             over a size limit (limit)
├── RateLimited          later, with the same key (retry_after_ms)
├── Internal             a bug, logged
└── Unavailable          outcome unknown or not tried; again with the same key
"""

from typing import ClassVar


class ChatError(Exception):
    """A refusal with a stable code; a refused command has changed nothing.

    `path` names the field (`$.body`), `reason` the rule in one word, `retry_after_ms` the earliest sensible retry.
    """

    code: ClassVar[str]
    status: ClassVar[int]
    retryable: ClassVar[bool] = False

    def __init__(
        self, message: str, *, path: str | None = None, reason: str | None = None, retry_after_ms: int | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.reason = reason
        self.retry_after_ms = retry_after_ms


class BadFrame(ChatError):
    """No frame: not JSON or MessagePack, not an object or an array of frames, unknown `type`, too deep."""

    code = "bad_frame"
    status = 400


class BadRequest(ChatError):
    """Decoded, but a field is missing, mistyped, out of range or against a rule; `path` says which."""

    code = "bad_request"
    status = 400


class BadQuery(BadRequest):
    """A search that means nothing; `position` is the place in it, in code points, and `reason` says what is wrong."""

    code = "bad_query"

    def __init__(
        self,
        message: str,
        position: int = 0,
        *,
        path: str | None = "$.query",
        reason: str | None = None,
        retry_after_ms: int | None = None,
    ) -> None:
        super().__init__(message, path=path, reason=reason, retry_after_ms=retry_after_ms)
        self.position = position


class Unauthenticated(ChatError):
    """No token, or a false one."""

    code = "unauthenticated"
    status = 401


class TokenExpired(Unauthenticated):
    """The access token is too old: renew it and try again."""

    code = "token_expired"


class Forbidden(ChatError):
    """A member of the conversation who lacks this right."""

    code = "forbidden"
    status = 403


class NotFound(ChatError):
    """It does not exist, or the asker may not know that it does: the same answer for both."""

    code = "not_found"
    status = 404


class Conflict(ChatError):
    """The present state forbids it; `reason` says why (`last_owner`, `full`, `name_taken`)."""

    code = "conflict"
    status = 409


class KeyReused(Conflict):
    """The `client_id` is stored for this device with another body."""

    code = "key_reused"


class Gone(ChatError):
    """Expired, or removed for good."""

    code = "gone"
    status = 410


class TooLarge(ChatError):
    """Over a size limit; `reason` is the limit."""

    code = "too_large"
    status = 413


class RateLimited(ChatError):
    """Too many: try again with the same key after `retry_after_ms`."""

    code = "rate_limited"
    status = 429
    retryable = True


class Internal(ChatError):
    """A bug of ours, logged; the outcome is unknown."""

    code = "internal"
    status = 500
    retryable = True


class Unavailable(ChatError):
    """The outcome is unknown or the command was not tried: send it again with the same `client_id`."""

    code = "unavailable"
    status = 503
    retryable = True


class ProtocolError(Exception):
    """The connection cannot go on; it is closed with `close_code` (protocol/codes.py)."""

    def __init__(self, close_code: int, message: str) -> None:
        super().__init__(message)
        self.close_code = close_code
        self.message = message

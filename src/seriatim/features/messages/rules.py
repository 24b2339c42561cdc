"""What a `send` shows by itself: whether its body may become an entry. What depends on rows is decided in append."""

from seriatim.core.errors import BadRequest, TooLarge
from seriatim.core.trace import Trace
from seriatim.log.draft import Draft
from seriatim.protocol.commands import SendMessage
from seriatim.protocol.limits import LIMITS
from seriatim.protocol.sender import Sender


def draft(command: SendMessage, sender: Sender, trace: Trace | None = None) -> Draft:
    """Return the entry that this command wishes for; its body is kept as it was written, unnormalised and untrimmed.

    Raises:
        TooLarge: the body has more than 16 KiB of UTF-8 (the decoder counts code points, storage counts bytes).
        BadRequest: the body is nothing but white space.
    """
    body = command.body
    if len(body) * 4 > LIMITS.body_bytes and len(body.encode()) > LIMITS.body_bytes:
        raise TooLarge(f"a body has at most {LIMITS.body_bytes} bytes of UTF-8", path="$.body", reason="body_bytes")
    if not body or body.isspace():
        raise BadRequest("a body has something to read", path="$.body", reason="blank")
    user_id, device_id = sender
    return Draft(command.conversation_id, user_id, device_id, command.client_id, body, command.target_seq, trace)

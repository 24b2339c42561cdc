"""Whether a body may become an entry, and who may change a message; what depends on rows is decided under their lock.

A `send` is decided in append, which knows its conversation; every other command in the transaction of its verb.
"""

from seriatim.core.errors import BadRequest, Conflict, Forbidden, TooLarge
from seriatim.core.trace import Trace
from seriatim.log.draft import Change, Draft, Extras, Target
from seriatim.protocol.commands import Edit, SendMessage
from seriatim.protocol.entries import MessageEdited
from seriatim.protocol.limits import LIMITS
from seriatim.protocol.sender import Sender


def draft(command: SendMessage, sender: Sender, trace: Trace | None = None) -> Draft:
    """Return the entry that this command wishes for; its body is kept as it was written, unnormalised and untrimmed.

    Raises:
        TooLarge: the body has more than 16 KiB of UTF-8 (the decoder counts code points, storage counts bytes).
        BadRequest: the body is nothing but white space, or the message is to stand in the main timeline too but is no
            reply in a thread.
    """
    body = command.body
    readable(body)
    user_id, device_id, _ = sender
    extras = None
    if command.thread_seq is not None or command.mentions:
        extras = Extras(command.thread_seq, command.broadcast, tuple(sorted(set(command.mentions))))
    if command.broadcast and command.thread_seq is None:
        raise BadRequest("only a reply in a thread stands there and here", path="$.broadcast", reason="no_thread")
    here, key = command.conversation_id, command.client_id
    return Draft(here, user_id, device_id, key, body, command.target_seq, trace, extras)


def readable(body: str) -> None:
    """Refuse a body that is too long, or blank.

    Raises:
        TooLarge: more than 16 KiB of UTF-8 (the decoder counts code points, storage counts bytes).
        BadRequest: nothing but white space.
    """
    if len(body) * 4 > LIMITS.body_bytes and len(body.encode()) > LIMITS.body_bytes:
        raise TooLarge(f"a body has at most {LIMITS.body_bytes} bytes of UTF-8", path="$.body", reason="body_bytes")
    if not body or body.isspace():
        raise BadRequest("a body has something to read", path="$.body", reason="blank")


def edit(command: Edit, sender: Sender) -> Change:
    """Return the entry that this `edit` wishes for.

    Raises:
        TooLarge, BadRequest: as for a message.
    """
    readable(command.body)
    return Change(
        command.conversation_id,
        sender,
        command.client_id,
        MessageEdited,
        {},
        target_seq=command.target_seq,
        body=command.body,
    )


def edited(wish: Change, target: Target) -> Change:
    """Let authors change what they wrote themselves, and return the entry with what the message said before.

    Raises:
        Forbidden: another's message.
        Conflict: `forwarded` (these are another's words), or `unchanged`.
    """
    if target.sender_id != wish.sender.user_id:
        raise Forbidden("only its author edits a message", path="$.target_seq")
    if target.meta and "forwarded" in target.meta:
        raise Conflict("a forwarded message says what its author said", path="$.target_seq", reason="forwarded")
    if target.body == wish.body:
        raise Conflict("the message says this already", path="$.body", reason="unchanged")
    return wish._replace(outcome={"previous": target.body})


def delete(target: Target, sender: Sender, *, deletes_others: bool) -> None:
    """Let authors delete what is theirs, and who keeps order everything.

    Raises:
        Forbidden: another's message, and the sender may not delete those.
    """
    if target.sender_id != sender.user_id and not deletes_others:
        raise Forbidden("only its author or an admin deletes this", path="$.target_seq")

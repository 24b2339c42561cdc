"""Commands by which people call bots, and bots answer them."""

from seriatim.protocol.fields import CallId, ClientId, SlashName, SlashText, WireConversationId
from seriatim.protocol.messages.command import Command


class Slash(Command, frozen=True, kw_only=True, tag="slash"):
    """Call a command that a bot of this conversation offers (`/name text`); answered by `slashed`.

    The same `client_id` never makes a second message; the bot itself may be called twice.
    """

    conversation_id: WireConversationId
    client_id: ClientId
    name: SlashName
    text: SlashText = ""


class AnswerSlash(Command, frozen=True, kw_only=True, tag="answer_slash"):
    """Answer a `slash_called` within 3 s; `text` is shown to who called, and to nobody else; answered by `ok`."""

    call_id: CallId
    text: SlashText = ""

"""What commands have in common: `id`, which the answer echoes; a key, where they make an entry; a conversation."""

import msgspec

from seriatim.protocol.fields import ClientId, FrameId, WireConversationId


class Command(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """A frame that is answered: the answer echoes `id`."""

    id: FrameId


class EntryCommand(Command, frozen=True, kw_only=True):
    """A command that makes one entry; answered by `sent`. The same `client_id` never makes a second one."""

    client_id: ClientId


class ConversationCommand(EntryCommand, frozen=True, kw_only=True):
    """An entry-making command on an existing conversation."""

    conversation_id: WireConversationId

"""Commands on messages and polls that stand in the log: each becomes an entry of its own."""

from seriatim.protocol.fields import (
    Body,
    ChosenOptions,
    ClosesAt,
    Emoji,
    PollOptions,
    Question,
    Seq,
    WireConversationId,
)
from seriatim.protocol.messages.command import ConversationCommand


class TargetCommand(ConversationCommand, frozen=True, kw_only=True):
    """A command on the message or poll `target_seq`."""

    target_seq: Seq


class Edit(TargetCommand, frozen=True, kw_only=True, tag="edit"):
    """Give one's own message another body; the bodies before stay in its history. Mentions stay as they were sent."""

    body: Body


class Delete(TargetCommand, frozen=True, kw_only=True, tag="delete"):
    """Take a message or poll away from everybody, with its history: one's own; admins and owners, anybody's."""


class React(TargetCommand, frozen=True, kw_only=True, tag="react"):
    """Put an emoji on a message or poll."""

    emoji: Emoji


class Unreact(TargetCommand, frozen=True, kw_only=True, tag="unreact"):
    """Take one's own emoji away again."""

    emoji: Emoji


class Pin(TargetCommand, frozen=True, kw_only=True, tag="pin"):
    """Keep a message or poll at hand for everybody in the conversation."""


class Unpin(TargetCommand, frozen=True, kw_only=True, tag="unpin"):
    """Take a pin away again."""


class Forward(ConversationCommand, frozen=True, kw_only=True, tag="forward"):
    """Send the body of a message that one may read, as a message that says where it is from."""

    source_conversation_id: WireConversationId
    source_seq: Seq


class StartPoll(ConversationCommand, frozen=True, kw_only=True, tag="start_poll"):
    """Ask everybody here; `multiple`: a vote may name several options; `anonymous`: nobody is told who voted what."""

    question: Question
    options: PollOptions
    multiple: bool = False
    anonymous: bool = False
    closes_at: ClosesAt | None = None


class Vote(TargetCommand, frozen=True, kw_only=True, tag="vote"):
    """Vote in a poll for options by their place, 0 for the first; replaces one's earlier vote, [] takes it back."""

    options: ChosenOptions


class ClosePoll(TargetCommand, frozen=True, kw_only=True, tag="close_poll"):
    """End a poll before its time: one's own; admins and owners, anybody's."""


MessageCommand = Edit | Delete | React | Unreact | Pin | Unpin | StartPoll | Vote | ClosePoll

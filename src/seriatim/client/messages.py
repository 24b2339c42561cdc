"""What becomes of messages: replying, changing them, reacting, pinning, passing on, polls; part of a Client."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any

from seriatim.core.ids import ConversationId, UserId, uuid7
from seriatim.protocol.commands import (
    ClosePoll,
    Delete,
    Edit,
    Forward,
    Pin,
    React,
    SendMessage,
    StartPoll,
    Unpin,
    Unreact,
    Vote,
)
from seriatim.protocol.link import Acked, OutboxCommand


class Messages:
    """Each of these is kept, sent and answered as `Client.submit` says, and raises what it raises.

    `target_seq` is the message or poll meant. What comes of it is written into the entries that the device holds.
    """

    def __init__(self, submit: Callable[[OutboxCommand], Awaitable[Acked]]) -> None:
        self._submit = submit

    async def reply(
        self,
        conversation_id: ConversationId,
        thread_seq: int,
        body: str,
        *,
        broadcast: bool = False,
        mentions: Iterable[UserId] = (),
    ) -> Acked:
        """Reply in the thread of a message; `broadcast`: in the main timeline too. `mentions`: 0 is everybody."""
        command = SendMessage(
            **_on(conversation_id), body=body, thread_seq=thread_seq, broadcast=broadcast, mentions=tuple(mentions)
        )
        return await self._submit(command)

    async def edit(self, conversation_id: ConversationId, target_seq: int, body: str) -> Acked:
        """Give one's own message another body."""
        return await self._submit(Edit(**_on(conversation_id), target_seq=target_seq, body=body))

    async def delete(self, conversation_id: ConversationId, target_seq: int) -> Acked:
        """Take a message or poll away from everybody."""
        return await self._submit(Delete(**_on(conversation_id), target_seq=target_seq))

    async def react(self, conversation_id: ConversationId, target_seq: int, emoji: str) -> Acked:
        """Put one emoji, or a `:custom_name:`, on a message or poll."""
        return await self._submit(React(**_on(conversation_id), target_seq=target_seq, emoji=emoji))

    async def unreact(self, conversation_id: ConversationId, target_seq: int, emoji: str) -> Acked:
        """Take one's own emoji away again."""
        return await self._submit(Unreact(**_on(conversation_id), target_seq=target_seq, emoji=emoji))

    async def pin(self, conversation_id: ConversationId, target_seq: int) -> Acked:
        """Keep a message or poll at hand for everybody."""
        return await self._submit(Pin(**_on(conversation_id), target_seq=target_seq))

    async def unpin(self, conversation_id: ConversationId, target_seq: int) -> Acked:
        """Take a pin away again."""
        return await self._submit(Unpin(**_on(conversation_id), target_seq=target_seq))

    async def forward(self, conversation_id: ConversationId, source: tuple[ConversationId, int]) -> Acked:
        """Send on what the message at `source` (conversation, seq) says."""
        place, seq = source
        return await self._submit(Forward(**_on(conversation_id), source_conversation_id=place, source_seq=seq))

    async def start_poll(
        self,
        conversation_id: ConversationId,
        question: str,
        options: Iterable[str],
        *,
        multiple: bool = False,
        anonymous: bool = False,
        closes_at: datetime | None = None,
    ) -> Acked:
        """Ask everybody there; nobody is told who voted what in an anonymous poll."""
        return await self._submit(
            StartPoll(
                **_on(conversation_id),
                question=question,
                options=list(options),
                multiple=multiple,
                anonymous=anonymous,
                closes_at=closes_at,
            )
        )

    async def vote(self, conversation_id: ConversationId, target_seq: int, options: Iterable[int]) -> Acked:
        """Choose options by their place, 0 for the first; none takes one's vote back."""
        return await self._submit(Vote(**_on(conversation_id), target_seq=target_seq, options=list(options)))

    async def close_poll(self, conversation_id: ConversationId, target_seq: int) -> Acked:
        """End a poll before its time."""
        return await self._submit(ClosePoll(**_on(conversation_id), target_seq=target_seq))


def _on(conversation_id: ConversationId) -> dict[str, Any]:
    """Return the fields that every command on a conversation has, with a fresh key."""
    return {"id": 0, "client_id": uuid7(), "conversation_id": conversation_id}

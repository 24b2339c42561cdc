"""What people said and how others reacted, stored in batches under keys that are made of Slack's ids."""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from seriatim.app.cli.import_slack import store
from seriatim.app.cli.import_slack.archive import Archive, Place
from seriatim.app.cli.import_slack.mrkdwn import markdown, pieces
from seriatim.app.cli.import_slack.shapes import Message, is_program, stamp
from seriatim.core.errors import Conflict, KeyReused, NotFound
from seriatim.core.ids import ConversationId
from seriatim.features.emoji.shortcodes import shortcodes
from seriatim.features.reactions.react import react
from seriatim.log.append import Appender
from seriatim.log.draft import Draft, Extras, Stored
from seriatim.protocol.commands import React
from seriatim.protocol.limits import LIMITS
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database

BATCH = 500
"""Messages stored at once, in one transaction."""


class Outcome(msgspec.Struct):
    """What an import did; what was there from an earlier run is counted as `known`."""

    people_added: int = 0
    people_known: int = 0
    conversations: int = 0
    messages_added: int = 0
    messages_known: int = 0
    messages_changed: int = 0
    """Known, but the export says something else now: they stay as they are."""
    messages_empty: int = 0
    reactions: int = 0
    reactions_unknown: int = 0
    """With an emoji that this server does not have."""


class _Piece(NamedTuple):
    """One message to be stored, and which of Slack's it is."""

    source: Message
    draft: Draft


class Talk:
    """Stores the messages of one conversation after the other, and counts them; `people` and `names` by Slack's ids."""

    def __init__(
        self,
        archive: Archive,
        database: Database,
        appender: Appender,
        people: Mapping[str, Sender],
        names: Mapping[str, str],
    ) -> None:
        self._archive, self._database, self._appender = archive, database, appender
        self._people, self._names = people, names
        self.outcome = Outcome()

    async def bring(self, place: Place, conversation_id: ConversationId, owner: Sender) -> None:
        """Store what was said, batch by batch, and after each batch the reactions to it."""
        roots = dict[str, int]()
        waiting = list[_Piece]()
        named = set[str]()
        for message in self._archive.messages(place):
            root = message.thread_ts if message.thread_ts != message.ts else None
            if len(waiting) >= BATCH or (root is not None and root in named):
                await self._store(waiting, roots)
                waiting.clear()
                named.clear()
            found = list(self._pieces(place, message, conversation_id, owner, roots.get(root) if root else None))
            self.outcome.messages_empty += not found
            waiting += found
            named.add(message.ts)
        await self._store(waiting, roots)

    def _pieces(
        self, place: Place, message: Message, conversation_id: ConversationId, owner: Sender, thread_seq: int | None
    ) -> Iterator[_Piece]:
        is_from_program = is_program(message)
        sender = owner if is_from_program else self._people[message.user or ""]
        via = (message.username or "Slackbot")[: LIMITS.name_code_points] if is_from_program else None
        seconds, microseconds = stamp(message.ts)
        sent_at = datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=microseconds)
        extras = Extras(
            thread_seq=thread_seq,
            broadcast=thread_seq is not None and message.subtype == "thread_broadcast",
            via=via,
            sent_at=sent_at,
        )
        for number, body in enumerate(pieces(body_of(message, self._names))):
            key = key_of(place.conversation.id, f"{message.ts} {number}")
            draft = Draft(conversation_id, sender.user_id, sender.device_id, key, body, extras=extras)
            yield _Piece(message, draft)

    async def _store(self, waiting: list[_Piece], roots: dict[str, int]) -> None:
        async with asyncio.TaskGroup() as tasks:
            started = [tasks.create_task(self._append(piece.draft)) for piece in waiting]
        reacted = list[tuple[Message, ConversationId, int]]()
        for piece, task in zip(waiting, started, strict=True):
            seq, ts = task.result(), piece.source.ts
            if piece.source.thread_ts == ts:
                roots.setdefault(ts, seq)
            if piece.source.reactions and (not reacted or reacted[-1][0] is not piece.source):
                reacted.append((piece.source, piece.draft.conversation_id, seq))
        for message, conversation_id, seq in reacted:
            await self._react(message, conversation_id, seq)

    async def _append(self, draft: Draft) -> int:
        """Store one message and return its seq."""
        try:
            stored: Stored = await self._appender.append(draft)
        except KeyReused:
            self.outcome.messages_changed += 1
            async with self._database.read() as connection:
                seq = await store.seq_of(connection, draft.conversation_id, draft.device_id, draft.client_id)
            assert seq is not None
            return seq
        if stored.duplicate:
            self.outcome.messages_known += 1
        else:
            self.outcome.messages_added += 1
        return stored.entry.seq

    async def _react(self, message: Message, conversation_id: ConversationId, seq: int) -> None:
        for reaction in message.reactions:
            name = reaction.name.partition("::")[0]
            for user in dict.fromkeys(reaction.users):
                sender = self._people[user]
                key = uuid5(key_of(str(conversation_id), message.ts), f"{reaction.name} {user}")
                command = React(
                    id=0,
                    client_id=key,
                    conversation_id=conversation_id,
                    target_seq=seq,
                    emoji=shortcodes().get(name, f":{name}:"),
                )
                try:
                    stored = await react(command, sender, self._database)
                except NotFound:
                    self.outcome.reactions_unknown += 1
                except Conflict:
                    continue  # two skin tones of one emoji, more than 50 kinds, or deleted here since
                else:
                    self.outcome.reactions += not stored.duplicate


def key_of(conversation: str, what: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"slack:{conversation}:{what}")


def body_of(message: Message, names: Mapping[str, str]) -> str:
    if message.subtype == "tombstone":
        return "*This message was deleted.*"
    text = markdown(message.text or "", names)
    if not text.strip():
        text = "\n".join(markdown(one.text or one.fallback or "", names) for one in message.attachments)
    if message.subtype == "me_message":
        text = f"*{text}*"
    links = [
        f"[{file.title or file.name or 'file'}]({file.permalink or file.url_private})"
        for file in message.files
        if file.permalink or file.url_private
    ]
    return "\n".join(part for part in (text, *links) if part.strip())

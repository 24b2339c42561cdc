"""What is this user's alone: drafts, levels, settings, saved and scheduled messages, reminders; and others' marks."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from seriatim.client.http import LONGEST_PAGE, Http
from seriatim.client.store import Store
from seriatim.core.ids import ConversationId, UserId
from seriatim.protocol.answers import MemberMarks, Ok, Pong, SelfChanged, ServerFrame, Watermarks, Welcome
from seriatim.protocol.commands import SendMessage
from seriatim.protocol.http.own import (
    ChangeScheduled,
    Mention,
    Mentions,
    NewReminder,
    Receipts,
    Reminder,
    Reminders,
    SavedMessage,
    SavedMessages,
    ScheduledMessage,
    ScheduledMessages,
    ScheduleMessage,
    UnreadConversation,
    Unreads,
)
from seriatim.protocol.http.threads import Thread, Threads
from seriatim.protocol.own.changes import OwnDraft, OwnMine, OwnSettings, OwnThread
from seriatim.protocol.own.settings import ChangeSettings, Level, Settings

KEPT = (OwnDraft, OwnMine, OwnThread, OwnSettings)
"""What is told as it is now, and kept; of lists only that they changed."""
_C = TypeVar("_C", OwnDraft, OwnMine, OwnThread, OwnSettings)
_P = TypeVar("_P", SavedMessages, Mentions, Threads, Unreads)


class Own:
    """The user's own stream on one device; part of a Client.

    What was set on any device is kept here and read without asking. What is set here is asked over HTTP.

    Raises, from everything that asks:
        ChatError: the server refused; Unavailable: it could not be reached, try again.
    """

    def __init__(self, http: Http, store: Store, user_id: UserId) -> None:
        self._http = http
        self._store = store
        self._user_id = user_id
        self._marks: dict[ConversationId, dict[UserId, MemberMarks]] = {}
        self._counts: dict[ConversationId, tuple[int, int]] = {}

    def hear(self, frame: ServerFrame) -> None:
        """Take what the server says of this user's own, and of others' marks on screen."""
        match frame:
            case Welcome():
                self._keep(frame.own, anew=frame.epoch != self._store.epoch)
                self._marks, self._counts = {}, {}  # what moved meanwhile was not told
            case Pong():
                self._keep(frame.own)
            case SelfChanged():
                self._keep([frame.what])
            case Watermarks():
                self._heard(frame)
            case _:
                pass

    # --- what is set ------------------------------------------------------------------------------------------------

    def draft(self, conversation_id: ConversationId, thread_seq: int | None = None) -> OwnDraft | None:
        """Return what the user was about to send there, from whichever device; None: nothing."""
        found = self._kept(OwnDraft, f"draft/{conversation_id}/{thread_seq or 0}")
        return found if found is not None and found.text else None

    def mine(self, conversation_id: ConversationId) -> OwnMine | None:
        """Return how a conversation is for this user, as he last set it; None: he never did."""
        return self._kept(OwnMine, f"mine/{conversation_id}")

    def thread(self, conversation_id: ConversationId, thread_seq: int) -> OwnThread | None:
        """Return how this user stands in a thread, as it was last told; None: he is not known to follow it."""
        return self._kept(OwnThread, f"thread/{conversation_id}/{thread_seq}")

    def settings(self) -> Settings:
        """Return the user's settings, as they were last told."""
        found = self._kept(OwnSettings, "settings")
        return Settings() if found is None else found.settings

    async def save_draft(
        self,
        conversation_id: ConversationId,
        text: str,
        *,
        thread_seq: int | None = None,
        target_seq: int | None = None,
    ) -> None:
        """Keep what the user is about to send, for all of his devices; empty: nothing. The latest change wins."""
        draft = OwnDraft(
            conversation_id=conversation_id,
            thread_seq=thread_seq,
            text=text,
            target_seq=target_seq,
            changed_at=datetime.now(UTC),  # noqa: TID251 - the wall clock of this device, for the others
        )
        self._keep([draft])
        body = {name: value for name, value in msgspec.to_builtins(draft).items() if name not in _IN_PATH}
        await self._http.ask("POST", f"/v1/conversations/{conversation_id}/draft", Ok, body=body)

    async def set_mine(
        self,
        conversation_id: ConversationId,
        *,
        level: Level | None = None,
        muted_until: datetime | None = None,
        pinned: bool | None = None,
        hidden: bool | None = None,
        marked_unread: bool | None = None,
    ) -> None:
        """Set how a conversation is to be for this user; what is left out stays. A time in the past ends a mute."""
        named = {
            "level": level,
            "muted_until": muted_until,
            "pinned": pinned,
            "hidden": hidden,
            "marked_unread": marked_unread,
        }
        body = {name: value for name, value in named.items() if value is not None}
        await self._http.ask("POST", f"/v1/conversations/{conversation_id}/set_mine", Ok, body=body)

    async def follow(self, conversation_id: ConversationId, thread_seq: int, *, following: bool = True) -> None:
        """Follow the thread of a message, or follow it no more."""
        body = {"thread_seq": thread_seq, "following": following}
        await self._http.ask("POST", f"/v1/conversations/{conversation_id}/set_mine", Ok, body=body)

    async def read_thread(self, conversation_id: ConversationId, thread_seq: int, seq: int) -> None:
        """Move this user's mark in a thread up to the reply `seq`; it never falls."""
        body = {"thread_seq": thread_seq, "seq": seq}
        await self._http.ask("POST", f"/v1/conversations/{conversation_id}/read", Ok, body=body)

    async def threads(self, *, only_unread: bool = False, limit: int = 200) -> list[Thread]:
        """Return the threads that this user follows, the last reply first, about the newest `limit` of them."""
        asked = {"only_unread": str(only_unread).lower()}
        return [one for page in await self._pages("/v1/me/threads", Threads, limit, asked) for one in page.threads]

    async def read_all(self) -> None:
        """Have read every conversation up to its present head."""
        await self._http.ask("POST", "/v1/me/read-all", Ok)

    async def change_settings(self, change: ChangeSettings) -> Settings:
        """Change the settings named, and return all as they are now."""
        body = {name: value for name, value in msgspec.to_builtins(change).items() if value is not None}
        settings = await self._http.ask("PATCH", "/v1/me/settings", Settings, body=body)
        self._keep([OwnSettings(settings=settings)])
        return settings

    # --- lists --------------------------------------------------------------------------------------------------------

    async def save(self, conversation_id: ConversationId, seq: int) -> None:
        """Keep a message at hand."""
        await self._http.ask("PUT", f"/v1/me/saved/{conversation_id}/{seq}", type(None))

    async def unsave(self, conversation_id: ConversationId, seq: int) -> None:
        """Keep a message at hand no more."""
        await self._http.ask("DELETE", f"/v1/me/saved/{conversation_id}/{seq}", type(None))

    async def saved(self) -> list[SavedMessage]:
        """Return all saved messages, the latest saved first."""
        return [one for page in await self._pages("/v1/me/saved", SavedMessages) for one in page.saved]

    async def mentions(self, limit: int = 200) -> list[Mention]:
        """Return where the user was mentioned, read or not, the latest first, at most `limit` and a page."""
        pages = await self._pages("/v1/me/mentions", Mentions, limit)
        return [one for page in pages for one in page.mentions]

    async def unreads(self, limit: int = 200) -> list[UnreadConversation]:
        """Return the conversations with unread messages, each with the first of them, the last message first.

        At most `limit` and a page; none that is muted or hidden.
        """
        return [one for page in await self._pages("/v1/me/unreads", Unreads, limit) for one in page.unreads]

    async def schedule(self, message: SendMessage, send_at: datetime) -> ScheduledMessage:
        """Let a message be sent then; its `client_id` makes it be sent once, however often this is asked."""
        body = ScheduleMessage(message=message, send_at=send_at)
        return await self._http.ask("POST", "/v1/me/scheduled", ScheduledMessage, body=body)

    async def scheduled(self) -> list[ScheduledMessage]:
        """Return the messages that wait for their time, and those refused at it, the next first."""
        return (await self._http.ask("GET", "/v1/me/scheduled", ScheduledMessages)).scheduled

    async def reschedule(
        self, scheduled_id: int, *, message: SendMessage | None = None, send_at: datetime | None = None
    ) -> ScheduledMessage:
        """Give a scheduled message another text or time; one that was refused is tried again."""
        body = ChangeScheduled(message=message, send_at=send_at)
        return await self._http.ask("PATCH", f"/v1/me/scheduled/{scheduled_id}", ScheduledMessage, body=body)

    async def cancel(self, scheduled_id: int) -> None:
        """Forget a scheduled message."""
        await self._http.ask("DELETE", f"/v1/me/scheduled/{scheduled_id}", type(None))

    async def remind(self, conversation_id: ConversationId, seq: int, remind_at: datetime) -> Reminder:
        """Be reminded of a message then."""
        body = NewReminder(conversation_id=conversation_id, seq=seq, remind_at=remind_at)
        return await self._http.ask("POST", "/v1/me/reminders", Reminder, body=body)

    async def reminders(self) -> list[Reminder]:
        """Return the reminders that are set, and those that are due and not dismissed."""
        return (await self._http.ask("GET", "/v1/me/reminders", Reminders)).reminders

    async def dismiss(self, reminder_id: int) -> None:
        """Dismiss a reminder, or take it back."""
        await self._http.ask("DELETE", f"/v1/me/reminders/{reminder_id}", type(None))

    # --- others' marks ------------------------------------------------------------------------------------------------

    async def receipts(self, conversation_id: ConversationId, seq: int | None = None) -> Receipts:
        """Return who has received and read what, of at most 50 members; else how many have read up to `seq`."""
        params = {} if seq is None else {"seq": str(seq)}
        found = await self._http.ask("GET", f"/v1/conversations/{conversation_id}/receipts", Receipts, params=params)
        rows = [MemberMarks(one.user_id, one.delivered, one.read) for one in found.members]
        self._heard(Watermarks(conversation_id=conversation_id, rows=rows))
        return found

    def marks(self, conversation_id: ConversationId) -> list[MemberMarks]:
        """Return the marks of others that were told since the conversation is on screen, or asked with `receipts`."""
        return list(self._marks.get(conversation_id, {}).values())

    def read_count(self, conversation_id: ConversationId) -> tuple[int, int] | None:
        """Return (seq, count) of this user's latest message in a large conversation; None: nothing was told."""
        return self._counts.get(conversation_id)

    def _heard(self, told: Watermarks) -> None:
        marks = self._marks.setdefault(told.conversation_id, {})
        for row in (row for row in told.rows if row.user_id != self._user_id):
            known = marks.get(row.user_id, row)
            marks[row.user_id] = MemberMarks(
                row.user_id, max(row.delivered, known.delivered), max(row.read, known.read)
            )
        if told.seq is not None and told.read_count is not None:
            self._counts[told.conversation_id] = (told.seq, told.read_count)

    def _keep(self, changes: Iterable[Any], *, anew: bool = False) -> None:
        kept = [(_key(change), msgspec.json.encode(change)) for change in changes if isinstance(change, KEPT)]
        if kept or anew:
            self._store.keep_own(kept, anew=anew)

    def _kept(self, kind: type[_C], key: str) -> _C | None:
        found = self._store.own(key)
        return None if found is None else msgspec.json.decode(found, type=kind)

    async def _pages(
        self, path: str, page_type: type[_P], limit: int | None = None, asked: dict[str, str] | None = None
    ) -> list[_P]:
        pages: list[_P] = []
        first = params = LONGEST_PAGE | (asked or {})
        while True:
            pages.append(await self._http.page(path, page_type, params))
            cursor = pages[-1].cursor
            if cursor is None or (limit is not None and len(pages) * int(LONGEST_PAGE["limit"]) >= limit):
                return pages
            params = first | {"cursor": cursor}


_IN_PATH = ("change", "conversation_id")


def _key(change: OwnDraft | OwnMine | OwnThread | OwnSettings) -> str:
    match change:
        case OwnDraft():
            return f"draft/{change.conversation_id}/{change.thread_seq or 0}"
        case OwnMine():
            return f"mine/{change.conversation_id}"
        case OwnThread():
            return f"thread/{change.conversation_id}/{change.thread_seq}"
        case OwnSettings():
            return "settings"

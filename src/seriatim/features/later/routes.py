"""Scheduled messages and reminders over HTTP: `/v1/me/scheduled`, `/v1/me/reminders`."""

from contextlib import AbstractAsyncContextManager
from typing import Final, Literal, Protocol

from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, SkipValidation

from seriatim.features.later import remind, schedule, store
from seriatim.features.later.later import Later
from seriatim.protocol.http.own import (
    ChangeScheduled,
    NewReminder,
    Reminder,
    Reminders,
    ScheduledMessage,
    ScheduledMessages,
    ScheduleMessage,
)
from seriatim.protocol.own.changes import OwnReminder, OwnScheduled
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection


class Commands(Protocol):
    """What lends connections to routes, at the rates of their user."""

    def listing(self, sender: Sender) -> AbstractAsyncContextManager[Connection]:
        """Lend a connection to read a list with, or raise RateLimited."""
        ...

    def changing(self, sender: Sender, rate: Literal["own"]) -> AbstractAsyncContextManager[Connection]:
        """Lend a transaction, or raise RateLimited."""
        ...


Running = NamedDependency[SkipValidation[Commands]]
Given = NamedDependency[SkipValidation[Later]]
Caller = NamedDependency[Sender]


@post("/v1/me/scheduled", operation_id="schedule", status_code=201, tags=["own"])
async def schedule_message(
    data: JSONBody[ScheduleMessage], sender: Caller, commands: Running, later: Given
) -> ScheduledMessage:
    """Keep a message until its time."""
    async with commands.changing(sender, "own") as connection:
        made = await schedule.schedule(connection, data, sender, later)
    later.tell(sender.user_id, OwnScheduled(), sender.device_id)
    return made


@get("/v1/me/scheduled", operation_id="list_scheduled", tags=["own"])
async def list_scheduled(sender: Caller, commands: Running) -> ScheduledMessages:
    """Return the messages that wait for their time, or were refused at it."""
    async with commands.listing(sender) as connection:
        rows = await store.all_scheduled(connection, sender.user_id)
    return ScheduledMessages(scheduled=[row.shown() for row in rows])


@patch("/v1/me/scheduled/{scheduled_id:int}", operation_id="change_scheduled", tags=["own"])
async def change_scheduled(
    scheduled_id: FromPath[int], data: JSONBody[ChangeScheduled], sender: Caller, commands: Running, later: Given
) -> ScheduledMessage:
    """Give a scheduled message another text or time."""
    async with commands.changing(sender, "own") as connection:
        changed = await schedule.change(connection, scheduled_id, data, sender, later)
    later.tell(sender.user_id, OwnScheduled(), sender.device_id)
    return changed


@delete("/v1/me/scheduled/{scheduled_id:int}", operation_id="cancel_scheduled", status_code=204, tags=["own"])
async def cancel_scheduled(scheduled_id: FromPath[int], sender: Caller, commands: Running, later: Given) -> None:
    """Forget a scheduled message."""
    async with commands.changing(sender, "own") as connection:
        await schedule.cancel(connection, scheduled_id, sender)
    later.tell(sender.user_id, OwnScheduled(), sender.device_id)


@post("/v1/me/reminders", operation_id="remind", status_code=201, tags=["own"])
async def set_reminder(data: JSONBody[NewReminder], sender: Caller, commands: Running, later: Given) -> Reminder:
    """Be reminded of a message at a time."""
    async with commands.changing(sender, "own") as connection:
        made = await remind.remind(connection, data, sender, later)
    later.tell(sender.user_id, OwnReminder(), sender.device_id)
    return made


@get("/v1/me/reminders", operation_id="list_reminders", tags=["own"])
async def list_reminders(sender: Caller, commands: Running) -> Reminders:
    """Return the reminders that are set, and those that are due and not dismissed."""
    async with commands.listing(sender) as connection:
        return Reminders(reminders=await store.all_reminders(connection, sender.user_id))


@delete("/v1/me/reminders/{reminder_id:int}", operation_id="dismiss_reminder", status_code=204, tags=["own"])
async def dismiss_reminder(reminder_id: FromPath[int], sender: Caller, commands: Running, later: Given) -> None:
    """Dismiss a reminder, or take it back before its time."""
    async with commands.changing(sender, "own") as connection:
        await remind.dismiss(connection, reminder_id, sender)
    later.tell(sender.user_id, OwnReminder(), sender.device_id)


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    schedule_message,
    list_scheduled,
    change_scheduled,
    cancel_scheduled,
    set_reminder,
    list_reminders,
    dismiss_reminder,
)
"""What the HTTP application registers; it gives them `sender`, `commands` and `later`."""

"""What stands in the files of Slack's export, as far as it is imported.

Source: https://slack.com/help/articles/220556107
"""

import msgspec

SAID = frozenset(
    {None, "bot_message", "thread_broadcast", "file_share", "me_message", "tombstone", "slackbot_response"}
)
"""Subtypes that are messages. Of the others `message_changed` and `message_deleted` change one; the rest are notices
(who joined, a new topic) and become nothing: members and topic come in as they were at the end."""


class Person(msgspec.Struct, frozen=True):
    """An entry of users.json."""

    id: str
    name: str


class Topic(msgspec.Struct, frozen=True):
    """What a conversation is about."""

    value: str = ""


class Conversation(msgspec.Struct, frozen=True):
    """An entry of channels.json, groups.json, mpims.json or dms.json."""

    id: str
    name: str = ""
    creator: str = ""
    members: list[str] = []
    is_archived: bool = False
    topic: Topic = Topic()


class Reaction(msgspec.Struct, frozen=True):
    """Who reacted with an emoji."""

    name: str
    users: list[str]


class Attached(msgspec.Struct, frozen=True):
    """A file of a message; it is kept as a link."""

    name: str | None = None
    title: str | None = None
    permalink: str | None = None
    url_private: str | None = None


class Attachment(msgspec.Struct, frozen=True):
    """What a program added to its message."""

    fallback: str | None = None
    text: str | None = None


class Message(msgspec.Struct, frozen=True):
    """An entry of a day's file; `ts` is its time in seconds and, within its conversation, its name."""

    ts: str = msgspec.field(default="")
    type: str = "message"
    subtype: str | None = None
    user: str | None = None
    username: str | None = None
    text: str | None = None
    thread_ts: str | None = None
    deleted_ts: str | None = None
    message: "Message | None" = None
    reactions: list[Reaction] = []
    files: list[Attached] = []
    attachments: list[Attachment] = []


def is_program(message: Message) -> bool:
    """Say whether nobody said this himself."""
    return message.user in (None, "USLACKBOT") or message.subtype in ("bot_message", "slackbot_response")


def stamp(ts: str) -> tuple[int, int]:
    """Return a message's time as whole seconds and microseconds."""
    seconds, _, fraction = ts.partition(".")
    return int(seconds), int(fraction[:6].ljust(6, "0"))

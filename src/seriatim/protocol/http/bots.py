"""What HTTP carries of bots: accounts that programs speak with, and the commands that they offer."""

from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from seriatim.core.ids import DeviceId, UserId
from seriatim.protocol.fields import Name, SlashName
from seriatim.protocol.sender import Scope

BOT_TOKEN_PREFIX: Final = "sb_"  # noqa: S105 - how a token begins
"""A bot's token begins so: secret scanners find it, and no access token does."""
BOTS: Final = 1_000
"""Most bots of a server."""
SLASH_COMMANDS: Final = 50
"""Most slash commands of a bot."""

Scopes = Annotated[list[Scope], Meta(min_length=1, max_length=len(Scope))]
Url = Annotated[str, Meta(min_length=1, max_length=1_000)]
Description = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Usage = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*$")]


class NewBot(msgspec.Struct, frozen=True, kw_only=True):
    """A bot to make; its name is taken as a person's is."""

    name: Name
    scopes: Scopes = msgspec.field(default_factory=lambda: [Scope.READ, Scope.SEND, Scope.REACT])


class ChangeBot(msgspec.Struct, frozen=True, kw_only=True):
    """What a bot's token is good for from now on."""

    scopes: Scopes


class Bot(msgspec.Struct, frozen=True, kw_only=True):
    """A bot of this server; `owner_id` made it."""

    user_id: UserId
    device_id: DeviceId
    name: str
    owner_id: UserId
    scopes: list[Scope]
    created_at: datetime


class Bots(msgspec.Struct, frozen=True, kw_only=True):
    """All bots, in the order of their names."""

    bots: list[Bot]


class BotToken(msgspec.Struct, frozen=True, kw_only=True):
    """A bot's token, which does not expire; it is shown only here. It speaks as this device."""

    user_id: UserId
    device_id: DeviceId
    name: str
    token: str


class NewSlashCommand(msgspec.Struct, frozen=True, kw_only=True):
    """A command that a bot offers; with `url` it is called there, else the bot is told on its sockets."""

    name: SlashName
    description: Description
    usage: Usage = ""
    url: Url | None = None


class NewSlashCommands(msgspec.Struct, frozen=True, kw_only=True):
    """All commands of the calling bot: those that are not named any more are gone."""

    commands: Annotated[list[NewSlashCommand], Meta(max_length=SLASH_COMMANDS)]


class SlashSecret(msgspec.Struct, frozen=True, kw_only=True):
    """What signs the calls of a bot's commands (Standard Webhooks, `whsec_...`)."""

    secret: str


class SlashCommand(msgspec.Struct, frozen=True, kw_only=True):
    """A command that can be called here, as people see it."""

    name: str
    description: str
    usage: str
    bot_id: UserId


class SlashCommands(msgspec.Struct, frozen=True, kw_only=True):
    """The commands of the bots in a conversation, in the order of their names."""

    commands: list[SlashCommand]

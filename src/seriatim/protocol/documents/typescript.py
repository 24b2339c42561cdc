"""Wire structs to TypeScript: discriminated unions, branded ids and the tables of codes, as one text (pure)."""

import inspect
from collections.abc import Iterable
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, NewType, Union, get_args, get_origin, get_type_hints

import msgspec

from seriatim.core.errors import ChatError
from seriatim.protocol import answers, commands, entries, limits, resources
from seriatim.protocol.codec import Subprotocol
from seriatim.protocol.codes import CloseCode
from seriatim.protocol.http import (
    bots,
    emoji,
    groups,
    invitations,
    messages,
    moderation,
    own,
    presence,
    threads,
    webhooks,
)
from seriatim.protocol.own import changes, export
from seriatim.protocol.own import settings as own_settings

HEADER = """\
/** Wire types of Seriatim, made from the server's structs (seriatim.protocol.documents.typescript): do not edit. */

type Branded<Base, Name extends string> = Base & { readonly __brand: Name };
"""
UNIONS: dict[str, Any] = {
    "Entry": entries.Entry,
    "ServerFrame": answers.ServerFrame,
    "AnyCommand": commands.AnyCommand,
    "MembershipCommand": commands.MembershipCommand,
    "StoredChange": changes.StoredChange,
}
ASKED: tuple[type, ...] = (
    resources.SignUp,
    resources.LogIn,
    resources.Refresh,
    resources.RenameDevice,
    resources.ChangeMe,
    resources.NewMailAddress,
    resources.SetDigest,
    resources.MailInvitation,
    own.NewReminder,
    own.ScheduleMessage,
    own.ChangeScheduled,
    own_settings.ChangeSettings,
    invitations.NewInvitation,
    invitations.FollowInvitation,
    invitations.AskToJoin,
    moderation.Silence,
    moderation.NewReport,
    moderation.Resolve,
    webhooks.NewIncomingWebhook,
    webhooks.NewOutgoingWebhook,
    emoji.NewEmoji,
    groups.NewGroup,
    groups.ChangeGroup,
    bots.NewBot,
    bots.ChangeBot,
)
"""Bodies that clients write; a field with a default may be left out."""
ANSWERED: tuple[type, ...] = (
    resources.Credentials,
    resources.User,
    resources.Users,
    resources.Me,
    resources.MailSettings,
    resources.Invitation,
    resources.OneTimeLink,
    resources.Device,
    resources.Conversation,
    resources.Conversations,
    resources.Member,
    resources.Members,
    resources.Problem,
    messages.Reactors,
    messages.Pins,
    messages.Versions,
    messages.Voters,
    threads.Threads,
    threads.Followers,
    groups.Groups,
    emoji.CustomEmojis,
    export.Export,
    own.SavedMessages,
    own.Mentions,
    own.Unreads,
    own.ScheduledMessages,
    own.Reminders,
    own.Receipts,
    presence.MyPresence,
    invitations.ConversationInvitation,
    invitations.ConversationInvitations,
    invitations.InvitationPreview,
    invitations.JoinRequests,
    moderation.Silences,
    moderation.Bans,
    moderation.Blocks,
    moderation.Reports,
    moderation.Audit,
    bots.SlashCommands,
    bots.Bots,
    bots.BotToken,
    webhooks.Webhooks,
    webhooks.IncomingWebhookAddress,
    webhooks.OutgoingWebhookSecret,
)
CONSTANTS = ("HOLD_BACK_ENTRIES", "HOLD_BACK_S", "HOLE_ENTRIES", "PONG_WITHIN_S", "HEARTBEAT_S", "TOKEN_LIFE_S")


def typescript() -> str:
    """Return the text of `web/src/core/protocol/types.ts`; the same structs give the same text."""
    writer = _Writer()
    for name, union in UNIONS.items():
        writer.alias(name, union)
    for struct in (*ASKED, *ANSWERED):
        writer.name(struct)
    return "\n".join([HEADER, *writer.declarations(), *_values()])


class _Writer:
    """Collects the declarations that one text needs, each once, in the order in which they were first named."""

    def __init__(self) -> None:
        self._written: dict[str, str] = {}
        self._asked = {*get_args(commands.AnyCommand), *ASKED}

    def declarations(self) -> Iterable[str]:
        return self._written.values()

    def alias(self, name: str, union: Any) -> None:
        self._written[name] = ""
        self._written[name] = f"export type {name} = {self.name(union)};\n"

    def name(self, hint: Any) -> str:
        """Return how TypeScript writes this type; declares what it names."""
        origin = get_origin(hint)
        if origin is Annotated:
            return self.name(get_args(hint)[0])
        if origin in (Union, UnionType):
            return " | ".join(self.name(part) for part in get_args(hint))
        if origin is list or (origin is tuple and get_args(hint)[-1] is Ellipsis):
            return f"readonly {_grouped(self.name(get_args(hint)[0]))}[]"
        if origin is tuple:
            return f"readonly [{', '.join(self.name(part) for part in get_args(hint))}]"
        if origin is dict:
            return f"Readonly<Record<{', '.join(self.name(part) for part in get_args(hint))}>>"
        return self._simple(hint)

    def _simple(self, hint: Any) -> str:
        if isinstance(hint, NewType):
            base = self.name(hint.__supertype__)
            self._written.setdefault(
                hint.__name__, f'export type {hint.__name__} = Branded<{base}, "{hint.__name__}">;\n'
            )
            return hint.__name__
        if issubclass(hint, StrEnum):
            values = " | ".join(f'"{member.value}"' for member in hint)
            self._written.setdefault(hint.__name__, f"{_comment(hint)}export type {hint.__name__} = {values};\n")
            return hint.__name__
        if issubclass(hint, msgspec.Struct):
            if hint.__name__ not in self._written:
                self._written[hint.__name__] = ""
                self._written[hint.__name__] = _comment(hint) + self._struct(hint)
            return hint.__name__
        return _PRIMITIVES[hint.__name__] if hint is not NoneType else "null"

    def _struct(self, struct: type[msgspec.Struct]) -> str:
        hints = get_type_hints(struct, include_extras=True)
        config = struct.__struct_config__
        fields = msgspec.structs.fields(struct)
        if config.array_like:
            parts = ", ".join(f"{field.encode_name}: {self.name(hints[field.name])}" for field in fields)
            return f"export type {struct.__name__} = readonly [{parts}];\n"
        lines = [f"  readonly {config.tag_field}: {_quoted(config.tag)};"] if config.tag is not None else []
        for field in fields:
            absent = not field.required and (config.omit_defaults or struct in self._asked)
            mark = "?" if absent else ""
            lines.append(f"  readonly {field.encode_name}{mark}: {self.name(hints[field.name])};")
        if not lines:
            return f"export type {struct.__name__} = Readonly<Record<never, never>>;\n"
        return f"export interface {struct.__name__} {{\n" + "\n".join(lines) + "\n}\n"


_PRIMITIVES = {
    "int": "number",
    "float": "number",
    "str": "string",
    "bytes": "string",
    "bool": "boolean",
    "datetime": "string",
    "UUID": "string",
    "Any": "unknown",
}


def _quoted(tag: Any) -> str:
    return f'"{tag}"'


def _grouped(name: str) -> str:
    return f"({name})" if " " in name else name


def _comment(named: type) -> str:
    text = inspect.cleandoc(named.__doc__ or "")
    if not text:
        return ""
    if "\n" not in text:
        return f"/** {text} */\n"
    return "\n".join(["/**", *(f" * {line}".rstrip() for line in text.splitlines()), " */", ""])


def _values() -> Iterable[str]:
    default = msgspec.to_builtins(limits.LIMITS)
    yield _table("LIMITS", "Defaults until `welcome` tells this server's own.", default)
    yield _table("CONSTANTS", "Numbers of the client rules.", {name: getattr(limits, name) for name in CONSTANTS})
    yield _table(
        "CLOSE_CODES",
        "Below 4400, and after 4408: connect again; after the others: change something first.",
        dict(_close_codes()),
    )
    yield _table(
        "RETRYABLE", "Codes of refusals; true: the same command with the same key may be sent again.", _codes()
    )
    names = ", ".join(_quoted(name.value) for name in Subprotocol)
    yield f"export const SUBPROTOCOLS = [{names}] as const;\n"


def _table(name: str, comment: str, rows: dict[str, Any]) -> str:
    lines = "".join(f"  {key}: {msgspec.json.encode(value).decode()},\n" for key, value in rows.items())
    return f"/** {comment} */\nexport const {name} = {{\n{lines}}} as const;\n"


def _close_codes() -> Iterable[tuple[str, int]]:
    return ((code.name, code.value) for code in CloseCode)


def _codes() -> dict[str, bool]:
    found: dict[str, bool] = {}
    waiting: list[type[ChatError]] = [ChatError]
    while waiting:
        error = waiting.pop()
        if "code" in error.__dict__:
            found[error.code] = error.retryable
        waiting.extend(sub for sub in error.__subclasses__() if sub.__module__ == ChatError.__module__)
    return dict(sorted(found.items()))

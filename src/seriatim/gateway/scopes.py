"""What a bot's token must be good for, per command and per route; what is not listed here no bot may do.

Commands are checked once, in the gateway's table of commands; routes that are no commands, where the caller is known.
"""

from collections.abc import Mapping
from typing import Final

from seriatim.core.errors import Forbidden
from seriatim.protocol.commands import Command
from seriatim.protocol.sender import Scope, Sender

COMMANDS: Final[Mapping[str, Scope]] = {
    **dict.fromkeys(("fetch", "compare", "read", "read_all"), Scope.READ),
    **dict.fromkeys(("send", "edit", "delete", "forward", "start_poll", "close_poll"), Scope.SEND),
    **dict.fromkeys(("slash", "answer_slash", "set_presence"), Scope.SEND),
    **dict.fromkeys(("react", "unreact", "vote"), Scope.REACT),
    **dict.fromkeys(("create", "join", "leave", "invite", "remove", "set_role", "set_settings"), Scope.MANAGE),
    **dict.fromkeys(("pin", "unpin"), Scope.MANAGE),
}
"""By the command's `type`. A session's own frames (`ping`, `focus`, `typing`, `received`) come with READ."""
OF_PEOPLE: Final = frozenset({"draft", "set_mine", "renew"})
"""Commands that no bot sends: it has no screens, and its token does not expire."""

BY_COMMAND: Final = None
"""The route is a command: its scope is checked there."""
ROUTES: Final[Mapping[str, Scope | None]] = {
    **dict.fromkeys(COMMANDS, BY_COMMAND),
    **dict.fromkeys(("me", "find_users", "list_groups", "list_emoji"), Scope.READ),
    **dict.fromkeys(("list_conversations", "list_channels", "get_conversation", "list_members"), Scope.READ),
    **dict.fromkeys(
        ("list_threads", "list_followers", "list_versions", "list_reactions", "list_pins", "list_votes"), Scope.READ
    ),
    **dict.fromkeys(("list_receipts", "list_slash_commands", "search"), Scope.READ),
    "set_slash_commands": Scope.SEND,
}
"""By the route's operation id."""


def require(command: Command, sender: Sender) -> None:
    """Let a bot do only what its token is for; people pass.

    Raises:
        Forbidden: reason `scope`.
    """
    if sender.scopes is None:
        return
    needed = COMMANDS.get(str(command.__struct_config__.tag))
    if needed not in sender.scopes:
        raise _refusal(needed)


def require_route(operation_id: str, sender: Sender) -> None:
    """Let a bot ask only what its token is for; people pass.

    Raises:
        Forbidden: reason `scope`.
    """
    if sender.scopes is None:
        return
    if operation_id not in ROUTES:
        raise _refusal(None)
    needed = ROUTES[operation_id]
    if needed is not BY_COMMAND and needed not in sender.scopes:
        raise _refusal(needed)


def require_socket(sender: Sender) -> None:
    """Let a bot listen only if its token is for reading.

    Raises:
        Forbidden: reason `scope`.
    """
    if sender.scopes is not None and Scope.READ not in sender.scopes:
        raise _refusal(Scope.READ)


def _refusal(needed: Scope | None) -> Forbidden:
    if needed is None:
        return Forbidden("no bot does this", reason="scope")
    return Forbidden(f"this bot's token is not for `{needed}`", reason="scope")

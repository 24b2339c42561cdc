"""The rules of links into a conversation, pure."""

from seriatim.core.errors import BadRequest, Forbidden
from seriatim.protocol.fields import Role


def grant(own: Role, given: Role) -> None:
    """Let who may invite make links for the lower roles, and an owner for admins; owners are made by `set_role` only.

    Raises:
        BadRequest: a link for owners.
        Forbidden: the role is not the maker's to give.
    """
    if given is Role.OWNER:
        raise BadRequest("no link makes an owner", path="$.role", reason="owner")
    if given is Role.ADMIN and own is not Role.OWNER:
        raise Forbidden("only an owner gives this role", path="$.role")

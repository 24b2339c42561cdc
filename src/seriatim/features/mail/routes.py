"""Mail over HTTP: `/v1/me/mail`, links that need no log-in, and invitations."""

from typing import Any, Final

from litestar import Request, delete, get, patch, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from seriatim.features.mail import addresses
from seriatim.features.mail.mail import MailKeeping
from seriatim.protocol.resources import AskReset, MailInvitation, MailSettings, NewMailAddress, SetDigest, UseLink
from seriatim.protocol.sender import Sender

Parts = NamedDependency[MailKeeping]
Caller = NamedDependency[Sender]
MailRequest = Request[Any, Any, State]
TAGS: Final = ["mail"]


@post(
    "/v1/auth/ask-reset",
    operation_id="ask_password_reset",
    tags=["auth"],
    status_code=204,
    exclude_from_auth=True,
)
async def ask_reset(data: JSONBody[AskReset], request: MailRequest, mail_keeping: Parts) -> None:
    """Have a link mailed to who forgot his password; the answer is the same for names that nobody has."""
    await addresses.ask_reset(data, _address(request), mail_keeping)


@get("/v1/me/mail", operation_id="get_mail", tags=TAGS)
async def mine(mail_keeping: Parts, sender: Caller) -> MailSettings:
    """Return the caller's address, and whether he is told by mail what he missed."""
    return await addresses.mine(sender, mail_keeping)


@post("/v1/me/mail", operation_id="set_mail_address", tags=TAGS, status_code=202)
async def set_address(data: JSONBody[NewMailAddress], mail_keeping: Parts, sender: Caller) -> None:
    """Have a link mailed to an address; following it makes the address the caller's."""
    await addresses.set_address(data, sender, mail_keeping)


@patch("/v1/me/mail", operation_id="set_digest", tags=TAGS)
async def set_digest(data: JSONBody[SetDigest], mail_keeping: Parts, sender: Caller) -> MailSettings:
    """Say whether missed messages are told by mail, at most once a day."""
    return await addresses.set_digest(data, sender, mail_keeping)


@delete("/v1/me/mail", operation_id="remove_mail_address", tags=TAGS)
async def remove(mail_keeping: Parts, sender: Caller) -> None:
    """Forget the caller's address."""
    await addresses.remove(sender, mail_keeping)


@post("/v1/mail/confirm", operation_id="confirm_mail_address", tags=TAGS, status_code=204, exclude_from_auth=True)
async def confirm(data: JSONBody[UseLink], request: MailRequest, mail_keeping: Parts) -> None:
    """Confirm an address by the one-time link that was mailed to it."""
    await addresses.confirm(data, _address(request), mail_keeping)


@post(
    "/v1/mail/unsubscribe/{token:str}",
    operation_id="unsubscribe",
    tags=TAGS,
    status_code=204,
    exclude_from_auth=True,
)
async def unsubscribe(token: FromPath[str], request: MailRequest, mail_keeping: Parts) -> None:
    """End digests in one click (RFC 8058), by the link of any of them."""
    await addresses.unsubscribe(token, _address(request), mail_keeping)


@post("/v1/admin/invitations/mail", operation_id="mail_invitation", tags=["admin"], status_code=202)
async def invite(data: JSONBody[MailInvitation], mail_keeping: Parts, sender: Caller) -> None:
    """Have an invitation to sign up mailed to an address, as an admin of the server."""
    await addresses.invite(data, sender, mail_keeping)


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    ask_reset, mine, set_address, set_digest, remove, confirm, unsubscribe, invite,
)  # fmt: skip
"""What the HTTP application registers; it gives them `sender` and `mail_keeping`."""


def _address(request: MailRequest) -> str:
    return request.client.host if request.client else ""

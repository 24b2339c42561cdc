"""Accounts over HTTP: `/v1/auth/*`, `/v1/me`, `/v1/users`, invitations, forgotten passwords.

A refresh token goes to a program in the body, and to a browser in a cookie of its own per device, which scripts cannot
read: two windows of one browser are two people, and each remembers which device it is. A browser is who sends
`Sec-Fetch-Site` (every current one does, and no page can suppress it) or `X-Seriatim-Client: web`. Before these
routes run, the gateway has checked the Origin of browsers and replaced `request.client` behind trusted proxies.
"""

from typing import Annotated, Any, Final

import msgspec
from litestar import Controller, Request, Response, get, patch, post
from litestar.datastructures import Cookie, State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from seriatim.core.errors import BadRequest, Unauthenticated
from seriatim.core.ids import MAX_ID, DeviceId, UserId
from seriatim.features.accounts import people, reset, session, sign_up
from seriatim.features.accounts.accounts import Accounts
from seriatim.protocol.http.requests import id_of
from seriatim.protocol.limits import LIMITS
from seriatim.protocol.resources import (
    ChangeMe,
    Credentials,
    Invitation,
    LogIn,
    Me,
    OneTimeLink,
    Refresh,
    ResetPassword,
    SignUp,
    Users,
)
from seriatim.protocol.sender import Sender

COOKIE_PREFIX: Final = "seriatim_"
COOKIE_PATH: Final = "/v1/auth"
IDS: Final = 200
"""Most people asked for by id at once."""

Caller = NamedDependency[Sender]
Given = NamedDependency[Accounts]
AuthRequest = Request[Sender, Any, State]


class AuthRoutes(Controller):
    """How a device gets, keeps and gives up its access."""

    path = COOKIE_PATH
    tags = ("auth",)

    @post("/sign-up", operation_id="sign_up", summary="Make an account", exclude_from_auth=True)
    async def sign_up(self, data: JSONBody[SignUp], request: AuthRequest, accounts: Given) -> Response[Credentials]:
        return _given(await sign_up.sign_up(data, _address(request), accounts), request, accounts)

    @post("/log-in", operation_id="log_in", summary="Sign in a device", status_code=200, exclude_from_auth=True)
    async def log_in(self, data: JSONBody[LogIn], request: AuthRequest, accounts: Given) -> Response[Credentials]:
        return _given(await session.log_in(data, _address(request), accounts), request, accounts)

    @post("/refresh", operation_id="refresh", summary="Renew the access", status_code=200, exclude_from_auth=True)
    async def refresh(self, data: JSONBody[Refresh], request: AuthRequest, accounts: Given) -> Response[Credentials]:
        token = data.refresh_token or request.cookies.get(f"{COOKIE_PREFIX}{data.device_id}")
        if token is None:
            raise Unauthenticated("there is no refresh token, in the body or as a cookie", path="$.refresh_token")
        return _given(await session.refresh(data.device_id, token, _address(request), accounts), request, accounts)

    @post(
        "/reset-password",
        operation_id="reset_password",
        summary="Set a new password by a one-time link",
        status_code=204,
        exclude_from_auth=True,
    )
    async def reset_password(self, data: JSONBody[ResetPassword], request: AuthRequest, accounts: Given) -> None:
        await reset.reset_password(data, _address(request), accounts)

    @post("/log-out", operation_id="log_out", summary="End this device", status_code=204)
    async def log_out(self, request: AuthRequest, sender: Caller, accounts: Given) -> Response[None]:
        await session.log_out(sender, accounts)
        return _ended(request, sender.device_id)

    @post("/log-out-everywhere", operation_id="log_out_everywhere", summary="End all devices", status_code=204)
    async def log_out_everywhere(self, request: AuthRequest, sender: Caller, accounts: Given) -> Response[None]:
        await session.log_out_everywhere(sender, accounts)
        return _ended(request, sender.device_id)


@get("/v1/me", operation_id="me", summary="The caller", tags=["people"])
async def me(sender: Caller, accounts: Given) -> Me:
    """Return the caller."""
    return await people.me(sender, accounts)


@patch("/v1/me", operation_id="change_me", summary="Call the caller by another name", tags=["people"])
async def change_me(data: JSONBody[ChangeMe], sender: Caller, accounts: Given) -> Me:
    """Call the caller by another name; he logs in with the old one."""
    return await people.change_me(data, sender, accounts)


@get("/v1/users", operation_id="find_users", summary="People by the beginning of their name, or by id", tags=["people"])
async def find_users(
    sender: Caller,
    accounts: Given,
    name: Annotated[
        str | None, QueryParameter(max_length=LIMITS.name_code_points, min_length=1, pattern=r"^[^\x00]*$")
    ] = None,
    ids: Annotated[
        str | None, QueryParameter(max_length=4_096, description=f"at most {IDS}, with commas between")
    ] = None,
) -> Users:
    """Return people, best match first."""
    if (name is None) == (ids is None):
        raise BadRequest("ask with either `name` or `ids`", path="$.name", reason="either")
    if name is not None:
        return await people.find_by_name(name, sender, accounts)
    return await people.find_by_ids(_user_ids(ids or ""), sender, accounts)


@post("/v1/admin/invitations", operation_id="invite_to_server", summary="Invite somebody to sign up", tags=["admin"])
async def invite(
    sender: Caller,
    accounts: Given,
    *,
    guest: Annotated[bool, QueryParameter(description="whoever signs up with it is a guest")] = False,
) -> Invitation:
    """Make an invitation; its secret is told only here."""
    return await sign_up.invite(sender, accounts, guest=guest)


@post(
    "/v1/admin/users/{user_id:int}/reset-link",
    operation_id="make_reset_link",
    summary="A one-time link for who forgot his password",
    tags=["admin"],
)
async def make_reset_link(user_id: FromPath[int], request: AuthRequest, sender: Caller, accounts: Given) -> OneTimeLink:
    """Make a link with which somebody sets a new password; it is told only here and good for 15 minutes."""
    number = UserId(id_of(user_id, "$.user_id"))
    return await reset.make_link(number, sender, str(request.base_url), accounts)


ROUTES = (AuthRoutes, me, change_me, find_users, invite, make_reset_link)


def _user_ids(text: str) -> list[UserId]:
    parts = text.split(",")
    if len(parts) > IDS:
        raise BadRequest(f"at most {IDS} people at once", path="$.ids", reason="count")
    for part in parts:
        if not (part.isascii() and part.isdigit() and 1 <= int(part[:17]) <= MAX_ID):
            raise BadRequest("ids are whole numbers with commas between", path="$.ids", reason="number")
    return [UserId(int(part)) for part in parts]


def _address(request: AuthRequest) -> str:
    return request.client.host if request.client else ""


def _from_browser(request: AuthRequest) -> bool:
    return "sec-fetch-site" in request.headers or request.headers.get("x-seriatim-client") == "web"


def _given(credentials: Credentials, request: AuthRequest, accounts: Given) -> Response[Credentials]:
    if not _from_browser(request):
        return Response(credentials)
    life_s = int(accounts.settings.refresh_life.total_seconds())
    cookie = _cookie(request, credentials.device_id, credentials.refresh_token, life_s)
    return Response(msgspec.structs.replace(credentials, refresh_token=None), cookies=[cookie])


def _ended(request: AuthRequest, device_id: DeviceId) -> Response[None]:
    return Response(None, cookies=[_cookie(request, device_id, "", 0)] if _from_browser(request) else [])


def _cookie(request: AuthRequest, device_id: DeviceId, value: str | None, life_s: int) -> Cookie:
    return Cookie(
        key=f"{COOKIE_PREFIX}{device_id}",
        value=value,
        path=COOKIE_PATH,
        max_age=life_s,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )

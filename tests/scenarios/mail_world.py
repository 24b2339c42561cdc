"""A real SMTP server on the loopback, with TLS and accounts where a test wants them."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

WITHIN_S = 10.0
SENDER = "Seriatim <chat@example.org>"


class Postbox:
    """Keeps what was handed over; `answers` are given instead of taking, one after the other."""

    def __init__(self) -> None:
        self.mails: asyncio.Queue[EmailMessage] = asyncio.Queue()
        self.answers: list[str] = []
        self.tried = 0
        self.secure: list[bool] = []
        self.port = 0

    async def handle_RCPT(  # noqa: N802 - the library's names
        self, server: SMTP, _session: Any, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.tried += 1
        if self.answers:
            return self.answers.pop(0)
        self.secure.append(server.transport is not None and server.transport.get_extra_info("ssl_object") is not None)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        content = cast("bytes", envelope.content)
        self.mails.put_nowait(message_from_bytes(content, policy=policy.default))
        return "250 OK"

    async def next(self) -> EmailMessage:
        async with asyncio.timeout(WITHIN_S):
            return await self.mails.get()


@asynccontextmanager
async def postbox(
    *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None, login: tuple[str, str] | None = None
) -> AsyncGenerator[Postbox]:
    """Run an SMTP server; with `login` it takes mail only from who knows it."""
    box = Postbox()
    open_: list[SMTP] = []

    def authenticate(_server: SMTP, _session: Any, _envelope: Any, _mechanism: str, data: LoginPassword) -> AuthResult:
        return AuthResult(success=(data.login.decode(), data.password.decode()) == login, handled=False)

    def protocol() -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it knows TLS only by STARTTLS
            made = SMTP(
                box,
                hostname="localhost",
                tls_context=starttls,
                require_starttls=starttls is not None,
                auth_required=login is not None,
                auth_require_tls=starttls is not None,
                authenticator=authenticate,
            )
        open_.append(made)
        return made

    listening = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0, ssl=tls)
    box.port = listening.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        listening.close()
        for one in open_:
            if one.transport is not None:
                one.transport.close()
        await asyncio.sleep(0.05)  # until their sockets are closed


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return part.get_content()


def html_of(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return part.get_content()


def secret_of(mail: EmailMessage) -> str:
    """Return what follows the `#` of the first link."""
    return text_of(mail).partition("#")[2].split()[0].rpartition("=")[2]

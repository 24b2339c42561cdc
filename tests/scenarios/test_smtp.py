"""Handing mail over: in clear, in TLS, with a password; what a mail server refuses, and one that says nothing."""

import asyncio
import socket
import ssl
from email.message import EmailMessage

import pytest

from certificates import Pair, certificate_for
from scenarios.mail_world import postbox
from seriatim.storage import smtp
from seriatim.storage.smtp import NotSent, Smtp, SmtpServer

WORDS = ("chat", "p@ss word")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return certificate_for(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def trusted(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Return a server's context whose certificate this process trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(pair.certificate))
    return _context(pair)


def _context(pair: Pair) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    return context


def message() -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "chat@example.org", "ada@example.org", "words"
    made.set_content("words")
    return made


async def test_tls_from_the_first_byte_with_a_password(trusted: ssl.SSLContext) -> None:
    async with postbox(tls=trusted, login=WORDS) as box:
        await Smtp(SmtpServer.of(f"smtps://chat:p%40ss%20word@127.0.0.1:{box.port}")).send(message())
        assert ((await box.next())["To"], box.secure) == ("ada@example.org", [True])


async def test_starttls_with_a_password(trusted: ssl.SSLContext) -> None:
    async with postbox(starttls=trusted, login=WORDS) as box:
        await Smtp(SmtpServer.of(f"starttls://chat:p%40ss%20word@127.0.0.1:{box.port}")).send(message())
        assert ((await box.next())["To"], box.secure) == ("ada@example.org", [True])


@pytest.mark.parametrize("scheme", ["smtps", "starttls"])
async def test_a_server_that_nobody_vouches_for_gets_neither_mail_nor_password(pair: Pair, scheme: str) -> None:
    context = _context(pair)
    how = {"tls": context} if scheme == "smtps" else {"starttls": context}
    async with postbox(**how, login=WORDS) as box:  # pyright: ignore[reportArgumentType]
        with pytest.raises(NotSent, match="SSLCertVerificationError") as refusal:
            await Smtp(SmtpServer.of(f"{scheme}://chat:words@127.0.0.1:{box.port}")).send(message())
        assert (refusal.value.final, box.tried) == (False, 0)


async def test_starttls_does_not_go_on_in_clear() -> None:
    async with postbox() as box:
        with pytest.raises(NotSent):
            await Smtp(SmtpServer.of(f"starttls://127.0.0.1:{box.port}")).send(message())
        assert box.tried == 0


async def test_a_false_password_is_the_operators_to_mend(trusted: ssl.SSLContext) -> None:
    async with postbox(tls=trusted, login=WORDS) as box:
        with pytest.raises(NotSent, match="authentication refused: 535") as refusal:
            await Smtp(SmtpServer.of(f"smtps://chat:other@127.0.0.1:{box.port}")).send(message())
        assert not refusal.value.final


@pytest.mark.parametrize(("answer", "final"), [("451 later", False), ("550 nobody", True)])
async def test_a_refusal_is_for_now_or_for_good(answer: str, final: bool) -> None:
    async with postbox() as box:
        box.answers = [answer]
        with pytest.raises(NotSent) as refusal:
            await Smtp(SmtpServer.of(f"smtp://127.0.0.1:{box.port}")).send(message())
        assert refusal.value.final is final
        assert "@" not in str(refusal.value)


async def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "STEP_WITHIN_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # the kernel answers for it, nobody else does
        port = silent.getsockname()[1]
        with pytest.raises(NotSent) as refusal:
            async with asyncio.timeout(5):
                await Smtp(SmtpServer.of(f"smtp://127.0.0.1:{port}")).send(message())
    assert not refusal.value.final


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.org", "http://mail.example.org", "smtp://", "smtp://chat:words@mail.example.org",
        "smtps://chat@mail.example.org", "smtps://mail.example.org/x", "smtp://mail.example.org:99999",
    ],
)  # fmt: skip
def test_what_is_no_mail_server_is_refused(url: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - its words are for people
        SmtpServer.of(url)


def test_ports_are_those_of_the_way() -> None:
    ports = [SmtpServer.of(f"{way}://mail.example.org").port for way in ("smtp", "smtps", "starttls")]
    assert ports == [25, 465, 587]

"""The queue of mail: each is written when it is sent, so that no secret waits in the database; tried for a day."""

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta
from email.message import EmailMessage
from typing import Final, NamedTuple

import structlog
from anyio import create_task_group, sleep

from seriatim.core.clock import Clock
from seriatim.core.errors import Unavailable
from seriatim.core.names import name_key
from seriatim.features.mail import rules, store, words
from seriatim.features.mail.store import Mail, Person
from seriatim.features.mail.words import Letter
from seriatim.storage.postgres import one_time
from seriatim.storage.postgres.database import Connection, Database
from seriatim.storage.postgres.one_time import Purpose
from seriatim.storage.smtp import AT_ONCE, WITHIN_S, NotSent

log = structlog.get_logger()

LEASE_S: Final = 2 * WITHIN_S
IDLE_S: Final = 1.0
FAILURES: Final = 12
"""With pauses of a minute, two, four ... and two hours at most: about a day."""
FIRST_PAUSE_S: Final = 60.0
LONGEST_PAUSE_S: Final = 10_800.0
DIGESTS_EVERY_S: Final = 600.0
INVITATION_LIFE: Final = timedelta(days=7)

Send = Callable[[EmailMessage], Awaitable[None]]
"""Hands a message over; raises NotSent."""


class Letterhead(NamedTuple):
    """What is on every mail: its sender, where links lead, and what proves that a digest was got."""

    sender: str
    base_url: str
    unsubscribe_key: bytes


class Mails:
    """Writes and sends what is queued until cancelled; of several processes each takes some."""

    def __init__(self, database: Database, send: Send, head: Letterhead, clock: Clock) -> None:
        self._database = database
        self._send = send
        self._head = head
        self._clock = clock

    async def run(self) -> None:
        """Send until cancelled, and queue digests every ten minutes; a failure of the database is waited out."""
        digests_at = self._clock.monotonic()
        while True:
            count = 0
            try:
                if self._clock.monotonic() >= digests_at:
                    await self.queue_digests()
                    digests_at = self._clock.monotonic() + DIGESTS_EVERY_S
                count = await self.step()
            except Unavailable as error:
                log.warning("mails_wait", reason=error.message)
            if not count:
                await sleep(IDLE_S)

    async def queue_digests(self) -> int:
        """Queue the digests that are due and return their number.

        Raises:
            Unavailable.
        """
        async with self._database.transaction() as connection:
            return await store.queue_digests(connection, self._clock.now())

    async def step(self) -> int:
        """Send those that are due, at most 4 at once, and return their number.

        Raises:
            Unavailable.
        """
        async with self._database.transaction() as connection:
            due = await store.lease(connection, AT_ONCE, LEASE_S)
        async with create_task_group() as tasks:
            for one in due:
                tasks.start_soon(self._handle, one)
        return len(due)

    async def _handle(self, mail: Mail) -> None:
        try:
            await self._try(mail)
        except Unavailable as error:  # the lease runs out, and it is tried again
            log.warning("mail_postponed", mail_id=mail.mail_id, reason=error.message)

    async def _try(self, mail: Mail) -> None:
        pause_s: float | None = None
        try:
            async with self._database.transaction() as connection:
                letter = await self._letter(connection, mail)
            if letter is not None:
                await self._send(self._message(letter))
        except NotSent as error:
            final = error.final or mail.failure_count + 1 >= FAILURES
            pause_s = None if final else min(FIRST_PAUSE_S * 2**mail.failure_count, LONGEST_PAUSE_S)
            told = log.warning if final else log.info
            told("mail_not_sent", mail_id=mail.mail_id, kind=mail.kind, reason=str(error), final=final)
        async with self._database.transaction() as connection:
            if pause_s is None:
                await store.done(connection, mail.mail_id)
            else:
                await store.failed(connection, mail.mail_id, pause_s)

    def _message(self, letter: Letter) -> EmailMessage:
        try:
            return words.message(letter, self._head.sender, self._clock)
        except ValueError as error:  # what no header can hold must not hold up the others
            raise NotSent(f"cannot be written: {error}", final=True) from None

    async def _letter(self, connection: Connection, mail: Mail) -> Letter | None:
        """Write it; None: there is nobody to write to, or nothing to say any more."""
        asked = mail.asked or ""
        if mail.kind == "reset":
            person = await store.forgetful(connection, rules.address_key(asked), name_key(asked))
        else:
            person = None if mail.user_id is None else await store.person(connection, mail.user_id)
        if person is None:
            return None
        match mail.kind:
            case "reset":
                url = await self._link(connection, "reset", Purpose.RESET, person)
                return words.reset(person.address, person.name, url)
            case "confirm":
                url = await self._link(connection, "confirm", Purpose.CONFIRM, person, asked)
                return words.confirm(asked, person.name, url)
            case "moved":
                return words.moved(asked, person.name)
            case "invitation":
                return words.invitation(asked, person.name, await self._invitation(connection, mail, person))
            case _:
                return await self._digest(connection, person)

    async def _link(
        self, connection: Connection, page: str, purpose: Purpose, person: Person, address: str | None = None
    ) -> str:
        secret, _ = await one_time.make(connection, purpose, person.user_id, self._clock.now(), address=address)
        return f"{self._head.base_url}/{page}#{secret}"

    async def _invitation(self, connection: Connection, mail: Mail, person: Person) -> str:
        secret, now = secrets.token_urlsafe(one_time.SECRET_BYTES), self._clock.now()
        await store.add_invitation(
            connection,
            hashlib.sha256(secret.encode()).digest(),
            person.user_id,
            now=now,
            expires_at=now + INVITATION_LIFE,
            guest=mail.guest,
        )
        return f"{self._head.base_url}/#invitation={secret}"

    async def _digest(self, connection: Connection, person: Person) -> Letter | None:
        missed = await store.missed(connection, person.user_id, self._clock.now())
        if not missed:
            return None
        base_url = self._head.base_url
        token = rules.unsubscribe_token(self._head.unsubscribe_key, person.user_id, person.address)
        ways = f"{base_url}/v1/mail/unsubscribe/{token}", f"{base_url}/unsubscribe#{token}"
        return words.digest(person.address, base_url, missed, ways)

"""The HTTP side of a server on a real PostgreSQL, driven without a network: accounts, devices, and what all share."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from seriatim.core.clock import ManualClock
from seriatim.core.errors import Unauthenticated
from seriatim.core.ids import DeviceId, UserId
from seriatim.features.accounts import routes as accounts
from seriatim.features.accounts.accounts import Accounts, AccountSettings
from seriatim.features.accounts.passwords import Passwords
from seriatim.features.accounts.tokens import Tokens
from seriatim.features.devices import routes as devices
from seriatim.features.devices.devices import Devices
from seriatim.features.devices.revocations import Revocations
from seriatim.gateway.http.app import HttpSettings, create_http_app
from seriatim.gateway.http.health import Standing
from seriatim.protocol.limits import Rate, Rates
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database

PASSWORD = "correct giraffe battery"
HOST = "chat.test"
ORIGIN = f"http://{HOST}"
BROWSER = {"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN}
OFTEN = Rate(1_000, 1_000)
PATIENT = Rates(log_in_account=OFTEN, log_in_address=OFTEN, sign_up_address=OFTEN, refresh=OFTEN, search_users=OFTEN)
PASSWORDS = Passwords()


async def no_bot(_token: str) -> Sender:
    raise Unauthenticated("there are no bots here")


@dataclass
class FrontDoor:
    """One server; `call` is how the world reaches it."""

    database: Database
    settings: AccountSettings = field(default_factory=lambda: AccountSettings(rates=PATIENT))
    http: HttpSettings = field(default_factory=HttpSettings)
    why_unavailable: str | None = None

    def __post_init__(self) -> None:
        self.clock = ManualClock(datetime.now(UTC))
        self.changed: list[UserId] = []
        self.ended: list[tuple[UserId, DeviceId]] = []
        self.tokens = Tokens({"test": secrets.token_bytes(32)}, self.clock)
        self.revocations = Revocations(
            self.database, self.clock, lambda *ended: self.ended.append(ended), lambda _hurry: None
        )
        self.accounts = Accounts(
            database=self.database,
            tokens=self.tokens,
            clock=self.clock,
            settings=self.settings,
            passwords=PASSWORDS,
            devices_changed=self.changed.append,
        )
        self.devices = Devices(database=self.database, clock=self.clock, devices_changed=self.changed.append)
        self.app = create_http_app(
            self.http,
            tokens=self.tokens,
            revoked=self.revocations.revoked,
            bot=no_bot,
            standing=Standing(lambda: self.why_unavailable),
            dependencies={"accounts": self.accounts, "devices": self.devices},
            routes=(*accounts.ROUTES, *devices.ROUTES),
        )

    async def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        address: str = "192.0.2.1",
        **body: Any,
    ) -> httpx.Response:
        """Make one request from `address`."""
        transport = httpx.ASGITransport(self.app, client=(address, 50_000))
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            given = {"Authorization": f"Bearer {token}"} if token else {}
            return await client.request(method, path, headers=given | (headers or {}), **body)

    async def sign_up(self, name: str | None = None, **more: Any) -> dict[str, Any]:
        """Make an account and return its credentials."""
        body = {"name": name or fresh_name(), "password": PASSWORD, "device": {"name": "laptop", "kind": "cli"}}
        answer = await self.call("POST", "/v1/auth/sign-up", json=body | more)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def log_in(self, name: str, device: str = "phone", **more: Any) -> dict[str, Any]:
        """Sign another device in and return its credentials."""
        body = {"name": name, "password": PASSWORD, "device": {"name": device}}
        answer = await self.call("POST", "/v1/auth/log-in", json=body | more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refresh(self, device_id: int, refresh_token: str) -> httpx.Response:
        """Ask for fresh tokens as a program does."""
        return await self.call(
            "POST", "/v1/auth/refresh", json={"device_id": device_id, "refresh_token": refresh_token}
        )


def fresh_name() -> str:
    """Return a name nobody has: tests share one database."""
    return f"ada {secrets.token_hex(8)}"


def refused(answer: httpx.Response) -> tuple[int, str, str | None, str | None]:
    """Return what a refusal says to programs: status, code, path, reason."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert "Traceback" not in answer.text
    return answer.status_code, problem["code"], problem.get("path"), problem.get("reason")

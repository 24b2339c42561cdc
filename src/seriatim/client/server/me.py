"""The user himself: how he looks to others, his devices, his mail, the ends of his sessions; part of a Client."""

from datetime import datetime
from typing import Any

from seriatim.client.http import Http
from seriatim.core.ids import DeviceId
from seriatim.protocol.fields import ChosenState, LastSeenTo
from seriatim.protocol.http.presence import MyPresence
from seriatim.protocol.resources import Device, MailSettings, NewMailAddress, RenameDevice, SetDigest


class MyAccount:
    """Everything is asked over HTTP.

    Raises, from everything:
        ChatError: the server refused; Unavailable: it could not be reached, try again.
    """

    def __init__(self, http: Http) -> None:
        self._http = http

    async def presence(self) -> MyPresence:
        """Return what the user chose to look like, as far as it still holds."""
        return await self._http.ask("GET", "/v1/me/presence", MyPresence)

    async def choose_presence(
        self,
        state: ChosenState = ChosenState.AUTO,
        text: str = "",
        *,
        expires_at: datetime | None = None,
        last_seen_to: LastSeenTo | None = None,
    ) -> None:
        """Look so on all devices, until `expires_at`; without arguments: as he is, with no words.

        `last_seen_to`: who is told when he was last here; None: as before.
        """
        body = {"state": state, "text": text, "expires_at": expires_at, "last_seen_to": last_seen_to}
        await self._do("PUT", "/v1/me/presence", body)

    async def devices(self) -> list[Device]:
        """Return the devices that the user is signed in with, the last seen first."""
        return await self._http.ask("GET", "/v1/devices", list[Device])

    async def rename_device(self, device_id: DeviceId, name: str) -> None:
        """Call a device otherwise (1 to 64 characters)."""
        await self._do("PATCH", f"/v1/devices/{device_id}", RenameDevice(name=name))

    async def revoke_device(self, device_id: DeviceId) -> None:
        """Sign a device out: its connections close, and what it holds it keeps no more."""
        await self._do("DELETE", f"/v1/devices/{device_id}")

    async def log_out(self) -> None:
        """Sign this device out; its `async with` block ends with Unauthenticated."""
        await self._do("POST", "/v1/auth/log-out")

    async def log_out_everywhere(self) -> None:
        """Sign all devices out, this one too."""
        await self._do("POST", "/v1/auth/log-out-everywhere")

    async def mail(self) -> MailSettings:
        """Return the user's address, and whether he is told by mail what he missed."""
        return await self._http.ask("GET", "/v1/me/mail", MailSettings)

    async def set_mail_address(self, address: str) -> None:
        """Have a link mailed to an address; it is the user's once somebody has followed it."""
        await self._do("POST", "/v1/me/mail", NewMailAddress(address=address))

    async def set_digest(self, *, digest: bool) -> MailSettings:
        """Say whether missed messages are told by mail, at most once a day."""
        return await self._http.ask("PATCH", "/v1/me/mail", MailSettings, body=SetDigest(digest=digest))

    async def remove_mail_address(self) -> None:
        """Have the user's address forgotten."""
        await self._do("DELETE", "/v1/me/mail")

    async def _do(self, method: str, path: str, body: Any = None) -> None:
        await self._http.ask(method, path, type(None), body=body)

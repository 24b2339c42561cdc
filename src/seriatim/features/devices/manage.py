"""What a user does with his devices: look, rename, revoke."""

from seriatim.core.errors import BadRequest, NotFound
from seriatim.core.ids import DeviceId
from seriatim.features.devices import store
from seriatim.features.devices.devices import Devices
from seriatim.protocol.limits import DEVICES_PER_USER
from seriatim.protocol.resources import Device, RenameDevice
from seriatim.protocol.sender import Sender


async def list_devices(sender: Sender, devices: Devices) -> list[Device]:
    """Return the sender's devices that are signed in, the last seen first, at most 20."""
    since = devices.clock.now() - devices.refresh_life
    async with devices.database.read() as connection:
        return await store.devices(connection, sender.user_id, sender.device_id, since=since, limit=DEVICES_PER_USER)


async def rename(device_id: DeviceId, command: RenameDevice, sender: Sender, devices: Devices) -> None:
    """Give one of the sender's devices another name.

    Raises:
        BadRequest: the name cannot be shown.
        NotFound: he has no such device.
    """
    if not command.name.isprintable():
        raise BadRequest("a device's name is printable", path="$.name", reason="characters")
    async with devices.database.transaction() as connection:
        if not await store.rename(connection, sender.user_id, device_id, command.name):
            raise _missing()
    devices.devices_changed(sender.user_id)


async def revoke(device_id: DeviceId, sender: Sender, devices: Devices) -> None:
    """End one of the sender's devices: it cannot refresh any more, and its sockets close with 4410 within 5 s.

    Raises:
        NotFound: he has no such device, or it is revoked already.
    """
    async with devices.database.transaction() as connection:
        if not await store.end(connection, sender.user_id, device_id, devices.clock.now()):
            raise _missing()
    devices.devices_changed(sender.user_id)


def _missing() -> NotFound:
    return NotFound("you have no such device", path="$.device_id")

"""Devices over HTTP: `/v1/devices`."""

from typing import Annotated

from litestar import Controller, delete, get, patch
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter

from seriatim.core.ids import MAX_ID, DeviceId
from seriatim.features.devices import manage
from seriatim.features.devices.devices import Devices
from seriatim.protocol.resources import Device, RenameDevice
from seriatim.protocol.sender import Sender

Caller = NamedDependency[Sender]
Given = NamedDependency[Devices]
PathDeviceId = Annotated[int, PathParameter(ge=1, le=MAX_ID)]


class DeviceRoutes(Controller):
    """The caller's own installations."""

    path = "/v1/devices"
    tags = ("devices",)

    @get("/", operation_id="list_devices", summary="The caller's devices, the last seen first")
    async def list_devices(self, sender: Caller, devices: Given) -> list[Device]:
        return await manage.list_devices(sender, devices)

    @patch("/{device_id:int}", operation_id="rename_device", summary="Rename a device", status_code=204)
    async def rename(
        self,
        device_id: PathDeviceId,
        data: JSONBody[RenameDevice],
        sender: Caller,
        devices: Given,
    ) -> None:
        await manage.rename(DeviceId(device_id), data, sender, devices)

    @delete("/{device_id:int}", operation_id="revoke_device", summary="Sign a device out; its sockets close (4410)")
    async def revoke(self, device_id: PathDeviceId, sender: Caller, devices: Given) -> None:
        await manage.revoke(DeviceId(device_id), sender, devices)


ROUTES = (DeviceRoutes,)

"""What passwords and devices may be."""

import pytest

from seriatim.core.errors import BadRequest
from seriatim.features.accounts.rules import check_device, check_password
from seriatim.protocol.resources import NewDevice


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("hunter2hunter2", "common"),
        ("HUNTER2HUNTER2", "common"),
        ("ada lovelace", "name"),
        ("ABABABABABAB", "repeated"),
    ],
)
def test_passwords_that_are_tried_first_are_refused(password: str, reason: str) -> None:
    with pytest.raises(BadRequest) as refused:
        check_password(password, "Ada Lovelace", {"hunter2hunter2"})
    assert (refused.value.path, refused.value.reason) == ("$.password", reason)


def test_a_long_unusual_password_is_taken() -> None:
    check_password("correct giraffe battery", "Ada", {"hunter2hunter2"})


@pytest.mark.parametrize(
    ("device", "path"),
    [
        (NewDevice(name="a\nb"), "$.device.name"),
        (NewDevice(name="laptop", kind="we\u202eb"), "$.device.kind"),
    ],
)
def test_a_device_that_could_not_be_listed_is_refused(device: NewDevice, path: str) -> None:
    with pytest.raises(BadRequest) as refused:
        check_device(device)
    assert refused.value.path == path

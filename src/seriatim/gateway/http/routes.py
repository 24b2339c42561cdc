"""The routes of all features, in the order in which the documents show them."""

from typing import Final

from litestar.types import ControllerRouterHandler

from seriatim.features.accounts import routes as accounts
from seriatim.features.conversations import routes as conversations
from seriatim.features.devices import routes as devices
from seriatim.gateway.http.trace import message_trace

ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (
    *accounts.ROUTES,
    *devices.ROUTES,
    *conversations.ROUTES,
    message_trace,
)

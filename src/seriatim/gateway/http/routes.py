"""The routes of all features, in the order in which the documents show them."""

from typing import Final

from litestar.types import ControllerRouterHandler

from seriatim.features.accounts import routes as accounts
from seriatim.features.bots import routes as bots
from seriatim.features.conversations import routes as conversations
from seriatim.features.devices import routes as devices
from seriatim.features.emoji import routes as emoji
from seriatim.features.export import routes as export
from seriatim.features.groups import routes as groups
from seriatim.features.invitations import routes as invitations
from seriatim.features.later import routes as later
from seriatim.features.mail import routes as mail
from seriatim.features.messages import routes as messages
from seriatim.features.moderation import routes as moderation
from seriatim.features.own import routes as own
from seriatim.features.pins import routes as pins
from seriatim.features.polls import routes as polls
from seriatim.features.presence import routes as presence
from seriatim.features.reactions import routes as reactions
from seriatim.features.receipts import routes as receipts
from seriatim.features.search import routes as search
from seriatim.features.slash import routes as slash
from seriatim.features.threads import routes as threads
from seriatim.features.webhooks import routes as webhooks
from seriatim.gateway.http.trace import message_trace

ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (
    *accounts.ROUTES,
    *mail.ROUTES,
    *devices.ROUTES,
    *conversations.ROUTES,
    *messages.ROUTES,
    *reactions.ROUTES,
    *pins.ROUTES,
    *polls.ROUTES,
    *invitations.ROUTES,
    *moderation.ROUTES,
    *groups.ROUTES,
    *emoji.ROUTES,
    *threads.ROUTES,
    *receipts.ROUTES,
    *own.ROUTES,
    *later.ROUTES,
    *search.ROUTES,
    *export.ROUTES,
    *presence.ROUTES,
    *bots.ROUTES,
    *slash.ROUTES,
    *webhooks.ROUTES,
    message_trace,
)

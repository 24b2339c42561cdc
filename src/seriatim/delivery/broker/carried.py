"""What passes between gateways, as bytes: a message carries what a gateway published since its last one, in order."""

from collections.abc import Iterator, Sequence

import msgspec

from seriatim.delivery.broker.port import Hint, Told
from seriatim.delivery.broker.shared import Shared
from seriatim.delivery.broker.waiting import News
from seriatim.protocol.entries import Entry

WIRE = 2
"""Version of `Carried`; news in another one is left to the heads check."""


MOST_BYTES = 1024 * 1024
"""Most bytes of a message with more than one piece of news: its readers deal with it in one go."""


class Carried(msgspec.Struct, array_like=True):
    """One message between gateways."""

    wire: int
    gateway: str
    """Who published it: a gateway has had its own news already."""
    epoch: str
    hints: list[tuple[int, Entry]]
    """Roster version and entry of each."""
    told: list[Told]
    shared: list[Shared]

    def hinted(self) -> list[Hint]:
        """Return its hints as they were published, without their traces."""
        return [Hint(self.epoch, entry, version) for version, entry in self.hints]


class _Header(msgspec.Struct, array_like=True):
    """The part of `Carried` that no version changes."""

    wire: int
    gateway: str
    epoch: str


class Unreadable(Exception):
    """A message of another version or epoch, or broken."""


class Codec:
    """Writes and reads the messages of one gateway on the log of one epoch."""

    def __init__(self, gateway: str, epoch: str) -> None:
        self._gateway = gateway
        self._epoch = epoch

    def messages(self, news: Sequence[News]) -> Iterator[tuple[bytes, int]]:
        """Yield messages with this news, each of its three sorts in its order, and how much news is in each."""
        payload = self._encode(news)
        if len(payload) <= MOST_BYTES or len(news) == 1:
            yield payload, len(news)
            return
        middle = len(news) // 2
        yield from self.messages(news[:middle])
        yield from self.messages(news[middle:])

    def _encode(self, news: Sequence[News]) -> bytes:
        hints = [(one.roster_version, one.entry) for one in news if isinstance(one, Hint)]
        told = [one for one in news if isinstance(one, Told)]
        shared = [one for one in news if not isinstance(one, Hint | Told)]
        return msgspec.msgpack.encode(Carried(WIRE, self._gateway, self._epoch, hints, told, shared))

    def decode(self, payload: bytes) -> Carried | None:
        """Return another gateway's message; None: it is this one's own.

        Raises:
            Unreadable: whatever it says is found in the log.
        """
        try:
            header = _HEADER.decode(payload)
            if header.gateway == self._gateway:
                return None
            if (header.wire, header.epoch) != (WIRE, self._epoch):
                raise Unreadable
            return _CARRIED.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Unreadable from None


_HEADER = msgspec.msgpack.Decoder(_Header)
_CARRIED = msgspec.msgpack.Decoder(Carried)

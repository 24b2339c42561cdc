"""Send: decide on what the command shows, then hand it to the log; the waiter hears what became of it."""

from seriatim.core.trace import Hop, Trace, passed
from seriatim.features.messages import rules
from seriatim.log.append import Appender
from seriatim.log.draft import Waiter
from seriatim.protocol.commands import SendMessage
from seriatim.protocol.sender import Sender

_AUTHORIZE = Hop.AUTHORIZE


def send(command: SendMessage, sender: Sender, log: Appender, waiter: Waiter, trace: Trace | None) -> None:
    """Queue a message for the log's next batch; never blocks, no task, no await (the hot path).

    `waiter.stored` is called after COMMIT and publish, `waiter.refused` when append refuses it: a retry of a stored
    key gets the stored entry first, whatever became of the membership since (promise L2); only a new key meets rights.

    Raises:
        TooLarge, BadRequest: the command itself is wrong; the waiter hears nothing.
    """
    wish = rules.draft(command, sender, trace)
    passed(trace, _AUTHORIZE)
    log.submit(wish, waiter)

"""What durability costs: the same gateway, whose messages are numbered in memory and never committed.

Run as `python -m seriatim.bench.yardsticks.uncommitted serve ...`: the command line of the product, in which one thing
is patched. The product has no switch for this, so nobody can turn it on.
"""

from collections.abc import Sequence

from seriatim.app import cli
from seriatim.log import append
from seriatim.log.lane.binary import int8s
from seriatim.log.lane.lane import Answer, Lane

_HEAD = b"select last_seq, last_ordinal, roster_version from conversations where id = $1"


class Uncommitted(Lane):
    """Answers each batch in the next turn of the loop, from the heads that the database had; PostgreSQL hears nothing.

    The appender around it is the product's own: what is batched, packed, published and acked, and when, stays the same.
    All keys count as new and all senders as members: it is for generators, which do not try again.
    """

    def call(self, parameters: Sequence[bytes]) -> None:
        """Give the messages of a batch the places they would have."""
        rows = [self._next(conversation_id) for conversation_id in int8s(parameters[0])]
        seqs, ordinals, versions = zip(*rows, strict=True)
        nothing = [0] * len(rows)
        answer = Answer(seq=seqs, created_at=nothing, ordinal=ordinals, roster_version=versions, status=nothing)
        self._loop.call_soon(self._caller.answered, answer)

    def _next(self, conversation_id: int) -> tuple[int, int, int]:
        seq, ordinal, version = _heads.get(conversation_id) or self._stored(conversation_id)
        _heads[conversation_id] = head = (seq + 1, ordinal + 1, version)
        return head

    def _stored(self, conversation_id: int) -> tuple[int, int, int]:
        """Read the head of a conversation when it is met first; this blocks, so a bench warms up before it measures."""
        result = self._pgconn.exec_params(_HEAD, [str(conversation_id).encode()])
        seq, ordinal, version = (int(result.get_value(0, column) or b"") for column in range(3))
        return seq, ordinal, version


_heads: dict[int, tuple[int, int, int]] = {}
"""Of all conversations met; it outlives a lost connection, so that no number is given twice."""


if __name__ == "__main__":
    append.Lane = Uncommitted
    cli.main()

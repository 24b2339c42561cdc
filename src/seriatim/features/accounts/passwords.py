"""Password hashes: argon2id in threads, few at once, with the same work for names that nobody has."""

from functools import cache, partial
from pathlib import Path
from typing import Final

from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from seriatim.core.errors import Unavailable

MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1
"""Source: the OWASP password storage cheat sheet's first choice for argon2id."""
AT_ONCE: Final = 2
WAITING: Final = 100
"""More than this are told to come back: about 2 s of work on one core."""


class Passwords:
    """Hash and verify without holding up the loop.

    Bounds: 2 hashes at once (19 MiB each), at most 100 waiting for their turn.
    Raises: Unavailable, from both, when 100 are waiting.
    """

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
        self._nobody = self._hasher.hash("the password of a name that nobody has")
        self._turns = CapacityLimiter(AT_ONCE)

    async def hash(self, password: str) -> str:
        """Return the encoded argon2id hash, with a fresh salt."""
        self._require_a_turn()
        return await to_thread.run_sync(self._hasher.hash, password, limiter=self._turns)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Say whether `password` made this hash; None (nobody) costs the same time and is always false."""
        self._require_a_turn()
        check = partial(self.matches, password_hash or self._nobody, password)
        return await to_thread.run_sync(check, limiter=self._turns) and password_hash is not None

    def matches(self, password_hash: str, password: str) -> bool:
        """Do the work of `verify`, in the calling thread."""
        try:
            return self._hasher.verify(password_hash, password)
        except VerificationError:
            return False

    def _require_a_turn(self) -> None:
        if self._turns.statistics().tasks_waiting >= WAITING:
            raise Unavailable("too many people are signing in at this moment", retry_after_ms=2_000)


@cache
def common_passwords() -> frozenset[str]:
    """Return the passwords of at least 10 characters that everybody tries first, in lower case."""
    path = Path(__file__).parent / "common_passwords.txt"
    return frozenset(path.read_text(encoding="utf-8").split())

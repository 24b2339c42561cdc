"""What the verbs of this folder work with: built once in app/, handed to each."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from seriatim.core.buckets import Buckets
from seriatim.core.clock import Clock
from seriatim.core.ids import UserId
from seriatim.features.accounts.passwords import Passwords
from seriatim.features.accounts.rules import SignUpPolicy
from seriatim.features.accounts.tokens import Tokens
from seriatim.protocol.limits import RATES, Rates
from seriatim.storage.postgres.database import Database
from seriatim.storage.turns import Turns

RENEWALS, RENEWALS_WAITING, RENEWAL_WITHIN_S = 2, 500, 2.0
"""Renewals at once, half of what may write; with a crowd's, which come after an outage, nobody else would write."""


@dataclass(frozen=True, kw_only=True)
class AccountSettings:
    """What the operator decides."""

    sign_up: SignUpPolicy = SignUpPolicy.OPEN
    rates: Rates = RATES
    refresh_life: timedelta = timedelta(days=60)
    """A device that stays away longer signs in again."""
    invitation_life: timedelta = timedelta(days=7)
    public_url: str | None = None
    """Where people find this server, for links; None: as whoever asks has called it."""


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """The parts; `devices_changed` is called on the loop after a COMMIT that added or ended devices of that user."""

    database: Database
    tokens: Tokens
    clock: Clock
    settings: AccountSettings = field(default_factory=AccountSettings)
    passwords: Passwords = field(default_factory=Passwords)
    devices_changed: Callable[[UserId], None] = lambda _user_id: None

    renewals: Turns = field(
        default_factory=lambda: Turns(RENEWALS, waiting=RENEWALS_WAITING, within_s=RENEWAL_WITHIN_S)
    )
    attempts_by_address: Buckets = field(default_factory=Buckets)
    sign_ups_by_address: Buckets = field(default_factory=Buckets)
    log_ins_by_name: Buckets = field(default_factory=Buckets)
    refreshes_by_family: Buckets = field(default_factory=Buckets)
    resets_by_address: Buckets = field(default_factory=Buckets)
    searches_by_user: Buckets = field(default_factory=Buckets)

"""Which roles a link may give."""

import pytest

from seriatim.core.errors import BadRequest, ChatError, Forbidden
from seriatim.features.invitations.rules import grant
from seriatim.protocol.fields import Role

GUEST, MEMBER, ADMIN, OWNER = Role


@pytest.mark.parametrize("own", [MEMBER, ADMIN, OWNER])
def test_whoever_may_invite_makes_links_for_members_and_guests(own: Role) -> None:
    for given in (GUEST, MEMBER):
        grant(own, given)


@pytest.mark.parametrize(
    ("own", "given", "refusal"),
    [(MEMBER, ADMIN, Forbidden), (ADMIN, ADMIN, Forbidden), (OWNER, OWNER, BadRequest), (ADMIN, OWNER, BadRequest)],
)
def test_only_an_owner_makes_links_for_admins_and_nobody_for_owners(
    own: Role, given: Role, refusal: type[ChatError]
) -> None:
    grant(OWNER, ADMIN)
    with pytest.raises(refusal):
        grant(own, given)

"""SIDs, lists, descriptors and tokens for property tests."""

from hypothesis import strategies as st

from ntmm.kernel.se import Account, Ace, AceType, Acl, SecurityDescriptor, Sid, Token, well_known
from ntmm.kernel.se.descriptor import (
    SE_DACL_AUTO_INHERITED,
    SE_DACL_PRESENT,
    SE_DACL_PROTECTED,
    SE_SACL_PRESENT,
    SE_SACL_PROTECTED,
)
from ntmm.kernel.se.token import SE_GROUP_ENABLED, SE_GROUP_USE_FOR_DENY_ONLY, Group

masks = st.integers(0, 0xFFFFFFFF)
sids = st.one_of(
    st.builds(
        Sid,
        st.one_of(st.integers(0, 20), st.integers(0, (1 << 48) - 1)),
        st.lists(st.integers(0, 0xFFFFFFFF), max_size=15).map(tuple),
    ),
    st.sampled_from([well_known.WORLD, well_known.ADMINISTRATORS, well_known.LOCAL_SYSTEM, well_known.GUESTS]),
)
aces = st.builds(Ace, st.sampled_from(AceType), masks, sids, st.integers(0, 0xFF).map(lambda flags: flags & 0xDF))
acls = st.builds(Acl, st.lists(aces, max_size=6).map(tuple))


@st.composite
def descriptors(draw: st.DrawFn) -> SecurityDescriptor:
    """Descriptors whose control bits fit their parts."""
    has_dacl, has_sacl = draw(st.booleans()), draw(st.booleans())
    dacl_bits = draw(st.sampled_from([0, SE_DACL_PROTECTED, SE_DACL_AUTO_INHERITED]))
    sacl_bits = draw(st.sampled_from([0, SE_SACL_PROTECTED]))
    return SecurityDescriptor(
        draw(st.none() | sids),
        draw(st.none() | sids),
        draw(st.none() | acls) if has_dacl else None,
        draw(acls) if has_sacl else None,
        has_dacl * (SE_DACL_PRESENT | dacl_bits) | has_sacl * (SE_SACL_PRESENT | sacl_bits),
    )


FEW_SIDS = tuple(Sid(5, (21, number)) for number in range(5))


@st.composite
def tokens(draw: st.DrawFn) -> Token:
    """Tokens of a few users in a few groups, some of which only deny."""
    token = Token(Account("someone", "NTMM", draw(st.sampled_from(FEW_SIDS))))
    attributes = st.sampled_from([0, SE_GROUP_ENABLED, SE_GROUP_USE_FOR_DENY_ONLY])
    token.groups = tuple(Group(sid, draw(attributes)) for sid in draw(st.sets(st.sampled_from(FEW_SIDS))))
    return token

"""The commit primitive: makes single reserved pages committed. Used by stack growth."""

from ntmm.kernel.mm.commit import CommitAccount
from ntmm.kernel.mm.tables import PageTables
from ntmm.kernel.mm.vad.vad import Vad


def commit_page(tables: PageTables, account: CommitAccount, vad: Vad, address: int, protection: int) -> bool:
    """Commits the reserved page at `address` with an MM_* protection; False over the commit limit.

    The page must be private memory that is not committed yet. It may be one that is kept for growth.
    """
    if not account.charge_growth(1):
        return False
    vad.commit_charge += 1
    tables.memory.write(tables.ensure(address, user=True), tables.memory.format.demand_zero(protection))
    return True

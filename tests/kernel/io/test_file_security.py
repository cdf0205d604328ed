"""Who may open, make, rename and delete files whose descriptors say so?"""

from pathlib import Path
from typing import Any

import pytest

from ntmm.kernel.io.constants import (
    DELETE,
    FILE_DIRECTORY_FILE,
    FILE_GENERIC_READ,
    FILE_GENERIC_WRITE,
    FILE_READ_ATTRIBUTES,
    MAXIMUM_ALLOWED,
    Disposition,
)
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.volume import Volume
from ntmm.kernel.se import Accounts, Token
from ntmm.kernel.se.sddl import format_sddl, parse_sddl
from ntmm.nt.status import Status
from tests.kernel.io.opening import opened

ACCOUNTS = Accounts()
OWNER, OTHER = Token(ACCOUNTS.user("owner")), Token(ACCOUNTS.user("other"))
READ_ONLY = "D:(A;;FR;;;WD)"


def answer(volume: Volume, path: str, token: Token, access: int, **more: Any) -> Status:
    """The status of an open."""
    try:
        opened(volume, path, access, token=token, **more).close()
    except IoFailure as refused:
        return refused.status
    return Status.SUCCESS


def make(volume: Volume, path: str, sddl: str = "", options: int = 0, token: Token = OWNER) -> str:
    """A new file or folder, and what its descriptor says."""
    security = parse_sddl(sddl) if sddl else None
    new = opened(
        volume, path, 0xC0000000, disposition=Disposition.CREATE, options=options, token=token, security=security
    )
    new.close()
    again = opened(volume, path, 0)
    text = format_sddl(again.descriptor())
    again.close()
    return text


def test_what_has_a_file_that_nobody_secured(volume: Volume, folder: Path) -> None:
    (folder / "f").touch()
    text = format_sddl(opened(volume, "f").descriptor())
    assert text == f"O:{ACCOUNTS.user('User').sid}G:{OWNER.primary_group}D:(A;;FA;;;WD)"
    assert answer(volume, "f", OTHER, FILE_GENERIC_WRITE | DELETE) is Status.SUCCESS
    most = opened(volume, "f", MAXIMUM_ALLOWED, token=OTHER)
    assert most.access == 0x1F01FF


def test_does_a_file_keep_its_descriptor_between_opens(volume: Volume) -> None:
    assert make(volume, "f", READ_ONLY) == f"O:{OWNER.user}G:{OWNER.primary_group}{READ_ONLY}"
    for token, access, status in (
        (OTHER, FILE_GENERIC_READ, Status.SUCCESS),
        (OTHER, FILE_GENERIC_WRITE, Status.ACCESS_DENIED),
        (OTHER, FILE_GENERIC_READ | 0x40000, Status.ACCESS_DENIED),
        (OWNER, FILE_GENERIC_WRITE, Status.ACCESS_DENIED),
        (OWNER, 0x40000, Status.SUCCESS),
    ):
        assert answer(volume, "f", token, access) is status
    assert answer(volume, "f", OTHER, FILE_GENERIC_READ, disposition=Disposition.OVERWRITE) is Status.ACCESS_DENIED
    most = opened(volume, "f", MAXIMUM_ALLOWED, token=OTHER)
    assert most.access == FILE_GENERIC_READ | DELETE  # the folder lets everybody delete
    assert answer(volume, "f", OTHER, 0x01000000) is Status.PRIVILEGE_NOT_HELD


def test_is_a_file_new_after_its_deletion(volume: Volume) -> None:
    make(volume, "f", READ_ONLY)
    gone = opened(volume, "f", DELETE, token=OTHER)
    gone.set_delete_pending(True)
    gone.close()
    assert make(volume, "f", token=OTHER) == f"O:{OTHER.user}G:{OTHER.primary_group}D:(A;;FA;;;WD)"


def test_what_does_a_folder_hand_down_and_refuse(volume: Volume) -> None:
    sddl = "D:(A;OICI;FR;;;WD)(A;OICI;FA;;;CO)"
    make(volume, "d", sddl, FILE_DIRECTORY_FILE)
    assert make(volume, "d\\f").endswith(f"D:(A;;FR;;;WD)(A;;FA;;;{OWNER.user})")
    assert answer(volume, "d\\g", OTHER, FILE_GENERIC_READ, disposition=Disposition.CREATE) is Status.ACCESS_DENIED
    assert answer(volume, "d\\f", OTHER, FILE_GENERIC_READ) is Status.SUCCESS
    assert answer(volume, "d\\f", OTHER, DELETE) is Status.ACCESS_DENIED
    assert answer(volume, "d\\f", OWNER, DELETE) is Status.SUCCESS
    assert "OICI" in make(volume, "d\\e", "", FILE_DIRECTORY_FILE)


@pytest.mark.parametrize(("sddl", "status"), [("D:(A;;0x41;;;WD)", Status.SUCCESS), ("D:", Status.ACCESS_DENIED)])
def test_what_follows_from_rights_to_the_folder(volume: Volume, sddl: str, status: Status) -> None:
    make(volume, "d", "", FILE_DIRECTORY_FILE)
    make(volume, "d\\f", "D:")
    opened(volume, "d", 0).set_descriptor(parse_sddl("O:SYG:SY" + sddl))
    for access in (DELETE, FILE_READ_ATTRIBUTES):
        assert answer(volume, "d\\f", OTHER, access) is status


def test_does_a_descriptor_move_with_its_file(volume: Volume) -> None:
    make(volume, "f", READ_ONLY)
    make(volume, "g", "D:")
    moved = opened(volume, "f", DELETE, token=OWNER)
    volume.rename(moved, "\\??\\C:\\g", replace=True, token=OWNER)
    moved.close()
    assert answer(volume, "g", OTHER, FILE_GENERIC_READ) is Status.SUCCESS
    assert answer(volume, "g", OTHER, FILE_GENERIC_WRITE) is Status.ACCESS_DENIED
    assert make(volume, "f", token=OWNER).endswith("D:(A;;FA;;;WD)")


def test_may_anybody_rename_into_a_closed_folder(volume: Volume) -> None:
    make(volume, "d", "D:(A;;FR;;;WD)", FILE_DIRECTORY_FILE)
    make(volume, "f")
    source = opened(volume, "f", DELETE, token=OTHER)
    with pytest.raises(IoFailure, match="ACCESS_DENIED"):
        volume.rename(source, "\\??\\C:\\d\\f", replace=False, token=OTHER)
    source.close()


def test_which_wishes_for_a_descriptor_are_refused(volume: Volume, folder: Path) -> None:
    for sddl, status in (("O:SYD:", Status.INVALID_OWNER), ("D:S:", Status.PRIVILEGE_NOT_HELD)):
        refused = answer(
            volume, "f", OTHER, FILE_GENERIC_READ, disposition=Disposition.CREATE, security=parse_sddl(sddl)
        )
        assert refused is status
    assert list(folder.iterdir()) == []


def test_does_the_system_itself_open_everything(volume: Volume) -> None:
    make(volume, "f", "D:")
    opened(volume, "f", FILE_GENERIC_WRITE | DELETE).close()


def test_does_a_link_give_the_right_to_delete_what_it_leads_to(volume: Volume, folder: Path) -> None:
    (folder / "f").touch()
    (folder / "link").symlink_to("f")
    assert opened(volume, "link", MAXIMUM_ALLOWED, token=OTHER).access == 0x1F01FF & ~DELETE
    assert answer(volume, "link", OTHER, DELETE) is Status.ACCESS_DENIED

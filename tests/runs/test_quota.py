"""Does the page-file quota of a process hold, from the service that sets it to the heap that runs into it?"""

import pytest

from tests.runs.running import MACHINES, run, sample

CHECKS = 15


@pytest.mark.parametrize(("folder", "architecture"), MACHINES)
def test_does_a_quota_hold_for_who_may_set_it(folder: str, architecture: str) -> None:
    finished = run(sample(folder, "quota"), architecture=architecture, granted=("SeIncreaseQuotaPrivilege",))
    assert "FAIL" not in finished.output, finished.output
    assert finished.output.splitlines()[-1] == f"all {CHECKS} checks passed"
    assert finished.report.exit_status == 0


def test_is_the_quota_of_a_user_without_the_privilege_left_alone() -> None:
    finished = run(sample("x86", "quota"), user="guest user")
    assert "run with --grant SeIncreaseQuotaPrivilege" in finished.output
    assert finished.report.exit_status == 0

"""Does every machine boot, run the samples it can run, and keep its books; is user space as large as it should be?"""

from pathlib import Path
from typing import Any

import pytest

from ntmm.nt.boot_options import parse_boot_options
from ntmm.nt.registry import parse_registry
from ntmm.pe.flags import with_large_address_aware, with_nx_compatible
from ntmm.runner.options import SystemOptions
from tests.runs.running import Finished, run, sample

GB = 1 << 30

PROFILES: dict[str, tuple[str, str, dict[str, str], str, int]] = {
    # name: (folder of the program, architecture, more options, switches, RAM)
    "NT 4": ("x86", "auto", {"windows": "nt4"}, "", 32 << 20),
    "NT 4 Enterprise, /3GB": ("x86", "auto", {"windows": "nt4"}, "/3GB", 64 << 20),
    "2000": ("x86", "auto", {"windows": "2000"}, "", 64 << 20),
    "2000 Advanced Server, /PAE": ("x86", "auto", {"windows": "2000"}, "/PAE", 8 * GB),
    "XP": ("x86", "auto", {"windows": "xp"}, "", 64 << 20),
    "XP SP2": ("x86", "auto", {"windows": "xp-sp2"}, "", 64 << 20),
    "XP SP2, no NX": ("x86", "auto", {"windows": "xp-sp2", "cpu": "x86"}, "", 64 << 20),
    "XP SP2, DEP off": ("x86", "auto", {"windows": "xp-sp2"}, "/NOEXECUTE=ALWAYSOFF", 64 << 20),
    "XP SP2, PAE without DEP": ("x86", "auto", {"windows": "xp-sp2"}, "/EXECUTE /PAE", 64 << 20),
    "XP SP2, /3GB": ("x86", "auto", {"windows": "xp-sp2"}, "/3GB", 512 << 20),
    "XP SP2, two levels, /3GB": ("x86", "x86", {"windows": "xp-sp2"}, "/3GB", 512 << 20),
    "XP SP2, /USERVA=2900": ("x86", "auto", {"windows": "xp-sp2"}, "/3GB /USERVA=2900", 512 << 20),
    "XP SP2, two levels, /USERVA=2900": ("x86", "x86", {"windows": "xp-sp2"}, "/3GB /USERVA=2900", 512 << 20),
    "2003": ("x86", "auto", {"windows": "2003"}, "", 64 << 20),
    "2003 SP1": ("x86", "auto", {"windows": "2003-sp1"}, "", 64 << 20),
    "2003 SP1 Datacenter, 64 GB": ("x86", "auto", {"windows": "2003-sp1"}, "", 64 * GB),
    "2003 SP1 Datacenter on x64, 128 GB": ("x86", "auto", {"windows": "2003-sp1"}, "", 128 * GB),
    "2003 SP1 Enterprise, /3GB": ("x86", "auto", {"windows": "2003-sp1", "edition": "enterprise"}, "/3GB", 32 * GB),
    "XP x64": ("x64", "auto", {"windows": "xp-sp2"}, "", 64 << 20),
    "2003 x64 SP1, 1 TB": ("x64", "auto", {"windows": "2003-sp1"}, "", 1024 * GB),
}


def run_on(profile: str, name: str, *arguments: str) -> Finished:
    folder, architecture, options, switches, ram = PROFILES[profile]
    program = sample(folder, name)
    return run(program, *arguments, architecture=architecture, ram=ram, **machine(switches, (), **options))


def machine(switches: str = "", registry: tuple[str, ...] = (), **options: str) -> dict[str, Any]:
    """Options of a run for a system that is set up in this way."""
    system = SystemOptions(
        options.pop("edition", "auto"),
        parse_boot_options(switches),
        parse_registry(registry),
        options.pop("cpu", "auto"),
    )
    return {"system": system, **options}


@pytest.mark.parametrize("profile", PROFILES)
def test_does_every_machine_run_what_it_can(profile: str) -> None:
    """Each run is audited at its end, and again when all memory has been returned."""
    for name, arguments in {"reserve_commit": (), "image": (), "protect": (), "touch": ("1", "1")}.items():
        finished = run_on(profile, name, *arguments)
        assert finished.report.exit_status == 0, finished.output
        assert "FAIL" not in finished.output
        assert finished.report.unexplained_faults == 0


@pytest.mark.parametrize("name", ["reserve_commit", "sections", "rewrite"])
def test_is_the_output_the_same_on_every_machine(name: str) -> None:
    """The last of the 32-bit ones is WOW64."""
    outputs = {run(sample("x86", name), architecture=architecture).output for architecture in ("x86", "pae", "x64")}
    outputs.add(run(sample("x64", name)).output)
    assert len(outputs) == 1


@pytest.fixture
def aware(tmp_path: Path) -> Path:
    """A copy of the sample that may use addresses above 2 GB."""
    target = tmp_path / "aware.exe"
    target.write_bytes(with_large_address_aware(sample("x86", "high").read_bytes(), wanted=True))
    return target


@pytest.mark.parametrize("architecture", ["x86", "pae"])
@pytest.mark.parametrize(
    ("switches", "megabytes"), [("", 2048), ("/3GB", 3072), ("/3GB /USERVA=2800", 2800), ("/3GB /USERVA=2051", 2048)]
)
def test_does_an_aware_image_use_what_the_switches_give(
    aware: Path, architecture: str, switches: str, megabytes: int
) -> None:
    finished = run(aware, str(megabytes), architecture=architecture, **machine(switches))
    assert "FAIL" not in finished.output, finished.output
    assert finished.report.exit_status == 0


@pytest.mark.parametrize("architecture", ["x86", "pae"])
def test_is_another_image_held_to_2_gb_with_3gb_too(architecture: str) -> None:
    finished = run(sample("x86", "high"), "2048", architecture=architecture, **machine("/3GB"))
    assert "FAIL" not in finished.output, finished.output


def test_has_a_64_bit_image_8_tb() -> None:
    finished = run(sample("x64", "high"), str(8 << 20))
    assert "FAIL" not in finished.output, finished.output


def test_is_a_64_bit_image_that_is_not_aware_held_to_2_gb(tmp_path: Path) -> None:
    target = tmp_path / "unaware.exe"
    image = with_large_address_aware(sample("x64", "high").read_bytes(), wanted=False)
    target.write_bytes(image)
    finished = run(target, "2048")
    assert "FAIL" not in finished.output, finished.output


def test_is_memory_above_2_gb_paged_out_and_in(aware: Path) -> None:
    """The program's own blocks and, with 3 GB, the page tables of a third directory."""
    finished = run(aware, "3072", ram=8 << 20, **machine("/3GB"))
    assert finished.report.exit_status == 0, finished.output


# DEP

EXECUTED = "executed"
STOPPED = "exception C0000005, parameter 8, at the code"
PLACES = ("stack", "heap", "data")

POLICIES = ("alwayson", "alwaysoff", "optin", "optout")
HAS_DEP = {
    # (policy, opted in): whether a 32-bit program has it
    ("alwayson", False): True,
    ("alwayson", True): True,
    ("alwaysoff", False): False,
    ("alwaysoff", True): False,
    ("optin", False): False,
    ("optin", True): True,
    ("optout", False): True,
    ("optout", True): True,
}


def dep_program(tmp_path: Path, folder: str, opted_in: bool) -> Path:
    target = tmp_path / "dep.exe"
    target.write_bytes(with_nx_compatible(sample(folder, "dep").read_bytes(), wanted=opted_in))
    return target


def outcomes(finished: Finished) -> dict[str, str]:
    lines = [line.partition(": ") for line in finished.output.splitlines()]
    return {name: rest for name, _, rest in lines}


@pytest.mark.parametrize("opted_in", [False, True])
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(("folder", "architecture"), [("x86", "auto"), ("x86", "x64"), ("x64", "x64")])
def test_does_dep_stop_what_the_policy_says(
    folder: str, architecture: str, policy: str, opted_in: bool, tmp_path: Path
) -> None:
    """The second is WOW64: on 64-bit Windows 32-bit processes depend on the policy all the same."""
    program = dep_program(tmp_path, folder, opted_in)
    told = outcomes(run(program, architecture=architecture, **machine(f"/NOEXECUTE={policy}")))
    expected = STOPPED if folder == "x64" or HAS_DEP[policy, opted_in] else EXECUTED
    assert {name: told[name] for name in PLACES} == dict.fromkeys(PLACES, expected)
    assert told["executable page"] == EXECUTED
    assert told["policy"] == str(("alwaysoff", "alwayson", "optin", "optout").index(policy))


@pytest.mark.parametrize(
    ("policy", "layer", "expected"),
    [
        ("optout", "DisableNXShowUI", EXECUTED),
        ("optin", "EnableNXShowUI", STOPPED),
        ("alwayson", "DisableNXShowUI", STOPPED),
    ],
)
def test_does_the_registry_opt_a_program_out(policy: str, layer: str, expected: str, tmp_path: Path) -> None:
    program = dep_program(tmp_path, "x86", opted_in=False)
    told = outcomes(run(program, **machine(f"/NOEXECUTE={policy}", (f"Layers\\dep.exe={layer}",))))
    assert {told[name] for name in PLACES} == {expected}


@pytest.mark.parametrize(
    "options",
    [machine(windows="xp"), machine("/PAE", windows="xp"), machine(windows="2003-sp1", cpu="x86"), machine("/EXECUTE")],
)
def test_is_everything_executed_without_hardware_that_forbids_it(options: dict[str, Any], tmp_path: Path) -> None:
    program = dep_program(tmp_path, "x86", opted_in=True)
    told = outcomes(run(program, **options))
    assert {told[name] for name in PLACES} == {EXECUTED}


def test_may_a_program_change_its_own_policy(tmp_path: Path) -> None:
    """On, for good, after a time without: pages that were executed meanwhile are data again."""
    program = dep_program(tmp_path, "x86", opted_in=True)
    lines = run(program, "0", "1", "0", **machine("/NOEXECUTE=OPTIN")).output.splitlines()
    assert [line for line in lines if line.startswith(("process", "set"))] == [
        "process: 1, may change",
        "set 0: done",
        "process: 0, may change",
        "set 1: done",
        "process: 1, permanent",
        "set 0: error 5",
        "process: 1, permanent",
    ]
    assert [line.partition(": ")[2] for line in lines if line.startswith("heap")] == [
        STOPPED,
        EXECUTED,
        STOPPED,
        STOPPED,
    ]


def test_is_locked_memory_data_as_other_data_is(tmp_path: Path) -> None:
    """Large pages and windows of physical pages: stopped, executed without DEP, and stopped again."""
    program = dep_program(tmp_path, "x86", opted_in=True)
    finished = run(program, "0", "1", granted=["SeLockMemoryPrivilege"], **machine("/NOEXECUTE=OPTIN"))
    lines = [line for line in finished.output.splitlines() if line.startswith(("large page", "window"))]
    expected = [STOPPED, EXECUTED, STOPPED]
    assert lines == [f"{name}: {told}" for told in expected for name in ("large page", "window")]


@pytest.mark.parametrize("switches", ["/EXECUTE /PAE", "/NOPAE"])
def test_is_locked_memory_executed_without_dep(switches: str, tmp_path: Path) -> None:
    program = dep_program(tmp_path, "x86", opted_in=True)
    told = outcomes(run(program, granted=["SeLockMemoryPrivilege"], **machine(switches)))
    assert (told["large page"], told["window"]) == (EXECUTED, EXECUTED)

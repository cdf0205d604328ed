"""Routines of drivers in ring 0: what they may do on small and on large machines, and what stops the machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ntmm.kernel.boot import Kernel
from ntmm.kernel.io.volume import Volume
from ntmm.kernel.ke.bugcheck import Bugcheck, BugcheckCode
from ntmm.kernel.mm.audit import audit
from ntmm.nt.boot_options import parse_boot_options
from ntmm.nt.large_pages import has_large_system_pages
from ntmm.nt.memory import MEM_COMMIT, MEM_RESERVE, PAGE_READWRITE
from ntmm.nt.profile import SystemProfile
from ntmm.nt.registry import parse_registry

MB = 1 << 20
SMALL, LARGE = 64 * MB, 300 * MB

# The argument is an address. On 32 bit it is on the stack: mov ecx, [esp + 4].
TAKE_32 = bytes.fromhex("8b4c2404")
STORE = bytes.fromhex("c60107 b801000000")  # mov byte [ecx], 7 / mov eax, 1
LOAD = bytes.fromhex("0fb601")  # movzx eax, byte [ecx]
CALL = bytes.fromhex("ffd1")  # call ecx
DIVIDE = bytes.fromhex("31c9 f7f1")  # xor ecx, ecx / div ecx
RETURN_32, RETURN_64 = bytes.fromhex("c20400"), bytes.fromhex("c3")


def code(kernel: Kernel, body: bytes) -> bytes:
    if kernel.architecture.bits == 64:
        return body + RETURN_64
    return TAKE_32 + body + RETURN_32


@contextmanager
def booted(folder: Path, architecture: str, ram: int, **more: object) -> Iterator[Kernel]:
    volume = Volume(folder)
    kernel = Kernel(SystemProfile(architecture=architecture, ram=ram, **more), volume, checking=True)  # type: ignore[arg-type]
    try:
        yield kernel
        problems = audit(kernel.mm)
        assert not problems, problems[:5]
    finally:
        kernel.close()
        volume.close()


@pytest.fixture(params=["x86", "pae", "x64"])
def architecture(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[SMALL, LARGE], ids=["small", "large"])
def kernel(request: pytest.FixtureRequest, architecture: str, tmp_path: Path) -> Iterator[Kernel]:
    with booted(tmp_path, architecture, request.param) as made:
        yield made


def stop_of(kernel: Kernel, body: bytes, address: int) -> Bugcheck:
    image = kernel.drivers.load("bad.sys", code(kernel, body))
    with pytest.raises(Bugcheck) as caught:
        kernel.drivers.call(image.base, address)
    return caught.value


def test_does_a_driver_keep_data_of_its_own(kernel: Kernel) -> None:
    image = kernel.drivers.load("good.sys", code(kernel, STORE), data_size=0x1800)
    reader = kernel.drivers.load("reader.sys", code(kernel, LOAD))
    data = image.base + image.code_pages * kernel.architecture.page_size
    assert image.data_pages == 2
    assert kernel.drivers.call(reader.base, data) == 0
    assert kernel.drivers.call(image.base, data + 5) == 1
    assert kernel.drivers.call(reader.base, data + 5) == 7


def test_is_code_of_drivers_read_only(kernel: Kernel) -> None:
    victim = kernel.drivers.load("victim.sys", code(kernel, LOAD))
    stop = stop_of(kernel, STORE, victim.base)
    assert stop.code is BugcheckCode.ATTEMPTED_WRITE_TO_READONLY_MEMORY
    assert stop.parameters[0] == victim.base


def test_is_code_of_the_kernel_protected_on_small_machines_only(kernel: Kernel) -> None:
    target = kernel.mm.system.kernel_addresses[0] + 0x800
    if kernel.profile.ram == LARGE:
        writer = kernel.drivers.load("writer.sys", code(kernel, STORE))
        reader = kernel.drivers.load("reader.sys", code(kernel, LOAD))
        assert kernel.drivers.call(writer.base, target) == 1
        assert kernel.drivers.call(reader.base, target) == 7
    else:
        assert stop_of(kernel, STORE, target).code is BugcheckCode.ATTEMPTED_WRITE_TO_READONLY_MEMORY


def test_does_a_driver_in_a_large_page_overwrite_its_own_code(architecture: str, tmp_path: Path) -> None:
    registry = parse_registry(["LargePageDrivers=fast.sys"])
    with booted(tmp_path, architecture, LARGE, registry=registry) as kernel:
        image = kernel.drivers.load("Fast.sys", code(kernel, STORE), data_size=0x1000)
        assert image.is_large and image.base % kernel.architecture.large_page_size == 0
        assert kernel.drivers.call(image.base, image.base + 0x100) == 1
        assert kernel.drivers.call(image.base, image.base + 0x1000) == 1


def test_lies_a_named_driver_in_small_pages_where_the_system_does(architecture: str, tmp_path: Path) -> None:
    registry = parse_registry(["LargePageDrivers=fast.sys", "LargePageMinimum=0xFFFFFFFF"])
    with booted(tmp_path, architecture, LARGE, registry=registry) as kernel:
        image = kernel.drivers.load("fast.sys", code(kernel, STORE))
        assert not image.is_large and not kernel.mm.system.large_mappings.maps_kernel


@pytest.mark.parametrize("architecture", ["x86", "pae"])
def test_have_three_gb_machines_large_pages_as_far_as_there_is_room(architecture: str, tmp_path: Path) -> None:
    boot, registry = parse_boot_options("/3GB"), parse_registry(["LargePageDrivers=a.sys b.sys c.sys"])
    with booted(tmp_path, architecture, LARGE, boot=boot, registry=registry) as kernel:
        large, pool = kernel.mm.system.large_mappings, kernel.mm.system.nonpaged_pool
        assert pool.initial_range is not None
        assert pool.initial_range[0] == 0xE0000000 + kernel.architecture.large_page_size
        images = [kernel.drivers.load(name, code(kernel, STORE)) for name in ("a.sys", "b.sys", "c.sys")]
        assert [image.is_large for image in images] == [True, True, False]  # the third finds no room
        assert large.end <= kernel.mm.layout.paged_pool
        for image in images[:2]:
            assert kernel.drivers.call(image.base, image.base + 0x100) == 1
        target = kernel.mm.system.kernel_addresses[0] + 0x800
        assert kernel.drivers.call(images[0].base, target) == 1


def test_is_a_stack_not_executed(kernel: Kernel) -> None:
    if not kernel.architecture.has_no_execute:
        pytest.skip("two-level tables cannot forbid execution")
    stack = kernel.mm.kernel_stacks.create()
    assert stack is not None
    stop = stop_of(kernel, CALL, stack.limit)
    assert stop.code is BugcheckCode.ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY
    assert stop.parameters[0] == stack.limit
    kernel.mm.kernel_stacks.delete(stack)


def test_what_stops_a_machine_where_no_page_is(kernel: Kernel) -> None:
    stack = kernel.mm.kernel_stacks.create()
    assert stack is not None
    guard = stack.lowest - kernel.architecture.page_size
    stop = stop_of(kernel, STORE, guard + 8)
    assert (stop.code, stop.parameters[0], stop.parameters[1], stop.parameters[3]) == (0x50, guard + 8, 1, 0)
    kernel.mm.kernel_stacks.delete(stack)
    hole = kernel.mm.layout.nonpaged_pool + 0x123000
    stop = stop_of(kernel, LOAD, hole)
    assert (stop.code, stop.parameters[0], stop.parameters[1], stop.parameters[3]) == (0x50, hole, 0, 2)


def test_is_paged_pool_read_from_the_paging_file(architecture: str, tmp_path: Path) -> None:
    with booted(tmp_path, architecture, SMALL) as kernel:
        pool = kernel.mm.system.paged_pool
        block = pool.allocate(0x3000, "Test") + 0x1000  # a page that holds nothing else
        reader = kernel.drivers.load("reader.sys", code(kernel, LOAD))
        writer = kernel.drivers.load("writer.sys", code(kernel, STORE))
        assert kernel.drivers.call(writer.base, block) == 1
        kernel.mm.pageout.working_sets.empty(kernel.mm._system_owner)
        assert kernel.mm.system.tables.find_word(block) < 0
        assert kernel.drivers.call(reader.base, block) == 7


def test_does_a_routine_reach_the_memory_of_the_process_it_runs_in(kernel: Kernel) -> None:
    process = kernel.ps.create_process("a.exe")
    assert process is not None
    _, base, _ = kernel.mm.allocate(process, 0, 0x1000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE)
    writer = kernel.drivers.load("writer.sys", code(kernel, STORE))
    assert kernel.drivers.call(writer.base, base, process=process) == 1
    assert process.memory.read_u8(base) == 7
    with pytest.raises(Bugcheck, match="KMODE_EXCEPTION_NOT_HANDLED") as caught:
        kernel.drivers.call(writer.base, 0x5000, process=process)
    assert caught.value.parameters[0] == 0xC0000005 and caught.value.parameters[3] == 0x5000
    with pytest.raises(Bugcheck, match="KMODE_EXCEPTION_NOT_HANDLED"):
        kernel.drivers.call(writer.base, base)  # no process: its half is empty


def test_is_an_exception_of_a_driver_the_end(kernel: Kernel) -> None:
    stop = stop_of(kernel, DIVIDE, 0)
    assert stop.code is BugcheckCode.KMODE_EXCEPTION_NOT_HANDLED and stop.parameters[0] == 0xC0000094


@pytest.mark.parametrize(
    ("release", "megabytes", "minimum", "large"),
    [
        ("2000", 127, None, False),
        ("2000", 128, None, True),
        ("xp", 255, None, False),
        ("xp", 256, None, True),
        ("2003", 256, None, True),
        ("nt4", 4096, None, False),
        ("xp", 4096, 0xFFFFFFFF, False),
        ("xp", 64, 32 * MB, True),
    ],
)
def test_which_machines_map_the_system_with_large_pages(
    release: str, megabytes: int, minimum: int | None, large: bool
) -> None:
    assert has_large_system_pages(release, megabytes * MB, minimum) is large


def test_do_blocks_come_from_large_pages_first(architecture: str, tmp_path: Path) -> None:
    with booted(tmp_path, architecture, LARGE) as kernel:
        pool, layout = kernel.mm.system.nonpaged_pool, kernel.mm.layout
        assert pool.initial_range is not None
        start, end = pool.initial_range
        behind_kernel = layout.kernel_image + kernel.architecture.large_page_size
        assert start == max(behind_kernel, kernel.mm.system.pfn_mapping.end * layout.has_database_behind_kernel)
        assert end - start >= (256 << 10) + 296 * (32 << 10)
        block = pool.allocate(100, "Test")
        assert start <= block < end
        kernel.mm.ram.bytes[pool.word(block) * kernel.architecture.pte_size] = 9
        pool.free(block)
        assert kernel.mm.ram.bytes[pool.word(block) * kernel.architecture.pte_size] == 0
        far = pool.allocate(end - start + 8, "Big ")
        assert layout.nonpaged_pool <= far < layout.nonpaged_pool_end


def test_does_a_driver_reach_locked_pages_of_a_process_outside_of_it(kernel: Kernel) -> None:
    process = kernel.ps.create_process("a.exe")
    assert process is not None
    _, base, _ = kernel.mm.allocate(process, 0, 0x2000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE)
    mdl = kernel.mm.lock_pages(process, base + 0xFFE, 4, write=True)
    address = kernel.mm.mdls.map(mdl)
    assert address is not None
    writer = kernel.drivers.load("writer.sys", code(kernel, STORE))
    assert kernel.drivers.call(writer.base, address) == 1
    assert kernel.drivers.call(writer.base, address + 3) == 1
    kernel.mm.unlock_pages(mdl)
    assert process.memory.read(base + 0xFFE, 4) == bytes([7, 0, 0, 7])
    stop = stop_of(kernel, STORE, address)
    assert stop.code is BugcheckCode.PAGE_FAULT_IN_NONPAGED_AREA

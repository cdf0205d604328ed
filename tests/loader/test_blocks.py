"""Do programs find their PEB, TEB, parameters and module lists where Windows puts them?"""

from collections.abc import Iterator

import pytest

from ntmm.loader.errors import LoaderError
from ntmm.loader.parameters import current_folder, environment_block
from ntmm.loader.process import finish_thread, initialize_thread
from ntmm.loader.teb import ThreadPlace
from ntmm.nt.memory import PAGE_READWRITE
from tests.loader.images import TEXT, Image
from tests.loader.world import World


def modules_of_list(world: World, order: int) -> Iterator[str]:
    """Walks a list of PEB_LDR_DATA as a program does, forwards and back, and yields the base names."""
    memory, width = world.memory, world.memory.pointer_size
    ldr = memory.read_pointer(world.peb + (0x18 if world.is_64 else 0x0C))
    head = ldr + (0x10 if world.is_64 else 0x0C) + order * 2 * width
    link = memory.read_pointer(head)
    while link != head:
        entry = link - order * 2 * width
        yield memory.unicode_string(entry + (0x58 if world.is_64 else 0x2C))
        following = memory.read_pointer(link)
        assert memory.read_pointer(following + width) == link
        link = following


def test_do_the_three_module_lists_name_the_modules_in_order(world: World) -> None:
    world.start(Image(world.is_64).build())
    loaded = ["prog.exe", "ntdll.dll", "kernel32.dll", "ntmmrt.dll"]
    assert list(modules_of_list(world, 0)) == loaded
    assert list(modules_of_list(world, 1)) == loaded
    assert list(modules_of_list(world, 2)) == loaded[1:]


def test_does_an_entry_describe_its_module(world: World) -> None:
    world.start(Image(world.is_64).build())
    memory = world.memory
    module = world.linker.modules.program
    base, entry_point, size, path = (0x30, 0x38, 0x40, 0x48) if world.is_64 else (0x18, 0x1C, 0x20, 0x24)
    entry = module.entry_address
    assert memory.read_pointer(entry + base) == module.base
    assert memory.read_pointer(entry + entry_point) == module.base + TEXT
    assert memory.read_u32(entry + size) == module.size
    assert memory.unicode_string(entry + path) == "C:\\programs\\prog.exe"
    assert memory.read_u16(entry + (0x6C if world.is_64 else 0x38)) == 0xFFFF


def test_does_an_unloaded_dll_leave_the_lists(world: World) -> None:
    world.files["C:\\work\\a.dll"] = Image(world.is_64, 0x10000000, is_dll=True).build()
    world.start(Image(world.is_64).build())
    before = [list(modules_of_list(world, order)) for order in range(3)]
    loaded = world.linker.load("a.dll")
    assert list(modules_of_list(world, 2))[-1] == "a.dll"
    world.linker.unmap(world.linker.release(loaded.module))
    assert [list(modules_of_list(world, order)) for order in range(3)] == before


def test_does_the_peb_tell_version_and_image(world: World) -> None:
    world.start(Image(world.is_64).build())
    memory, peb = world.memory, world.peb
    assert memory.read_u8(peb + 2) == 0
    assert memory.read_pointer(peb + (0x10 if world.is_64 else 8)) == world.linker.modules.program.base
    version = peb + (0x118 if world.is_64 else 0xA4)
    assert (memory.read_u32(version), memory.read_u16(version + 8)) == (5, 3790 if world.is_64 else 2600)
    assert memory.read_u32(version + 12) == 2
    assert memory.read_u32(peb + (0x128 if world.is_64 else 0xB4)) == 3
    assert memory.read_u32(peb + (0xB8 if world.is_64 else 0x64)) == 1
    assert memory.unicode_string(peb + (0x2E8 if world.is_64 else 0x1F0)) == "Service Pack 2"
    lock = memory.read_pointer(peb + (0x110 if world.is_64 else 0xA0))
    assert memory.read_u32(lock + memory.pointer_size) == 0xFFFFFFFF
    bitmap = memory.read_pointer(peb + (0x78 if world.is_64 else 0x40))
    assert memory.read_u32(bitmap) == 64
    assert memory.read_pointer(bitmap + memory.pointer_size) == peb + (0x80 if world.is_64 else 0x44)


def test_do_the_parameters_hold_what_the_process_was_started_with(world: World) -> None:
    world.start(Image(world.is_64).build(), "prog.exe \u00e4 \U0001f600")
    memory, width = world.memory, world.memory.pointer_size
    block = memory.read_pointer(world.peb + (0x20 if world.is_64 else 0x10))
    command_line, image, streams, environment = (0x70, 0x60, 0x20, 0x80) if world.is_64 else (0x40, 0x38, 0x18, 0x48)
    assert memory.unicode_string(block + command_line) == "prog.exe \u00e4 \U0001f600"
    assert memory.unicode_string(block + image) == "C:\\programs\\prog.exe"
    assert [memory.read_pointer(block + streams + width * index) for index in range(3)] == [4, 8, 12]
    assert current_folder(memory, world.peb) == "C:\\work\\"
    text = "a=b\0PATH=C:\\Windows\0\0".encode("utf-16-le")
    assert memory.read(memory.read_pointer(block + environment), len(text)) == text


def test_is_an_empty_environment_two_zeros() -> None:
    assert environment_block({}) == bytes(4)


def test_is_too_long_a_command_line_refused(world: World) -> None:
    with pytest.raises(LoaderError, match="longer than 32766 characters"):
        world.start(Image(world.is_64).build(), "x" * 40000)


def test_does_a_teb_describe_its_thread(world: World) -> None:
    world.start(Image(world.is_64).build())
    memory, width = world.memory, world.memory.pointer_size
    teb = world.space.allocate(0x2000, PAGE_READWRITE, 0x7FFC0000)
    initialize_thread(world.linker, ThreadPlace(teb, 0x44, 0x48, 0x200000, 0x1FE000, 0x100000), world.peb)
    names = {
        "exception list": (0, 0 if world.is_64 else 0xFFFFFFFF),
        "stack base": (width, 0x200000),
        "stack limit": (2 * width, 0x1FE000),
        "self": (6 * width, teb),
        "process id": (8 * width, 0x44),
        "thread id": (9 * width, 0x48),
        "tls vector": (11 * width, 0),
        "peb": (12 * width, world.peb),
        "stack allocation": (0x1478 if world.is_64 else 0xE0C, 0x100000),
    }
    assert {name: memory.read_pointer(teb + offset) for name, (offset, _) in names.items()} == {
        name: value for name, (_, value) in names.items()
    }


def test_is_the_memory_of_finished_threads_used_again(world: World) -> None:
    world.start(Image(world.is_64, has_tls=True).build())
    teb = world.space.allocate(0x2000, PAGE_READWRITE, 0x7FFC0000)
    place = ThreadPlace(teb, 4, 8, 0x200000, 0x1FE000, 0x100000)
    vectors = set()
    for _ in range(3):
        initialize_thread(world.linker, place, world.peb)
        vectors.add(world.memory.read_pointer(teb + (0x58 if world.is_64 else 0x2C)))
        finish_thread(world.linker, teb)
    assert len(vectors) <= 2

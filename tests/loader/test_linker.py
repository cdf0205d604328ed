"""Are imports bound, DLLs loaded and released, and broken images refused?"""

import pytest

from ntmm.loader.errors import LoaderError
from ntmm.loader.process import initialize_thread, thread_start_block
from ntmm.loader.teb import ThreadPlace
from ntmm.nt.memory import PAGE_EXECUTE_READ, PAGE_READONLY, PAGE_READWRITE
from ntmm.nt.status import Status
from ntmm.pe.headers import MalformedImage, parse_headers
from tests.loader.images import DATA, TEXT, Image, relocation_block
from tests.loader.world import World
from tests.pe.mutations import mutations

HIGHLOW, DIR64 = 3, 10


def iat(world: World, image: Image, count: int) -> list[int]:
    base, width = world.linker.modules.program.base, world.memory.pointer_size
    return [world.memory.read_pointer(base + image.iat_at + width * index) for index in range(count)]


def export(world: World, dll: str, name: str | int) -> int | None:
    module = world.linker.modules.by_name(dll)
    assert module is not None
    return world.linker.find_function(module, name)


def test_are_imports_bound_to_stubs_and_through_forwarders_to_guest_code(world: World) -> None:
    image = Image(world.is_64, imports={"KERNEL32.dll": ["Sleep", "RtlMoveMemory"], "msvcrt.dll": ["memcpy"]})
    world.start(image.build())
    sleep, move = iat(world, image, 2)
    assert sleep == export(world, "kernel32.dll", "Sleep")
    assert move == export(world, "ntmmrt.dll", "RtlMoveMemory")
    assert export(world, "msvcrt.dll", "memcpy") == export(world, "ntmmrt.dll", "guest_memcpy")
    stub = world.memory.read(sleep, 13)
    expected = "4c8bd1b8010000000f05c3cccc" if world.is_64 else "b8010000008d542404cd2ec20c"
    assert stub.hex() == expected


def test_are_api_sets_the_dlls_they_stand_for(world: World) -> None:
    image = Image(world.is_64, imports={"api-ms-win-crt-stdio-l1-1-0.dll": ["_write"]})
    world.start(image.build())
    assert iat(world, image, 1) == [export(world, "ucrtbase.dll", "_write")]


def test_is_a_missing_function_bound_to_a_thunk_that_tells_its_name(world: World) -> None:
    image = Image(world.is_64, imports={"KERNEL32.dll": ["Nonsense"], "gone.dll": ["Gone", 7, "Gone"]})
    world.start(image.build())
    missing = world.linker.missing
    assert missing.imports == [("KERNEL32.dll", "Nonsense"), ("gone.dll", "Gone"), ("gone.dll", "#7")]
    thunk = iat(world, image, 1)[0]
    expected = "ba00000000b8ffff00000f05" if world.is_64 else "b8ffff0000ba00000000cd2e"
    assert world.memory.read(thunk, 12).hex() == expected
    assert world.memory.pages[thunk // 0x1000][1] == PAGE_EXECUTE_READ


def test_does_the_address_table_become_read_only_again(world: World) -> None:
    image = Image(world.is_64, imports={"KERNEL32.dll": ["Sleep"]})
    world.start(image.build())
    page = (world.linker.modules.program.base + image.iat_at) // 0x1000
    assert world.memory.pages[page][1] == PAGE_READONLY
    assert [call[2] for call in world.space.protect_calls if call[0] == page * 0x1000] == [
        PAGE_READWRITE,
        PAGE_READONLY,
    ]


def test_is_a_displaced_image_relocated(world: World) -> None:
    kind, width = (DIR64, 8) if world.is_64 else (HIGHLOW, 4)
    text = (0x401234).to_bytes(width, "little") + (0x405678).to_bytes(width, "little")
    block = relocation_block(TEXT, (kind, 0), (kind, width), (0, 0))
    image = Image(world.is_64, relocations=block, text=text)
    world.space.allocate(0x1000, PAGE_READWRITE, 0x400000)
    world.start(image.build())
    program = world.linker.modules.program
    delta = program.base - 0x400000
    assert delta != 0
    assert world.memory.read_pointer(program.base + TEXT) == 0x401234 + delta
    assert world.memory.read_pointer(program.base + TEXT + width) == 0x405678 + delta
    assert world.memory.pages[(program.base + TEXT) // 0x1000][1] == PAGE_EXECUTE_READ


def test_is_an_image_without_relocations_refused_when_its_place_is_taken(world: World) -> None:
    world.space.allocate(0x1000, PAGE_READWRITE, 0x400000)
    with pytest.raises(LoaderError, match="has no relocations") as failure:
        world.start(Image(world.is_64).build())
    assert failure.value.status == Status.CONFLICTING_ADDRESSES
    assert len(world.linker.modules) == 0


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (relocation_block(TEXT, (5, 0)), "unknown kind 5"),
        (relocation_block(0x7000_0000, (3, 0)), "outside its sections"),
        (relocation_block(0, (3, 0)), "outside its sections"),
        (b"\x00\x10\x00\x00\x04\x00\x00\x00", "block of 4 bytes"),
        (b"\x00\x10\x00\x00\xff\xff\xff\xff", "block of 4294967295 bytes"),
    ],
)
def test_are_bad_relocations_refused(world: World, block: bytes, words: str) -> None:
    world.space.allocate(0x1000, PAGE_READWRITE, 0x400000)
    with pytest.raises(LoaderError, match=words):
        world.start(Image(world.is_64, relocations=block).build())


def test_is_a_circle_of_forwarders_refused(world: World) -> None:
    with pytest.raises(LoaderError, match="leads in a circle"):
        world.start(Image(world.is_64, imports={"circle.dll": ["a"]}).build())


def test_are_dlls_of_the_program_folder_loaded_before_those_of_the_current_folder(world: World) -> None:
    first = Image(world.is_64, 0x10000000, is_dll=True, exports={"f": TEXT}).build()
    world.files = {"C:\\programs\\own.dll": first, "C:\\work\\own.dll": first}
    image = Image(world.is_64, imports={"own": ["f"], "OTHER.dll": ["f", 5]})
    world.files["C:\\work\\Other.dll"] = Image(world.is_64, 0x20000000, is_dll=True, exports={"f": TEXT}).build()
    world.start(image.build())
    assert [module.path for module in world.linker.modules][-2:] == ["C:\\programs\\own.dll", "C:\\work\\OTHER.dll"]
    assert export(world, "other.dll", "f") == export(world, "other.dll", 5) == 0x20001000
    assert world.linker.missing.imports == []


def test_are_two_dlls_that_import_each_other_loaded_once(world: World) -> None:
    for name, other, base in (("a", "b", 0x10000000), ("b", "a", 0x20000000)):
        image = Image(world.is_64, base, is_dll=True, imports={other + ".dll": ["f"]}, exports={"f": TEXT})
        world.files[f"C:\\work\\{name}.dll"] = image.build()
    world.start(Image(world.is_64, imports={"a.dll": ["f"]}).build())
    assert [module.name for module in world.linker.initialization_order][-2:] == ["b.dll", "a.dll"]


def test_does_unloading_drop_what_only_that_dll_needed(world: World) -> None:
    world.files["C:\\work\\a.dll"] = Image(
        world.is_64, 0x10000000, is_dll=True, imports={"b.dll": ["f"], "kernel32.dll": ["Sleep"]}
    ).build()
    world.files["C:\\work\\b.dll"] = Image(world.is_64, 0x20000000, is_dll=True, exports={"f": TEXT}).build()
    world.start(Image(world.is_64).build())
    pages = len(world.memory.pages)
    loaded = world.linker.load("a")
    assert [module.name for module in loaded.added] == ["b.dll", "a.dll"]
    again = world.linker.load("A.DLL")
    assert again.module is loaded.module and again.added == []
    assert world.linker.release(loaded.module) == []
    unused = world.linker.release(loaded.module)
    assert [module.name for module in unused] == ["a.dll", "b.dll"]
    world.linker.unmap(unused)
    assert len(world.memory.pages) == pages
    kernel32 = world.linker.modules.by_name("kernel32.dll")
    assert kernel32 is not None and world.linker.release(kernel32) == []


def test_does_a_failed_load_leave_the_process_as_it_was(world: World) -> None:
    world.files["C:\\work\\good.dll"] = Image(world.is_64, 0x20000000, is_dll=True, exports={"f": TEXT}).build()
    bad = Image(world.is_64, 0x10000000, is_dll=True, imports={"good.dll": ["f"], "circle.dll": ["a"]})
    world.files["C:\\work\\bad.dll"] = bad.build()
    world.start(Image(world.is_64).build())
    before = [module.name for module in world.linker.modules], len(world.memory.pages)
    with pytest.raises(LoaderError, match="circle"):
        world.linker.load("bad.dll")
    assert ([module.name for module in world.linker.modules], len(world.memory.pages)) == before


def test_is_a_dll_that_is_nowhere_not_found(world: World) -> None:
    world.start(Image(world.is_64).build())
    with pytest.raises(LoaderError, match=r"no DLL gone\.dll was found") as failure:
        world.linker.load("gone.dll")
    assert failure.value.status == Status.DLL_NOT_FOUND


def test_is_a_dll_of_the_other_width_refused(world: World) -> None:
    world.files["C:\\work\\wide.dll"] = Image(not world.is_64, 0x10000000, is_dll=True).build()
    world.start(Image(world.is_64).build())
    with pytest.raises(LoaderError, match="does not fit into a"):
        world.linker.load("wide.dll")


def test_do_threads_get_their_own_copies_of_the_tls_template(world: World) -> None:
    start = world.start(Image(world.is_64, has_tls=True).build())
    program, memory = world.linker.modules.program, world.memory
    assert program.tls_index == 0 and memory.read_u32(program.base + DATA + 0x80) == 0
    vectors = []
    for teb in (0x7FFC0000, 0x7FFB0000):
        world.space.allocate(0x2000, PAGE_READWRITE, teb)
        initialize_thread(world.linker, ThreadPlace(teb, 4, 8, 0x200000, 0x1FF000, 0x100000), world.peb)
        vectors.append(memory.read_pointer(teb + (0x58 if world.is_64 else 0x2C)))
    blocks = [memory.read_pointer(vector) for vector in vectors]
    assert blocks[0] != blocks[1]
    assert all(memory.read(block, 24) == b"\x11" * 16 + bytes(8) for block in blocks)
    width = memory.pointer_size
    count = memory.read_pointer(start.start_block + 2 * width)
    last = start.start_block + width * 3 * count
    assert [memory.read_pointer(last + index * width) for index in range(3)] == [
        0,
        program.base,
        program.base + DATA + 0x90,
    ]


def test_does_a_thread_block_name_the_routine_and_the_dlls_to_tell(world: World) -> None:
    world.files["C:\\work\\a.dll"] = Image(world.is_64, 0x10000000, is_dll=True, exports={"f": TEXT}).build()
    start = world.start(Image(world.is_64, imports={"a.dll": ["f"]}).build())
    memory, width = world.memory, world.memory.pointer_size
    words = [memory.read_pointer(start.start_block + index * width) for index in range(6)]
    assert words == [0x401000, world.peb, 1, 0x10001000, 0x10000000, 0]
    assert start.start_routine == export(world, "ntmmrt.dll", "NtmmProcessStart")
    routine, block = thread_start_block(world.linker, 0x1234, 0x5678)
    assert routine == export(world, "ntmmrt.dll", "NtmmThreadStart")
    words = [memory.read_pointer(block + index * width) for index in range(6)]
    assert words == [0x1234, 0x5678, 1, 0x10001000, 0x10000000, 0]


def start_or_refuse(world: World, image: bytes) -> str:
    """The sentence of the refusal, or "" for a program that is ready to start."""
    try:
        world.start(image)
    except LoaderError as failure:
        return failure.sentence or "\n"
    return ""


def test_is_every_damaged_program_loaded_or_refused_with_a_sentence(world: World) -> None:
    kind = DIR64 if world.is_64 else HIGHLOW
    image = Image(
        world.is_64,
        imports={"KERNEL32.dll": ["Sleep", 3], "msvcrt.dll": ["memcpy"]},
        exports={"x": TEXT, "y": "kernel32.Sleep"},
        relocations=relocation_block(TEXT, (kind, 0)),
        has_tls=True,
        text=bytes(16),
    ).build()
    for _, damaged in mutations(image, seed=3):
        fresh = World(world.is_64)
        try:
            headers = parse_headers(damaged)
        except MalformedImage:
            continue
        if headers.is_64 != world.is_64 or headers.size_of_image > 1 << 24:
            continue
        assert "\n" not in start_or_refuse(fresh, damaged)

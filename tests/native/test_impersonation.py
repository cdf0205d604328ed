"""May a thread act for somebody else, and who may connect to a port?"""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ntmm.kernel.boot import Kernel
from ntmm.kernel.io.volume import Volume
from ntmm.kernel.lpc import ConnectionPort
from ntmm.kernel.ob import Event, ObjectAttributes, TokenObject, create_object, open_object
from ntmm.kernel.ps import Process, Thread
from ntmm.kernel.ps.impersonate import impersonate, revert_to_self
from ntmm.kernel.se import PRIVILEGES, Token
from ntmm.kernel.se.sddl import parse_sddl
from ntmm.kernel.se.token import ImpersonationLevel, TokenType
from ntmm.native.call import Call
from ntmm.native.port_connection import NtConnectPort
from ntmm.native.privilege import has_privilege
from ntmm.nt.profile import SystemProfile
from ntmm.nt.status import Status
from tests.native.test_file_services import object_attributes
from tests.win32.fake_call import BUFFER


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    volume = Volume(tmp_path)
    kernel = Kernel(SystemProfile(ram=16 << 20), volume, checking=True)
    yield kernel
    kernel.close()
    volume.close()


def thread_for(kernel: Kernel, user: str) -> Thread:
    process = kernel.ps.create_process("test.exe", token=Token(kernel.accounts.user(user)))
    assert isinstance(process, Process)
    created = kernel.ps.create_thread(process, 0x10000, 0x1000, 0)
    assert created is not None
    return created[0]


def shadow(kernel: Kernel, user: str, level: ImpersonationLevel = ImpersonationLevel.IMPERSONATION) -> TokenObject:
    return TokenObject(Token(kernel.accounts.user(user)).duplicate(TokenType.IMPERSONATION, level))


def opens(kernel: Kernel, call: Call) -> Status:
    return open_object(kernel.names, call.requester, Event, ObjectAttributes("\\BaseNamedObjects\\e"), 1).status


def test_on_whose_behalf_does_a_thread_ask(kernel: Kernel) -> None:
    thread, other = thread_for(kernel, "User"), thread_for(kernel, "other")
    call, target = Call(kernel, thread), shadow(kernel, "other")
    event = Event(kernel.scheduler, manual_reset=True, signalled=False)
    create_object(kernel.names, other, event, ObjectAttributes("\\BaseNamedObjects\\e"), 1)
    assert (opens(kernel, call), call.requester) == (Status.ACCESS_DENIED, thread.process)
    assert impersonate(thread, target) is Status.SUCCESS
    assert (opens(kernel, call), call.requester) == (Status.SUCCESS, thread)
    assert len(thread.process.handles) == 1
    assert not has_privilege(call, "SeCreateGlobalPrivilege")
    revert_to_self(thread)
    assert opens(kernel, call) is Status.ACCESS_DENIED
    assert has_privilege(call, "SeCreateGlobalPrivilege")
    assert target.pointer_count == 0


def test_who_may_act_for_somebody_else(kernel: Kernel) -> None:
    administrator, other = thread_for(kernel, "User"), thread_for(kernel, "other")
    assert impersonate(other, TokenObject(other.token)) is Status.BAD_TOKEN_TYPE
    for thread, user, level in (
        (administrator, "other", ImpersonationLevel.IMPERSONATION),
        (other, "User", ImpersonationLevel.IDENTIFICATION),
        (other, "other", ImpersonationLevel.IMPERSONATION),
    ):
        assert impersonate(thread, shadow(kernel, user)) is Status.SUCCESS
        assert (thread.token.user, thread.token.impersonation_level) == (kernel.accounts.user(user).sid, level)
    call = Call(kernel, other)
    impersonate(other, shadow(kernel, "User"))
    other.token.set_enabled(PRIVILEGES["SeDebugPrivilege"], True)
    assert not has_privilege(call, "SeDebugPrivilege")


def test_does_the_token_go_with_its_thread(kernel: Kernel) -> None:
    thread, target = thread_for(kernel, "User"), shadow(kernel, "other")
    impersonate(thread, target)
    impersonate(thread, target)
    assert target.pointer_count == 1
    kernel.ps.exit_thread(thread, 0)
    assert (target.pointer_count, thread.impersonated) == (0, None)


@pytest.mark.parametrize(
    ("sddl", "user", "status"),
    [
        ("", "other", Status.ACCESS_DENIED),
        ("D:(A;;0x1;;;WD)", "other", Status.SUCCESS),
        ("D:(A;;RC;;;WD)", "other", Status.ACCESS_DENIED),
        ("", "User", Status.SUCCESS),
    ],
)
def test_who_connects_to_a_port(call: Any, kernel: Kernel, sddl: str, user: str, status: Status) -> None:
    port, asked = ConnectionPort(kernel.scheduler, 0, 0x100), list[Token]()
    named = ObjectAttributes("\\RPC Control\\p", security=parse_sddl(sddl) if sddl else None)
    create_object(kernel.names, call.process, port, named, 1)

    def refuse(*arguments: object) -> SimpleNamespace:
        asked.append(call.requester.token)
        return SimpleNamespace(port=None, information=b"", status=Status.PORT_CONNECTION_REFUSED)

    call.kernel = SimpleNamespace(volume=call.kernel.volume, names=kernel.names, lpc=SimpleNamespace(connect=refuse))
    call.requester = SimpleNamespace(token=Token(kernel.accounts.user(user)), handles=call.process.handles)
    call.memory.probe_for_write = lambda address, size: None
    call.thread.id = 4
    attributes = object_attributes(call, "\\rpc control\\P")
    name = call.memory.read_pointer(attributes + 2 * call.memory.pointer_size)
    answer = NtConnectPort(call, BUFFER, name, 0, 0, 0, 0, BUFFER + 0x40, BUFFER + 0x80)
    assert answer == (status or Status.PORT_CONNECTION_REFUSED)
    assert bool(asked) == (status is Status.SUCCESS)

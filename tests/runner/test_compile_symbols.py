"""What of the compiler's standard error is for the user, and what is its linker's trace?"""

from ntmm.runner.compile_symbols import split_messages

WARNING = "a.c:1:5: warning: unused variable 'i' [-Wunused-variable]\n"


def test_is_the_trace_of_a_compiler_without_a_cache_kept_from_the_user() -> None:
    libraries = "ar rcs /cache/o/1/compiler_rt.lib /cache/o/1/a.obj\nar rcs /cache/o/2/b.lib /cache/o/3/b.obj\n"
    assert split_messages(f"{libraries}{WARNING}lld-link -NOLOGO a.obj -OUT:a.exe\n") == (
        WARNING,
        "lld-link -NOLOGO a.obj -OUT:a.exe",
    )


def test_is_there_no_call_where_nothing_was_linked() -> None:
    assert split_messages(WARNING) == (WARNING, None)

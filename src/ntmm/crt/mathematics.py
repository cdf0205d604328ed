"""The functions of math.h by number, with C's answers where Python raises: at poles, overflow, wrong domains."""

import math
import struct
from collections.abc import Callable
from fractions import Fraction
from typing import Final

from ntmm.native.call import Call
from ntmm.native.service_table import service

EDOM: Final = 33
ERANGE: Final = 34
_INDEFINITE: Final = struct.pack("<Q", 0xFFF8000000000000)
"""The NaN that the processor makes itself; Windows prints it as -nan(ind)."""

ONE_ARGUMENT: Final[tuple[Callable[[float], float], ...]] = (
    math.sin,
    math.cos,
    math.tan,
    math.asin,
    math.acos,
    math.atan,
    math.sinh,
    math.cosh,
    math.tanh,
    math.exp,
    math.log,
    math.log10,
    math.exp2,
    math.log2,
    math.expm1,
    math.log1p,
    math.cbrt,
    math.asinh,
    math.acosh,
    math.atanh,
    math.erf,
    math.erfc,
    math.gamma,
    math.lgamma,
)
TWO_ARGUMENTS: Final[tuple[Callable[[float, float], float], ...]] = (
    math.atan2,
    math.pow,
    math.fmod,
    math.hypot,
    math.remainder,
    math.nextafter,
)
FIRST_OF_TWO: Final = 32
FUSED_MULTIPLY_ADD: Final = 48

_POLES: Final[dict[Callable[[float], float], Callable[[float], float | None]]] = {
    math.log: lambda x: -math.inf if x == 0 else None,
    math.log10: lambda x: -math.inf if x == 0 else None,
    math.log2: lambda x: -math.inf if x == 0 else None,
    math.log1p: lambda x: -math.inf if x == -1 else None,
    math.atanh: lambda x: math.copysign(math.inf, x) if abs(x) == 1 else None,
    math.gamma: lambda x: math.copysign(math.inf, x) if x == 0 else None,
    math.lgamma: lambda x: math.inf if x <= 0 and math.isfinite(x) else None,
}


def evaluate(operation: int, arguments: tuple[float, float, float]) -> tuple[float | None, int]:
    """(result, errno); the result None stands for the indefinite NaN. Raises IndexError for an unknown operation."""
    first, second, third = arguments
    if operation == FUSED_MULTIPLY_ADD:
        return _fused(first, second, third), 0
    if operation >= FIRST_OF_TWO:
        return _evaluate_two(TWO_ARGUMENTS[operation - FIRST_OF_TWO], first, second)
    return _evaluate_one(ONE_ARGUMENT[operation], first)


def _evaluate_one(function: Callable[[float], float], value: float) -> tuple[float | None, int]:
    try:
        return function(value), 0
    except OverflowError:
        is_odd = function in (math.sinh, math.gamma)
        return math.copysign(math.inf, value) if is_odd else math.inf, ERANGE
    except ValueError:
        pole = _POLES[function](value) if function in _POLES else None
        return pole, EDOM if pole is None else ERANGE


def _is_odd(value: float) -> bool:
    return value % 2 in (1.0, -1.0)


def _evaluate_two(function: Callable[[float, float], float], first: float, second: float) -> tuple[float | None, int]:
    try:
        return function(first, second), 0
    except OverflowError:
        is_negative = function is math.pow and first < 0 and _is_odd(second)
        return -math.inf if is_negative else math.inf, ERANGE
    except ValueError:
        if function is math.pow and first == 0:
            return math.copysign(math.inf, first) if _is_odd(second) else math.inf, ERANGE
        return None, EDOM


def _fused(first: float, second: float, third: float) -> float | None:
    if not (math.isfinite(first) and math.isfinite(second) and math.isfinite(third)):
        return first * second + third
    exact = Fraction(first) * Fraction(second) + Fraction(third)
    if exact == 0:
        return first * second + third
    try:
        return float(exact)
    except OverflowError:
        return math.copysign(math.inf, exact)


@service("ntdll", "NtmmMath", "u32 p p")
def NtmmMath(call: Call, operation: int, arguments: int, result: int) -> int:
    """Computes one function of the doubles at `arguments`; answers an errno: 0, EDOM or ERANGE."""
    count = 3 if operation == FUSED_MULTIPLY_ADD else 2
    values = struct.unpack(f"<{count}d", call.memory.read(arguments, 8 * count))
    first, second, third = (*values, 0.0)[:3]
    try:
        answer, error = evaluate(operation, (first, second, third))
    except IndexError:
        return EDOM
    call.memory.write(result, _INDEFINITE if answer is None else struct.pack("<d", answer))
    return error

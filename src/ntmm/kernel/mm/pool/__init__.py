"""Kernel pools: blocks of kernel virtual memory with real pages behind them. May use `tables` and lower."""

from ntmm.kernel.mm.pool.pool import Pool, PoolExhausted

__all__ = ["Pool", "PoolExhausted"]

/* yield.c: waiting without anything to wait for. */
#include "sync.h"

void back_off(u32 round) {
    i64 interval = -10000; /* 1 ms */
    if (round < 8)
        NtYieldExecution();
    else
        NtDelayExecution(FALSE, &interval);
}

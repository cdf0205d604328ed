/* states.c: a function's states: which objects are alive in it, and what destroys them one by one. */
#include "cxx.h"

static const UNWIND_STATE *state_of(const CXX_FRAME *frame, i32 state) {
    const UNWIND_STATE *states = in_image(frame->Base, frame->Info->States);
    if (!states || state < 0 || state >= frame->Info->StateCount || states[state].ToState >= state)
        terminate();
    return &states[state];
}

/* Leaves states until `target`, or one that does not belong to the frame's block; answers the one reached. */
i32 unwind_states(const CXX_FRAME *frame, i32 state, i32 target) {
    while (state != target && state > frame->Lowest && state <= frame->Highest) {
        const UNWIND_STATE *left = state_of(frame, state);
        state = left->ToState;
        if (frame->StateWord)
            *frame->StateWord = state;
        if (left->Action)
            call_cleanup(in_image(frame->Base, left->Action), frame->Locals);
    }
    return state;
}

i32 state_around(const CXX_FRAME *frame, const TRY *block) { return state_of(frame, block->Low)->ToState; }

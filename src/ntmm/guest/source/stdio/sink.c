/* sink.c: where formatted text goes: a caller's buffer, or a stream by way of a buffer here. */
#include "format.h"
#include "text.h"

static bool32 has_room(SINK *sink) {
    return sink->Room || (sink->Drain && !sink->HasFailed && sink->Drain(sink) && sink->Room);
}

static void put_unit(SINK *sink, u32 character) {
    sink->Total++;
    if (!has_room(sink))
        return;
    sink->Room--;
    if (sink->IsWide) {
        *(wchar *)sink->At = (wchar)character;
        sink->At += 2;
    } else {
        *sink->At++ = (u8)character;
    }
}

void put_narrow(SINK *sink, const char *text, usize count) {
    if (!sink->IsWide && count <= sink->Room) {
        memcpy(sink->At, text, count);
        sink->At += count;
        sink->Room -= count;
        sink->Total += count;
        return;
    }
    for (; count; count--)
        put_unit(sink, (u8)*text++);
}

/* Wide text in narrow output goes through the "C" locale, which knows 256 characters; others fail the call. */
void put_wide(SINK *sink, const wchar *text, usize count) {
    for (; count; count--, text++) {
        if (!sink->IsWide && *text > 0xFF) {
            set_errno(EILSEQ);
            sink->HasFailed = TRUE;
            return;
        }
        put_unit(sink, *text);
    }
}

void put_repeated(SINK *sink, char character, i32 count) {
    for (; count > 0; count--)
        put_unit(sink, (u8)character);
}

/* variant.c: oleaut32's VARIANT: clearing and copying; arrays and records are not implemented. */
#include "base.h"
#include "text.h"

#define VT_BSTR 8
#define VT_DISPATCH 9
#define VT_UNKNOWN 13
#define VT_DECIMAL 14
#define VT_RECORD 36
#define VT_CLSID 72
#define VT_ARRAY 0x2000
#define VT_BYREF 0x4000
#define TYPE_MASK 0xFFF

#define E_NOTIMPL ((i32)0x80004001)
#define E_OUTOFMEMORY ((i32)0x8007000E)
#define DISP_E_BADVARTYPE ((i32)0x80020008)

typedef struct UNKNOWN {
    struct UNKNOWN_METHODS {
        i32(WINAPI *QueryInterface)(struct UNKNOWN *, const void *, void **);
        u32(WINAPI *AddRef)(struct UNKNOWN *);
        u32(WINAPI *Release)(struct UNKNOWN *);
    } *Methods;
} UNKNOWN;

typedef struct VARIANT {
    u16 Type, Reserved[3];
    union {
        wchar *Text;
        UNKNOWN *Object;
        void *Record[2];
        u64 Value;
    };
} VARIANT;
_Static_assert(sizeof(VARIANT) == (IS_64 ? 24 : 16), "VARIANT layout");

wchar *WINAPI SysAllocStringByteLen(const char *from, u32 bytes);
u32 WINAPI SysStringByteLen(wchar *text);
void WINAPI SysFreeString(wchar *text);

/* S_OK for the types that can be handled here. */
static i32 check(const VARIANT *variant) {
    u32 type = variant->Type & TYPE_MASK;
    if (variant->Type & VT_BYREF)
        return 0;
    if (type == 15 || type == 24 || (type > 23 && type != VT_RECORD && type != VT_CLSID) || variant->Type & 0x9000)
        return DISP_E_BADVARTYPE;
    return variant->Type & VT_ARRAY || type == VT_RECORD || type == VT_CLSID ? E_NOTIMPL : 0;
}

void WINAPI VariantInit(VARIANT *variant) { *variant = (VARIANT){0}; }

i32 WINAPI VariantClear(VARIANT *variant) {
    i32 result = check(variant);
    if (result)
        return result;
    if (variant->Type == VT_BSTR)
        SysFreeString(variant->Text);
    else if ((variant->Type == VT_DISPATCH || variant->Type == VT_UNKNOWN) && variant->Object)
        variant->Object->Methods->Release(variant->Object);
    variant->Type = 0;
    return 0;
}

i32 WINAPI VariantCopy(VARIANT *to, const VARIANT *from) {
    i32 result = check(from);
    if (result || to == from)
        return result;
    VARIANT copy = *from;
    result = VariantClear(to);
    if (result)
        return result;
    if (copy.Type == VT_BSTR && copy.Text) {
        copy.Text = SysAllocStringByteLen((const char *)from->Text, SysStringByteLen(from->Text));
        if (!copy.Text)
            return E_OUTOFMEMORY;
    } else if ((copy.Type == VT_DISPATCH || copy.Type == VT_UNKNOWN) && copy.Object) {
        copy.Object->Methods->AddRef(copy.Object);
    }
    *to = copy;
    return 0;
}

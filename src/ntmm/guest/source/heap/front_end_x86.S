/* front_end_x86.S: RtlAllocateHeap and RtlFreeHeap on x86, the same as in front_end.c.

   With three registers that need not be saved, because on x86 saving and restoring them was a third of the path: each
   store costs more than all arithmetic of the path. Arguments are read again where a register would have kept them. */
#if defined(__i386__)
    .set FRONT_STATE, 0x660 /* offsets in HEAP; front_end.c checks them */
    .set LOOKASIDE, 0x664
    .set END_OF_LISTS, 0x864
    .set SMALL_LIMIT, 0x3f0

    .text
/* void *RtlAllocateHeap(HEAP *heap, u32 flags, usize size) */
    .globl _RtlAllocateHeap@12
    .p2align 4
_RtlAllocateHeap@12:
    movl 8(%esp), %edx
    movl 12(%esp), %eax
    andl $8, %edx /* HEAP_ZERO_MEMORY makes any size too large */
    shll $16, %edx
    orl %eax, %edx
    cmpl $SMALL_LIMIT, %edx
    ja _allocate_unusual@12
    movl 4(%esp), %ecx
    lock btsl $0, FRONT_STATE(%ecx)
    jc _allocate_behind@12
    addl $15, %eax
    shrl $3, %eax /* units; 1 for size 0, and that list is always empty */
    movl LOOKASIDE(%ecx,%eax,4), %edx
    leal LOOKASIDE(%ecx,%eax,4), %eax
    addl $END_OF_LISTS, %ecx
    cmpl %ecx, %edx
    je 1f
    movl 8(%edx), %ecx /* the next one */
    movl %ecx, (%eax)
    movl 4(%esp), %ecx
    movl $0, FRONT_STATE(%ecx)
    xorl %ecx, %ecx
    subl 12(%esp), %ecx
    andl $7, %ecx
    orl $8, %ecx
    movb %cl, 6(%edx) /* unused bytes: the header, and what rounding up adds */
    leal 8(%edx), %eax
    ret $12
1:  movl $0, FRONT_STATE-END_OF_LISTS(%ecx)
    jmp _allocate_behind@12

/* bool32 RtlFreeHeap(HEAP *heap, u32 flags, void *block) */
    .globl _RtlFreeHeap@12
    .p2align 4
_RtlFreeHeap@12:
    movl 12(%esp), %eax
    movl %eax, %ecx
    roll $29, %ecx
    decl %ecx
    cmpl $0x1fffffff, %ecx /* neither NULL nor between units */
    jae _free_behind@12
    movl -4(%eax), %edx
    subl $0x10000, %edx /* of no unused bytes, on a look-aside list, this makes more than 0x80 */
    andl $0xc080ef00, %edx
    cmpl $0x100, %edx /* busy, plain, of a segment */
    jne _free_behind@12
    movzwl -8(%eax), %edx
    cmpl $128, %edx
    jae _free_behind@12
    movl 4(%esp), %ecx
    lock btsl $0, FRONT_STATE(%ecx)
    jc _free_behind@12
    leal LOOKASIDE(%ecx,%edx,4), %edx
    movl (%edx), %ecx
    movl %ecx, (%eax)
    movl 12(%ecx), %ecx
    incl %ecx
    cmpl $64, %ecx /* LOOKASIDE_DEPTH */
    ja 1f
    movl %ecx, 4(%eax)
    movb $0, -2(%eax)
    subl $8, %eax
    movl %eax, (%edx)
    movl 4(%esp), %ecx
    movl $0, FRONT_STATE(%ecx)
    movl $1, %eax
    ret $12
1:  movl 4(%esp), %ecx
    movl $0, FRONT_STATE(%ecx)
    jmp _free_behind@12
#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emupmu/decode.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/cmocka_all.h"

/* An instruction of at most 8 bytes, as `objdump -d` shows it. */
typedef struct {
    const char *text;
    uint8_t bytes[8];
    size_t size;
} Code;

static const struct {
    Code code;
    ModelBranchKind kind;
    int32_t offset;
} branches[] = {
    { { "jne -5", { 0x75, 0xfb }, 2 }, MODEL_CONDITIONAL, -5 },
    { { "jo +127", { 0x70, 0x7f }, 2 }, MODEL_CONDITIONAL, 127 },
    { { "jg near +0x1000", { 0x0f, 0x8f, 0x00, 0x10, 0, 0 }, 6 }, MODEL_CONDITIONAL, 0x1000 },
    { { "je near -2", { 0x0f, 0x84, 0xfe, 0xff, 0xff, 0xff }, 6 }, MODEL_CONDITIONAL, -2 },
    { { "je near, 16 bits", { 0x0f, 0x84, 0xfe, 0xff }, 4 }, MODEL_CONDITIONAL, -2 },
    { { "bnd jb +4", { 0xf2, 0x72, 0x04 }, 3 }, MODEL_CONDITIONAL, 4 },
    { { "loop -3", { 0xe2, 0xfd }, 2 }, MODEL_CONDITIONAL, -3 },
    { { "jrcxz +9", { 0xe3, 0x09 }, 2 }, MODEL_CONDITIONAL, 9 },
    { { "call", { 0xe8, 1, 2, 3, 4 }, 5 }, MODEL_DIRECT, 0 },
    { { "jmp", { 0xe9, 1, 2, 3, 4 }, 5 }, MODEL_DIRECT, 0 },
    { { "jmp short", { 0xeb, 1 }, 2 }, MODEL_DIRECT, 0 },
    { { "ret", { 0xc3 }, 1 }, MODEL_RETURN, 0 },
    { { "repz ret", { 0xf3, 0xc3 }, 2 }, MODEL_RETURN, 0 },
    { { "ret 8", { 0xc2, 8, 0 }, 3 }, MODEL_RETURN, 0 },
    { { "call *%rax", { 0xff, 0xd0 }, 2 }, MODEL_INDIRECT, 0 },
    { { "jmp *%r11", { 0x41, 0xff, 0xe3 }, 3 }, MODEL_INDIRECT, 0 },
    { { "jmp *8(%rip)", { 0xff, 0x25, 8, 0, 0, 0 }, 6 }, MODEL_INDIRECT, 0 },
    { { "rep stos", { 0xf3, 0x48, 0xab }, 3 }, MODEL_STRING, -3 },
    { { "repne scas", { 0xf2, 0xae }, 2 }, MODEL_STRING, -2 },
    { { "stos without rep", { 0x48, 0xab }, 2 }, MODEL_NO_BRANCH, 0 },
    { { "inc (%rax)", { 0xff, 0x00 }, 2 }, MODEL_NO_BRANCH, 0 },
    { { "pushq (%rax)", { 0xff, 0x30 }, 2 }, MODEL_NO_BRANCH, 0 },
    { { "nop", { 0x90 }, 1 }, MODEL_NO_BRANCH, 0 },
    { { "cmove", { 0x0f, 0x44, 0xc1 }, 3 }, MODEL_NO_BRANCH, 0 },
    { { "movsd (sse)", { 0xf2, 0x0f, 0x10, 0x00 }, 4 }, MODEL_NO_BRANCH, 0 },
};

static const struct {
    Code code;
    bool touches;
} accesses[] = {
    { { "mov (%rax),%rbx", { 0x48, 0x8b, 0x18 }, 3 }, true },
    { { "mov %rbx,8(%rbp)", { 0x48, 0x89, 0x5d, 0x08 }, 4 }, true },
    { { "mov %rax,%rbx", { 0x48, 0x89, 0xc3 }, 3 }, false },
    { { "mov 8(%rsp),%rbx", { 0x48, 0x8b, 0x5c, 0x24, 0x08 }, 5 }, false },
    { { "mov 8(%rsp,%rcx,4),%rbx", { 0x48, 0x8b, 0x5c, 0x8c, 0x08 }, 5 }, false },
    { { "mov 8(%r12),%rbx", { 0x49, 0x8b, 0x5c, 0x24, 0x08 }, 5 }, true },
    { { "mov 8(%rax,%rcx,4),%rbx", { 0x48, 0x8b, 0x5c, 0x88, 0x08 }, 5 }, true },
    { { "add (%rdi),%al", { 0x02, 0x07 }, 2 }, true },
    { { "add %cl,%al", { 0x00, 0xc8 }, 2 }, false },
    { { "push %rbx", { 0x53 }, 1 }, false },
    { { "pop %r12", { 0x41, 0x5c }, 2 }, false },
    { { "pushq (%rax)", { 0xff, 0x30 }, 2 }, true },
    { { "call", { 0xe8, 1, 2, 3, 4 }, 5 }, false },
    { { "call *%rax", { 0xff, 0xd0 }, 2 }, false },
    { { "call *(%rax)", { 0xff, 0x10 }, 2 }, true },
    { { "ret", { 0xc3 }, 1 }, false },
    { { "leave", { 0xc9 }, 1 }, false },
    { { "lea 8(%rax),%rbx", { 0x48, 0x8d, 0x58, 0x08 }, 4 }, false },
    { { "movzbl (%rsi),%eax", { 0x0f, 0xb6, 0x06 }, 3 }, true },
    { { "movzbl %sil,%eax", { 0x40, 0x0f, 0xb6, 0xc6 }, 4 }, false },
    { { "movbe (%rax),%rbx", { 0x48, 0x0f, 0x38, 0xf0, 0x18 }, 5 }, true },
    { { "movb $0,(%rax)", { 0xc6, 0x00, 0x00 }, 3 }, true },
    { { "testb $1,(%rax)", { 0xf6, 0x00, 0x01 }, 3 }, true },
    { { "rep movsq", { 0xf3, 0x48, 0xa5 }, 3 }, true },
    { { "mov 0x1234,%al", { 0xa0, 0x34, 0x12 }, 3 }, true },
    { { "vmovdqu (%rax),%ymm0", { 0xc5, 0xfe, 0x6f, 0x00 }, 4 }, true },
    { { "lock incl (%rax)", { 0xf0, 0xff, 0x00 }, 3 }, true },
};

/* A copy of exactly that size, so that a sanitizer sees one byte too far. */
static uint8_t *
exact_copy(const Code *code, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);

    memcpy(copy, code->bytes, size);
    return copy;
}

static void
tells_how_a_block_ends(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof branches / sizeof branches[0]; i++) {
        uint8_t *bytes = exact_copy(&branches[i].code, branches[i].code.size);
        const DecodedBranch branch = decode_branch(bytes, branches[i].code.size);

        if (branch.kind != branches[i].kind || branch.offset != branches[i].offset)
            fail_msg("%s: kind %d offset %d", branches[i].code.text, branch.kind, branch.offset);
        free(bytes);
    }
}

static void
tells_which_instructions_touch_only_the_stack(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof accesses / sizeof accesses[0]; i++) {
        uint8_t *bytes = exact_copy(&accesses[i].code, accesses[i].code.size);

        if (decode_touches_data(bytes, accesses[i].code.size) != accesses[i].touches)
            fail_msg("%s: not %d", accesses[i].code.text, accesses[i].touches);
        free(bytes);
    }
}

static void
reads_no_byte_beyond_a_cut_instruction(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof accesses / sizeof accesses[0]; i++)
        for (size_t size = 0; size < accesses[i].code.size; size++) {
            uint8_t *bytes = exact_copy(&accesses[i].code, size);

            decode_touches_data(bytes, size);
            decode_branch(bytes, size);
            free(bytes);
        }
    for (size_t i = 0; i < sizeof branches / sizeof branches[0]; i++)
        for (size_t size = 0; size < branches[i].code.size; size++) {
            uint8_t *bytes = exact_copy(&branches[i].code, size);

            decode_branch(bytes, size);
            decode_touches_data(bytes, size);
            free(bytes);
        }
}

static void
takes_nothing_but_prefixes_for_no_branch(void **state)
{
    static const uint8_t prefixes[15] = { 0x66, 0xf3, 0x2e, 0x48, 0x66, 0xf2, 0x67, 0x4f,
                                          0xf0, 0x65, 0x66, 0x66, 0x66, 0x40, 0xf3 };

    (void) state;
    assert_int_equal(decode_branch(prefixes, sizeof prefixes).kind, MODEL_NO_BRANCH);
    assert_true(decode_touches_data(prefixes, sizeof prefixes));
    assert_int_equal(decode_branch(prefixes, 0).kind, MODEL_NO_BRANCH);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_how_a_block_ends),
        cmocka_unit_test(tells_which_instructions_touch_only_the_stack),
        cmocka_unit_test(reads_no_byte_beyond_a_cut_instruction),
        cmocka_unit_test(takes_nothing_but_prefixes_for_no_branch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

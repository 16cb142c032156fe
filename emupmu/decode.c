/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emupmu/decode.h"

#include <string.h>

/* An instruction without its prefixes. */
typedef struct {
    const uint8_t *at; /* the opcode */
    size_t size;       /* bytes from there, 0 when there was nothing but prefixes */
    uint8_t rex;       /* 0x40 … 0x4f, or 0 */
    bool repeated;
} Opcode;

static bool
is_legacy_prefix(uint8_t byte)
{
    switch (byte) {
    case 0x26: /* segments */
    case 0x2e:
    case 0x36:
    case 0x3e:
    case 0x64:
    case 0x65:
    case 0x66: /* operand and address size */
    case 0x67:
    case 0xf0: /* lock, repne, rep */
    case 0xf2:
    case 0xf3:
        return true;
    default:
        return false;
    }
}

static Opcode
skip_prefixes(const uint8_t *bytes, size_t size)
{
    Opcode opcode = { .at = bytes, .size = size };

    for (; opcode.size > 0; opcode.at++, opcode.size--) {
        const uint8_t byte = *opcode.at;

        if (is_legacy_prefix(byte)) {
            opcode.repeated |= byte == 0xf2 || byte == 0xf3;
            opcode.rex = 0;
        } else if ((byte & 0xf0) == 0x40) {
            opcode.rex = byte;
        } else {
            break;
        }
    }
    return opcode;
}

static unsigned
modrm_reg(uint8_t modrm)
{
    return modrm >> 3 & 7;
}

static int32_t
read_offset(const uint8_t *at, size_t size)
{
    int16_t word;
    int32_t offset = 0;

    if (size == 1)
        return (int8_t) *at;
    if (size == sizeof word) {
        memcpy(&word, at, sizeof word);
        return word;
    }
    if (size == sizeof offset)
        memcpy(&offset, at, sizeof offset);
    return offset;
}

static bool
is_repeated_string(const Opcode *opcode, uint8_t first)
{
    return opcode->repeated && ((first >= 0x6c && first <= 0x6f) || /* ins, outs */
                                (first >= 0xa4 && first <= 0xa7) || /* movs, cmps */
                                (first >= 0xaa && first <= 0xaf));  /* stos, lods, scas */
}

DecodedBranch
decode_branch(const uint8_t *bytes, size_t size)
{
    const Opcode opcode = skip_prefixes(bytes, size);
    const uint8_t first = opcode.size > 0 ? opcode.at[0] : 0;
    const uint8_t second = opcode.size > 1 ? opcode.at[1] : 0;

    if ((first & 0xf0) == 0x70 || (first & 0xfc) == 0xe0) /* jcc, loop, jcxz */
        return (DecodedBranch){ MODEL_CONDITIONAL, read_offset(opcode.at + 1, opcode.size - 1) };
    if (first == 0x0f && (second & 0xf0) == 0x80)
        return (DecodedBranch){ MODEL_CONDITIONAL, read_offset(opcode.at + 2, opcode.size - 2) };

    if (is_repeated_string(&opcode, first))
        return (DecodedBranch){ MODEL_STRING, -(int32_t) size };

    switch (first) {
    case 0xe8: /* call, jmp */
    case 0xe9:
    case 0xeb:
        return (DecodedBranch){ .kind = MODEL_DIRECT };
    case 0xc2: /* ret */
    case 0xc3:
        return (DecodedBranch){ .kind = MODEL_RETURN };
    case 0xff: /* call *, jmp * */
        if (modrm_reg(second) == 2 || modrm_reg(second) == 4)
            return (DecodedBranch){ .kind = MODEL_INDIRECT };
        break;
    }
    return (DecodedBranch){ .kind = MODEL_NO_BRANCH };
}

/* push, pop, call, ret, leave, lea: memory by rsp only, or none. */
static bool
is_stack_instruction(uint8_t first)
{
    switch (first) {
    case 0x68:
    case 0x6a:
    case 0x8d:
    case 0xc2:
    case 0xc3:
    case 0xc9:
    case 0xe8:
        return true;
    default:
        return (first & 0xf0) == 0x50;
    }
}

/* One-byte opcodes with a ModRM byte whose memory operand is their only one. */
static bool
has_modrm(uint8_t first)
{
    return (first < 0x40 && (first & 7) < 4) || first == 0x63 || first == 0x69 || first == 0x6b ||
           (first >= 0x80 && first <= 0x8b) || (first >= 0xc0 && first <= 0xc1) ||
           (first >= 0xc6 && first <= 0xc7) || (first >= 0xd0 && first <= 0xd3) ||
           (first >= 0xf6 && first <= 0xf7) || first >= 0xfe;
}

bool
decode_touches_data(const uint8_t *bytes, size_t size)
{
    const Opcode opcode = skip_prefixes(bytes, size);
    const uint8_t *modrm;
    size_t left;

    if (opcode.size == 0)
        return true;
    if (is_stack_instruction(opcode.at[0]))
        return false;
    if (opcode.at[0] != 0x0f && !has_modrm(opcode.at[0]))
        return true;

    if (opcode.size < (opcode.at[0] == 0x0f ? 3 : 2))
        return true;
    if (opcode.at[0] == 0x0f && (opcode.at[1] == 0x38 || opcode.at[1] == 0x3a))
        return true;

    modrm = opcode.at + (opcode.at[0] == 0x0f ? 2 : 1);
    left = opcode.size - (size_t) (modrm - opcode.at);
    if (*modrm >> 6 == 3)
        return false;
    /* A SIB byte with base rsp; with REX.B it is r12. */
    return !((*modrm & 7) == 4 && left > 1 && (modrm[1] & 7) == 4 && !(opcode.rex & 1));
}

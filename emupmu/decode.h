/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * As much of x86 instructions as the model needs, from their bytes: how a block ends, and which
 * instructions surely touch no memory but the stack. Never reads past `size`; when in doubt the
 * answer is "no branch" and "touches memory".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "emupmu/model.h"

typedef struct {
    ModelBranchKind kind;
    int32_t offset; /* of a conditional branch or a repeated string instruction (a branch to
                       itself): its target less the next instruction's address */
} DecodedBranch;

DecodedBranch decode_branch(const uint8_t *bytes, size_t size);

/* False when the instruction has no memory operand, or only one on the stack (by rsp, or implied).
 */
bool decode_touches_data(const uint8_t *bytes, size_t size);

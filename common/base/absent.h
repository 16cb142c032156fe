/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The value of a number that this machine does not tell; a dataset keeps it as NULL. */
#pragma once

#include <stdint.h>

#define ABSENT_U64 UINT64_MAX
#define ABSENT_I64 INT64_MIN

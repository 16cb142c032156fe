/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A test program that cannot run everywhere asks first and returns TEST_SKIPPED.
 * TEST_MUST_HAVE="kvm root" turns a missing thing into a failure, so that a CI machine
 * that should have it cannot skip in silence.
 */
#pragma once

#include <stdbool.h>

#define TEST_SKIPPED 77

/*
 * `what` is one of hardware-counters, kvm, root, btf, ksm. Prints “SKIP: …” when it is missing;
 * ends the program when TEST_MUST_HAVE promised it.
 */
bool machine_has(const char *what);

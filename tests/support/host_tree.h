/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A host of a test's own under /tmp: a tree of kernel files that may be written, a state and a run
 * directory (INSIDEOUT_STATE_DIR, INSIDEOUT_RUN_DIR). Fails the test when it cannot be made.
 */
#pragma once

#include "common/base/sysroot.h"
#include "hostctl/knob/journal.h"
#include "hostctl/state.h"

typedef struct {
    char *path;
    Sysroot *root; /* PATH/root */
    State *state;
    Journal *journal;
} HostTree;

/* cmocka's setup and teardown; *state is the HostTree. */
int host_tree_setup(void **state);
int host_tree_teardown(void **state);

/* Writes and reads a file of the tree; `name` as for a Sysroot. */
void host_tree_put(const HostTree *tree, const char *name, const char *text);
void assert_host_tree(const HostTree *tree, const char *name, const char *want);

/* The journal as the next process would find it. */
void host_tree_reopen_journal(HostTree *tree);

/* The same after a restart of the machine: its entries come from another boot. */
void host_tree_restart(HostTree *tree);

/* The path of a file in the state directory. Free with g_free(). */
char *host_tree_state_file(const HostTree *tree, const char *name);

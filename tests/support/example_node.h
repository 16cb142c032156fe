/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A node's view that was never measured, for tests of what is shown of it. */
#pragma once

#include "hostctl/view/node_view.h"

/*
 * Two CPUs, 4 GiB, 2 s. web-3 (title "Shop, front") waits 212 ms in each second: 71 % behind db-1,
 * 20 % behind ksmd, 9 % by its own quota; db-1 waits 1 %; idle-1 does nothing.
 */
NodeView *example_node(void);

/* The same with `n` more guests, bulk-000 and on, each waiting a little less than the one before.
 */
NodeView *example_node_with(unsigned n);

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A node's view as one JSON object. */
#pragma once

#include <json-glib/json-glib.h>

#include "hostctl/view/node_view.h"

/* format, wall_ns, seconds, node {…}, guests [{…, causes [{kind, name, wait_ns}]}], pairs [{…}] */
void node_view_build_json(const NodeView *view, JsonBuilder *builder);

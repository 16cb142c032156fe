/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Learned thresholds as Prometheus alerting rules over node_exporter's perf metrics in the guests.
 */
#pragma once

#include <glib.h>

/*
 * YAML for `rule_files`, one alert for each threshold of truth vp that node_exporter has the
 * metrics for; `ret_skipped` counts the others. Free with g_free().
 */
char *rules_document(const GArray *thresholds, guint *ret_skipped);

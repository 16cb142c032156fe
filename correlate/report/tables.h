/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The analysis as tables, the same for terminals and for HTML. */
#pragma once

#include "correlate/analysis.h"
#include "correlate/report/text_table.h"

/* Free each with text_table_free(). */
TextTable *table_of_visits(const Analysis *analysis);
TextTable *table_of_fidelity(const Analysis *analysis);
/* The windows whose ratio is furthest from 1, of each event that is more than 2 % off in one. */
TextTable *table_of_worst_windows(const Analysis *analysis);
TextTable *table_of_estimators(const Analysis *analysis, Truth truth);
TextTable *table_of_shapes(const Analysis *analysis);
TextTable *table_of_controls(const Analysis *analysis);
TextTable *table_of_isolation(const Analysis *analysis);
TextTable *table_of_exclusions(const Analysis *analysis);
/* Sides that swapped while a visit was measured; none is the rule. */
TextTable *table_of_swaps(const Analysis *analysis);
TextTable *table_of_clocks(const Analysis *analysis);
TextTable *table_of_environment(const Analysis *analysis);
TextTable *table_of_notes(const Analysis *analysis);

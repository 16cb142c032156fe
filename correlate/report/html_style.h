/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report's style sheet: light and dark by the reader's preference, and for paper. */
#pragma once

extern const char html_style[];

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/command.h"

bool
cmd_report(int argc, char **argv, GError **error)
{
    return false;
}

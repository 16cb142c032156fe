/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/tool.h"

#include <sys/wait.h>

#include "common/base/failure.h"

bool
tool_run(const char *const *argv, bool *ret_missing, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autofree char *said = NULL;
    int status;

    *ret_missing = false;
    if (!g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL,
                      NULL, NULL, NULL, &said, &status, &problem)) {
        *ret_missing = g_error_matches(problem, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT);
        return failure_set(error, FAILURE_FAILED, "%s: %s", argv[0], problem->message);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    g_strstrip(said);
    return failure_set(error, FAILURE_FAILED, "%s failed: %s", argv[0],
                       *said ? said : "(it said nothing)");
}

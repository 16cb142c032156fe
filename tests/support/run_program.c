/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/run_program.h"

#include <sys/wait.h>

#include "tests/support/cmocka_all.h"

ProgramResult
run_program(const char *const *argv)
{
    ProgramResult result = { 0 };
    g_autoptr(GError) error = NULL;
    int status;

    if (!g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &result.out,
                      &result.err, &status, &error))
        fail_msg("%s: %s", argv[0], error->message);
    result.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return result;
}

void
program_result_clear(ProgramResult *result)
{
    g_free(result->out);
    g_free(result->err);
}

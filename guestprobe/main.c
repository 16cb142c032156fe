/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "common/base/failure.h"
#include "common/base/sysroot.h"
#include "common/base/text.h"
#include "guestprobe/cmd.h"
#include "guestprobe/counter_trial.h"
#include "guestprobe/guest_facts.h"

static int
print_facts(void)
{
    g_autoptr(Sysroot) root = sysroot_new("/");
    JsonText begun = guest_facts_begin(root, hypervisor_cpuid);
    CounterTrials trials = counter_trials_here(root);
    g_autofree char *counters = counter_trials_json(&trials);
    g_autofree char *facts = NULL;

    json_text_value(&begun, "counters", counters);
    facts = json_text_end(&begun);

    return printf("%s\n", facts) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int
run(const Options *options, GError **error)
{
    if (options->help) {
        options_print_help(stdout);
        return EXIT_SUCCESS;
    }
    if (options->version) {
        printf("guestprobe %s\n", INSIDEOUT_VERSION);
        return EXIT_SUCCESS;
    }
    if (options->facts)
        return print_facts();
    if (options->work)
        return cmd_work(options, error);
    if (options->from)
        return cmd_judge(options, error);
    return options->agent ? cmd_agent(options, error) : cmd_stat(options, error);
}

int
main(int argc, char **argv)
{
    g_auto(Options) options = { 0 };
    g_autoptr(GError) error = NULL;
    g_autofree char *message = NULL;
    int code = options_parse(argc, argv, &options, &error) ? run(&options, &error) : -1;

    if (!error)
        return code;
    message = text_message(error->message);
    fprintf(stderr, "guestprobe: %s\n", message);
    if (code <= 0 && failure_exit_code(error) == FAILURE_EXIT_USAGE)
        fprintf(stderr, "  guestprobe --help tells more, and man guestprobe\n");
    return code > 0 ? code : failure_exit_code(error);
}

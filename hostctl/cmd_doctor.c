/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "common/base/failure.h"
#include "common/base/near_name.h"
#include "common/base/option_parse.h"
#include "common/base/pace.h"
#include "hostctl/command.h"
#include "hostctl/doctor/live.h"
#include "hostctl/doctor/plan_need.h"
#include "hostctl/doctor/remedy.h"
#include "hostctl/doctor/report.h"
#include "hostctl/host_qemu.h"
#include "hostctl/workbench.h"

static DoctorFinding *
look(const CommandContext *context, const DoctorPlan *plan)
{
    g_autoptr(CpuInfo) cpu = cpuinfo_read(context->root, NULL);
    g_autoptr(DoctorLive) live = NULL;

    if (sysroot_is_live(context->root))
        live = doctor_live_look(context->uri, context->interrupt);
    return doctor_look(
        &(DoctorHost){ .root = context->root, .cpu = cpu, .plan = plan, .live = live });
}

static bool
unknown_check(const char *id, GError **error)
{
    g_autofree const char **ids = g_new0(const char *, doctor_checks_length + 1);
    const char *near;

    for (size_t i = 0; i < doctor_checks_length; i++)
        ids[i] = doctor_checks[i].id;
    near = near_name(id, ids);
    if (near)
        return failure_set(error, FAILURE_USAGE, "no check “%s”; did you mean “%s”?", id, near);
    return failure_set(error, FAILURE_USAGE, "no check “%s”; hostctl doctor lists them", id);
}

static bool
check_ids(char **ids, GError **error)
{
    g_autofree char *known = remedy_ids();

    for (; *ids; ids++) {
        if (!doctor_check_find(*ids))
            return unknown_check(*ids, error);
        if (!remedy_exists(*ids))
            return failure_set(error, FAILURE_USAGE,
                               "nothing can be applied for %s, see its fix; what can: %s", *ids,
                               known);
    }
    return true;
}

/* Without ids: everything that does not pass and can be mended from here. */
static GPtrArray *
choose(char **ids, const DoctorFinding *findings)
{
    GPtrArray *chosen = g_ptr_array_new();

    for (char **id = ids; *id; id++)
        g_ptr_array_add(chosen, *id);
    for (size_t i = 0; !*ids && i < doctor_checks_length; i++)
        if (findings[i].status != DOCTOR_PASS && remedy_exists(doctor_checks[i].id))
            g_ptr_array_add(chosen, (char *) doctor_checks[i].id);
    return chosen;
}

typedef struct {
    char **ids; /* empty: all that can be mended */
    bool shared_host;
} Application;

static bool
apply_one(const CommandContext *context, const Application *application, Journal *journal,
          const char *id, GPtrArray *notes, GError **error)
{
    g_autofree char *refused = g_strdup_printf("%s is not applied", id);

    if (remedy_reaches_guests(id) &&
        !host_qemu_allow(context->root, refused, application->shared_host, error))
        return false;
    return remedy_apply(journal, id, notes, error);
}

/*
 * One that cannot be applied does not keep the others from it; the first failure is the error.
 * What was not named and does not exist here is no failure.
 */
static bool
apply(const CommandContext *context, const Application *application, const GPtrArray *ids,
      GError **error)
{
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_auto(Workbench) bench = { 0 };
    bool applied = true;

    if (!workbench_open(context, WORKBENCH_CHANGE, &bench, error))
        return false;
    for (guint i = 0; i < ids->len; i++) {
        g_autoptr(GError) problem = NULL;

        if (apply_one(context, application, bench.journal, ids->pdata[i], notes, &problem) ||
            (!*application->ids && g_error_matches(problem, FAILURE, FAILURE_UNSUPPORTED)))
            continue;
        g_ptr_array_add(notes, g_strdup_printf("not applied: %s", problem->message));
        if (applied)
            g_propagate_error(error, g_steal_pointer(&problem));
        applied = false;
    }
    for (guint i = 0; i < notes->len; i++)
        fprintf(stderr, "hostctl doctor: %s\n", (const char *) notes->pdata[i]);
    return applied;
}

static bool
verdict(const DoctorFinding *findings, GError **error)
{
    g_autoptr(GString) failed = g_string_new(NULL);
    unsigned n = doctor_count(findings, DOCTOR_FAIL);

    for (size_t i = 0; i < doctor_checks_length; i++)
        if (findings[i].status == DOCTOR_FAIL)
            g_string_append_printf(failed, "%s%s", failed->len ? ", " : "", doctor_checks[i].id);
    if (n > 0)
        return failure_set(error, FAILURE_NO, "%u of %zu checks failed: %s", n,
                           doctor_checks_length, failed->str);
    return true;
}

static void
print_findings(const DoctorFinding *findings, bool json)
{
    g_autofree char *text = json ? doctor_report_json(findings) : NULL;

    if (json)
        fputs(text, stdout);
    else
        doctor_report_text(findings, stdout);
}

/* `application` NULL: nothing is applied. */
static bool
examine(const CommandContext *context, const DoctorPlan *plan, const Application *application,
        bool json, GError **error)
{
    DoctorFinding *findings;
    g_autoptr(GPtrArray) chosen = NULL;
    bool well = true;

    pace_tell("looking at this host and asking libvirt"); /* which may ask QEMU for seconds */
    findings = look(context, plan);
    pace_end();
    chosen = application ? choose(application->ids, findings) : NULL;
    if (chosen && chosen->len > 0) {
        well = apply(context, application, chosen, error);
        doctor_findings_free(findings);
        findings = look(context, plan);
    }
    print_findings(findings, json);
    well = well && verdict(findings, error);
    doctor_findings_free(findings);
    return well;
}

bool
cmd_doctor(const CommandContext *context, int argc, char **argv, GError **error)
{
    g_autofree char *plan_path = NULL;
    gboolean json = FALSE, applying = FALSE, shared_host = FALSE;
    const GOptionEntry entries[] = {
        { "json", 0, 0, G_OPTION_ARG_NONE, &json, "Print one JSON document", NULL },
        { "plan", 0, 0, G_OPTION_ARG_FILENAME, &plan_path, "Judge the host for this plan", "FILE" },
        { "apply", 0, 0, G_OPTION_ARG_NONE, &applying,
          "Mend what can be mended (or the checks named); hostctl recover puts it back", NULL },
        { "shared-host", 0, 0, G_OPTION_ARG_NONE, &shared_host,
          "Apply what reaches guests that hostctl did not make, too", NULL },
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) options =
        g_option_context_new("[ID…] — is this host fit for ground truth?");
    g_autoptr(Plan) plan = NULL;
    DoctorPlan need = doctor_default_plan(context->root);

    g_option_context_add_main_entries(options, entries, NULL);
    if (!option_parse(options, &argc, &argv, error))
        return false;
    if (argc > 1 && !applying)
        return failure_set(error, FAILURE_USAGE, "ids of checks stand with --apply only");
    if (!check_ids(argv + 1, error))
        return false;
    if (plan_path &&
        (!(plan = plan_load(plan_path, error)) || !plan_need(plan, context->root, &need, error)))
        return false;
    return examine(context, &need, applying ? &(Application){ argv + 1, shared_host } : NULL, json,
                   error);
}

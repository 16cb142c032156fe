/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/visit_check.h"

#include "common/base/failure.h"

char *
visit_check_text(const StealCheck *check, unsigned position)
{
    return g_strdup_printf(
        "visit %u (%s, %.4g %%, repeat %" G_GINT64_FORMAT
        "): %s: of the time in which they wanted to run they waited %.3f, expected %.3f ± %.2f "
        "(%" G_GINT64_FORMAT " loaded vCPUs; everything else took %.2f CPUs of the pool; the "
        "least busy one wanted to run %.3f of the time)",
        position, check->condition, check->vp_percent, check->repeat, check->reason,
        check->measured_ratio, check->expected_ratio, check->tolerance, check->loaded_vcpus,
        check->other_cpus, check->lowest_coverage);
}

static const DatasetVisit *
last_at(const DatasetFacts *facts, unsigned position)
{
    const DatasetVisit *last = NULL;

    for (guint i = 0; i < facts->visits->len; i++) {
        const DatasetVisit *visit = &g_array_index(facts->visits, DatasetVisit, i);

        if (visit->position == position && (!last || visit->id > last->id))
            last = visit;
    }
    return last;
}

bool
visit_check(Lab *lab, unsigned position, GPtrArray *notes, GError **error)
{
    g_autoptr(DatasetReader) reader = dataset_reader_open(lab->dataset, error);
    g_autofree char *text = NULL;
    const DatasetVisit *visit;
    StealCheck check;

    if (!reader)
        return false;
    visit = last_at(dataset_reader_facts(reader), position);
    if (!visit)
        return true;
    if (!steal_check(reader, visit, &check, error))
        return false;
    if (check.pass != 0)
        return true;

    text = visit_check_text(&check, position);
    if (!lab_note(lab, visit->id, 0, lab->keep_going ? "warning" : "error", error,
                  "the check failed: %s", text))
        return false;
    if (lab->keep_going) {
        g_ptr_array_add(notes, g_steal_pointer(&text));
        return true;
    }
    return failure_set(error, FAILURE_NO,
                       "stopped after the first visit whose check failed: %s. What was measured is "
                       "in the dataset; find what else ran (hostctl doctor), or go on all the same "
                       "with --keep-going",
                       text);
}

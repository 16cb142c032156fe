/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/blame/blame_report.h"

#include <string.h>

#include "common/base/text.h"

static const char *const kind_names[BLAME_KINDS] = {
    [BLAME_GUEST] = "guest", [BLAME_HOST] = "host",     [BLAME_SELF] = "self",
    [BLAME_QUOTA] = "quota", [BLAME_WAKEUP] = "wakeup", [BLAME_OTHER] = "other",
};

const char *
blame_kind_name(BlameKind kind)
{
    return kind_names[kind];
}

static void
clear_victim(void *data)
{
    g_free(((BlameVictim *) data)->guest);
}

static void
clear_cause(void *data)
{
    g_free(((BlameCause *) data)->name);
}

static void
clear_pair(void *data)
{
    g_free(((BlamePair *) data)->guest);
    g_free(((BlamePair *) data)->other);
}

void
blame_report_free(BlameReport *report)
{
    if (!report)
        return;

    g_array_unref(report->victims);
    g_array_unref(report->causes);
    g_array_unref(report->pairs);
    g_free(report);
}

void
report_builder_init(ReportBuilder *builder, const GHashTable *guests)
{
    BlameReport *report = g_new0(BlameReport, 1);

    report->victims = g_array_new(FALSE, FALSE, sizeof(BlameVictim));
    report->causes = g_array_new(FALSE, FALSE, sizeof(BlameCause));
    report->pairs = g_array_new(FALSE, FALSE, sizeof(BlamePair));
    g_array_set_clear_func(report->victims, clear_victim);
    g_array_set_clear_func(report->causes, clear_cause);
    g_array_set_clear_func(report->pairs, clear_pair);
    *builder = (ReportBuilder){
        .report = report,
        .causes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .guests = guests,
    };
}

BlameReport *
report_builder_end(ReportBuilder *builder)
{
    g_clear_pointer(&builder->causes, g_hash_table_unref);
    return g_steal_pointer(&builder->report);
}

/* A guest that is gone by now, or that nobody named, is called after its process. */
static char *
guest_name(const ReportBuilder *builder, pid_t pid)
{
    const char *name = g_hash_table_lookup((GHashTable *) builder->guests, GINT_TO_POINTER(pid));

    return name ? g_strdup(name) : g_strdup_printf("process %d", pid);
}

guint
report_builder_victim(ReportBuilder *builder, pid_t pid, unsigned vcpu, uint64_t wait_ns)
{
    BlameVictim victim = { .pid = pid, .vcpu = vcpu, .wait_ns = wait_ns };

    victim.guest = guest_name(builder, pid);
    g_array_append_val(builder->report->victims, victim);
    return builder->report->victims->len - 1;
}

void
report_builder_cause(ReportBuilder *builder, guint victim, BlameKind kind, const char *name,
                     uint64_t wait_ns)
{
    char *key = g_strdup_printf("%u %d %s", victim, (int) kind, name);
    guint known = GPOINTER_TO_UINT(g_hash_table_lookup(builder->causes, key));
    BlameCause cause = { .victim = victim, .kind = kind, .wait_ns = wait_ns };

    if (known || wait_ns == 0) {
        if (known)
            g_array_index(builder->report->causes, BlameCause, known - 1).wait_ns += wait_ns;
        g_free(key);
        return;
    }
    cause.name = g_strdup(name);
    g_array_append_val(builder->report->causes, cause);
    g_hash_table_insert(builder->causes, key, GUINT_TO_POINTER(builder->report->causes->len));
}

/* Before Linux 6.4 a guest's vhost threads belong to the kernel, named after its process. */
static pid_t
vhost_owner(const ReportBuilder *builder, const char *name)
{
    uint64_t pid;

    if (!g_str_has_prefix(name, "vhost-") || !text_to_u64(name + strlen("vhost-"), &pid, NULL) ||
        pid > G_MAXINT ||
        !g_hash_table_contains((GHashTable *) builder->guests, GINT_TO_POINTER((int) pid)))
        return 0;
    return pid;
}

void
report_builder_wait(ReportBuilder *builder, guint victim, const struct blame_wait_key *key,
                    uint64_t wait_ns)
{
    pid_t own = g_array_index(builder->report->victims, BlameVictim, victim).pid;
    g_autofree char *task = g_strndup(key->name, BLAME_NAME_SIZE);
    g_autofree char *name = NULL;
    bool is_kernel = key->cause == BLAME_CAUSE_KERNEL;
    pid_t guest = is_kernel ? vhost_owner(builder, task) : (pid_t) key->cause;

    if (guest > 0) {
        name = guest_name(builder, guest);
        report_builder_cause(builder, victim, guest == own ? BLAME_SELF : BLAME_GUEST,
                             guest == own ? "" : name, wait_ns);
        return;
    }
    /* One kernel thread per CPU is one thing to a reader: "kworker/1:2", "ksoftirqd/0". */
    if (is_kernel)
        task[strcspn(task, "/:")] = '\0';
    name = text_printable(task, BLAME_NAME_SIZE);
    report_builder_cause(builder, victim, BLAME_HOST, name, wait_ns);
}

void
report_builder_pair(ReportBuilder *builder, const struct blame_pair_key *key, uint64_t run_ns)
{
    BlamePair pair = { .run_ns = run_ns };

    pair.guest = guest_name(builder, (pid_t) key->low);
    pair.other = guest_name(builder, (pid_t) key->high);
    g_array_append_val(builder->report->pairs, pair);
}

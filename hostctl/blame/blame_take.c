/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "common/base/failure.h"
#include "hostctl/blame/blame_private.h"
#include "hostctl/blame/blame_report.h"

#include "blame.skel.h"

#define BATCH 512 /* entries of a table that one system call gives */
/* A sum that did not grow in so many reports makes room for others. */
#define IDLE_REPORTS 30

/* Growth since the last report; a sum that dropped began anew. */
static uint64_t
growth(uint64_t now, uint64_t before)
{
    return now >= before ? now - before : now;
}

/* A comm's bytes behind its end are not 0 for certain. */
static void
take_causes(ReportBuilder *builder, guint victim, uint32_t tid, const struct blame_thread *now,
            const struct blame_thread *before)
{
    for (size_t i = 0; i < BLAME_CAUSES; i++) {
        const struct blame_cause *cause = &now->causes[i];
        struct blame_wait_key key = { .thread = tid, .cause = cause->culprit.cause };
        uint64_t ns = growth(cause->ns, before->causes[i].ns);

        if (!ns)
            continue;
        g_strlcpy(key.name, (const char *) cause->culprit.comm, sizeof key.name);
        report_builder_wait(builder, victim, &key, ns);
    }
}

static void
take_thread(Blame *blame, ReportBuilder *builder, Watched *watched, GHashTable *victims)
{
    static const struct {
        BlameKind kind;
        size_t offset;
    } parts[] = {
        { BLAME_SELF, offsetof(struct blame_thread, self_ns) },
        { BLAME_QUOTA, offsetof(struct blame_thread, quota_ns) },
        { BLAME_WAKEUP, offsetof(struct blame_thread, idle_ns) },
        { BLAME_OTHER, offsetof(struct blame_thread, other_ns) },
    };
    uint32_t tid = watched->tid;
    struct blame_thread now;
    guint victim;

    if (bpf_map_lookup_elem(bpf_map__fd(blame->bpf->maps.threads), &tid, &now) < 0)
        now = watched->reported;
    victim = report_builder_victim(builder, watched->pid, watched->vcpu,
                                   growth(now.wait_ns, watched->reported.wait_ns));
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        const uint64_t *to = (const uint64_t *) ((const char *) &now + parts[i].offset);
        const uint64_t *from =
            (const uint64_t *) ((const char *) &watched->reported + parts[i].offset);

        report_builder_cause(builder, victim, parts[i].kind, "", growth(*to, *from));
    }
    take_causes(builder, victim, tid, &now, &watched->reported);
    watched->reported = now;
    if (!now.seen)
        blame_show_home(blame, watched);
    g_hash_table_insert(victims, GINT_TO_POINTER(watched->tid), GUINT_TO_POINTER(victim + 1));
}

/* Keys of one size, compared and hashed as bytes: their padding is always 0. */
static guint
hash_bytes(const void *bytes, size_t size)
{
    const guint8 *byte = bytes;
    guint hash = 2166136261u;

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ byte[i]) * 16777619u;
    return hash;
}

static guint
hash_wait(const void *key)
{
    return hash_bytes(key, sizeof(struct blame_wait_key));
}

static gboolean
same_wait(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct blame_wait_key)) == 0;
}

static guint
hash_pair(const void *key)
{
    return hash_bytes(key, sizeof(struct blame_pair_key));
}

static gboolean
same_pair(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct blame_pair_key)) == 0;
}

/* What a sum grew by; sums that stand still are taken out of the kernel after a while. */
static uint64_t
take_sum(GHashTable *sums, int fd, const void *key, size_t key_size, uint64_t now_ns)
{
    BlameSum *sum = g_hash_table_lookup(sums, key);
    uint64_t grown_ns;

    if (!sum) {
        sum = g_new0(BlameSum, 1);
        g_hash_table_insert(sums, g_memdup2(key, key_size), sum);
    }
    grown_ns = growth(now_ns, sum->ns);
    sum->ns = now_ns;
    sum->idle_reports = grown_ns ? 0 : sum->idle_reports + 1;
    if (sum->idle_reports > IDLE_REPORTS) {
        bpf_map_delete_elem(fd, key);
        g_hash_table_remove(sums, key);
    }
    return grown_ns;
}

/* All entries of a hash table in the kernel, into two arrays. */
static bool
read_table(int fd, size_t key_size, GByteArray *keys, GArray *values, GError **error)
{
    g_autofree char *key_batch = g_malloc(BATCH * key_size);
    g_autofree uint64_t *value_batch = g_new(uint64_t, BATCH);
    uint64_t at[8] = { 0 }; /* where the next batch begins: as large as the largest key */
    bool first = true;
    int code;

    do {
        uint32_t n = BATCH;

        code = bpf_map_lookup_batch(fd, first ? NULL : at, at, key_batch, value_batch, &n, NULL);
        if (code < 0 && errno != ENOENT)
            return failure_set_errno(error, errno, "blame: reading a table");
        g_byte_array_append(keys, (const guint8 *) key_batch, n * key_size);
        g_array_append_vals(values, value_batch, n);
        first = false;
    } while (code == 0);
    return true;
}

static bool
take_waits(Blame *blame, ReportBuilder *builder, GHashTable *victims, GError **error)
{
    int fd = bpf_map__fd(blame->bpf->maps.waits);
    g_autoptr(GByteArray) keys = g_byte_array_new();
    g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(uint64_t));

    /* Reading a large table takes its time, empty or not. */
    if (!blame->bpf->bss->look.has_waits)
        return true;
    if (!read_table(fd, sizeof(struct blame_wait_key), keys, values, error))
        return false;
    for (guint i = 0; i < values->len; i++) {
        struct blame_wait_key key;
        guint victim;
        uint64_t ns;

        memcpy(&key, keys->data + i * sizeof key, sizeof key);
        ns = take_sum(blame->waits, fd, &key, sizeof key, g_array_index(values, uint64_t, i));
        victim = GPOINTER_TO_UINT(g_hash_table_lookup(victims, GUINT_TO_POINTER(key.thread)));
        if (victim && ns)
            report_builder_wait(builder, victim - 1, &key, ns);
    }
    return true;
}

static bool
take_pairs(Blame *blame, ReportBuilder *builder, GError **error)
{
    int fd = bpf_map__fd(blame->bpf->maps.pairs);
    g_autoptr(GByteArray) keys = g_byte_array_new();
    g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(uint64_t));

    if (!blame->bpf->rodata->has_siblings)
        return true;
    if (!read_table(fd, sizeof(struct blame_pair_key), keys, values, error))
        return false;
    for (guint i = 0; i < values->len; i++) {
        struct blame_pair_key key;
        uint64_t ns;

        memcpy(&key, keys->data + i * sizeof key, sizeof key);
        ns = take_sum(blame->pairs, fd, &key, sizeof key, g_array_index(values, uint64_t, i));
        if (ns)
            report_builder_pair(builder, &key, ns);
    }
    return true;
}

static uint64_t
grown(uint64_t now, uint64_t *before)
{
    uint64_t by = now - *before;

    *before = now;
    return by;
}

static int
compare_watched(const void *a, const void *b)
{
    const Watched *left = *(Watched *const *) a, *right = *(Watched *const *) b;

    if (left->pid != right->pid)
        return left->pid < right->pid ? -1 : 1;
    return left->vcpu < right->vcpu ? -1 : left->vcpu > right->vcpu;
}

/* In the order of a report: by guest, then by vCPU. */
static GPtrArray *
sorted_threads(const Blame *blame)
{
    GPtrArray *threads = g_ptr_array_new();
    GHashTableIter iter;
    void *value;

    g_hash_table_iter_init(&iter, blame->threads);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        g_ptr_array_add(threads, value);
    if (threads->len > 0)
        qsort(threads->pdata, threads->len, sizeof threads->pdata[0], compare_watched);
    return threads;
}

/* See on_wakeup(): only where there are quotas are wake-ups worth a call each. */
static bool
watch_wakeups(Blame *blame, GError **error)
{
    struct blame_bpf *bpf = blame->bpf;

    if (!bpf->bss->look.has_throttled || bpf->links.on_wakeup)
        return true;
    bpf->links.on_wakeup = bpf_program__attach(bpf->progs.on_wakeup);
    return bpf->links.on_wakeup || failure_set_errno(error, errno, "blame: watching wake-ups");
}

bool
blame_take(Blame *blame, BlameReport **ret_report, GError **error)
{
    g_autoptr(GHashTable) victims = g_hash_table_new(NULL, NULL);
    g_autoptr(GPtrArray) threads = sorted_threads(blame);
    g_autoptr(BlameReport) report = NULL;
    ReportBuilder builder;
    bool ok;

    if (!blame->waits) {
        blame->waits = g_hash_table_new_full(hash_wait, same_wait, g_free, g_free);
        blame->pairs = g_hash_table_new_full(hash_pair, same_pair, g_free, g_free);
    }
    report_builder_init(&builder, blame->guests);
    for (guint i = 0; i < threads->len; i++)
        take_thread(blame, &builder, threads->pdata[i], victims);
    ok = take_waits(blame, &builder, victims, error) && take_pairs(blame, &builder, error) &&
         watch_wakeups(blame, error);
    report = report_builder_end(&builder);
    if (!ok)
        return false;

    report->unnamed = grown(blame->bpf->bss->look.full_waits, &blame->full_waits);
    report->unpaired = grown(blame->bpf->bss->look.full_pairs, &blame->full_pairs);
    report->unwatched = blame->unwatched;
    blame_forget(blame);
    *ret_report = g_steal_pointer(&report);
    return true;
}

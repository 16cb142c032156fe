/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/domain_xml.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include "common/base/cpuset.h"
#include "common/base/failure.h"
#include "hostctl/state.h"
#include "hostctl/virt/xml_glue.h"

#define QEMU_URI "http://libvirt.org/schemas/domain/qemu/1.0"
/* Somebody's file: its owner stays who it was. */
#define BACKING "/domain/devices/disk[target/@dev='vdb']/backingStore"
#define QUOTA_PERIOD_US 100000u

/* A template while it is filled. The first thing that goes wrong stays in `error`. */
typedef struct {
    const char *path;
    xmlDoc *doc;
    xmlXPathContext *context;
    GError *error;
} Filling;

/* The one node at `xpath`; NULL, with the error set, when the template has none. */
static xmlNode *
find_node(Filling *filling, const char *xpath)
{
    g_autoptr(xmlXPathObject) found = NULL;

    if (filling->error)
        return NULL;
    found = xmlXPathEvalExpression(BAD_CAST xpath, filling->context);
    if (found && found->nodesetval && found->nodesetval->nodeNr == 1)
        return found->nodesetval->nodeTab[0];
    failure_set(&filling->error, FAILURE_FAILED, "%s: has no single %s", filling->path, xpath);
    return NULL;
}

static void
set_text(Filling *filling, const char *xpath, const char *text)
{
    xmlNode *node = find_node(filling, xpath);

    if (node)
        xmlNodeAddContent(node, BAD_CAST text);
}

static void
set_number(Filling *filling, const char *xpath, uint64_t number)
{
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, number);

    set_text(filling, xpath, text);
}

static void
set_attribute(Filling *filling, const char *xpath, const char *name, const char *value)
{
    xmlNode *node = find_node(filling, xpath);

    if (node)
        xmlSetProp(node, BAD_CAST name, BAD_CAST value);
}

/* Keeps the node only when it is wanted. */
static void
keep_if(Filling *filling, bool wanted, const char *xpath)
{
    xmlNode *node = wanted ? NULL : find_node(filling, xpath);

    if (!node)
        return;
    xmlUnlinkNode(node);
    xmlFreeNode(node);
}

static xmlNode *
add_child(xmlNode *parent, const char *name, const char *text)
{
    return parent ? xmlNewTextChild(parent, NULL, BAD_CAST name, BAD_CAST text) : NULL;
}

static void
fill_metadata(Filling *filling, const GuestSpec *spec)
{
    const char *node = "/domain/metadata/insideout:guest";

    set_attribute(filling, node, "role", guest_role_name(spec->role));
    set_attribute(filling, node, "owner", spec->owner);
    if (spec->storage_pool)
        set_attribute(filling, node, "storage-pool", spec->storage_pool);
    if (spec->far)
        set_attribute(filling, node, "made", METADATA_MADE_FROM_AFAR);
    if (spec->emulated.plugin_path) {
        set_attribute(filling, node, "page", spec->emulated.page_name);
        set_attribute(filling, node, "silicon", spec->emulated.silicon_name);
    }
}

/* Without a kernel of its own the guest boots from its image, as the firmware finds it. */
static void
fill_boot(Filling *filling, const GuestSpec *spec)
{
    if (!spec->kernel) {
        keep_if(filling, false, "/domain/os/kernel");
        keep_if(filling, false, "/domain/os/initrd");
        keep_if(filling, false, "/domain/os/cmdline");
        return;
    }
    set_text(filling, "/domain/os/kernel", spec->kernel);
    set_text(filling, "/domain/os/initrd", spec->initrd);
    set_text(filling, "/domain/os/cmdline", spec->cmdline ? spec->cmdline : GUEST_CMDLINE);
}

static void
fill_identity(Filling *filling, const GuestSpec *spec, const char *uuid)
{
    set_text(filling, "/domain/name", spec->name);
    set_text(filling, "/domain/uuid", uuid);
    fill_boot(filling, spec);
    fill_metadata(filling, spec);
}

static void
fill_memory(Filling *filling, const GuestSpec *spec)
{
    set_number(filling, "/domain/memory", spec->memory_kib);
    set_number(filling, "/domain/currentMemory", spec->memory_kib);
    keep_if(filling, spec->hugepages, "/domain/memoryBacking/hugepages");
    keep_if(filling, spec->nosharepages, "/domain/memoryBacking/nosharepages");
    if (!spec->balloon) {
        set_attribute(filling, "/domain/devices/memballoon", "model", "none");
        keep_if(filling, false, "/domain/devices/memballoon/stats");
    }
}

/* QEMU's own threads take part of the pool too, as on a crowded host, unless they have CPUs. */
static void
fill_pins(Filling *filling, const GuestSpec *spec)
{
    g_autofree char *cpus = cpuset_format(spec->pool);
    g_autofree char *emulator = cpuset_format(spec->emulator ? spec->emulator : spec->pool);
    xmlNode *cputune = find_node(filling, "/domain/cputune");
    xmlNode *pin;

    set_attribute(filling, "/domain/vcpu", "cpuset", cpus);
    for (unsigned vcpu = 0; cputune && vcpu < spec->vcpus; vcpu++) {
        g_autofree char *number = g_strdup_printf("%u", vcpu);

        pin = xmlNewChild(cputune, NULL, BAD_CAST "vcpupin", NULL);
        xmlSetProp(pin, BAD_CAST "vcpu", BAD_CAST number);
        xmlSetProp(pin, BAD_CAST "cpuset", BAD_CAST cpus);
    }
    pin = cputune ? xmlNewChild(cputune, NULL, BAD_CAST "emulatorpin", NULL) : NULL;
    if (pin)
        xmlSetProp(pin, BAD_CAST "cpuset", BAD_CAST emulator);
}

static void
fill_cpus(Filling *filling, const GuestSpec *spec)
{
    xmlNode *cputune = find_node(filling, "/domain/cputune");

    set_number(filling, "/domain/vcpu", spec->vcpus);
    if (spec->cpu_shares) {
        g_autofree char *shares = g_strdup_printf("%u", spec->cpu_shares);
        add_child(cputune, "shares", shares);
    }
    if (spec->cpu_quota_percent) {
        g_autofree char *period = g_strdup_printf("%u", QUOTA_PERIOD_US);
        g_autofree char *quota =
            g_strdup_printf("%u", spec->cpu_quota_percent * (QUOTA_PERIOD_US / 100));

        add_child(cputune, "period", period);
        add_child(cputune, "quota", quota);
    }
    if (spec->pool)
        fill_pins(filling, spec);
}

/* QEMU ends an option's value at a comma; two stand for one. */
static char *
escape_commas(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);

    return g_strjoinv(",,", parts);
}

static char *
plugin_argument(const GuestEmulation *emulated)
{
    g_autofree char *file = escape_commas(emulated->plugin_path);
    GString *text = g_string_new(NULL);

    g_string_printf(text, "file=%s,page=/dev/shm/%s,host=/dev/shm/%s,vmid=%u", file,
                    emulated->page_name, emulated->silicon_name, emulated->vmid);
    if (emulated->llc_kib)
        g_string_append_printf(text, ",llc_kib=%" G_GUINT64_FORMAT, emulated->llc_kib);
    return g_string_free(text, FALSE);
}

static void
fill_emulation(Filling *filling, const GuestSpec *spec)
{
    bool wanted = spec->emulated.plugin_path != NULL;
    xmlNode *commandline;

    if (spec->accelerator != ACCELERATOR_TCG)
        return;
    keep_if(filling, wanted, "/domain/devices/shmem");
    keep_if(filling, wanted, "/domain/qemu:commandline");
    if (!wanted)
        return;

    set_attribute(filling, "/domain/devices/shmem", "name", spec->emulated.page_name);
    commandline = find_node(filling, "/domain/qemu:commandline");
    if (commandline) {
        g_autofree char *plugin = plugin_argument(&spec->emulated);

        for (char **value = (char *[]){ (char *) "-plugin", plugin, NULL }; *value; value++)
            xmlSetProp(xmlNewChild(commandline, commandline->ns, BAD_CAST "arg", NULL),
                       BAD_CAST "value", BAD_CAST * value);
    }
}

static void
fill_disk(Filling *filling, const char *target, const char *file)
{
    g_autofree char *disk = g_strdup_printf("/domain/devices/disk[target/@dev='%s']", target);
    g_autofree char *source = g_strconcat(disk, "/source", NULL);

    if (file)
        set_attribute(filling, source, "file", file);
    else
        keep_if(filling, false, disk);
}

/* Of a guest far away libvirt has it, and carries it. */
static void
fill_console(Filling *filling, const GuestSpec *spec, const char *console_path)
{
    if (spec->far) {
        set_attribute(filling, "/domain/devices/serial", "type", "pty");
        keep_if(filling, false, "/domain/devices/serial/source");
    } else if (console_path)
        set_attribute(filling, "/domain/devices/serial/source", "path", console_path);
    else
        keep_if(filling, false, "/domain/devices/serial");
}

static void
fill_devices(Filling *filling, const GuestSpec *spec, const char *console_path)
{
    fill_disk(filling, "vda", spec->disk);
    if (spec->overlay) {
        set_attribute(filling, BACKING "/format", "type", spec->backing_format);
        set_attribute(filling, BACKING "/source", "file", spec->backing);
    }
    fill_disk(filling, "vdb", spec->overlay);
    fill_disk(filling, "vdc", spec->seed);
    fill_console(filling, spec, console_path);
}

static bool
open_template(Filling *filling, GError **error)
{
    filling->doc =
        xmlReadFile(filling->path, NULL,
                    XML_PARSE_NONET | XML_PARSE_NOBLANKS | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (!filling->doc)
        return failure_set(error, FAILURE_FAILED, "%s: not well-formed XML", filling->path);
    filling->context = xmlXPathNewContext(filling->doc);
    xmlXPathRegisterNs(filling->context, BAD_CAST "insideout", BAD_CAST METADATA_URI);
    xmlXPathRegisterNs(filling->context, BAD_CAST "qemu", BAD_CAST QEMU_URI);
    return true;
}

static char *
format_document(xmlDoc *doc)
{
    xmlChar *text = NULL;
    int length;
    char *copy;

    xmlDocDumpFormatMemory(doc, &text, &length, 1);
    copy = g_strndup((const char *) text, (gsize) length);
    xmlFree(text);
    return copy;
}

bool
domain_xml_build(const GuestSpec *spec, const char *uuid, const char *console_path, char **ret_xml,
                 GError **error)
{
    g_autofree char *name =
        g_strdup_printf("xml/guest-%s.xml", accelerator_name(spec->accelerator));
    g_autofree char *path = NULL;
    g_autoptr(xmlDoc) doc = NULL;
    g_autoptr(xmlXPathContext) context = NULL;
    Filling filling = { 0 };

    if (!guest_spec_check(spec, error) || !state_data_file(name, &path, error))
        return false;
    filling.path = path;
    if (!open_template(&filling, error))
        return false;
    doc = filling.doc;
    context = filling.context;

    fill_identity(&filling, spec, uuid);
    fill_memory(&filling, spec);
    fill_cpus(&filling, spec);
    fill_devices(&filling, spec, console_path);
    fill_emulation(&filling, spec);
    if (filling.error) {
        g_propagate_error(error, filling.error);
        return false;
    }
    *ret_xml = format_document(doc);
    return true;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/doctor/report.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "common/base/json_text.h"

#define DOCTOR_FORMAT 1
#define LINE_WIDTH 92
#define INDENT "    "

/* Breaks at blanks; a word longer than a line stands alone. */
static void
print_wrapped(FILE *out, const char *label, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    size_t column = fprintf(out, INDENT "%s", label);

    for (char **word = words; *word; word++) {
        size_t width = g_utf8_strlen(*word, -1);

        if (column + width + 1 > LINE_WIDTH)
            column = fprintf(out, "\n" INDENT "%*s", (int) strlen(label), "") - 1;
        fprintf(out, " %s", *word);
        column += width + 1;
    }
    fputc('\n', out);
}

static void
print_details(const DoctorFinding *findings, DoctorStatus status, FILE *out)
{
    for (size_t i = 0; i < doctor_checks_length; i++) {
        const DoctorFinding *finding = &findings[i];

        if (finding->status != status)
            continue;
        fprintf(out, "\n%s %s: %s\n", doctor_status_name(status), doctor_checks[i].id,
                finding->found);
        if (finding->meaning)
            print_wrapped(out, "means", finding->meaning);
        if (finding->fix)
            print_wrapped(out, "fix  ", finding->fix);
    }
}

void
doctor_report_text(const DoctorFinding *findings, FILE *out)
{
    static const DoctorStatus worst_first[] = { DOCTOR_FAIL, DOCTOR_WARN, DOCTOR_UNKNOWN };

    for (size_t i = 0; i < doctor_checks_length; i++)
        fprintf(out, "%-8s %-18s %s\n", doctor_status_name(findings[i].status), doctor_checks[i].id,
                findings[i].found);
    for (size_t i = 0; i < G_N_ELEMENTS(worst_first); i++)
        print_details(findings, worst_first[i], out);
    fprintf(out, "\n%u pass, %u warn, %u fail, %u unknown\n", doctor_count(findings, DOCTOR_PASS),
            doctor_count(findings, DOCTOR_WARN), doctor_count(findings, DOCTOR_FAIL),
            doctor_count(findings, DOCTOR_UNKNOWN));
}

static void
add_text(JsonBuilder *builder, const char *key, const char *text)
{
    json_builder_set_member_name(builder, key);
    if (text)
        json_builder_add_string_value(builder, text);
    else
        json_builder_add_null_value(builder);
}

char *
doctor_report_json(const DoctorFinding *findings)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonGenerator) generator = json_generator_new();
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *text = NULL, *tame = NULL;

    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "format");
    json_builder_add_int_value(builder, DOCTOR_FORMAT);
    json_builder_set_member_name(builder, "checks");
    json_builder_begin_array(builder);
    for (size_t i = 0; i < doctor_checks_length; i++) {
        json_builder_begin_object(builder);
        add_text(builder, "id", doctor_checks[i].id);
        add_text(builder, "status", doctor_status_name(findings[i].status));
        add_text(builder, "found", findings[i].found);
        add_text(builder, "meaning", findings[i].meaning);
        add_text(builder, "fix", findings[i].fix);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    json_generator_set_root(generator, root);
    json_generator_set_pretty(generator, TRUE);
    text = json_generator_to_data(generator, NULL);
    tame = json_text_tame(text);
    return g_strconcat(tame, "\n", NULL);
}

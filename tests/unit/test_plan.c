/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "hostctl/run/plan.h"
#include "tests/support/cmocka_all.h"

#define HEAD "{\"version\":1,\"name\":\"t\",\"load\":[\"stress\"],"
#define CONDITIONS "\"conditions\":[{\"name\":\"quiet\",\"ksm\":\"off\"}],"
#define STEPS "\"steps_percent\":[0,100]"

static char *
example_path(const char *name)
{
    return g_build_filename(g_getenv("TEST_DATA_DIR"), "..", "examples", name, NULL);
}

static void
reads_every_example(void **state)
{
    g_autofree char *dir_path = example_path("");
    g_autoptr(GDir) dir = g_dir_open(dir_path, 0, NULL);
    const char *name;
    unsigned n = 0;

    assert_non_null(dir);
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = example_path(name);
        g_autoptr(GError) error = NULL;
        g_autoptr(Plan) plan = NULL;

        if (!g_str_has_suffix(name, ".json"))
            continue;
        plan = plan_load(path, &error);
        if (!plan)
            fail_msg("%s", error->message);
        n++;
    }
    assert_true(n >= 1);
}

static void
reads_what_the_quick_example_says(void **state)
{
    g_autofree char *path = example_path("quick.json");
    g_autoptr(Plan) plan = plan_load(path, NULL);
    const PlanCondition *noisy;

    assert_non_null(plan);
    assert_string_equal(plan->name, "quick");
    assert_true(plan->bulk.count.percent == 200);
    assert_int_equal(plan->conditions->len, 2);
    noisy = plan->conditions->pdata[1];
    assert_int_equal(noisy->ksm, PLAN_KSM_ON);
    assert_int_equal(noisy->balloon, PLAN_BALLOON_PERCENT);
    assert_true(noisy->balloon_percent == 75);
    assert_int_equal(plan->steps_percent->len, 5);
    assert_string_equal(plan->load_env[0], "MALLOC_MMAP_THRESHOLD_=65536");
    assert_int_equal(plan->repeats, 1);
}

static void
takes_a_referees_defaults(void **state)
{
    g_autoptr(Plan) plan = plan_parse("t.json", HEAD CONDITIONS STEPS "}", NULL);

    assert_non_null(plan);
    assert_int_equal(plan->repeats, 3);
    assert_int_equal(plan->order, PLAN_ORDER_BALANCED);
    assert_int_equal(plan->between, PLAN_BETWEEN_RECREATE);
    assert_true(plan->frame_visits);
    assert_true(plan->vm_exits);
    assert_true(plan->settle_seconds == 30);
    assert_true(plan->drop_seconds == 5);
    assert_true(isnan(plan->bulk.count.percent) == 0);
}

static void
vm_exits_can_be_left_out(void **state)
{
    g_autoptr(Plan) without =
        plan_parse("t.json", HEAD CONDITIONS STEPS ",\"vm_exits\":false}", NULL);
    g_autoptr(GError) error = NULL;

    assert_non_null(without);
    assert_false(without->vm_exits);
    assert_null(plan_parse("t.json", HEAD CONDITIONS STEPS ",\"vm_exits\":\"some\"}", &error));
    assert_non_null(strstr(error->message, "$.vm_exits"));
}

static void
a_control_has_a_load_of_its_own_or_none(void **state)
{
    g_autoptr(Plan) plan = plan_parse("t.json",
                                      HEAD "\"conditions\":[{\"name\":\"control-a\","
                                           "\"micro_load\":[\"sh\",\"-c\",\"true\"]},"
                                           "{\"name\":\"control-b\",\"micro_load\":[]},"
                                           "{\"name\":\"c\",\"bandwidth_hogs\":2}]," STEPS "}",
                                      NULL);
    const PlanCondition *conditions[3];

    assert_non_null(plan);
    for (guint i = 0; i < 3; i++)
        conditions[i] = plan->conditions->pdata[i];
    assert_string_equal(conditions[0]->micro_load[2], "true");
    assert_non_null(conditions[1]->micro_load);
    assert_null(conditions[1]->micro_load[0]);
    assert_null(conditions[2]->micro_load);
    assert_int_equal(conditions[2]->bandwidth_hogs.value, 2);
}

static const struct {
    const char *text, *message;
} mistakes[] = {
    { HEAD CONDITIONS STEPS ",\"repeat\":2}", "t.json: $: unknown key “repeat” (did you mean" },
    { HEAD CONDITIONS "\"steps_percent\":[]}", "t.json: $.steps_percent: empty" },
    { HEAD CONDITIONS "\"steps_percent\":[0,-1]}", "t.json: $.steps_percent[1]: -1 is out" },
    { HEAD "\"conditions\":[]," STEPS "}", "t.json: $.conditions: empty" },
    { HEAD "\"conditions\":[{\"name\":\"a\"},{\"name\":\"a\"}]," STEPS "}",
      "t.json: $.conditions: the name “a” is there twice" },
    { HEAD "\"conditions\":[{\"name\":\"a\",\"ksm\":\"maybe\"}]," STEPS "}",
      "t.json: $.conditions[0].ksm: “maybe” is none of" },
    { HEAD "\"conditions\":[{\"name\":\"a\",\"ksm\":{\"run\":\"x\"}}]," STEPS "}",
      "t.json: $.conditions[0].ksm.run: want a whole number" },
    { HEAD "\"conditions\":[{\"name\":\"a\",\"balloon\":\"half\"}]," STEPS "}",
      "t.json: $.conditions[0].balloon: “half” is no balloon setting" },
    { HEAD "\"conditions\":[{\"name\":\"a\",\"balloon\":\"20%\"}]," STEPS "}",
      "would kill the guest" },
    { HEAD "\"conditions\":[{\"name\":\"a\",\"placement\":\"spread\"}]," STEPS "}",
      "t.json: $.conditions[0].placement: “spread” is none of" },
    { HEAD "\"conditions\":[{\"name\":\"a\",\"cpu_shares\":1}]," STEPS "}",
      "t.json: $.conditions[0].cpu_shares: 1 is out of range" },
    { HEAD "\"conditions\":[{\"name\":\"a\",\"cpu_quota_percent\":{\"bulk\":0}}]," STEPS "}",
      "t.json: $.conditions[0].cpu_quota_percent.bulk: 0 is out of range" },
    { HEAD "\"conditions\":[{\"name\":\"a\",\"micro_load\":[\"sleep\"]}]," STEPS "}",
      "t.json: $.conditions[0].micro_load: a load of its own is for controls" },
    { HEAD "\"conditions\":[{\"name\":\"control-a\",\"balloon\":\"128M\",\"micro_load\":"
           "[\"stress\",\"-m\",\"1\",\"--vm-bytes\",\"64M\"]}]," STEPS "}",
      "would kill the guest" },
    { HEAD
      "\"conditions\":[{\"name\":\"control-a\",\"micro_load\":[],\"victim_load\":\"cpu\"}]," STEPS
      "}",
      "t.json: $.conditions[0].micro_load: and victim_load: a guest has one load" },
    { HEAD "\"conditions\":[{\"name\":\"a\",\"interrupts_per_second\":100001}]," STEPS "}",
      "t.json: $.conditions[0].interrupts_per_second: 100001 is out of range" },
    { HEAD "\"conditions\":[{\"name\":\"a\",\"host\":{\"frequency_percent\":101}}]," STEPS "}",
      "t.json: $.conditions[0].host.frequency_percent: 101 is out of range" },
    { HEAD "\"conditions\":[{\"name\":\"a\",\"host_hogs\":\"all\"}]," STEPS "}",
      "t.json: $.conditions[0].host_hogs: want a whole number, or a share" },
    { HEAD "\"conditions\":[{\"name\":\"a\",\"host\":{\"governor\":\"../x\"}}]," STEPS "}",
      "t.json: $.conditions[0].host.governor: want the name of a governor" },
    { HEAD "\"conditions\":[{\"name\":\"a\",\"host\":{\"turbo\":1}}]," STEPS "}",
      "t.json: $.conditions[0].host.turbo: want" },
    { HEAD "\"conditions\":[{\"name\":\"a\"},{\"name\":\"b\",\"cpu_shares\":9}]," STEPS
           ",\"between_conditions\":\"keep\"}",
      "t.json: $.conditions[1]: a balloon device, CPU shares or quota" },
    { HEAD "\"conditions\":[{\"name\":\"a\",\"hugepages\":true}]," STEPS
           ",\"between_conditions\":\"keep\"}",
      "t.json: $.conditions[0]: huge pages are reserved" },
    { HEAD CONDITIONS STEPS ",\"guests\":{\"micro\":{\"scope\":\"task\",\"vcpus\":2}}}",
      "t.json: $.guests.micro.scope: task: a load is counted as a whole" },
    { HEAD CONDITIONS STEPS
      ",\"counters\":\"emulated\",\"guests\":{\"micro\":{\"scope\":\"task\"}}}",
      "t.json: $.guests.micro.scope: task: the emulated counters count whole vCPUs" },
    { HEAD CONDITIONS STEPS ",\"guests\":{\"bulk\":{\"disk_mib\":8}}}",
      "t.json: $.guests.bulk.disk_mib: want at least 16" },
    { HEAD CONDITIONS STEPS ",\"guests\":{\"micro\":{\"vcpu\":1}}}",
      "t.json: $.guests.micro: unknown key “vcpu” (did you mean “vcpus”?)" },
    { HEAD CONDITIONS STEPS ",\"guests\":{\"bulk\":{\"count\":\"many\"}}}",
      "t.json: $.guests.bulk.count: want a whole number" },
    { HEAD CONDITIONS STEPS ",\"events\":[]}", "t.json: $.events: 0 events" },
    { HEAD CONDITIONS STEPS ",\"events\":[\"cycles\",\"cycles\"]}", "is there twice" },
    { HEAD CONDITIONS STEPS ",\"counters\":\"emulated\",\"events\":[\"ref-cycles\"]}",
      "“ref-cycles” does not exist among the emulated counters" },
    { HEAD CONDITIONS STEPS ",\"counters\":\"emulated\",\"events\":[\"cylces\"]}",
      "t.json: $.events: no event “cylces” (did you mean “cycles”?)" },
    { HEAD CONDITIONS STEPS ",\"pool\":\"3-1\"}", "t.json: $.pool: “3-1” is no pool" },
    { HEAD CONDITIONS STEPS ",\"measure_seconds\":1}", "t.json: $.measure_seconds: shorter" },
    { "{\"version\":2,\"name\":\"t\",\"load\":[\"x\"]," CONDITIONS STEPS "}",
      "t.json: $.version: 2 is out of range" },
    { "{\"version\":1,\"name\":\"../t\",\"load\":[\"x\"]," CONDITIONS STEPS "}",
      "t.json: $.name: want" },
    { "{\"version\":1,\"name\":\"t\",\"load\":[]," CONDITIONS STEPS "}", "t.json: $.load: empty" },
    { "{\"version\":1,\"name\":\"t\"," CONDITIONS STEPS "}", "the key “load” is missing" },
};

static void
names_the_path_of_every_mistake(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(mistakes); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Plan) plan = plan_parse("t.json", mistakes[i].text, &error);

        if (plan)
            fail_msg("accepted: %s", mistakes[i].text);
        if (!strstr(error->message, mistakes[i].message))
            fail_msg("“%s” does not contain “%s”", error->message, mistakes[i].message);
    }
}

static void
reads_the_factors_of_a_condition(void **state)
{
    g_autoptr(Plan) plan = plan_parse(
        "t.json",
        HEAD "\"conditions\":[{\"name\":\"a\",\"ksm\":\"ksmtuned\",\"placement\":\"pinned\","
             "\"cpu_shares\":512,\"cpu_quota_percent\":{\"bulk\":50},\"nosharepages\":true,"
             "\"host_hogs\":\"50%\",\"host\":{\"turbo\":false,\"halt_poll_ns\":0}},"
             "{\"name\":\"b\"}]," STEPS "}",
        NULL);
    const PlanCondition *a, *b;

    assert_non_null(plan);
    a = plan->conditions->pdata[0];
    b = plan->conditions->pdata[1];
    assert_int_equal(a->ksm, PLAN_KSM_KSMTUNED);
    assert_int_equal(a->placement, PLAN_PINNED);
    assert_true(a->cpu_shares.micro == 512 && a->cpu_shares.bulk == 512);
    assert_true(a->cpu_quota_percent.micro == 0 && a->cpu_quota_percent.bulk == 50);
    assert_true(a->nosharepages && !a->hugepages && a->host_hogs.percent == 50);
    assert_true(a->host.turbo == 0 && a->host.halt_poll_ns == 0 && a->host.nmi_watchdog == -1);
    assert_non_null(strstr(a->text, "\"host_hogs\":\"50%\""));
    assert_int_equal(b->placement, PLAN_SHARED);
    assert_true(isnan(b->host_hogs.percent) && b->host_hogs.value == 0);
    assert_false(plan_condition_same_guests(a, b));
}

static uint64_t
most_kib_with(const char *conditions, unsigned n_bulk)
{
    g_autofree char *text =
        g_strconcat(HEAD, "\"conditions\":[", conditions, "],", STEPS, "}", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = plan_parse("t.json", text, &error);

    if (!plan)
        fail_msg("%s", error->message);
    plan->micro.memory_mib = 1000;
    plan->bulk.memory_mib = 2000;
    return plan_most_memory_kib(plan, n_bulk);
}

static void
guests_hold_what_the_largest_condition_leaves_them(void **state)
{
#define SQUEEZED "{\"name\":\"a\",\"balloon\":\"75%\"}"
    assert_int_equal(most_kib_with(SQUEEZED, 4), 9000 * 1024 * 3 / 4);
    assert_int_equal(most_kib_with(SQUEEZED ",{\"name\":\"b\",\"balloon\":\"full\"}", 4),
                     9000 * 1024);
    assert_int_equal(most_kib_with(SQUEEZED ",{\"name\":\"b\",\"balloon\":\"none\"}", 4),
                     9000 * 1024);
    assert_int_equal(most_kib_with(SQUEEZED ",{\"name\":\"b\",\"balloon\":\"auto\"}", 4),
                     9000 * 1024);
}

static void
knows_the_least_memory_that_a_guest_survives(void **state)
{
    g_autoptr(Plan) plan = plan_parse("t.json",
                                      "{\"version\":1,\"name\":\"t\",\"load\":[\"stress\",\"-m\","
                                      "\"2\",\"--vm-bytes\",\"4M\"]," CONDITIONS STEPS "}",
                                      NULL);

    assert_non_null(plan);
    assert_int_equal(plan_least_memory_kib(plan), (70 + 8 + 32) * 1024);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_example),
        cmocka_unit_test(vm_exits_can_be_left_out),
        cmocka_unit_test(a_control_has_a_load_of_its_own_or_none),
        cmocka_unit_test(reads_what_the_quick_example_says),
        cmocka_unit_test(takes_a_referees_defaults),
        cmocka_unit_test(names_the_path_of_every_mistake),
        cmocka_unit_test(reads_the_factors_of_a_condition),
        cmocka_unit_test(guests_hold_what_the_largest_condition_leaves_them),
        cmocka_unit_test(knows_the_least_memory_that_a_guest_survives),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/command.h"
#include "hostctl/remote_host.h"

#define EXPERIMENT "Experiment"
#define GUESTS "Guests and settings"
#define NODE "A node's guests, as they are"

const Command command_list[] = {
    { "doctor", cmd_doctor, "is this host fit for ground truth? --apply mends what can be",
      EXPERIMENT, "a machine is judged on the machine itself" },
    { "selftest", cmd_selftest, "start a guest, prove that counters count on both sides and agree",
      EXPERIMENT, REMOTE_HOST_COUNTING },
    { "run", cmd_run, "the experiment: PLAN into a dataset", EXPERIMENT, REMOTE_HOST_COUNTING },
    { "status", cmd_status, "what detached runs are doing, and when they end", EXPERIMENT },
    { "guest", cmd_guest, "provision, list and destroy guests that hostctl made", GUESTS },
    { "ksm", cmd_ksm, "show page sharing, change it, put it back", GUESTS,
      "page sharing is that machine's kernel's" },
    { "balloon", cmd_balloon, "show guests' memory, change a balloon, put it back", GUESTS },
    { "recover", cmd_recover, "put back what a killed run left", GUESTS },
    { "stat", cmd_stat, "count what guests' vCPUs do, as perf stat prints it", NODE,
      REMOTE_HOST_COUNTING },
    { "record", cmd_record, "the host's view of guests that run anyway, into a dataset", NODE,
      REMOTE_HOST_COUNTING },
    { "profile", cmd_profile, "DOMAIN: sample a guest's kernel with perf kvm and its own symbols",
      NODE, REMOTE_HOST_COUNTING },
    { "top", cmd_top, "live table of guests and who waits behind whom", NODE,
      REMOTE_HOST_COUNTING },
    { "explain", cmd_explain, "DOMAIN: who or what this guest waits for", NODE,
      REMOTE_HOST_COUNTING },
    { "exporter", cmd_exporter, "metrics for Prometheus", NODE, REMOTE_HOST_COUNTING },
};
const size_t command_list_length = G_N_ELEMENTS(command_list);

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files of /sys/kernel/mm/ksm that may be set, what they take, and the words of a plan. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KSM_SETTING_DIR "sys/kernel/mm/ksm/"

typedef struct {
    const char *name; /* a file name below KSM_SETTING_DIR: "pages_to_scan" */
    const char *value;
} KsmSetting;

/* In the order in which they are written: "run" is the last. */
#define KSM_SETTINGS 13
extern const char *const ksm_setting_names[KSM_SETTINGS];

#define KSM_SETTING_RUN (KSM_SETTINGS - 1)
#define KSM_SETTING_ADVISOR (KSM_SETTINGS - 2)
#define KSM_SETTING_PAGES (KSM_SETTINGS - 3)

/* Off: run=2, which gives every guest its own pages back. */
extern const KsmSetting ksm_off[];
extern const size_t ksm_off_length;
/* On: run=1, pages_to_scan 1000, sleep 20 ms, no advisor. */
extern const KsmSetting ksm_on[];
extern const size_t ksm_on_length;

/* A known setting with a value that a kernel could take? Touches nothing. */
bool ksm_setting_check(const KsmSetting *setting, GError **error);

/* Its place in ksm_setting_names; KSM_SETTINGS for an unknown name. */
size_t ksm_setting_index(const char *name);

/* True for settings that the kernel takes only while no page is shared. */
bool ksm_setting_needs_unmerged(size_t index);

# SPDX-License-Identifier: GPL-3.0-or-later
"""What each fuzz target is for: the sources whose lines its corpus shall reach."""

MODULES = {
    'counter_page': ('common/pmu/emulated.c',),
    'dataset': ('common/dataset/query.c', 'common/dataset/reader.c', 'common/dataset/reader_facts.c',
                'common/dataset/reader_series.c'),
    'domain_title': ('hostctl/virt/domain_title.c',),
    'frame': ('common/wire/frame.c',),
    'import_index': ('correlate/import_index.c',),
    'journal': ('hostctl/knob/journal_line.c', 'common/base/json_text.c'),
    'json': ('common/base/json_guard.c', 'common/json/document.c'),
    'message': ('common/wire/codec.c', 'common/wire/message.c'),
    'perf_file': ('common/judge/perf_file.c', 'common/judge/perf_line.c'),
    'plan': ('hostctl/run/plan.c', 'hostctl/run/plan_check.c', 'hostctl/run/plan_condition.c'),
    'ring': ('hostctl/ring/ring_record.c',),
    'symbol_check': ('hostctl/profile/symbol_check.c',),
    'text': ('common/base/cpuset.c', 'common/base/text.c'),
    'thresholds': ('common/judge/strict.c', 'common/judge/threshold.c', 'common/judge/threshold_file.c', 'correlate/rules.c',
                   'correlate/threshold_document.c'),
}

gh_unit_test(clock ROOMS base)
gh_unit_test(ulid ROOMS base)
gh_unit_test(queue ROOMS base LABELS handover)
gh_unit_test(json ROOMS base)

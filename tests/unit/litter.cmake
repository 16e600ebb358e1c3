gh_unit_test(litter ROOMS vision LIBS m)
gh_unit_test(litter_watch ROOMS vision base LIBS m LABELS handover)
gh_unit_test(litter_clips ROOMS vision LIBS m)

gh_unit_test(litter ROOMS vision/litter LIBS m)
gh_unit_test(litter_watch ROOMS vision/litter base LIBS m LABELS handover)
gh_unit_test(litter_clips ROOMS vision/litter LIBS m)

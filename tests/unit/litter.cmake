gh_unit_test(litter ROOMS vision LIBS m)

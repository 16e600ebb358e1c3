gh_unit_test(journal ROOMS gate)
gh_unit_test(timers ROOMS gate)

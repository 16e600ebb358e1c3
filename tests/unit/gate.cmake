gh_unit_test(journal ROOMS gate_shared)
gh_unit_test(timers ROOMS gate_shared)

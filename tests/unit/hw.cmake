gh_unit_test(door ROOMS hw)
gh_unit_test(board ROOMS hw)

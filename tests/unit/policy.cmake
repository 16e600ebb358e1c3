gh_unit_test(policy ROOMS daemon)

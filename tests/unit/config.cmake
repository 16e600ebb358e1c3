gh_unit_test(config ROOMS daemon base)

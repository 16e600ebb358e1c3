gh_unit_test(config ROOMS daemon base)
gh_unit_test(config_reader ROOMS daemon base)
gh_unit_test(config_upgrade ROOMS daemon base)

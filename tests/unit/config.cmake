gh_unit_test(config ROOMS config base)
gh_unit_test(config_reader ROOMS config base)
gh_unit_test(config_upgrade ROOMS config base)
gh_unit_test(model_manifest ROOMS config vision/face base)

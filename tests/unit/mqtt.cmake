gh_unit_test(topics ROOMS mqtt)
gh_unit_test(outbox ROOMS mqtt)
gh_unit_test(command ROOMS mqtt)

gh_unit_test(policy ROOMS daemon)
gh_unit_test(schedule ROOMS daemon)
gh_unit_test(pass ROOMS daemon)
gh_unit_test(book ROOMS daemon)

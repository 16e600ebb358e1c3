gh_unit_test(crypto ROOMS daemon)
gh_unit_test(event ROOMS daemon)
gh_unit_test(roster ROOMS daemon)
gh_unit_test(audit ROOMS daemon LIBS PkgConfig::SQLITE SOURCES ${CMAKE_CURRENT_LIST_DIR}/store_helper.c)

gh_unit_test(topics ROOMS mqtt)
gh_unit_test(outbox ROOMS mqtt)
gh_unit_test(command ROOMS mqtt)
gh_unit_test(link ROOMS mqtt SOURCES ${CMAKE_CURRENT_LIST_DIR}/link_rig.c)

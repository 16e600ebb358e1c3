gh_unit_test(http ROOMS daemon base SOURCES ${CMAKE_CURRENT_LIST_DIR}/http_client.c)
gh_unit_test(api ROOMS daemon base SOURCES ${CMAKE_CURRENT_LIST_DIR}/http_client.c)

gh_unit_test(http ROOMS daemon base SOURCES ${CMAKE_CURRENT_LIST_DIR}/http_client.c)

add_executable(bench_mqtt ${CMAKE_CURRENT_LIST_DIR}/mqtt_link.c)
target_link_libraries(bench_mqtt PRIVATE gh_mqtt)
set_target_properties(bench_mqtt PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)

# for tests/integration/bench_log.py, which asks the daemon
add_executable(log_fill ${CMAKE_CURRENT_LIST_DIR}/log_fill.c)
target_link_libraries(log_fill PRIVATE gh_store)
set_target_properties(log_fill PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)

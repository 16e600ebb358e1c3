add_executable(bench_policy ${CMAKE_CURRENT_LIST_DIR}/policy_bench.c)
target_link_libraries(bench_policy PRIVATE gh_access)
set_target_properties(bench_policy PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)

add_executable(bench_store ${CMAKE_CURRENT_LIST_DIR}/store_bench.c)
target_link_libraries(bench_store PRIVATE gh_store PkgConfig::SQLITE)
set_target_properties(bench_store PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)

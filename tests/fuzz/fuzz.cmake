# libFuzzer targets, one a parser of outside bytes; built by tests/fuzz/run in a clang tree of their own
foreach(target command config)
  add_executable(fuzz_${target} ${CMAKE_CURRENT_LIST_DIR}/fuzz_${target}.c)
  target_compile_options(fuzz_${target} PRIVATE -fsanitize=fuzzer)
  target_link_options(fuzz_${target} PRIVATE -fsanitize=fuzzer)
  set_target_properties(fuzz_${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
endforeach()
target_link_libraries(fuzz_command PRIVATE gh_mqtt)
target_link_libraries(fuzz_config PRIVATE gh_daemon)

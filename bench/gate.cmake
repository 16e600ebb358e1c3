# for tests/integration/bench_gate.py, which measures the whole daemon
add_executable(gate_fill ${CMAKE_CURRENT_LIST_DIR}/gate_fill.c)
target_link_libraries(gate_fill PRIVATE gh_store gh_vision_face m)
set_target_properties(gate_fill PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)

# The real kernel GPIO interface, in a User-Mode Linux kernel (tests/gpio/kernel builds it, tools/setup --for test).
add_executable(test_board_gpiod ${CMAKE_CURRENT_LIST_DIR}/test_board_gpiod.c)
target_link_libraries(test_board_gpiod PRIVATE gh_hw_board PkgConfig::CMOCKA)
target_include_directories(test_board_gpiod PRIVATE ${CMAKE_SOURCE_DIR}/tests/unit)
set_target_properties(test_board_gpiod PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)

# one kernel at a time, and none beside a browser: they would take each other's edges off the clock; such a chain begins first
function(gh_gpio_test name)
  add_test(NAME gpio_${name} COMMAND ${CMAKE_SOURCE_DIR}/tests/gpio/run ${ARGN} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(gpio_${name} PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77 LABELS gpio RESOURCE_LOCK heavy COST 1000
    ENVIRONMENT "GH_SOURCE_DIR=${CMAKE_SOURCE_DIR};GH_BUILD_DIR=${CMAKE_BINARY_DIR}")
endfunction()

gh_gpio_test(board board)
gh_gpio_test(gpiod2 gpiod2)
foreach(part gpio_sampler gpio_card host_state)
  add_executable(${part} ${CMAKE_CURRENT_LIST_DIR}/${part}.c)
  target_link_libraries(${part} PRIVATE gh_options)
  set_target_properties(${part} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
endforeach()
# The kernel on processors other than the one at hand: AMX, and a state that it has no room for.
add_library(host_state_shim MODULE ${CMAKE_CURRENT_LIST_DIR}/host_state_shim.c)
target_link_libraries(host_state_shim PRIVATE gh_options ${CMAKE_DL_LIBS})
set_target_properties(host_state_shim PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
gh_gpio_test(processor_amx processor 11008)
gh_gpio_test(processor_unknown processor 20480)
set_tests_properties(gpio_processor_unknown PROPERTIES
  PASS_REGULAR_EXPRESSION "this processor is 20480 bytes, and the test kernel has room for 16384 [(]" FAIL_REGULAR_EXPRESSION "panic")
foreach(case inputs start kill hang reload power)
  gh_gpio_test(${case} daemon ${case})
endforeach()

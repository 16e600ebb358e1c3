# what tools/torture preloads, and its short campaign as a test
foreach(shim clock_shim disk_shim memory_shim)
  add_library(${shim} MODULE ${CMAKE_CURRENT_LIST_DIR}/${shim}.c)
  set_target_properties(${shim} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_link_libraries(${shim} PRIVATE ${CMAKE_DL_LIBS})
endforeach()
target_compile_options(memory_shim PRIVATE -fexceptions)

if(Python3_FOUND)
  add_test(NAME torture COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_SOURCE_DIR}/tools/torture --short)
  set_tests_properties(torture PROPERTIES TIMEOUT 300 LABELS "integration;long"
    ENVIRONMENT "GH_BUILD_DIR=${CMAKE_BINARY_DIR};GH_SANITIZE=${GH_SANITIZE};GH_SOURCE_DIR=${CMAKE_SOURCE_DIR}")
endif()

# films of a drawn facade: for the demo, the integration tests and whoever wants to measure
set(SCENES ${CMAKE_SOURCE_DIR}/tests/scenes)
add_subdirectory(scenes)
add_executable(scene_make ${SCENES}/scene_main.c ${SCENES}/scene_encode.c)
target_link_libraries(scene_make PRIVATE gh_options gh_scenes)
set_target_properties(scene_make PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
gh_unit_test(scenes ROOMS base scenes LIBS m)

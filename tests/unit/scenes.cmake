# films of a drawn facade: for the demo, the integration tests and whoever wants to measure
set(SCENES ${CMAKE_SOURCE_DIR}/tests/scenes)
add_executable(scene_make ${SCENES}/scene_main.c ${SCENES}/scene_encode.c ${SCENES}/scene.c
  ${SCENES}/scene_facade.c ${SCENES}/scene_things.c)
target_link_libraries(scene_make PRIVATE gh_options PkgConfig::FFMPEG m)
set_target_properties(scene_make PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
gh_unit_test(scenes ROOMS base LIBS m SOURCES ${SCENES}/scene.c ${SCENES}/scene_facade.c ${SCENES}/scene_things.c)

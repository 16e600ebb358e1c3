add_executable(face_eval face_eval.c face_album.c face_stats.c)
add_executable(liveness_eval liveness_eval.c face_album.c)
foreach(program face_eval liveness_eval)
  target_link_libraries(${program} PRIVATE gh_vision m)
  set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
endforeach()
set_source_files_properties(${CMAKE_CURRENT_SOURCE_DIR}/face_album.c PROPERTIES COMPILE_OPTIONS "-O3") # all pairs

add_executable(face_eval face_eval.cpp)
target_link_libraries(face_eval PRIVATE gh_vision)
set_target_properties(face_eval PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)

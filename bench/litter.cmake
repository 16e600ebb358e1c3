add_executable(litter_file litter_file.c litter_play.c)
add_executable(litter_eval litter_eval.c litter_manifest.c litter_play.c litter_score.c)
add_executable(litter_suite litter_suite.c litter_suite_book.c litter_suite_cache.c litter_suite_film.c
  litter_suite_report.c litter_suite_scenes.c litter_score.c)
target_link_libraries(litter_suite PRIVATE gh_scenes)
foreach(program litter_file litter_eval litter_suite)
  target_link_libraries(${program} PRIVATE gh_vision_litter m)
  set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
endforeach()

# so that nothing gets much worse unseen: a short run, with room below what the long ones of docs/research/littering.md find
if(NOT GH_SANITIZE)
  add_test(NAME litter_suite COMMAND litter_suite --seed 31 --throws 20 --hours 0.17 --height-max 720 --h264 0.2
           --bars 0.75
           WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(litter_suite PROPERTIES TIMEOUT 600 LABELS "accuracy")
endif()

# measured against OpenCV's video module, which nothing else needs: left out where it is not installed
find_path(OPENCV_VIDEO_INCLUDE_DIR opencv2/video.hpp PATH_SUFFIXES opencv4)
find_library(OPENCV_VIDEO_LIBRARY opencv_video)
find_library(OPENCV_IMGPROC_LIBRARY opencv_imgproc)
find_library(OPENCV_CORE_LIBRARY opencv_core)
if(OPENCV_VIDEO_INCLUDE_DIR AND OPENCV_VIDEO_LIBRARY AND OPENCV_IMGPROC_LIBRARY AND OPENCV_CORE_LIBRARY)
  add_executable(litter_bench litter_bench.cpp)
  target_include_directories(litter_bench SYSTEM PRIVATE ${OPENCV_VIDEO_INCLUDE_DIR})
  target_link_libraries(litter_bench PRIVATE gh_vision_litter ${OPENCV_VIDEO_LIBRARY} ${OPENCV_IMGPROC_LIBRARY}
    ${OPENCV_CORE_LIBRARY})
  set_target_properties(litter_bench PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
else()
  message(STATUS "No OpenCV video module (libopencv-video-dev): the benchmark litter_bench is left out")
endif()

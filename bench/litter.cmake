add_executable(litter_file litter_file.c)
target_link_libraries(litter_file PRIVATE gh_vision)
set_target_properties(litter_file PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)

# measured against OpenCV's video module, which nothing else needs: left out where it is not installed
find_path(OPENCV_VIDEO_INCLUDE_DIR opencv2/video.hpp PATH_SUFFIXES opencv4)
find_library(OPENCV_VIDEO_LIBRARY opencv_video)
find_library(OPENCV_IMGPROC_LIBRARY opencv_imgproc)
find_library(OPENCV_CORE_LIBRARY opencv_core)
if(OPENCV_VIDEO_INCLUDE_DIR AND OPENCV_VIDEO_LIBRARY AND OPENCV_IMGPROC_LIBRARY AND OPENCV_CORE_LIBRARY)
  add_executable(litter_bench litter_bench.cpp)
  target_include_directories(litter_bench SYSTEM PRIVATE ${OPENCV_VIDEO_INCLUDE_DIR})
  target_link_libraries(litter_bench PRIVATE gh_vision ${OPENCV_VIDEO_LIBRARY} ${OPENCV_IMGPROC_LIBRARY}
    ${OPENCV_CORE_LIBRARY})
  set_target_properties(litter_bench PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
else()
  message(STATUS "No OpenCV video module (libopencv-video-dev): the benchmark litter_bench is left out")
endif()

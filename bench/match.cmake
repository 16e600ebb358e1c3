# measured against FAISS, which nothing else needs: left out where it is not installed
find_path(FAISS_INCLUDE_DIR faiss/IndexFlat.h)
find_library(FAISS_LIBRARY faiss)
find_package(OpenMP COMPONENTS CXX)
find_package(LAPACK) # Debian's FAISS is a static library and says nothing of what it needs
if(FAISS_INCLUDE_DIR AND FAISS_LIBRARY AND LAPACK_FOUND AND OpenMP_CXX_FOUND)
  add_executable(match_bench match_bench.cpp)
  target_include_directories(match_bench SYSTEM PRIVATE ${FAISS_INCLUDE_DIR})
  target_link_libraries(match_bench PRIVATE gh_vision_face ${FAISS_LIBRARY} ${LAPACK_LIBRARIES} OpenMP::OpenMP_CXX)
  target_compile_options(match_bench PRIVATE -O3) # the plain sum beside which a search is held
  set_target_properties(match_bench PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
else()
  message(STATUS "No FAISS (libfaiss-dev, liblapack-dev): the benchmark match_bench is left out")
endif()

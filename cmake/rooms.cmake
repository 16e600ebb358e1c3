# Rooms are libraries, and a library sees only the headers of the rooms it may know: each has an include
# folder of its own holding one link, ROOM -> the source folder, so that `#include "hw/door/door.h"` works in
# whoever links gh_hw_door and nowhere else. A room of daemon/ is named without it: `#include "store/store.h"`.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

option(GH_WERROR "Treat warnings as errors" ON)
set(GH_SANITIZE "" CACHE STRING "Sanitizers for the whole tree: address,undefined or thread")

add_library(gh_options INTERFACE)
target_compile_definitions(gh_options INTERFACE _GNU_SOURCE GH_VERSION="${PROJECT_VERSION}")
target_compile_options(gh_options INTERFACE
  -Wall -Wextra -Wshadow -Wpointer-arith -Wvla -Wundef -Wformat=2 -Wcast-qual -Wimplicit-fallthrough -fno-common
  # -Wconversion: a number that loses bits or its sign is cast where that is meant. Not -Wswitch-enum: of the nine places
  # it names, each has a default that is right for a value added later.
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wconversion>
  # sentences and names are cut to their buffers on purpose
  $<$<OR:$<C_COMPILER_ID:GNU>,$<CXX_COMPILER_ID:GNU>>:-Wno-format-truncation>
  -fstack-protector-strong)
if(GH_WERROR)
  target_compile_options(gh_options INTERFACE -Werror)
endif()
if(GH_SANITIZE)
  # GCC warns of conversions in the checks that it puts in itself
  target_compile_options(gh_options INTERFACE -fsanitize=${GH_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all $<$<C_COMPILER_ID:GNU>:-Wno-conversion -Wno-sign-conversion>)
  target_link_options(gh_options INTERFACE -fsanitize=${GH_SANITIZE})
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_options(gh_options INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
target_link_options(gh_options INTERFACE -Wl,-z,relro,-z,now)

# The library of a room: gh_base, gh_vision_face for vision/face.
function(gh_target variable name)
  string(REPLACE "/" "_" target gh_${name})
  set(${variable} ${target} PARENT_SCOPE)
endfunction()

# gh_room(NAME SOURCES ... [KNOWS room...] [LIBS lib...] [AS folder HEADERS header...]): KNOWS is public, LIBS stay inside
# the room. AS and HEADERS are for a room of some files of a folder that holds other rooms: it shows those headers alone.
function(gh_room name)
  cmake_parse_arguments(ARG "" "AS" "SOURCES;KNOWS;LIBS;HEADERS" ${ARGN})
  gh_target(room ${name})
  add_library(${room} STATIC ${ARG_SOURCES})
  set(headers ${CMAKE_BINARY_DIR}/rooms/${room})
  if(ARG_AS)
    file(MAKE_DIRECTORY ${headers}/${ARG_AS})
    foreach(header ${ARG_HEADERS})
      file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR}/${header} ${headers}/${ARG_AS}/${header} SYMBOLIC)
    endforeach()
  else()
    cmake_path(GET name PARENT_PATH above)
    file(MAKE_DIRECTORY ${headers}/${above})
    file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${headers}/${name} SYMBOLIC)
  endif()
  target_include_directories(${room} PUBLIC ${headers})
  target_link_libraries(${room} PUBLIC gh_options Threads::Threads)
  foreach(known ${ARG_KNOWS})
    gh_target(known_target ${known})
    target_link_libraries(${room} PUBLIC ${known_target})
  endforeach()
  target_link_libraries(${room} PRIVATE ${ARG_LIBS})
endfunction()

# gh_unit_test(NAME ROOMS room... [SOURCES extra...] [LIBS lib...] [LABELS label...]): tests/unit/test_NAME.c, one program each.
function(gh_unit_test name)
  cmake_parse_arguments(ARG "" "" "ROOMS;SOURCES;LIBS;LABELS" ${ARGN})
  add_executable(test_${name} ${CMAKE_SOURCE_DIR}/tests/unit/test_${name}.c ${ARG_SOURCES})
  foreach(known ${ARG_ROOMS})
    gh_target(known_target ${known})
    target_link_libraries(test_${name} PRIVATE ${known_target})
  endforeach()
  target_link_libraries(test_${name} PRIVATE ${ARG_LIBS} PkgConfig::CMOCKA)
  set_target_properties(test_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND test_${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set(seconds 300) # a sanitizer on a busy machine
  if(CMAKE_CROSSCOMPILING OR GH_SANITIZE STREQUAL "thread") # every instruction is translated, or watched
    set(seconds 1200)
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${seconds} SKIP_RETURN_CODE 77 LABELS "unit;${ARG_LABELS}"
    ENVIRONMENT "GH_SOURCE_DIR=${CMAKE_SOURCE_DIR};GH_BUILD_DIR=${CMAKE_BINARY_DIR}")
endfunction()

pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)

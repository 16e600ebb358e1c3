# The page in a real browser on a real daemon: each *.spec.ts is one test with a gate of its own. What it needs beyond
# the build (Node 18, chromium, the packages of the two lock files) is brought by tools/setup --for test.
find_program(NODE node)
find_program(NPM npm)
find_program(CHROMIUM chromium)
set(browser_dir ${CMAKE_CURRENT_SOURCE_DIR}/browser)
set(missing "")
if(NODE)
  execute_process(COMMAND ${NODE} --version OUTPUT_VARIABLE node_version OUTPUT_STRIP_TRAILING_WHITESPACE)
  string(REPLACE v "" node_version "${node_version}")
endif()
if(NOT node_version VERSION_GREATER_EQUAL 18)
  set(missing "node 18")
elseif(NOT CHROMIUM)
  set(missing "chromium")
elseif(NOT EXISTS ${browser_dir}/node_modules/@playwright OR NOT EXISTS ${CMAKE_SOURCE_DIR}/console/node_modules/vite)
  set(missing "the node packages of console and tests/browser")
endif()
if(missing)
  message(STATUS "browser tests left out: ${missing} missing (tools/setup --for test)")
  return()
endif()

# strict types and warnings are errors here, too
add_test(NAME browser_build COMMAND ${NPM} --prefix ${CMAKE_SOURCE_DIR}/console run --silent build)
set_tests_properties(browser_build PROPERTIES TIMEOUT 300 LABELS browser FIXTURES_SETUP console)
file(GLOB specs CONFIGURE_DEPENDS RELATIVE ${browser_dir} ${browser_dir}/*.spec.ts)
foreach(spec ${specs})
  string(REPLACE .spec.ts "" name ${spec})
  add_test(NAME browser_${name}
           COMMAND ${NODE} node_modules/@playwright/test/cli.js test ${spec}
           WORKING_DIRECTORY ${browser_dir})
  set_tests_properties(browser_${name} PROPERTIES TIMEOUT 600 LABELS browser FIXTURES_REQUIRED console RESOURCE_LOCK heavy COST 900
    ENVIRONMENT "GH_BUILD_DIR=${CMAKE_BINARY_DIR};GH_SOURCE_DIR=${CMAKE_SOURCE_DIR};GH_CHROMIUM=${CHROMIUM};GH_PYTHON=${Python3_EXECUTABLE};GH_BROWSER_OUT=${CMAKE_BINARY_DIR}/browser/${name}")
endforeach()

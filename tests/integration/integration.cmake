# The whole daemon, from outside: each file is one test. tools/setup installs the modules they need for Debian's Python;
# another one that comes first in PATH (pyenv, conda) does not have them.
set(Python3_EXECUTABLE /usr/bin/python3)
find_package(Python3 COMPONENTS Interpreter)

function(gh_integration_test name file timeout_s)
  if(NOT Python3_FOUND OR NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/integration/${file})
    return()
  endif()
  add_test(NAME ${name} COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/integration/${file}
           WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  if(GH_SANITIZE STREQUAL "thread")
    math(EXPR timeout_s "4 * ${timeout_s}")
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${timeout_s} SKIP_RETURN_CODE 77 LABELS integration
    ENVIRONMENT "GH_BUILD_DIR=${CMAKE_BINARY_DIR};GH_SANITIZE=${GH_SANITIZE};GH_SOURCE_DIR=${CMAKE_SOURCE_DIR};LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/lsan.supp;TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/tsan.supp")
endfunction()

gh_integration_test(integration_entry test_entry.py 600)
gh_integration_test(integration_access test_access.py 300)
gh_integration_test(integration_readers test_readers.py 300)
gh_integration_test(integration_doors test_doors.py 600)
gh_integration_test(integration_watchdog test_watchdog.py 300)
gh_integration_test(integration_mqtt test_mqtt.py 600)
gh_integration_test(integration_mqtt_roster test_mqtt_roster.py 300)
gh_integration_test(integration_mqtt_faults test_mqtt_faults.py 900)
if(TEST integration_mqtt_faults)
  set_tests_properties(integration_mqtt_faults PROPERTIES LABELS "integration;long" COST 800) # the longest: never last
endif()
gh_integration_test(integration_outbox test_outbox.py 900)
gh_integration_test(integration_bad_input test_bad_input.py 900)
gh_integration_test(integration_api_sessions test_api_sessions.py 300)
gh_integration_test(integration_api_alerts test_api_alerts.py 300)
gh_integration_test(integration_api_log test_api_log.py 300)
gh_integration_test(integration_keep test_keep.py 120)
gh_integration_test(camera_faults_daemon test_camera_faults.py 300)
gh_integration_test(litter_clips_daemon test_litter_clips.py 900)
gh_integration_test(litter_scene_daemon test_scene.py 600)
gh_integration_test(litter_eval test_litter_eval.py 120)
gh_integration_test(faces_daemon test_faces.py 300)
gh_integration_test(face_lfw_daemon test_face_lfw.py 1800)
# plays in real time: what else runs would take the pictures' time
if(TEST face_lfw_daemon)
  set_tests_properties(face_lfw_daemon PROPERTIES RUN_SERIAL TRUE LABELS "integration;accuracy")
endif()

# each error has its code in every place that needs it
add_test(NAME problems_table COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/contract/problems.py)
set_tests_properties(problems_table PROPERTIES TIMEOUT 60 LABELS contract)

# the reference parser judges the contract itself; tools/setup --for test brings it
find_program(NODE node)
if(NODE AND EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/contract/node_modules)
  add_test(NAME mqtt_contract COMMAND ${NODE} ${CMAKE_CURRENT_SOURCE_DIR}/contract/check.mjs ${CMAKE_SOURCE_DIR}/docs/reference/asyncapi.yaml)
  set_tests_properties(mqtt_contract PROPERTIES TIMEOUT 120 LABELS contract)
else()
  message(STATUS "mqtt_contract left out: node or tests/contract/node_modules is missing (tools/setup --for test)")
endif()

add_test(NAME package COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/package/test_package.py)
set_tests_properties(package PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77 LABELS package
  ENVIRONMENT "GH_BUILD_DIR=${CMAKE_BINARY_DIR};GH_SANITIZE=${GH_SANITIZE};GH_SOURCE_DIR=${CMAKE_SOURCE_DIR}")
add_test(NAME tools COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/package/test_tools.py)
set_tests_properties(tools PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77 LABELS package
  ENVIRONMENT "GH_SANITIZE=${GH_SANITIZE};GH_SOURCE_DIR=${CMAKE_SOURCE_DIR}")
add_test(NAME operations_alarms COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/package/test_alarms.py)
set_tests_properties(operations_alarms PROPERTIES TIMEOUT 60 LABELS package ENVIRONMENT "GH_SOURCE_DIR=${CMAKE_SOURCE_DIR}")
add_test(NAME docs COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/package/test_docs.py)
set_tests_properties(docs PROPERTIES TIMEOUT 60 SKIP_RETURN_CODE 77 LABELS package
  ENVIRONMENT "GH_BUILD_DIR=${CMAKE_BINARY_DIR};GH_SANITIZE=${GH_SANITIZE};GH_SOURCE_DIR=${CMAKE_SOURCE_DIR}")

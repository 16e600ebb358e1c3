# The page without a browser: its own lint and unit tests.
foreach(script lint test)
  add_test(NAME console_${script}
    COMMAND sh -c "command -v npm >/dev/null || { echo 'skipped: no npm'; exit 77; }
      [ -d node_modules/vitest ] || { echo 'skipped: the packages of console are missing (tools/setup --for test)'; exit 77; }
      exec npm run --silent ${script}"
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/console)
  set_tests_properties(console_${script} PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77 LABELS console)
endforeach()

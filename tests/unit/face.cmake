gh_unit_test(match ROOMS vision)
gh_unit_test(threshold ROOMS vision)
gh_unit_test(face_track ROOMS vision)
gh_unit_test(face_engine ROOMS vision)
gh_unit_test(face_watch ROOMS vision)
set_tests_properties(face_engine face_watch PROPERTIES
  ENVIRONMENT_MODIFICATION "TSAN_OPTIONS=set:suppressions=${CMAKE_SOURCE_DIR}/tests/unit/face.tsan")

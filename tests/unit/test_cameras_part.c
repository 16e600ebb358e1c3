/*
 * The cameras part through cameras.h: a lost camera is reported, a failure leaves the rest working,
 * records are restored after a restart.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"
#include "base/clock.h"
#include "fake_store.h"
#include "gate/cameras/cameras.h"

#define LI "01ARZ3NDEKTSV4RRFFQ69G5FAV"

struct rig {
	char dir[64];
	struct config *config;
	sd_event *event;
	struct journal *journal;
	struct store *store;
	struct access_directory directory;
	struct cameras *cameras;
	unsigned presented, thrown, enrolled, ready, prompts, states;
	int r;
	unsigned replies;
};

static void face_presented(void *arg, const struct cameras_passage *passage)
{
	struct rig *rig = arg;

	rig->presented++;
	json_decref(passage->data);
}

static void on_thrown(void *arg, const char *camera, const char *source,
		      const struct litter_result *result)
{
	struct rig *rig = arg;

	(void)camera, (void)source, (void)result;
	rig->thrown++;
}

static void on_enrolled(void *arg, const struct face_result *result)
{
	struct rig *rig = arg;

	(void)result;
	rig->enrolled++;
}

static void faces_ready(void *arg)
{
	struct rig *rig = arg;

	rig->ready++;
}

static void prompt_requested(void *arg, unsigned door)
{
	struct rig *rig = arg;

	(void)door;
	rig->prompts++;
}

static json_t *outdated(void *arg)
{
	(void)arg;
	return json_array();
}

static const struct cameras_ops ops = {.face_presented = face_presented,
				       .thrown = on_thrown,
				       .enrolled = on_enrolled,
				       .faces_ready = faces_ready,
				       .prompt_requested = prompt_requested,
				       .outdated = outdated};

static void on_state(void *arg, const char *what, const char *name, json_t *state)
{
	struct rig *rig = arg;

	(void)name, (void)state;
	rig->states += strcmp(what, "camera") == 0;
}

static void add_camera(struct config *config, const char *name, enum config_camera_role role)
{
	struct config_camera *camera = &config->cameras[config->camera_count++];

	snprintf(camera->name, sizeof(camera->name), "%s", name);
	snprintf(camera->source, sizeof(camera->source), "/no/such/%s.mp4", name);
	camera->role = role;
	if (role == CONFIG_CAMERA_FACE)
		snprintf(camera->door, sizeof(camera->door), "main");
}

/* Copy a manifest of the source tree, without the net that it names. */
static void copy_manifest(const struct rig *rig, const char *name)
{
	const char *tree = getenv("GH_SOURCE_DIR");
	char command[512];

	assert_non_null(tree);
	snprintf(command, sizeof(command), "cp '%s/models/%s.yaml' %s", tree, name, rig->dir);
	assert_int_equal(system(command), 0);
}

/* Open the rig; cameras_open() returns @p expected. */
static int open_rig(void **state, bool manifests, int expected)
{
	static const char *const doors[] = {"main"};
	struct rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	rig->config = calloc(1, sizeof(*rig->config));
	assert_non_null(rig->config);
	strcpy(rig->dir, "/tmp/gatehouse-cameras-XXXXXX");
	assert_non_null(mkdtemp(rig->dir));
	snprintf(rig->config->models_dir, sizeof(rig->config->models_dir), "%s",
		 rig->dir); /* no models in it */
	snprintf(rig->config->evidence.dir, sizeof(rig->config->evidence.dir), "%s/evidence",
		 rig->dir);
	rig->config->door_count = 1;
	snprintf(rig->config->doors[0].name, CONFIG_NAME_BYTES, "main");
	snprintf(rig->config->face.recogniser, CONFIG_PATH_BYTES, "fr_feature");
	snprintf(rig->config->face.detector, CONFIG_PATH_BYTES, "fr_detect");
	for (int i = 0; manifests && i < 2; i++)
		copy_manifest(rig,
			      i == 0 ? rig->config->face.recogniser : rig->config->face.detector);
	rig->config->face.false_accept_percent = 1;
	rig->config->face.repeat_ms = 5000;
	add_camera(rig->config, "entrance", CONFIG_CAMERA_FACE);
	add_camera(rig->config, "facade", CONFIG_CAMERA_FACADE);
	assert_true(sd_event_new(&rig->event) >= 0);
	rig->journal = journal_open();
	journal_on_state(rig->journal, on_state, rig);
	rig->store = fake_store_open();
	journal_use_store(rig->journal, rig->store);
	assert_int_equal(access_directory_open(doors, 1, &rig->directory), 0);
	assert_int_equal(cameras_open(&(struct cameras_deps){.config = rig->config,
							     .event = rig->event,
							     .journal = rig->journal,
							     .directory = &rig->directory},
				      &ops, rig, &rig->cameras),
			 expected);
	*state = rig;
	return 0;
}

static int setup(void **state)
{
	return open_rig(state, true, 0);
}

static int setup_without_manifests(void **state)
{
	return open_rig(state, false, -EINVAL);
}

static int teardown(void **state)
{
	struct rig *rig = *state;
	char command[128];

	cameras_close(rig->cameras);
	fake_store_close(rig->store);
	access_directory_close(&rig->directory);
	journal_close(rig->journal);
	sd_event_unref(rig->event);
	snprintf(command, sizeof(command), "rm -rf %s", rig->dir);
	assert_int_equal(system(command), 0);
	free(rig->config);
	free(rig);
	return 0;
}

static size_t events(const struct rig *rig, const char *type)
{
	return fake_store_events(rig->store, type);
}

static void wait_for(struct rig *rig, const char *type, size_t count)
{
	while (events(rig, type) < count)
		assert_true(sd_event_run(rig->event, 20000000) > 0);
}

static void on_reply(const struct reply *reply, int r, const struct problem *problem,
		     json_t *result)
{
	struct rig *rig = reply->owner;

	(void)problem;
	rig->r = r;
	rig->replies++;
	json_decref(result);
}

/* ---- tests ---- */

static void without_models_the_rest_works(void **state)
{
	struct rig *rig = *state;
	const struct reply reply = {.answer = on_reply, .owner = rig};
	static const float vector[ROSTER_TEMPLATE_DIM];
	int why = 0;

	wait_for(rig, "model.failed", 1);
	assert_null(cameras_faces(rig->cameras, &why));
	assert_int_equal(why, -ENODEV);
	assert_int_equal(rig->ready, 0);
	assert_int_equal(cameras_face_index(rig->cameras, "entrance"), 0);
	assert_int_equal(cameras_face_index(rig->cameras, "facade"), -ENOENT);
	assert_int_equal(cameras_face_index(rig->cameras, "none"), -ENOENT);
	cameras_template_remove(rig->cameras, LI, vector);
	cameras_person_forget(rig->cameras, LI);
	cameras_report(rig->cameras, &reply); /* before the start */
	assert_int_equal(rig->r, -EAGAIN);
}

static void a_lost_camera_is_reported_and_published(void **state)
{
	struct rig *rig = *state;
	json_t *list;

	cameras_start(rig->cameras);
	cameras_start(rig->cameras); /* has no effect */
	wait_for(rig, "camera.lost", 2);
	assert_true(rig->states >= 2);
	list = cameras_json(rig->cameras, true);
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "state")),
			    "lost");
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "role")),
			    "face");
	assert_non_null(json_object_get(json_array_get(list, 0), "prompt"));
	assert_null(json_object_get(json_array_get(list, 1), "prompt"));
	json_decref(list);
	assert_null(cameras_newest_frame(rig->cameras, "facade"));
	assert_null(cameras_newest_frame(rig->cameras, "none"));
}

static void a_decision_is_shown_for_a_while(void **state)
{
	struct rig *rig = *state;
	static const char *const expected[] = {
		[ACCESS_FEEDBACK_GRANTED] = "welcome", [ACCESS_FEEDBACK_DENIED] = "use_card"};

	for (int feedback = 0; feedback <= ACCESS_FEEDBACK_DENIED; feedback++) {
		json_t *list;

		clock_fake_set(10000, 1795867200000);
		cameras_decided(rig->cameras, 0, (enum access_feedback)feedback);
		for (int i = 0; i < 3; i++) { /* 3999, 4000 and 4001 ms later */
			const char *prompt;

			clock_fake_set(10000 + 3999 + (uint64_t)i, 1795867200000);
			list = cameras_json(rig->cameras, true);
			prompt = json_string_value(
				json_object_get(json_array_get(list, 0), "prompt"));
			if (i == 0)
				assert_string_equal(prompt, expected[feedback]);
			else
				assert_string_not_equal(prompt, expected[feedback]);
			json_decref(list);
		}
	}
	clock_fake_clear();
}

static void blind_time_of_today_is_restored_after_a_restart(void **state)
{
	struct rig *rig = *state;
	const json_t *record;
	json_t *saved;
	char today[16];
	time_t now = time(NULL);
	struct tm local;

	assert_non_null(localtime_r(&now, &local));
	assert_true(strftime(today, sizeof(today), "%Y-%m-%d", &local) > 0);
	saved = json_pack("{s:s, s:{s:i}}", "day", today, "ms", "lost", 5000);
	cameras_load_record(rig->cameras, "blind", "facade", saved);
	json_decref(saved);
	cameras_start(rig->cameras);
	wait_for(rig, "camera.lost", 2);
	cameras_close(rig->cameras);
	rig->cameras = NULL;
	record = fake_store_record(rig->store, "blind", "facade");
	assert_non_null(record);
	assert_true(json_integer_value(json_object_get(json_object_get(record, "ms"), "lost")) >=
		    5000);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(without_models_the_rest_works),
		cmocka_unit_test_setup_teardown(without_models_the_rest_works,
						setup_without_manifests, teardown),
		test(a_lost_camera_is_reported_and_published),
		test(a_decision_is_shown_for_a_while),
		test(blind_time_of_today_is_restored_after_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

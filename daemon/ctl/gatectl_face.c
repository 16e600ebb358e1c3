/* gatectl face: what the gate measured of its own faces. */
#include "gatectl.h"

#include <string.h>

static double number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static void print_limits(const json_t *limits, const char *middle, const char *words,
			 const char *unit)
{
	if (limits != NULL)
		printf("  %s %.4g%s, between %.4g and %.4g (90 %% confidence)\n", words,
		       number(limits, middle), unit, number(limits, "low"), number(limits, "high"));
}

static void print_camera(const json_t *camera)
{
	const json_t *curve = json_object_get(camera, "curve"), *point;
	size_t i;

	printf("camera ");
	ctl_print_text(stdout, ctl_text(camera, "camera", "?"));
	printf(": threshold %.3f (model card %.3f, %+.3f)\n  ", number(camera, "threshold"),
	       number(camera, "card"), number(camera, "offset"));
	ctl_print_text(stdout, ctl_text(camera, "reason", ""));
	printf("\n  %.0f scores of %.0f people; in %.1f days %.0f passages and %.0f strangers\n",
	       number(camera, "scores"), number(camera, "people"), number(camera, "days"),
	       number(camera, "passages"), number(camera, "strangers"));
	print_limits(json_object_get(camera, "measured"), "percent",
		     "of strangers would match somebody:", " %");
	print_limits(json_object_get(camera, "asked"), "score", "the configured rate asks for", "");
	print_limits(json_object_get(camera, "expected_a_month"), "false_accepts",
		     "strangers let in, expected a month:", "");
	if (json_array_size(curve) > 0)
		printf("  score   of strangers\n");
	json_array_foreach(curve, i, point)
		printf("  %.2f    %.4g %%\n", number(point, "score"), number(point, "percent"));
}

static void print_pair(const json_t *pair)
{
	const json_t *names = json_object_get(pair, "names"),
		     *people = json_object_get(pair, "people");

	printf("  %.3f  ", number(pair, "score"));
	for (size_t i = 0; i < 2; i++) {
		const char *name = json_string_value(json_array_get(names, i));
		const char *id = json_string_value(json_array_get(people, i));

		ctl_print_text(stdout, name != NULL ? name : "");
		printf(" (");
		ctl_print_text(stdout, id != NULL ? id : "?");
		printf(i == 0 ? ") and " : ")");
	}
	printf("%s\n", json_is_true(json_object_get(pair, "second_factor"))
			       ? ": when both are reached, a second factor is asked for"
			       : "");
}

static void print_report(const json_t *report)
{
	const json_t *pairs = json_object_get(report, "look_alikes"), *outdated, *item;
	size_t i;

	printf("%.0f people are known by face, each by the mean of their templates; of strangers "
	       "at most "
	       "%.4g %% "
	       "may match anybody; thresholds: ",
	       number(report, "people"), number(report, "percent"));
	ctl_print_text(stdout, ctl_text(report, "calibration", "?"));
	printf("\n");
	json_array_foreach(json_object_get(report, "cameras"), i, item) print_camera(item);
	printf("look-alikes among %.0f people looked at: %zu\n", number(report, "surveyed"),
	       json_array_size(pairs));
	json_array_foreach(pairs, i, item) print_pair(item);
	outdated = json_object_get(report, "outdated");
	if (json_array_size(outdated) > 0)
		printf("enrolled with another recogniser, to be enrolled again: %zu\n",
		       json_array_size(outdated));
	json_array_foreach(outdated, i, item)
	{
		printf("  ");
		ctl_print_text(stdout, json_string_value(item));
		printf("\n");
	}
}

int ctl_person_faces(const struct ctl *ctl)
{
	static const struct ctl_column columns[] = {{"FACE", "number"},
						    {"ENROLLED", "enrolled"},
						    {"BY", "by"},
						    {"QUALITY", "quality"},
						    {"CAMERA", "camera"},
						    {"USED", "current"},
						    {0}};
	char path[CTL_URL_BYTES + 24];
	json_t *reply = NULL;
	int r;

	snprintf(path, sizeof(path), "people/%s/faces", ctl_escape(ctl->words[0]));
	r = ctl_get(ctl, path, &reply);
	if (r == CTL_OK)
		ctl_print_rows(ctl, json_object_get(reply, "faces"), columns);
	json_decref(reply);
	return r;
}

int ctl_person_face_remove(const struct ctl *ctl)
{
	char path[2 * CTL_URL_BYTES + 24], person[CTL_URL_BYTES];
	int r;

	snprintf(person, sizeof(person), "%s", ctl_escape(ctl->words[0]));
	snprintf(path, sizeof(path), "people/%s/faces/%s", person, ctl_escape(ctl->words[1]));
	r = ctl_request(ctl, "DELETE", path, NULL, 0, NULL, NULL);
	if (r == CTL_OK && !ctl->json)
		printf("removed\n");
	return r;
}

int ctl_face_report(const struct ctl *ctl)
{
	json_t *report = NULL;
	int r = ctl_get(ctl, "faces/report", &report);

	if (r != CTL_OK)
		return r;
	if (ctl->json)
		ctl_print_json(report);
	else
		print_report(report);
	json_decref(report);
	return CTL_OK;
}

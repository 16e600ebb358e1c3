#include "problem.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { NESTED_MAX = 4 }; /* codes within codes */

static const struct {
	const char *name;
	int error;
	unsigned status; /* 0: that of the errno */
	const char *sentence;
} table[PROBLEM_CODES] = {
#include "problem_table.inc"
};

static const struct {
	const char *name;
	bool is_code;
} param_names[] = {
#include "problem_params.inc"
};

const char *problem_name(const struct problem *problem)
{
	return problem->code != PROBLEM_NONE ? table[problem->code].name : "";
}

int problem_errno(const struct problem *problem)
{
	return -table[problem->code].error;
}

unsigned problem_status_of(int r)
{
	switch (r) {
	case -ENOENT:
		return 404;
	case -EPERM:
	case -EEXIST:
		return 409;
	case -EINVAL:
		return 422;
	case -EFBIG:
		return 413;
	case -ENOSPC:
		return 507;
	case -EAGAIN:
	case -EBUSY:
	case -ECANCELED:
	case -ENODEV:
		return 503;
	default:
		return 500;
	}
}

unsigned problem_status(const struct problem *problem)
{
	unsigned status = table[problem->code].status;

	return status != 0 ? status : problem_status_of(problem_errno(problem));
}

/* ---- parameters ---- */

static const struct problem_param *find(const struct problem *problem, const char *name,
					size_t bytes)
{
	for (size_t i = 0; i < problem->param_count; i++)
		if (strncmp(problem->params[i].name, name, bytes) == 0 &&
		    problem->params[i].name[bytes] == '\0')
			return &problem->params[i];
	return NULL;
}

static struct problem_param *add(struct problem *problem, const char *name, enum problem_kind kind)
{
	struct problem_param *param = &problem->params[problem->param_count];

	assert(problem->param_count < PROBLEM_PARAMS_MAX);
	problem->param_count++;
	*param = (struct problem_param){.name = name, .kind = kind};
	return param;
}

void problem_begin(struct problem *problem, unsigned code)
{
	assert(code > PROBLEM_NONE && code < PROBLEM_CODES);
	problem->code = code;
	problem->param_count = 0;
	problem->text_bytes = 0;
	problem->detail[0] = '\0';
}

/* How many bytes of @p text fit into @p bytes without cutting a UTF-8 character. */
static size_t length_within(const char *text, size_t bytes)
{
	size_t length = strnlen(text, bytes);

	if (length < bytes)
		return length;
	length = bytes - 1;
	while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	return length;
}

static void add_text(struct problem *problem, const char *name, enum problem_kind kind,
		     const char *text)
{
	struct problem_param *param = add(problem, name, kind);
	char *at = problem->text + problem->text_bytes;
	size_t length, bytes = PROBLEM_TEXT_BYTES - problem->text_bytes;

	param->text_at = problem->text_bytes;
	if (text == NULL)
		text = "";
	/* the last byte is reserved: texts for which there is no room point to it and are empty */
	length = bytes > 1 ? length_within(text, bytes - 1) : 0;
	memcpy(at, text, length);
	at[length] = '\0';
	if (bytes > 1)
		problem->text_bytes = (uint16_t)(problem->text_bytes + length + 1);
}

void problem_add_text(struct problem *problem, const char *name, const char *text)
{
	add_text(problem, name, PROBLEM_KIND_TEXT, text);
}

void problem_add_integer(struct problem *problem, const char *name, long long integer)
{
	add(problem, name, PROBLEM_KIND_INTEGER)->integer = integer;
}

void problem_add_number(struct problem *problem, const char *name, double number)
{
	add(problem, name, PROBLEM_KIND_NUMBER)->number = round(number * 100.0) / 100.0;
}

void problem_add_system(struct problem *problem, const char *name, int r)
{
	problem_add_text(problem, name, strerror(r < 0 ? -r : r));
}

void problem_add_code(struct problem *problem, const char *name, const struct problem *cause)
{
	add_text(problem, name, PROBLEM_KIND_CODE, problem_name(cause));
	for (size_t i = 0; i < cause->param_count && problem->param_count < PROBLEM_PARAMS_MAX;
	     i++) {
		const struct problem_param *param = &cause->params[i];

		if (find(problem, param->name, strlen(param->name)) != NULL)
			continue;
		if (param->kind == PROBLEM_KIND_TEXT || param->kind == PROBLEM_KIND_CODE)
			add_text(problem, param->name, param->kind, cause->text + param->text_at);
		else
			*add(problem, param->name, param->kind) = *param;
	}
}

/* ---- the sentence ---- */

static unsigned code_of(const char *name)
{
	for (unsigned code = PROBLEM_NONE + 1; code < PROBLEM_CODES; code++)
		if (strcmp(table[code].name, name) == 0)
			return code;
	return PROBLEM_NONE;
}

static const char *sentence_of(const char *name)
{
	return table[code_of(name)].sentence;
}

static void put(struct problem *problem, size_t *used, const char *text, size_t bytes)
{
	size_t room = PROBLEM_DETAIL_BYTES - *used;

	if (bytes >= room)
		bytes = length_within(text, room);
	memcpy(problem->detail + *used, text, bytes);
	*used += bytes;
	problem->detail[*used] = '\0';
}

static void render(struct problem *problem, size_t *used, const char *sentence, int depth);

static void put_param(struct problem *problem, size_t *used, const struct problem_param *param,
		      int depth)
{
	const char *text = problem->text + param->text_at, *sentence;
	char number[32];

	switch (param->kind) {
	case PROBLEM_KIND_TEXT:
		put(problem, used, text, strlen(text));
		return;
	case PROBLEM_KIND_CODE:
		sentence = depth < NESTED_MAX ? sentence_of(text) : NULL;
		if (sentence != NULL)
			render(problem, used, sentence, depth + 1);
		return;
	case PROBLEM_KIND_INTEGER:
		snprintf(number, sizeof(number), "%lld", (long long)param->integer);
		break;
	case PROBLEM_KIND_NUMBER:
		snprintf(number, sizeof(number), "%.2f", param->number);
		break;
	}
	put(problem, used, number, strlen(number));
}

static void render(struct problem *problem, size_t *used, const char *sentence, int depth)
{
	while (*sentence != '\0') {
		size_t plain = strcspn(sentence, "{"), length;
		const struct problem_param *param;

		put(problem, used, sentence, plain);
		sentence += plain;
		if (*sentence == '\0')
			return;
		length = strcspn(sentence, "}");
		param = find(problem, sentence + 1, length - 1);
		if (param != NULL)
			put_param(problem, used, param, depth);
		sentence += length + 1;
	}
}

int problem_end(struct problem *problem)
{
	size_t used = 0;

	problem->detail[0] = '\0';
	render(problem, &used, table[problem->code].sentence, 0);
	return problem_errno(problem);
}

/* ---- as JSON ---- */

static json_t *param_json(const struct problem *problem, const struct problem_param *param)
{
	json_t *text;

	switch (param->kind) {
	case PROBLEM_KIND_INTEGER:
		return json_integer(param->integer);
	case PROBLEM_KIND_NUMBER:
		return json_real(param->number);
	case PROBLEM_KIND_TEXT:
	case PROBLEM_KIND_CODE:
		break;
	}
	text = json_string(problem->text + param->text_at);
	return text != NULL ? text : json_string("?");
}

json_t *problem_params_json(const struct problem *problem)
{
	json_t *params = json_object();

	for (size_t i = 0; i < problem->param_count; i++)
		json_object_set_new(params, problem->params[i].name,
				    param_json(problem, &problem->params[i]));
	return params;
}

json_t *problem_json(const struct problem *problem)
{
	if (problem->code == PROBLEM_NONE)
		return NULL;
	return json_pack("{s:s, s:o}", "code", problem_name(problem), "params",
			 problem_params_json(problem));
}

static void read_param(struct problem *problem, const char *name, bool is_code, const json_t *value)
{
	if (json_is_integer(value))
		problem_add_integer(problem, name, json_integer_value(value));
	else if (json_is_real(value))
		problem_add_number(problem, name, json_real_value(value));
	else if (json_is_string(value))
		add_text(problem, name, is_code ? PROBLEM_KIND_CODE : PROBLEM_KIND_TEXT,
			 json_string_value(value));
}

int problem_read_json(const json_t *json, struct problem *ret_problem)
{
	const char *name = json_string_value(json_object_get(json, "code"));
	const json_t *params = json_object_get(json, "params");
	unsigned code = name != NULL ? code_of(name) : PROBLEM_NONE;

	*ret_problem = (struct problem){0};
	if (code == PROBLEM_NONE)
		return -EINVAL;
	problem_begin(ret_problem, code);
	for (size_t i = 0; i < sizeof(param_names) / sizeof(param_names[0]); i++) {
		const json_t *value = json_object_get(params, param_names[i].name);

		if (value != NULL && ret_problem->param_count < PROBLEM_PARAMS_MAX)
			read_param(ret_problem, param_names[i].name, param_names[i].is_code, value);
	}
	(void)problem_end(ret_problem); /* it returns the errno of the code */
	return 0;
}

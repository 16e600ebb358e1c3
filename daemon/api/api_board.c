/* Handlers of the readers and of the board, with the input of a simulated board. */
#include "api_parts.h"

#include <errno.h>
#include <string.h>

#include "config/config.h"

void api_get_readers(struct api *api, const struct http_request *request, const char *param)
{
	json_t *readers = api->ops->readers(api->gate);

	(void)param;
	if (readers == NULL)
		api_reject(api, request, problem_readers_unreadable(&api->problem));
	else
		api_respond_json(api, request->token, 200, json_pack("{s:o}", "readers", readers));
}

static void answer_reader(struct api *api, const struct http_request *request, const char *key,
			  int r)
{
	switch (r) {
	case 0:
		api_respond_json(api, request->token, 204, NULL);
		break;
	case -ENOENT:
		api_reject(api, request, problem_reader_unknown(&api->problem));
		break;
	case -ENOTSUP:
		api_reject(api, request, problem_board_is_real(&api->problem));
		break;
	case -EPERM:
		api_reject(api, request, problem_reader_no_keypad(&api->problem));
		break;
	case -EIO:
		api_reject(api, request, problem_reader_at_fault(&api->problem));
		break;
	case -EINVAL:
		api_reject(api, request,
			   strcmp(key, "code") == 0
				   ? problem_reader_not_card_number(&api->problem, key)
				   : problem_reader_not_keys(&api->problem, key));
		break;
	case -ERANGE:
		api_reject(api, request, problem_reader_no_such_card(&api->problem, key));
		break;
	default:
		api_reject(api, request, problem_reader_not_driven(&api->problem));
	}
}

static bool text_is_printable(const char *text)
{
	for (const char *at = text; *at != '\0'; at++)
		if (*at < ' ' || *at > '~' || at - text >= API_READING_BYTES_MAX)
			return false;
	return true;
}

/* Pass the text in member @p key to an operation. */
static void post_reader(struct api *api, const struct http_request *request, const char *reader,
			const char *key,
			int (*op)(void *gate, const char *reader, const char *text))
{
	const char *const known[] = {key, NULL};
	json_t *object = api_parse_object(api, request, known);
	const char *text = json_string_value(json_object_get(object, key));

	if (object == NULL)
		return;
	if (!config_name_is_valid(reader))
		api_reject(api, request, problem_reader_unknown(&api->problem));
	else if (text == NULL || text[0] == '\0' || !text_is_printable(text))
		api_reject(api, request,
			   problem_member_not_printable(&api->problem, key, API_READING_BYTES_MAX));
	else
		answer_reader(api, request, key, op(api->gate, reader, text));
	json_decref(object);
}

void api_post_swipe(struct api *api, const struct http_request *request, const char *reader)
{
	post_reader(api, request, reader, "code", api->ops->board_swipe);
}

void api_post_type(struct api *api, const struct http_request *request, const char *reader)
{
	post_reader(api, request, reader, "keys", api->ops->board_type);
}

void api_get_board(struct api *api, const struct http_request *request, const char *param)
{
	json_t *board = api->ops->board(api->gate);

	(void)param;
	if (board == NULL)
		api_reject(api, request, problem_board_unreadable(&api->problem));
	else
		api_respond_json(api, request->token, 200, board);
}

static bool parse_level(const char *text, enum api_level *ret_level)
{
	static const char *const levels[] = {[API_LEVEL_INACTIVE] = "inactive",
					     [API_LEVEL_ACTIVE] = "active",
					     [API_LEVEL_UNKNOWN] = "unknown"};

	for (size_t i = 0; text != NULL && i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcmp(levels[i], text) == 0) {
			*ret_level = (enum api_level)i;
			return true;
		}
	return false;
}

static void drive(struct api *api, const struct http_request *request, const char *line,
		  enum api_level level)
{
	switch (api->ops->board_drive(api->gate, line, level)) {
	case 0:
		api_respond_json(api, request->token, 204, NULL);
		break;
	case -ENOENT:
		api_reject(api, request, problem_line_unknown(&api->problem));
		break;
	case -ENOTSUP:
		api_reject(api, request, problem_board_is_real(&api->problem));
		break;
	case -EPERM:
		api_reject(api, request, problem_line_is_output(&api->problem));
		break;
	default:
		api_reject(api, request, problem_line_not_driven(&api->problem));
	}
}

void api_post_line(struct api *api, const struct http_request *request, const char *line)
{
	static const char *const known[] = {"level", NULL};
	json_t *object = api_parse_object(api, request, known);
	enum api_level level;

	if (object == NULL)
		return;
	if (!config_name_is_valid(line))
		api_reject(api, request, problem_line_unknown(&api->problem));
	else if (!parse_level(json_string_value(json_object_get(object, "level")), &level))
		api_reject(api, request, problem_line_level_unknown(&api->problem));
	else
		drive(api, request, line, level);
	json_decref(object);
}

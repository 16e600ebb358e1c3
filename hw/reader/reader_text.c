#include "reader_text.h"

#include <linux/input-event-codes.h>
#include <string.h>

enum { STX = 0x02, ETX = 0x03 };

static void restart(struct reader_text *text)
{
	explicit_bzero(text->text, text->bytes);
	text->bytes = 0;
	text->unfit = false;
}

static enum reader_text_result end(struct reader_text *text, char *ret_text)
{
	enum reader_text_result result = text->unfit        ? READER_TEXT_UNFIT
					 : text->bytes == 0 ? READER_TEXT_MORE
							    : READER_TEXT_DONE;

	if (result == READER_TEXT_DONE) {
		memcpy(ret_text, text->text, text->bytes);
		ret_text[text->bytes] = '\0';
	}
	restart(text);
	return result;
}

enum reader_text_result reader_text_byte(struct reader_text *text, char byte, uint64_t mono_us,
					 char *ret_text)
{
	if (mono_us > text->last_us + READER_TEXT_PAUSE_US)
		restart(text);
	text->last_us = mono_us;
	if (byte == '\n' || byte == '\r')
		return end(text, ret_text);
	if (byte == STX) {
		restart(text);
		return READER_TEXT_MORE;
	}
	if (byte == ETX) /* before or after the end of the line */
		return READER_TEXT_MORE;
	if (byte < ' ' || byte > '~' || text->bytes == READER_TEXT_BYTES - 1)
		text->unfit = true;
	else
		text->text[text->bytes++] = byte;
	return READER_TEXT_MORE;
}

/* ---- keys ---- */

static const struct {
	char plain, shifted;
} map[] = {
	[KEY_1] = {'1', '!'},           [KEY_2] = {'2', '@'},
	[KEY_3] = {'3', '#'},           [KEY_4] = {'4', '$'},
	[KEY_5] = {'5', '%'},           [KEY_6] = {'6', '^'},
	[KEY_7] = {'7', '&'},           [KEY_8] = {'8', '*'},
	[KEY_9] = {'9', '('},           [KEY_0] = {'0', ')'},
	[KEY_MINUS] = {'-', '_'},       [KEY_EQUAL] = {'=', '+'},
	[KEY_Q] = {'q', 'Q'},           [KEY_W] = {'w', 'W'},
	[KEY_E] = {'e', 'E'},           [KEY_R] = {'r', 'R'},
	[KEY_T] = {'t', 'T'},           [KEY_Y] = {'y', 'Y'},
	[KEY_U] = {'u', 'U'},           [KEY_I] = {'i', 'I'},
	[KEY_O] = {'o', 'O'},           [KEY_P] = {'p', 'P'},
	[KEY_LEFTBRACE] = {'[', '{'},   [KEY_RIGHTBRACE] = {']', '}'},
	[KEY_A] = {'a', 'A'},           [KEY_S] = {'s', 'S'},
	[KEY_D] = {'d', 'D'},           [KEY_F] = {'f', 'F'},
	[KEY_G] = {'g', 'G'},           [KEY_H] = {'h', 'H'},
	[KEY_J] = {'j', 'J'},           [KEY_K] = {'k', 'K'},
	[KEY_L] = {'l', 'L'},           [KEY_SEMICOLON] = {';', ':'},
	[KEY_APOSTROPHE] = {'\'', '"'}, [KEY_GRAVE] = {'`', '~'},
	[KEY_BACKSLASH] = {'\\', '|'},  [KEY_Z] = {'z', 'Z'},
	[KEY_X] = {'x', 'X'},           [KEY_C] = {'c', 'C'},
	[KEY_V] = {'v', 'V'},           [KEY_B] = {'b', 'B'},
	[KEY_N] = {'n', 'N'},           [KEY_M] = {'m', 'M'},
	[KEY_COMMA] = {',', '<'},       [KEY_DOT] = {'.', '>'},
	[KEY_SLASH] = {'/', '?'},       [KEY_SPACE] = {' ', ' '},
	[KEY_ENTER] = {'\n', '\n'},     [KEY_KPENTER] = {'\n', '\n'},
	[KEY_KP0] = {'0', '0'},         [KEY_KP1] = {'1', '1'},
	[KEY_KP2] = {'2', '2'},         [KEY_KP3] = {'3', '3'},
	[KEY_KP4] = {'4', '4'},         [KEY_KP5] = {'5', '5'},
	[KEY_KP6] = {'6', '6'},         [KEY_KP7] = {'7', '7'},
	[KEY_KP8] = {'8', '8'},         [KEY_KP9] = {'9', '9'},
	[KEY_KPDOT] = {'.', '.'},       [KEY_KPMINUS] = {'-', '-'},
	[KEY_KPPLUS] = {'+', '+'},      [KEY_KPASTERISK] = {'*', '*'},
	[KEY_KPSLASH] = {'/', '/'},
};

char reader_keys_event(struct reader_keys *keys, unsigned code, int value)
{
	bool shifted = keys->shift[0] || keys->shift[1];
	char plain;

	if (code == KEY_LEFTSHIFT || code == KEY_RIGHTSHIFT)
		keys->shift[code == KEY_RIGHTSHIFT] = value != 0;
	else if (code == KEY_CAPSLOCK && value == 1)
		keys->caps = !keys->caps;
	if (value != 1 || code >= sizeof(map) / sizeof(map[0]))
		return '\0';
	plain = map[code].plain;
	if (keys->caps && plain >= 'a' && plain <= 'z')
		shifted = !shifted;
	return shifted ? map[code].shifted : plain;
}

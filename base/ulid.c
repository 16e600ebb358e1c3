#include "ulid.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static pthread_mutex_t last_lock = PTHREAD_MUTEX_INITIALIZER;
static int64_t last_ms = -1;
static uint8_t last_random[10];

static void increment(uint8_t number[10])
{
	for (int i = 9; i >= 0; i--)
		if (++number[i] != 0)
			return;
}

static void encode(const uint8_t bytes[16], char *text)
{
	/* 26 characters hold 130 bits: the first two bits are zero */
	for (int i = 0; i < 26; i++) {
		unsigned value = 0;

		for (int bit = i * 5 - 2; bit < i * 5 + 3; bit++)
			value = value << 1 |
				(bit < 0 ? 0u : (bytes[bit / 8] >> (7 - bit % 8)) & 1u);
		text[i] = alphabet[value];
	}
	text[26] = '\0';
}

void ulid_make(int64_t unix_ms, char *ret_text)
{
	uint8_t bytes[16];

	pthread_mutex_lock(&last_lock);
	if (unix_ms > last_ms) {
		/*
		 * GRND_INSECURE: an id is no secret, and a door's event must not wait until a board
		 * that has just started has randomness
		 */
		ssize_t got = getrandom(last_random, sizeof(last_random), GRND_INSECURE);

		assert(got == (ssize_t)sizeof(last_random));
		last_random[0] &= 0x7f; /* room for increments within one millisecond */
		last_ms = unix_ms;
	} else {
		increment(last_random);
	}
	for (int i = 0; i < 6; i++)
		bytes[i] = (uint8_t)((uint64_t)last_ms >> (40 - 8 * i));
	memcpy(bytes + 6, last_random, sizeof(last_random));
	pthread_mutex_unlock(&last_lock);
	encode(bytes, ret_text);
}

bool ulid_is_valid(const char *text)
{
	if (strlen(text) != 26 || text[0] > '7')
		return false;
	return strspn(text, alphabet) == 26;
}

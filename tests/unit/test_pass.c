#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "access/pass.h"
#include "access/pass_image.h"

static struct crypto_signer signer, other;

static const struct pass visit = {.id = "01HF7YAT00000000000000000A",
				  .valid_from_unix_ms = 1800000000000 / 60000 * 60000,
				  .valid_to_unix_ms = 1800003600000 / 60000 * 60000,
				  .uses = 2,
				  .doors = {"main", "side-2"},
				  .door_count = 2};

static int group_setup(void **state)
{
	const uint8_t seed[CRYPTO_SIGN_SEED_BYTES] = {1},
		      seed_of_another[CRYPTO_SIGN_SEED_BYTES] = {2};

	(void)state;
	assert_int_equal(crypto_init(), 0);
	crypto_signer_init(&signer, seed);
	crypto_signer_init(&other, seed_of_another);
	return 0;
}

static void assert_same(const struct pass *a, const struct pass *b)
{
	assert_string_equal(a->id, b->id);
	assert_int_equal(a->valid_from_unix_ms, b->valid_from_unix_ms);
	assert_int_equal(a->valid_to_unix_ms, b->valid_to_unix_ms);
	assert_int_equal(a->uses, b->uses);
	assert_int_equal(a->door_count, b->door_count);
	for (size_t i = 0; i < a->door_count; i++)
		assert_string_equal(a->doors[i], b->doors[i]);
}

static void a_pass_is_read_as_it_was_written(void **state)
{
	struct pass everywhere = {.id = "01HF7YAT00000000000000000B",
				  .valid_to_unix_ms = (int64_t)UINT32_MAX * 60000};
	struct pass read = {0};
	char text[PASS_TEXT_BYTES];

	(void)state;
	assert_int_equal(pass_write(&signer, &visit, text), 0);
	assert_int_equal(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"),
			 strlen(text)); /* QR's dense alphabet */
	assert_int_equal(pass_read(signer.public_key, text, &read), 0);
	assert_same(&read, &visit);
	for (char *at = text; *at != '\0'; at++)
		*at = *at >= 'A' && *at <= 'Z' ? (char)(*at | 0x20)
					       : *at; /* a keyboard without shift */
	assert_int_equal(pass_read(signer.public_key, text, &read), 0);
	assert_same(&read, &visit);
	assert_int_equal(pass_write(&signer, &everywhere, text), 0);
	assert_int_equal(pass_read(signer.public_key, text, &read), 0);
	assert_same(&read, &everywhere);
}

static void the_largest_pass_fits(void **state)
{
	struct pass large = visit, read;
	char text[PASS_TEXT_BYTES];

	(void)state;
	large.door_count = PASS_DOORS_MAX;
	for (size_t i = 0; i < PASS_DOORS_MAX; i++)
		snprintf(large.doors[i], PASS_DOOR_BYTES, "a-door-with-thirty-one-letters%zu", i);
	assert_int_equal(pass_write(&signer, &large, text), 0);
	assert_int_equal(pass_read(signer.public_key, text, &read), 0);
	assert_same(&read, &large);
}

static void another_key_and_every_changed_letter_are_refused(void **state)
{
	struct pass read;
	char text[PASS_TEXT_BYTES], changed[PASS_TEXT_BYTES];

	(void)state;
	assert_int_equal(pass_write(&other, &visit, text), 0);
	assert_int_equal(pass_read(signer.public_key, text, &read), -EBADMSG);
	assert_int_equal(pass_write(&signer, &visit, text), 0);
	for (size_t i = 0; text[i] != '\0'; i++) {
		strcpy(changed, text);
		changed[i] = text[i] == 'B' ? 'C' : 'B';
		assert_true(pass_read(signer.public_key, changed, &read) < 0);
		strcpy(changed, text);
		changed[i] = '\0'; /* and every shorter one */
		assert_true(pass_read(signer.public_key, changed, &read) < 0);
	}
	strcat(text, "A");
	assert_true(pass_read(signer.public_key, text, &read) < 0);
}

static void what_is_no_pass_is_not_taken_for_one(void **state)
{
	static const char *const texts[] = {"",          "G",        "GHP",
					    "GHP1",      "GHP2AAAA", "https://example.org/",
					    "GHP1 AAAA", "GHP1AAAA"};
	struct pass read;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(pass_read(signer.public_key, texts[i], &read), -EINVAL);
	assert_true(pass_is_like("ghp1"));
	assert_false(pass_is_like("GHP"));
}

static void what_does_not_fit_is_not_written(void **state)
{
	char text[PASS_TEXT_BYTES];
	struct pass pass;

	(void)state;
	pass = visit;
	pass.valid_to_unix_ms += 1; /* not a whole minute */
	assert_int_equal(pass_write(&signer, &pass, text), -EINVAL);
	pass = visit;
	pass.valid_from_unix_ms = -60000;
	assert_int_equal(pass_write(&signer, &pass, text), -EINVAL);
	pass = visit;
	pass.valid_to_unix_ms = ((int64_t)UINT32_MAX + 1) * 60000;
	assert_int_equal(pass_write(&signer, &pass, text), -EINVAL);
	pass = visit;
	pass.uses = PASS_USES_MAX + 1;
	assert_int_equal(pass_write(&signer, &pass, text), -EINVAL);
	pass.uses = PASS_USES_MAX;
	assert_int_equal(pass_write(&signer, &pass, text), 0);
	pass = visit;
	pass.door_count = PASS_DOORS_MAX + 1;
	assert_int_equal(pass_write(&signer, &pass, text), -EINVAL);
	pass = visit;
	strcpy(pass.doors[0], "Main Gate");
	assert_int_equal(pass_write(&signer, &pass, text), -EINVAL);
	pass = visit;
	pass.id[0] = '\0';
	assert_int_equal(pass_write(&signer, &pass, text), -EINVAL);
	memset(pass.id, '0', sizeof(pass.id)); /* without an end */
	assert_int_equal(pass_write(&signer, &pass, text), -EINVAL);
}

static uint32_t number_at(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void a_pass_becomes_a_picture(void **state)
{
	char text[PASS_TEXT_BYTES], *svg = NULL, too_long[4001];
	uint8_t *png = NULL;
	size_t bytes = 0;

	(void)state;
	assert_int_equal(pass_write(&signer, &visit, text), 0);
	assert_int_equal(pass_image_svg(text, &svg), 0);
	assert_non_null(strstr(svg, "<svg "));
	assert_string_equal(svg + strlen(svg) - 7, "</svg>\n");
	free(svg);
	assert_int_equal(pass_image_png(text, &png, &bytes), 0);
	assert_memory_equal(png, "\x89PNG\r\n\x1a\n", 8);
	assert_int_equal(number_at(png + 16), number_at(png + 20)); /* square */
	assert_int_equal(number_at(png + 16) % 8, 0);
	assert_memory_equal(png + bytes - 8, "IEND", 4);
	assert_int_equal(number_at(png + bytes - 4),
			 0xae426082); /* the sum of every IEND there is */
	free(png);
	memset(too_long, 'x', sizeof(too_long) - 1);
	too_long[sizeof(too_long) - 1] = '\0';
	assert_int_equal(pass_image_svg(too_long, &svg), -EFBIG);
	assert_int_equal(pass_image_png(too_long, &png, &bytes), -EFBIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pass_is_read_as_it_was_written),
		cmocka_unit_test(the_largest_pass_fits),
		cmocka_unit_test(another_key_and_every_changed_letter_are_refused),
		cmocka_unit_test(what_is_no_pass_is_not_taken_for_one),
		cmocka_unit_test(what_does_not_fit_is_not_written),
		cmocka_unit_test(a_pass_becomes_a_picture),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}

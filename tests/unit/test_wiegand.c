#include <errno.h>
#include <string.h>

#include "unit.h"
#include "hw/reader/wiegand.h"

enum { START_US = 1000000, INTERVAL_US = 2000, WIDTH_US = 50 };

static struct wiegand wiegand;
static uint64_t now_us;

static int setup(void **state)
{
	(void)state;
	wiegand_init(&wiegand, wiegand_format_find("wiegand26"), true, WIEGAND_GAP_US);
	now_us = START_US;
	return 0;
}

static void pulse(unsigned line, uint64_t at_us)
{
	wiegand_edge(&wiegand, line, true, at_us);
	wiegand_edge(&wiegand, line, false, at_us + WIDTH_US);
}

/* "0110..." with one interval between; now_us is the last pulse. */
static void send_bits(const char *bits)
{
	for (; *bits != '\0'; bits++) {
		now_us += INTERVAL_US;
		pulse(*bits == '1', now_us);
	}
}

static void send_burst(uint64_t burst, unsigned bits)
{
	char text[80];

	for (unsigned i = 0; i < bits; i++)
		text[i] = burst >> (bits - 1 - i) & 1 ? '1' : '0';
	text[bits] = '\0';
	send_bits(text);
}

static enum wiegand_result take(struct wiegand_code *code)
{
	now_us += WIEGAND_GAP_US + WIEGAND_APART_US;
	return wiegand_next(&wiegand, now_us, code);
}

static void reads_the_26_bit_card_of_the_standard(void **state)
{
	struct wiegand_code code;

	(void)state;
	/* facility 159, card 12345, worked out by hand: even parity over 12 bits, odd over 12 */
	send_bits("0"
		  "10011111"
		  "0011"
		  "000000111001"
		  "1");
	assert_int_equal(take(&code), WIEGAND_CARD);
	assert_int_equal(code.bits, 26);
	assert_int_equal(code.facility, 159);
	assert_int_equal(code.card, 12345);
	assert_int_equal(code.number, 159 << 16 | 12345);
	assert_int_equal(code.mono_us, now_us - WIEGAND_GAP_US - WIEGAND_APART_US);
	assert_int_equal(take(&code), WIEGAND_NOTHING);
}

static void reads_the_34_and_37_bit_cards(void **state)
{
	struct wiegand_code code;

	(void)state;
	wiegand_init(&wiegand, wiegand_format_find("wiegand34"), true, WIEGAND_GAP_US);
	send_bits("0"
		  "0000000000000011"
		  "0000000000000001"
		  "0");
	assert_int_equal(take(&code), WIEGAND_CARD);
	assert_int_equal(code.facility, 3);
	assert_int_equal(code.card, 1);
	assert_int_equal(code.number, 3 << 16 | 1);
	wiegand_init(&wiegand, wiegand_format_find("wiegand37"), true, WIEGAND_GAP_US);
	/* the middle bit (the 19th) is a card bit in both sums */
	send_bits("0"
		  "0000000000000000"
		  "01"
		  "00000000000000000"
		  "0");
	assert_int_equal(take(&code), WIEGAND_BAD_PARITY);
	send_bits("1"
		  "0000000000000000"
		  "01"
		  "00000000000000000"
		  "0");
	assert_int_equal(take(&code), WIEGAND_CARD);
	assert_int_equal(code.card, 1 << 17);
}

static void one_wrong_bit_is_never_a_card(void **state)
{
	static const char *const names[] = {"wiegand26", "wiegand34", "wiegand37"};
	struct wiegand_code code;

	(void)state;
	for (size_t n = 0; n < 3; n++) {
		const struct wiegand_format *format = wiegand_format_find(names[n]);
		uint64_t burst = wiegand_encode(format, 0x1234567);

		wiegand_init(&wiegand, format, true, WIEGAND_GAP_US);
		for (unsigned bit = 0; bit < format->bits; bit++) {
			send_burst(burst ^ UINT64_C(1) << bit, format->bits);
			assert_int_equal(take(&code), WIEGAND_BAD_PARITY);
		}
		send_burst(burst, format->bits);
		assert_int_equal(take(&code), WIEGAND_CARD);
	}
}

static void what_is_encoded_is_read_for_every_bit(void **state)
{
	static const char *const names[] = {"wiegand26", "wiegand34", "wiegand37"};
	struct wiegand_code code;

	(void)state;
	for (size_t n = 0; n < 3; n++) {
		const struct wiegand_format *format = wiegand_format_find(names[n]);

		assert_int_equal(wiegand_number_bits(format), format->bits - 2);
		wiegand_init(&wiegand, format, true, WIEGAND_GAP_US);
		for (unsigned bit = 0; bit < format->bits - 2; bit++) {
			send_burst(wiegand_encode(format, UINT64_C(1) << bit), format->bits);
			assert_int_equal(take(&code), WIEGAND_CARD);
			assert_int_equal(code.number, UINT64_C(1) << bit);
		}
	}
	assert_null(wiegand_format_find("wiegand27"));
}

static void a_bit_too_few_or_too_many_is_no_card(void **state)
{
	uint64_t burst = wiegand_encode(wiegand_format_find("wiegand26"), 1);
	struct wiegand_code code;

	(void)state;
	send_burst(burst >> 1, 25);
	assert_int_equal(take(&code), WIEGAND_BAD_LENGTH);
	assert_int_equal(code.bits, 25);
	send_burst(burst << 1, 27);
	assert_int_equal(take(&code), WIEGAND_BAD_LENGTH);
	assert_int_equal(code.bits, 27);
}

static void a_burst_longer_than_any_card_is_one_mistake(void **state)
{
	struct wiegand_code code;

	(void)state;
	for (int i = 0; i < 64; i++)
		send_bits("1");
	assert_int_equal(take(&code), WIEGAND_BAD_LENGTH);
	for (int i = 0; i < 65; i++)
		send_bits("1");
	assert_int_equal(take(&code), WIEGAND_TOO_LONG);
	for (int i = 0; i < 10000; i++)
		send_bits("0");
	assert_int_equal(take(&code), WIEGAND_TOO_LONG);
	assert_int_equal(code.bits, 10000);
	assert_int_equal(take(&code), WIEGAND_NOTHING);
	send_burst(wiegand_encode(wiegand_format_find("wiegand26"), 7), 26);
	assert_int_equal(take(&code), WIEGAND_CARD);
	assert_int_equal(code.number, 7);
}

static void pulses_that_were_lost_make_every_burst_doubtful(void **state)
{
	struct wiegand_code code;

	(void)state;
	/* the loop was busy for three cards: of what is kept the first two would be whole */
	for (unsigned i = 1; i <= 3; i++) {
		send_burst(wiegand_encode(wiegand_format_find("wiegand26"), i), 26);
		now_us += WIEGAND_GAP_US;
	}
	for (unsigned i = 1; i <= 3; i++)
		assert_int_equal(wiegand_next(&wiegand, now_us, &code), WIEGAND_TOO_LONG);
	assert_int_equal(wiegand_next(&wiegand, now_us, &code), WIEGAND_NOTHING);
	send_burst(wiegand_encode(wiegand_format_find("wiegand26"), 4), 26);
	assert_int_equal(take(&code), WIEGAND_CARD);
	assert_int_equal(code.bits, 26);
}

static void a_burst_ends_at_its_gap_and_not_before(void **state)
{
	uint64_t burst = wiegand_encode(wiegand_format_find("wiegand26"), 1);
	struct wiegand_code code;

	(void)state;
	assert_int_equal(wiegand_due_us(&wiegand, now_us), UINT64_MAX);
	send_burst(burst, 26);
	assert_int_equal(wiegand_due_us(&wiegand, now_us), now_us + WIEGAND_GAP_US);
	assert_int_equal(wiegand_next(&wiegand, now_us + WIEGAND_GAP_US - 1, &code),
			 WIEGAND_NOTHING);
	assert_int_equal(wiegand_next(&wiegand, now_us + WIEGAND_GAP_US, &code), WIEGAND_CARD);
}

static void pulses_a_gap_apart_are_two_bursts(void **state)
{
	struct wiegand_code code;

	(void)state;
	send_burst(wiegand_encode(wiegand_format_find("wiegand26"), 1), 26);
	now_us += WIEGAND_GAP_US - INTERVAL_US;
	send_burst(wiegand_encode(wiegand_format_find("wiegand26"), 2), 26);
	/* the loop was busy: both lie there, and are still two */
	assert_int_equal(take(&code), WIEGAND_CARD);
	assert_int_equal(code.number, 1);
	assert_int_equal(wiegand_next(&wiegand, now_us, &code), WIEGAND_CARD);
	assert_int_equal(code.number, 2);
	assert_int_equal(wiegand_next(&wiegand, now_us, &code), WIEGAND_NOTHING);
}

static void the_slowest_reader_of_the_standard_is_one_burst(void **state)
{
	uint64_t burst = wiegand_encode(wiegand_format_find("wiegand26"), 99);
	struct wiegand_code code;

	(void)state;
	for (int bit = 25; bit >= 0; bit--) {
		now_us += 20000;
		pulse(burst >> bit & 1, now_us);
	}
	assert_int_equal(take(&code), WIEGAND_CARD);
	assert_int_equal(code.number, 99);
}

static void lines_read_one_after_the_other_are_put_in_order(void **state)
{
	uint64_t burst = wiegand_encode(wiegand_format_find("wiegand26"), 0xabcdef);
	struct wiegand_code code;

	(void)state;
	for (unsigned line = 0; line < 2; line++)
		for (unsigned bit = 0; bit < 26; bit++)
			if ((burst >> (25 - bit) & 1) == line)
				pulse(line, START_US + bit * INTERVAL_US);
	now_us = START_US + 26 * INTERVAL_US;
	assert_int_equal(take(&code), WIEGAND_CARD);
	assert_int_equal(code.number, 0xabcdef);
}

static void both_lines_at_once_say_nothing(void **state)
{
	struct wiegand_code code;

	(void)state;
	for (int i = 0; i < 26; i++) {
		now_us += INTERVAL_US;
		pulse(0, now_us);
		pulse(1, now_us + WIEGAND_APART_US - 1);
	}
	assert_int_equal(take(&code), WIEGAND_BOTH_LINES);
	/* one pulse among good ones is enough */
	send_burst(wiegand_encode(wiegand_format_find("wiegand26"), 1) >> 1, 25);
	pulse(0, now_us + 10);
	assert_int_equal(take(&code), WIEGAND_BOTH_LINES);
}

static void pulses_too_near_to_each_other_are_noise(void **state)
{
	struct wiegand_code code;

	(void)state;
	send_burst(0, 25);
	pulse(0, now_us + WIEGAND_APART_US - 1);
	assert_int_equal(take(&code), WIEGAND_NOISE);
	send_bits("0");
	assert_int_equal(take(&code), WIEGAND_NOISE);
	send_bits("010");
	assert_int_equal(take(&code), WIEGAND_NOISE);
	assert_int_equal(code.bits, 3);
}

static void keys_come_as_4_bits_or_as_8_with_their_complement(void **state)
{
	struct wiegand_code code;

	(void)state;
	send_bits("0111");
	assert_int_equal(take(&code), WIEGAND_KEY);
	assert_int_equal(code.key, '7');
	send_bits("01001011");
	assert_int_equal(take(&code), WIEGAND_KEY);
	assert_int_equal(code.key, '#');
	send_bits("01001010");
	assert_int_equal(take(&code), WIEGAND_BAD_KEY);
	send_bits("1111");
	assert_int_equal(take(&code), WIEGAND_BAD_KEY);
	wiegand_init(&wiegand, wiegand_format_find("wiegand26"), false, WIEGAND_GAP_US);
	send_bits("0111");
	assert_int_equal(take(&code), WIEGAND_BAD_LENGTH);
}

static void a_line_held_low_is_stuck_until_it_is_let_go(void **state)
{
	struct wiegand_code code;

	(void)state;
	wiegand_edge(&wiegand, 1, true, now_us);
	assert_int_equal(wiegand_next(&wiegand, now_us + WIEGAND_GAP_US, &code), WIEGAND_NOISE);
	assert_int_equal(wiegand_stuck(&wiegand, now_us + WIEGAND_STUCK_US - 1), 0);
	assert_int_equal(wiegand_due_us(&wiegand, now_us), now_us + WIEGAND_STUCK_US);
	assert_int_equal(wiegand_stuck(&wiegand, now_us + WIEGAND_STUCK_US), 2);
	assert_int_equal(wiegand_due_us(&wiegand, now_us + WIEGAND_STUCK_US), UINT64_MAX);
	wiegand_edge(&wiegand, 1, false, now_us + 2 * WIEGAND_STUCK_US);
	assert_int_equal(wiegand_stuck(&wiegand, now_us + 9 * WIEGAND_STUCK_US), 0);
	/* found low at the start: stuck as well, but nothing was sent */
	wiegand_level(&wiegand, 0, true, now_us);
	assert_int_equal(wiegand_next(&wiegand, now_us + WIEGAND_GAP_US, &code), WIEGAND_NOTHING);
	assert_int_equal(wiegand_stuck(&wiegand, now_us + WIEGAND_STUCK_US), 1);
}

static void a_site_writes_its_own_format(void **state)
{
	static const char *const parity[] = {"EXXXXX----", "----XXXXXO"};
	struct wiegand_format format;
	struct wiegand_code code;
	char error[WIEGAND_ERROR_BYTES];

	(void)state;
	assert_int_equal(wiegand_format_parse("PFFFCCC-CP", parity, 2, &format, error), 0);
	assert_int_equal(wiegand_number_bits(&format), 7);
	wiegand_init(&wiegand, &format, true, WIEGAND_GAP_US);
	send_bits("1"
		  "101"
		  "110"
		  "1"
		  "1"
		  "1");
	assert_int_equal(take(&code), WIEGAND_BAD_PARITY);
	send_bits("0"
		  "101"
		  "110"
		  "1"
		  "1"
		  "1");
	assert_int_equal(take(&code), WIEGAND_CARD);
	assert_int_equal(code.facility, 5);
	assert_int_equal(code.card, 13);
	assert_int_equal(code.number, 5 << 4 | 13);
}

static void a_parity_bit_may_be_part_of_another_sum(void **state)
{
	/* the last sum counts the first one's parity bit, as 35-bit corporate cards do */
	static const char *const parity[] = {"OXXXXXXXXXXX", "-EXX-XX-XX--", "--XX-XX-XX-O"};
	struct wiegand_format format;
	struct wiegand_code code;
	char error[WIEGAND_ERROR_BYTES];

	(void)state;
	assert_int_equal(wiegand_format_parse("PPFFFCCCCCCP", parity, 3, &format, error), 0);
	wiegand_init(&wiegand, &format, true, WIEGAND_GAP_US);
	for (unsigned number = 0; number < 512; number++) {
		send_burst(wiegand_encode(&format, number), 12);
		assert_int_equal(take(&code), WIEGAND_CARD);
		assert_int_equal(code.number, number);
	}
}

static void a_format_that_cannot_be_is_refused_with_its_reason(void **state)
{
	static const char *const fits[] = {"EXXXX-----"}, *const two[] = {"EXXXX----O"},
				 *const none[] = {"-XXXX-----"}, *const at_card[] = {"-EXXX-----"},
				 *const strange[] = {"E..XX-----"}, *const cut[] = {"EXXXX"};
	static const struct {
		const char *layout;
		const char *const *parity;
		const char *says;
	} wrong[] = {
		{"PFFFCCCC", fits, "9 to 64"},      {"PFFFCCCCXP", fits, "bit 9"},
		{"PFFFFFFFFF", fits, "no card"},    {"PFFFCCCCCC", two, "one E or O"},
		{"PFFFCCCCCC", none, "one E or O"}, {"PFFFCCCCCC", at_card, "one E or O"},
		{"PFFFCCCCCC", strange, "bit 2"},   {"PFFFCCCCCC", cut, "10 characters"},
	};
	struct wiegand_format format = {.bits = 7};
	char error[WIEGAND_ERROR_BYTES], layout[70];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		error[0] = '\0';
		assert_int_equal(
			wiegand_format_parse(wrong[i].layout, wrong[i].parity, 1, &format, error),
			-EINVAL);
		assert_non_null(strstr(error, wrong[i].says));
	}
	memset(layout, 'C', sizeof(layout));
	layout[64] = '\0';
	assert_int_equal(wiegand_format_parse(layout, NULL, 0, &format, error), 0);
	layout[64] = 'C', layout[65] = '\0';
	assert_int_equal(wiegand_format_parse(layout, NULL, 0, &format, error), -EINVAL);
	assert_int_equal(format.bits, 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(reads_the_26_bit_card_of_the_standard, setup),
		cmocka_unit_test_setup(reads_the_34_and_37_bit_cards, setup),
		cmocka_unit_test_setup(one_wrong_bit_is_never_a_card, setup),
		cmocka_unit_test_setup(what_is_encoded_is_read_for_every_bit, setup),
		cmocka_unit_test_setup(a_bit_too_few_or_too_many_is_no_card, setup),
		cmocka_unit_test_setup(a_burst_longer_than_any_card_is_one_mistake, setup),
		cmocka_unit_test_setup(pulses_that_were_lost_make_every_burst_doubtful, setup),
		cmocka_unit_test_setup(a_burst_ends_at_its_gap_and_not_before, setup),
		cmocka_unit_test_setup(pulses_a_gap_apart_are_two_bursts, setup),
		cmocka_unit_test_setup(the_slowest_reader_of_the_standard_is_one_burst, setup),
		cmocka_unit_test_setup(lines_read_one_after_the_other_are_put_in_order, setup),
		cmocka_unit_test_setup(both_lines_at_once_say_nothing, setup),
		cmocka_unit_test_setup(pulses_too_near_to_each_other_are_noise, setup),
		cmocka_unit_test_setup(keys_come_as_4_bits_or_as_8_with_their_complement, setup),
		cmocka_unit_test_setup(a_line_held_low_is_stuck_until_it_is_let_go, setup),
		cmocka_unit_test_setup(a_site_writes_its_own_format, setup),
		cmocka_unit_test_setup(a_parity_bit_may_be_part_of_another_sum, setup),
		cmocka_unit_test_setup(a_format_that_cannot_be_is_refused_with_its_reason, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

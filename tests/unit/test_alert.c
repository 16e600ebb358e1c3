#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"
#include "api/alert.h"
#include "api/bundle.h"

static struct alerts *alerts;
static char dir[64];

static int setup(void **state)
{
	(void)state;
	return alerts_open(&alerts);
}

static int teardown(void **state)
{
	(void)state;
	alerts_close(alerts);
	return 0;
}

static void note(int64_t seq, const char *text, int expected)
{
	json_t *record = json_loads(text, 0, NULL);

	assert_int_equal(alert_set_record(alerts, seq, record), expected);
	json_decref(record);
}

static void pages_are_newest_first(void **state)
{
	int64_t seqs[10];
	bool more;

	(void)state;
	for (int64_t seq = 30; seq >= 10; seq -= 10) /* the log is read while new ones are added */
		assert_int_equal(alert_add(alerts, seq, seq * 1000, seq == 20 ? "north" : "south",
					   seq == 20),
				 0);
	assert_int_equal(alert_add(alerts, 30, 30000, "south", false), 0);
	assert_int_equal(alerts_page(alerts, ALERT_STATE_ALL, NULL, 0, 2, seqs, &more), 2);
	assert_int_equal(seqs[0], 30);
	assert_int_equal(seqs[1], 20);
	assert_true(more);
	assert_int_equal(alerts_page(alerts, ALERT_STATE_ALL, NULL, 20, 2, seqs, &more), 1);
	assert_int_equal(seqs[0], 10);
	assert_false(more);
	assert_int_equal(alerts_page(alerts, ALERT_STATE_ALL, "south", 0, 1, seqs, &more), 1);
	assert_int_equal(seqs[0], 30);
	assert_true(more); /* 10 is of that camera, too */
	assert_int_equal(alerts_page(alerts, ALERT_STATE_ALL, "north", 0, 9, seqs, &more), 1);
	assert_int_equal(seqs[0], 20);
	assert_false(more);
	assert_int_equal(alerts_page(alerts, ALERT_STATE_ALL, "west", 0, 9, seqs, &more), 0);
	assert_true(alert_find(alerts, 20)->suspected);
	assert_null(alert_find(alerts, 15));
}

static void verdict_and_hold_change_the_state(void **state)
{
	struct alert_counts counts;
	int64_t seqs[10];
	bool more;

	(void)state;
	note(10, "{\"verdict\":\"false\",\"held\":true}",
	     0); /* the record is loaded before the event */
	assert_int_equal(alerts_page(alerts, ALERT_STATE_ALL, NULL, 0, 10, seqs, &more), 0);
	alert_add(alerts, 10, 1000, "south", false);
	alert_add(alerts, 20, 2000, "south", false);
	assert_int_equal(alerts_page(alerts, ALERT_STATE_NEW, NULL, 0, 10, seqs, &more), 1);
	assert_int_equal(seqs[0], 20);
	assert_int_equal(alerts_page(alerts, ALERT_STATE_REVIEWED, NULL, 0, 10, seqs, &more), 1);
	assert_int_equal(seqs[0], 10);
	assert_int_equal(alerts_page(alerts, ALERT_STATE_HELD, NULL, 0, 10, seqs, &more), 1);
	alerts_count(alerts, &counts);
	assert_int_equal(counts.unreviewed, 1);
	assert_int_equal(counts.held, 1);
	assert_int_equal(counts.by_verdict[false][ALERT_FALSE], 1);
	note(10, "{\"verdict\":\"maybe\"}", -EBADMSG);
	note(0, "{}", -EBADMSG);
	note(10, "[]", -EBADMSG);
	assert_int_equal(alert_find(alerts, 10)->verdict, ALERT_FALSE);
}

static void the_oldest_leaves_the_index_beyond_the_limit(void **state)
{
	(void)state;
	for (int64_t seq = 1; seq <= ALERTS_MAX + 1; seq++)
		assert_int_equal(alert_add(alerts, seq, seq, "south", false), 0);
	assert_null(alert_find(alerts, 1));
	assert_non_null(alert_find(alerts, 2));
	assert_non_null(alert_find(alerts, ALERTS_MAX + 1));
}

/* ---- the export ---- */

static char *path_of(const char *name)
{
	static char paths[4][160];
	static unsigned turn;
	char *path = paths[turn++ % 4];

	snprintf(path, 160, "%s/%s", dir, name);
	return path;
}

static void put(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");

	fputs(text, file);
	fclose(file);
}

static int make_dir(void **state)
{
	uint8_t seed[CRYPTO_SIGN_SEED_BYTES];
	char error[CRYPTO_ERROR_BYTES];

	(void)state;
	strcpy(dir, "/tmp/gh-bundle-XXXXXX");
	assert_non_null(mkdtemp(dir));
	assert_int_equal(crypto_init(), 0);
	assert_int_equal(crypto_key_create(path_of("key"), seed, sizeof(seed), error), 0);
	put("clip.mp4", "clip");
	put("still.jpg", "still");
	return 0;
}

static int remove_dir(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

static void sha256_of(const char *text, char *hex)
{
	struct crypto_sha256 sha256;

	crypto_sha256_begin(&sha256);
	crypto_sha256_add(&sha256, text, 1);
	crypto_sha256_add(&sha256, text + 1, strlen(text) - 1);
	crypto_sha256_end(&sha256, hex);
}

static int bundle(const char *clip_sha256, char *error)
{
	struct bundle_request request = {
		.path = path_of("a.zip"), .evidence_dir = dir, .key_path = path_of("key")};
	char still[DIGEST_HEX_BYTES];
	int r;

	sha256_of("still", still);
	request.manifest = json_pack("{s:{s:i,s:{s:[{s:s,s:s},{s:s,s:s}]}}}", "event", "seq", 7,
				     "data", "evidence", "name", "clip.mp4", "sha256", clip_sha256,
				     "name", "still.jpg", "sha256", still);
	r = bundle_write(&request, error);
	json_decref(request.manifest);
	return r;
}

static const char *clip_hash(void)
{
	static char hex[DIGEST_HEX_BYTES];

	sha256_of("clip", hex);
	return hex;
}

static void an_export_verifies_only_with_its_key(void **state)
{
	uint8_t seed[CRYPTO_SIGN_SEED_BYTES], other[CRYPTO_SIGN_PUBLIC_BYTES] = {1};
	char error[BUNDLE_TEXT_BYTES], key_error[CRYPTO_ERROR_BYTES];
	struct bundle_result result;
	struct crypto_signer signer;

	(void)state;
	assert_int_equal(bundle(clip_hash(), error), 0);
	assert_int_equal(bundle_verify(path_of("a.zip"), NULL, &result), 0);
	assert_true(result.ok);
	assert_int_equal(result.files, 2);
	assert_int_equal(strlen(result.fingerprint), 39);
	json_decref(result.manifest);
	crypto_key_load(path_of("key"), seed, sizeof(seed), key_error);
	crypto_signer_init(&signer, seed);
	assert_int_equal(bundle_verify(path_of("a.zip"), signer.public_key, &result), 0);
	assert_true(result.ok && result.key_given);
	json_decref(result.manifest);
	assert_int_equal(bundle_verify(path_of("a.zip"), other, &result), 0);
	assert_false(result.ok);
	json_decref(result.manifest);
	assert_int_equal(bundle_verify(path_of("none.zip"), NULL, &result), -ENOENT);
	assert_int_equal(bundle_verify(path_of("clip.mp4"), NULL, &result), 0);
	assert_false(result.ok);
}

static void each_changed_byte_is_detected(void **state)
{
	char error[BUNDLE_TEXT_BYTES];
	struct bundle_result result;
	unsigned good = 0;
	struct stat status;
	FILE *file;

	(void)state;
	assert_int_equal(bundle(clip_hash(), error), 0);
	assert_int_equal(stat(path_of("a.zip"), &status), 0);
	for (long at = 0; at < status.st_size; at++) {
		int byte;

		file = fopen(path_of("a.zip"), "r+");
		fseek(file, at, SEEK_SET);
		byte = fgetc(file);
		fseek(file, at, SEEK_SET);
		fputc(byte ^ 0x20, file);
		fclose(file);
		assert_true(bundle_verify(path_of("a.zip"), NULL, &result) <= 0);
		if (result.ok) /* a time or flag of the zip, not a byte of its contents */
			good++;
		json_decref(result.manifest);
		file = fopen(path_of("a.zip"), "r+");
		fseek(file, at, SEEK_SET);
		fputc(byte, file);
		fclose(file);
	}
	assert_true(good < (unsigned)status.st_size / 2);
	assert_int_equal(bundle_verify(path_of("a.zip"), NULL, &result), 0);
	assert_true(result.ok);
	json_decref(result.manifest);
}

static void missing_or_changed_evidence_is_not_signed(void **state)
{
	char error[BUNDLE_TEXT_BYTES];

	(void)state;
	put("clip.mp4", "clop");
	assert_int_equal(bundle(clip_hash(), error), -EBADMSG);
	assert_non_null(strstr(error, "clip.mp4"));
	assert_int_equal(access(path_of("a.zip"), F_OK), -1);
	unlink(path_of("clip.mp4"));
	assert_int_equal(bundle(clip_hash(), error), -ENOENT);
	put("clip.mp4", "clip");
	unlink(path_of("key"));
	assert_int_equal(bundle(clip_hash(), error), -EKEYREJECTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pages_are_newest_first, setup, teardown),
		cmocka_unit_test_setup_teardown(verdict_and_hold_change_the_state, setup, teardown),
		cmocka_unit_test_setup_teardown(the_oldest_leaves_the_index_beyond_the_limit, setup,
						teardown),
		cmocka_unit_test_setup_teardown(an_export_verifies_only_with_its_key, make_dir,
						remove_dir),
		cmocka_unit_test_setup_teardown(each_changed_byte_is_detected, make_dir,
						remove_dir),
		cmocka_unit_test_setup_teardown(missing_or_changed_evidence_is_not_signed, make_dir,
						remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

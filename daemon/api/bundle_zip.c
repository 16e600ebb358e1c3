#include "bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

#include "base/json.h"

#define MANIFEST "manifest.json"
#define SIGNATURE "manifest.sig"
#define PUBLIC_KEY "anchor.pub"
#define SIGNED_PREFIX "gatehouse evidence 1\n"

enum { BLOCK_BYTES = 64 << 10, BASE64_BYTES = 96, PATH_BYTES = 512 };

static int set_text(char *text, int r, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int set_text(char *text, int r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(text, BUNDLE_TEXT_BYTES, format, args);
	va_end(args);
	return r;
}

void bundle_fingerprint(const uint8_t key[CRYPTO_SIGN_PUBLIC_BYTES],
			char ret_text[BUNDLE_FINGERPRINT_BYTES])
{
	const struct crypto_bytes part = {.at = key, .bytes = CRYPTO_SIGN_PUBLIC_BYTES};
	uint8_t digest[DIGEST_BYTES];
	size_t used = 0;

	crypto_digest(&part, 1, digest);
	for (size_t i = 0; i < 16; i++)
		used += (size_t)snprintf(ret_text + used, BUNDLE_FINGERPRINT_BYTES - used, "%s%02x",
					 i > 0 && i % 2 == 0 ? "-" : "", digest[i]);
}

/* Whether @p name is a plain file name, which cannot lead out of a directory. */
static bool name_is_safe(const char *name)
{
	size_t length =
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	return length > 0 && length < BUNDLE_NAME_BYTES && name[length] == '\0' && name[0] != '.';
}

/* ---- writing ---- */

static int digest_file(const char *path, char *ret_hex, json_int_t *ret_bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct crypto_sha256 sha256;
	uint8_t block[BLOCK_BYTES];
	ssize_t bytes;

	if (fd < 0)
		return -errno;
	*ret_bytes = 0;
	crypto_sha256_begin(&sha256);
	while ((bytes = read(fd, block, sizeof(block))) > 0) {
		crypto_sha256_add(&sha256, block, (size_t)bytes);
		*ret_bytes += bytes;
	}
	crypto_sha256_end(&sha256, ret_hex);
	close(fd);
	return bytes < 0 ? -EIO : 0;
}

static int add_bytes(zip_t *zip, const char *name, const char *text, size_t bytes)
{
	char *copy = malloc(bytes + 1);
	zip_source_t *source;

	if (copy == NULL)
		return -ENOMEM;
	memcpy(copy, text, bytes);
	source = zip_source_buffer(zip, copy, bytes, 1);
	if (source == NULL) {
		free(copy);
		return -ENOMEM;
	}
	/* the source owns the copy and frees it */
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	if (zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8) < 0) {
		zip_source_free(source);
		return -EIO;
	}
	return 0;
}

/* Add one file that the event lists, if its hash is as recorded. */
static int add_file(zip_t *zip, const struct bundle_request *request, const json_t *recorded,
		    json_t *list, char *error)
{
	const char *name = json_string_value(json_object_get(recorded, "name"));
	const char *sha256 = json_string_value(json_object_get(recorded, "sha256"));
	char path[PATH_BYTES], hex[DIGEST_HEX_BYTES];
	zip_source_t *source;
	zip_int64_t index;
	json_int_t bytes = 0;
	int r;

	if (name == NULL || sha256 == NULL || name[0] == '\0')
		return 0; /* this file could not be written; the event says why */
	if (!name_is_safe(name))
		return set_text(error, -EBADMSG, "%s is not a valid file name", name);
	snprintf(path, sizeof(path), "%s/%s", request->evidence_dir, name);
	r = digest_file(path, hex, &bytes);
	if (r < 0)
		return set_text(error, r == -ENOENT ? -ENOENT : -EIO, "%s is missing", name);
	if (strcmp(hex, sha256) != 0)
		return set_text(error, -EBADMSG, "%s differs from the recorded hash", name);
	source = zip_source_file(zip, path, 0, -1);
	index = source != NULL ? zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8) : -1;
	if (index < 0) {
		zip_source_free(source);
		return set_text(error, -EIO, "%s cannot be added", name);
	}
	/* video and pictures are compressed already */
	(void)zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_STORE, 0);
	json_array_append_new(
		list, json_pack("{s:s, s:s, s:I}", "name", name, "sha256", hex, "bytes", bytes));
	return 0;
}

static int sign(zip_t *zip, const struct bundle_request *request, json_t *list, char *error)
{
	uint8_t seed[CRYPTO_SIGN_SEED_BYTES], signature[CRYPTO_SIGNATURE_BYTES];
	char key_text[BASE64_BYTES], signature_text[BASE64_BYTES], key_error[CRYPTO_ERROR_BYTES];
	struct crypto_signer signer;
	char *text, *signed_text = NULL;
	int r = crypto_key_load(request->key_path, seed, sizeof(seed), key_error);

	if (r < 0)
		return set_text(error, -EKEYREJECTED, "%s", key_error);
	crypto_signer_init(&signer, seed);
	crypto_wipe(seed, sizeof(seed));
	(void)crypto_base64_encode(signer.public_key, sizeof(signer.public_key), key_text,
				   sizeof(key_text));
	json_object_set_new(request->manifest, "v", json_integer(1));
	json_object_set_new(request->manifest, "public_key", json_string(key_text));
	json_object_set(request->manifest, "files", list);
	text = json_canonical(request->manifest);
	if (text != NULL && asprintf(&signed_text, SIGNED_PREFIX "%s", text) > 0) {
		crypto_signer_sign(&signer, signed_text, strlen(signed_text), signature);
		(void)crypto_base64_encode(signature, sizeof(signature), signature_text,
					   sizeof(signature_text));
		r = add_bytes(zip, MANIFEST, text, strlen(text));
		if (r == 0)
			r = add_bytes(zip, SIGNATURE, signature_text, strlen(signature_text));
		if (r == 0)
			r = add_bytes(zip, PUBLIC_KEY, key_text, strlen(key_text));
	} else {
		r = -ENOMEM;
	}
	crypto_wipe(&signer, sizeof(signer));
	free(signed_text);
	free(text);
	return r < 0 ? set_text(error, r, "%s", "the manifest cannot be written") : 0;
}

int bundle_write(const struct bundle_request *request, char *error)
{
	const json_t *event = json_object_get(request->manifest, "event");
	const json_t *recorded = json_object_get(json_object_get(event, "data"), "evidence"), *file;
	json_t *list = json_array();
	int code = 0, r = 0;
	zip_t *zip = zip_open(request->path, ZIP_CREATE | ZIP_EXCL, &code);
	size_t index;

	if (zip == NULL) {
		json_decref(list);
		return set_text(error, code == ZIP_ER_MEMORY ? -ENOMEM : -EIO,
				"%s cannot be written", request->path);
	}
	json_array_foreach(recorded, index, file) if (r == 0) r =
		add_file(zip, request, file, list, error);
	if (r == 0)
		r = sign(zip, request, list, error);
	json_decref(list);
	if (r < 0) {
		zip_discard(zip);
		return r;
	}
	if (zip_close(zip) == 0)
		return 0;
	r = zip_error_system_type(zip_get_error(zip)) == ZIP_ET_SYS &&
			    zip_error_code_system(zip_get_error(zip)) == ENOSPC
		    ? -ENOSPC
		    : -EIO;
	zip_discard(zip);
	return set_text(error, r, "%s cannot be written", request->path);
}

/* ---- reading ---- */

/* Read a small entry as text, which the caller frees; NULL: missing or too large. */
static char *read_entry(zip_t *zip, const char *name, size_t bytes_max)
{
	zip_file_t *file = zip_fopen(zip, name, 0);
	char *text = file != NULL ? malloc(bytes_max + 1) : NULL;
	zip_int64_t bytes = text != NULL ? zip_fread(file, text, bytes_max) : -1;
	char more;

	if (bytes >= 0 && zip_fread(file, &more, 1) != 0)
		bytes = -1;
	if (file != NULL)
		zip_fclose(file);
	if (bytes < 0) {
		free(text);
		return NULL;
	}
	text[bytes] = '\0';
	return text;
}

static int check_signature(zip_t *zip, const uint8_t *key, struct bundle_result *result)
{
	char *text = read_entry(zip, MANIFEST, BUNDLE_MANIFEST_BYTES_MAX);
	char *signature_text = read_entry(zip, SIGNATURE, BASE64_BYTES);
	char *key_text = read_entry(zip, PUBLIC_KEY, BASE64_BYTES), *signed_text = NULL;
	uint8_t signature[CRYPTO_SIGNATURE_BYTES], inside[CRYPTO_SIGN_PUBLIC_BYTES];
	char error[JSON_ERROR_BYTES];
	int r = -EBADMSG;

	if (text == NULL || signature_text == NULL || (key == NULL && key_text == NULL))
		set_text(result->text, r, "%s", "it contains no manifest, signature or key");
	else if (crypto_base64_decode(signature_text, signature, sizeof(signature)) < 0 ||
		 (key == NULL && crypto_base64_decode(key_text, inside, sizeof(inside)) < 0))
		set_text(result->text, r, "%s", "its signature or key cannot be read");
	else if (asprintf(&signed_text, SIGNED_PREFIX "%s", text) < 0)
		r = -ENOMEM;
	else if (!crypto_verify(key != NULL ? key : inside, signed_text, strlen(signed_text),
				signature))
		set_text(result->text, r, "%s",
			 "the signature does not match the manifest and the key");
	else
		r = 0;
	if (r == 0) {
		bundle_fingerprint(key != NULL ? key : inside, result->fingerprint);
		result->manifest = json_parse(text, strlen(text), BUNDLE_MANIFEST_BYTES_MAX, error);
	}
	free(text);
	free(signature_text);
	free(key_text);
	free(signed_text);
	return r;
}

static int check_file(zip_t *zip, const json_t *listed, struct bundle_result *result)
{
	const char *name = json_string_value(json_object_get(listed, "name"));
	const char *sha256 = json_string_value(json_object_get(listed, "sha256"));
	zip_file_t *file = name != NULL ? zip_fopen(zip, name, 0) : NULL;
	json_int_t bytes = 0, listed_bytes = json_integer_value(json_object_get(listed, "bytes"));
	char hex[DIGEST_HEX_BYTES], block[BLOCK_BYTES];
	struct crypto_sha256 digest;
	zip_int64_t got = -1;

	if (file == NULL || sha256 == NULL)
		return set_text(result->text, -EBADMSG, "%s is missing",
				name != NULL ? name : "a file");
	crypto_sha256_begin(&digest);
	/* read no more than the listed size: a zip bomb is not unpacked */
	while (bytes <= listed_bytes && (got = zip_fread(file, block, sizeof(block))) > 0) {
		crypto_sha256_add(&digest, block, (size_t)got);
		bytes += got;
	}
	crypto_sha256_end(&digest, hex);
	zip_fclose(file);
	if (got != 0 || bytes != listed_bytes || strcmp(hex, sha256) != 0)
		return set_text(result->text, -EBADMSG, "%s was changed", name);
	result->files++;
	return 0;
}

static int check_files(zip_t *zip, struct bundle_result *result)
{
	const json_t *files = json_object_get(result->manifest, "files"), *listed;
	size_t index;
	int r = 0;

	if (!json_is_array(files) || json_array_size(files) > BUNDLE_FILES_MAX)
		return set_text(result->text, -EBADMSG, "%s", "the manifest lists no files");
	json_array_foreach(files, index, listed) if (r == 0) r = check_file(zip, listed, result);
	if (r == 0 && zip_get_num_entries(zip, 0) != (zip_int64_t)result->files + 3)
		r = set_text(result->text, -EBADMSG, "%s",
			     "it contains files that the manifest does not list");
	return r;
}

int bundle_verify(const char *path, const uint8_t *key, struct bundle_result *ret_result)
{
	int code = 0, r;
	zip_t *zip = zip_open(path, ZIP_RDONLY | ZIP_CHECKCONS, &code);

	*ret_result = (struct bundle_result){.key_given = key != NULL};
	if (zip == NULL && (code == ZIP_ER_NOZIP || code == ZIP_ER_INCONS)) {
		set_text(ret_result->text, 0, "%s", "it is not a zip, or is damaged");
		return 0;
	}
	if (zip == NULL)
		return code == ZIP_ER_NOENT ? -ENOENT : code == ZIP_ER_MEMORY ? -ENOMEM : -EIO;
	r = check_signature(zip, key, ret_result);
	if (r == 0)
		r = check_files(zip, ret_result);
	zip_discard(zip);
	if (r == -ENOMEM)
		return r;
	ret_result->ok = r == 0;
	if (r == 0)
		snprintf(ret_result->text, sizeof(ret_result->text),
			 "%u files match the signed manifest", ret_result->files);
	return 0;
}

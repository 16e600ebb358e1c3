/*
 * face_eval - how well does the engine tell people apart? Runs the gate's own steps on pairs in LFW's format.
 *
 *   face_eval --images DIR --pairs FILE [--models DIR] [--limit N] [--json]
 *
 * Accuracy is the mean over the folds, each judged with the threshold that is best on the others; TAR is given
 * at fixed FAR over all pairs. A picture without a face counts as not alike.
 */
#include "vision/face.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace
{

using embedding = std::array<float, FACE_DIM>;

struct pair {
	float score;
	bool same;
	size_t fold;
};

class album
{
	struct face_engine *engine;
	std::string folder;
	std::map<std::string, std::unique_ptr<embedding>> known; /* null: no face */

	std::unique_ptr<embedding> look(const std::string &path)
	{
		std::ifstream file(path, std::ios::binary);
		std::string bytes((std::istreambuf_iterator<char>(file)), {});
		char reason[FACE_ERROR_BYTES];
		uint8_t crop[FACE_CROP_BYTES];
		struct face_photo photo = {};
		struct face faces[16];
		size_t count = 0;
		auto result = std::make_unique<embedding>();
		bool good;

		if (face_photo_decode(bytes.data(), bytes.size(), &photo, reason) < 0) {
			fprintf(stderr, "face_eval: %s: %s\n", path.c_str(), reason);
			return nullptr;
		}
		good = face_detect(engine, &photo.image, nullptr, faces, 16, &count) == 0 && count > 0;
		if (good) {
			struct face *nearest = std::min_element(faces, faces + count, [&](auto &a, auto &b) {
				return off_centre(photo.image, a) < off_centre(photo.image, b);
			});

			good = face_find_points(engine, &photo.image, nearest) == 0 &&
			       face_align(&photo.image, nearest, crop) == 0 &&
			       face_embed(engine, crop, 1, result->data()) == 0;
		}
		face_photo_finish(&photo);
		return good ? std::move(result) : nullptr;
	}

	static float off_centre(const struct face_image &image, const struct face &face)
	{
		return std::hypot(face.x_px + face.width_px / 2 - static_cast<float>(image.width_px) / 2,
				  face.y_px + face.height_px / 2 - static_cast<float>(image.height_px) / 2);
	}

      public:
	album(struct face_engine *e, std::string f) : engine(e), folder(std::move(f))
	{
	}

	const embedding *of(const std::string &name, int number)
	{
		char file[16];
		std::string path;

		snprintf(file, sizeof(file), "_%04d.jpg", number);
		path = folder + "/" + name + "/" + name + file;
		auto at = known.find(path);
		if (at == known.end())
			at = known.emplace(path, look(path)).first;
		return at->second.get();
	}
};

float likeness(const embedding *a, const embedding *b)
{
	float dot = 0;

	if (a == nullptr || b == nullptr)
		return -1;
	for (size_t i = 0; i < FACE_DIM; i++)
		dot += (*a)[i] * (*b)[i];
	return dot;
}

/* Folds are told from lines: after the head "FOLDS COUNT", COUNT same and COUNT different pairs each. */
std::vector<pair> read_pairs(std::istream &in, album &album, size_t limit)
{
	std::vector<pair> pairs;
	std::string line;
	size_t per_fold = 300;

	while (pairs.size() < limit && std::getline(in, line)) {
		std::istringstream words(line);
		std::vector<std::string> word{std::istream_iterator<std::string>(words), {}};
		size_t fold = pairs.size() / (2 * per_fold);

		if (word.size() == 2)
			per_fold = std::max<size_t>(1, std::strtoul(word[1].c_str(), nullptr, 10));
		else if (word.size() == 3)
			pairs.push_back({likeness(album.of(word[0], atoi(word[1].c_str())),
						  album.of(word[0], atoi(word[2].c_str()))),
					 true, fold});
		else if (word.size() == 4)
			pairs.push_back({likeness(album.of(word[0], atoi(word[1].c_str())),
						  album.of(word[2], atoi(word[3].c_str()))),
					 false, fold});
	}
	return pairs;
}

double accuracy(const std::vector<pair> &pairs, float threshold, size_t fold, bool inside)
{
	size_t right = 0, all = 0;

	for (const pair &pair : pairs) {
		if ((pair.fold == fold) != inside)
			continue;
		all++;
		right += (pair.score >= threshold) == pair.same;
	}
	return all == 0 ? 0 : static_cast<double>(right) / static_cast<double>(all);
}

double accuracy_over_folds(const std::vector<pair> &pairs)
{
	size_t folds = pairs.back().fold + 1;
	double sum = 0;

	for (size_t fold = 0; fold < folds; fold++) {
		float best = 0;
		double best_accuracy = -1;

		for (float threshold = 0; threshold < 0.8F; threshold += 0.005F) {
			double value = accuracy(pairs, threshold, fold, folds == 1);

			if (value > best_accuracy) {
				best_accuracy = value;
				best = threshold;
			}
		}
		sum += accuracy(pairs, best, fold, true);
	}
	return sum / static_cast<double>(folds);
}

double tar_at(const std::vector<pair> &pairs, double far)
{
	std::vector<float> different;
	size_t same = 0, accepted = 0, at;
	float threshold;

	for (const pair &pair : pairs) {
		if (!pair.same)
			different.push_back(pair.score);
	}
	if (different.empty())
		return 0;
	std::sort(different.rbegin(), different.rend());
	at = std::min(static_cast<size_t>(far * static_cast<double>(different.size())), different.size() - 1);
	threshold = different[at];
	for (const pair &pair : pairs) {
		same += pair.same;
		accepted += pair.same && pair.score > threshold;
	}
	return same == 0 ? 0 : static_cast<double>(accepted) / static_cast<double>(same);
}

} // namespace

int main(int argc, char **argv)
{
	std::string images, pairs_file, models = "models";
	char error[FACE_ERROR_BYTES] = "";
	struct face_engine *engine = nullptr;
	size_t limit = SIZE_MAX;
	bool json = false;

	for (int i = 1; i < argc; i++) {
		std::string option = argv[i];

		if (option == "--json")
			json = true;
		else if (option == "--images" && i + 1 < argc)
			images = argv[++i];
		else if (option == "--pairs" && i + 1 < argc)
			pairs_file = argv[++i];
		else if (option == "--models" && i + 1 < argc)
			models = argv[++i];
		else if (option == "--limit" && i + 1 < argc)
			limit = std::strtoul(argv[++i], nullptr, 10);
		else
			images.clear();
	}
	std::ifstream file(pairs_file);
	if (images.empty() || !file) {
		fprintf(stderr,
			"usage: face_eval --images DIR --pairs FILE [--models DIR] [--limit N] [--json]\n");
		return 2;
	}
	if (face_engine_open(models.c_str(), 1, &engine, error) < 0) {
		fprintf(stderr, "face_eval: %s\n", error);
		return 1;
	}
	album album(engine, images);
	std::vector<pair> pairs = read_pairs(file, album, limit);
	if (pairs.empty()) {
		fprintf(stderr, "face_eval: %s holds no pairs\n", pairs_file.c_str());
		return 1;
	}
	printf(json ? "{\"bench\":\"face_eval\",\"pairs\":%zu,\"accuracy\":%.4f,\"tar_far_1e-2\":%.4f,\"tar_"
		      "far_1e-3\":%.4f}\n"
		    : "%zu pairs: accuracy %.4f, TAR %.4f at FAR 1e-2, %.4f at 1e-3\n",
	       pairs.size(), accuracy_over_folds(pairs), tar_at(pairs, 1e-2), tar_at(pairs, 1e-3));
	face_engine_close(engine);
	return 0;
}

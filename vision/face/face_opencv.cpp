#include "face.h"

#include "base/log.h"
#include "vision/camera/digest.h"
#include "face_align.h"
#include "face_boxes.h"
#include "face_nets.h"
#include "face_photo.h"
#include "vision/camera/dl_symbol.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

namespace
{

/*
 * How much around the face the liveness net sees, in face heights, frame by frame. Its authors use
 * 2.7, which includes the edge of any picture held up to the camera, and rejects one live face in
 * ten as a print. This uses two frames and the mean of their log-odds: 464 films of a print before
 * a webcam reach 0.06 at most, 88 of living faces 0.99 at least.
 */
constexpr float liveness_contexts[] = {1.6F, 1.8F};
/*
 * What the landmark net sees, in box heights: lower and closer than its authors use. The box of a
 * person who looks down includes much of the forehead, and then brows are taken for eyes and
 * glasses for a mouth. On LFW's dev half, TAR at FAR 1e-2, 1e-3 and 1e-4 rises from 99.26, 98.52
 * and 97.41 % to 99.57, 98.94 and 97.85 %.
 */
constexpr float landmark_side = 0.85F, landmark_below_middle = 0.1F;
constexpr float odds_max = 9.2F; /* log of 10,000 to 1: one crop alone never decides */
constexpr int side_min_px = 16, side_max_px = 16384;

/* No exception passes the C header. */
template <typename Body> int guard(const char *what, Body body) noexcept
{
	try {
		return body();
	} catch (const std::bad_alloc &) {
		return -ENOMEM;
	} catch (const cv::Exception &e) {
		if (e.code == cv::Error::StsNoMem)
			return -ENOMEM;
		log_error("vision", "%s: %s", what, e.what());
	} catch (const std::exception &e) {
		log_error("vision", "%s: %s", what, e.what());
	} catch (...) {
		log_error("vision", "%s: unknown failure", what);
	}
	return -EIO;
}

/* OpenCV prints every exception to stderr before it throws; guard() logs the relevant ones. */
int be_quiet(int, const char *, const char *, const char *, int, void *)
{
	return 0;
}

bool is_usable(const struct face_image *image)
{
	return image != nullptr && image->pixels != nullptr && image->width_px >= side_min_px &&
	       image->height_px >= side_min_px && image->width_px <= side_max_px &&
	       image->height_px <= side_max_px &&
	       image->stride_bytes >= static_cast<size_t>(image->width_px) * 3;
}

bool is_usable(const struct face *face, const struct face_image *image)
{
	float side_px = 4.0F * static_cast<float>(std::max(image->width_px, image->height_px));

	return face != nullptr && std::isfinite(face->x_px) && std::isfinite(face->y_px) &&
	       std::fabs(face->x_px) < side_px && std::fabs(face->y_px) < side_px &&
	       face->width_px >= 4 && face->height_px >= 4 && face->width_px < side_px &&
	       face->height_px < side_px;
}

cv::Mat wrap(const struct face_image *image)
{
	/* OpenCV has no const view; nothing below writes through it */
	return {image->height_px, image->width_px, CV_8UC3, const_cast<uint8_t *>(image->pixels),
		image->stride_bytes};
}

/* A square of the picture; outside, the pixels of the edge are repeated. */
cv::Mat square_at(const cv::Mat &picture, float centre_x_px, float centre_y_px, float side_px)
{
	int side = std::max(2, cvRound(side_px));
	cv::Rect wanted(cvRound(centre_x_px - side_px / 2), cvRound(centre_y_px - side_px / 2),
			side, side);
	cv::Rect inside = wanted & cv::Rect(0, 0, picture.cols, picture.rows);
	cv::Mat square;

	if (inside == wanted)
		return picture(wanted);
	if (inside.area() == 0)
		return {};
	cv::copyMakeBorder(picture(inside), square, inside.y - wanted.y,
			   wanted.br().y - inside.br().y, inside.x - wanted.x,
			   wanted.br().x - inside.br().x, cv::BORDER_REPLICATE);
	return square;
}

/*
 * The square around a face with its surroundings, fitted into the picture by shrinking, then
 * shifting.
 */
cv::Rect surroundings(const struct face *face, const cv::Size &picture, float context)
{
	float limit_px = static_cast<float>(std::min(picture.width, picture.height) - 1);
	float side_px = std::min(face->height_px * context, limit_px);
	float left_px = face->x_px + face->width_px / 2 - side_px / 2;
	float top_px = face->y_px + face->height_px / 2 - side_px / 2;

	left_px = std::clamp(left_px, 0.0F, static_cast<float>(picture.width - 1) - side_px);
	top_px = std::clamp(top_px, 0.0F, static_cast<float>(picture.height - 1) - side_px);
	return {static_cast<int>(left_px), static_cast<int>(top_px),
		std::max(2, static_cast<int>(side_px)), std::max(2, static_cast<int>(side_px))};
}

/* Scaled to the net's input size, at the top left; the rest is black. */
cv::Mat fitted(const cv::Mat &picture, const struct face_model &model, struct face_boxes_view *view)
{
	double factor = std::min(double{1} * model.width_px / picture.cols,
				 double{1} * model.height_px / picture.rows);
	cv::Mat input = cv::Mat::zeros(model.height_px, model.width_px, CV_8UC3);
	cv::Size size(std::clamp(cvRound(factor * picture.cols), 1, model.width_px),
		      std::clamp(cvRound(factor * picture.rows), 1, model.height_px));

	cv::resize(picture, input(cv::Rect(cv::Point(), size)), size, 0, 0, cv::INTER_LINEAR);
	view->scale_x = view->scale_y = static_cast<float>(1 / factor);
	return input;
}

struct face_point mean_of(const struct face_point *landmarks, std::initializer_list<int> which)
{
	struct face_point mean = {};

	for (int i : which) {
		mean.x_px += landmarks[i].x_px / static_cast<float>(which.size());
		mean.y_px += landmarks[i].y_px / static_cast<float>(which.size());
	}
	return mean;
}

int unit_length(float *vector, float *ret_length)
{
	double square = 0;

	for (int i = 0; i < FACE_DIM; i++)
		square += double{vector[i]} * vector[i];
	if (!std::isfinite(square) || square < 1e-12)
		return -EIO;
	for (int i = 0; i < FACE_DIM; i++)
		vector[i] = static_cast<float>(vector[i] / std::sqrt(square));
	if (ret_length != nullptr)
		*ret_length = static_cast<float>(std::sqrt(square));
	return 0;
}

int check_model(const std::string &path, const struct face_model &model, struct problem *problem)
{
	char hex[DIGEST_HEX_BYTES];
	int r = digest_sha256_file(path.c_str(), hex);

	if (r == -ENOENT)
		return problem_model_missing(problem, path.c_str());
	if (r < 0) {
		problem_model_unreadable(problem, path.c_str(), r);
		return r == -ENOMEM ? r : -EIO;
	}
	/* twelve digits are enough to identify a model */
	if (strcmp(hex, model.sha256) != 0)
		return problem_model_not_pinned(problem, path.c_str(), std::string(hex, 12).c_str(),
						std::string(model.sha256, 12).c_str());
	return 0;
}

int reduction(unsigned width_px, unsigned height_px)
{
	unsigned side_px = std::max(width_px, height_px);

	if (side_px >= 8 * FACE_PHOTO_SIDE_MAX_PX)
		return cv::IMREAD_REDUCED_COLOR_8;
	if (side_px >= 4 * FACE_PHOTO_SIDE_MAX_PX)
		return cv::IMREAD_REDUCED_COLOR_4;
	return side_px >= 2 * FACE_PHOTO_SIDE_MAX_PX ? cv::IMREAD_REDUCED_COLOR_2
						     : cv::IMREAD_COLOR;
}

/* cv::imdecode(InputArray, int), which also rotates the picture by its EXIF orientation */
cv::Mat imdecode(const cv::Mat &packed, int flags)
{
	using function = cv::Mat (*)(cv::InputArray, int);
	/* Debian's soname: 4.6 is 406 */
	static const std::string library =
		"libopencv_imgcodecs.so." +
		std::to_string(CV_VERSION_MAJOR * 100 + CV_VERSION_MINOR);
	static const auto found = reinterpret_cast<function>(
		dl_symbol(library.c_str(), "_ZN2cv8imdecodeERKNS_11_InputArrayEi"));

	if (found == nullptr)
		throw std::runtime_error("pictures cannot be read without " + library);
	return found(packed, flags);
}

cv::Mat decode(const void *bytes, size_t size, int flags)
{
	cv::Mat packed(1, static_cast<int>(size), CV_8UC1, const_cast<void *>(bytes));
	cv::Mat picture = imdecode(packed, flags);
	int side_px = std::max(picture.cols, picture.rows);

	if (side_px > FACE_PHOTO_SIDE_MAX_PX) {
		double factor = double{FACE_PHOTO_SIDE_MAX_PX} / side_px;
		cv::Mat reduced;

		cv::resize(picture, reduced, cv::Size(), factor, factor, cv::INTER_AREA);
		return reduced;
	}
	return picture;
}

} // namespace

struct face_engine {
	std::unique_ptr<face_net> nets[FACE_MODELS];

	/*
	 * The output of a net that has one output. @return NULL if it does not have @p count
	 * numbers.
	 */
	const float *ask(enum face_model_role role, const cv::Mat &picture, size_t count)
	{
		const std::vector<face_net::answer> &answers = nets[role]->run(picture);

		return answers.size() == 1 && answers[0].count == count ? answers[0].values
									: nullptr;
	}
};

static int find_all(struct face_engine *engine, const cv::Mat &picture, const cv::Rect &region,
		    std::vector<struct face> *ret_found)
{
	const struct face_model &model = *face_model_of(FACE_MODEL_DETECT);
	bool yunet = model.kind == FACE_DETECTOR_YUNET;
	const auto read = yunet ? face_boxes_yunet : face_boxes_rfb;
	size_t box_floats = yunet ? 14 : 4, count = 0;
	float scale_x = static_cast<float>(region.width) / static_cast<float>(model.width_px);
	float scale_y = static_cast<float>(region.height) / static_cast<float>(model.height_px);
	struct face_boxes_view view = {model.width_px,
				       model.height_px,
				       scale_x,
				       scale_y,
				       static_cast<float>(region.x),
				       static_cast<float>(region.y),
				       model.score_min};
	cv::Mat seen = yunet ? fitted(picture(region), model, &view) : picture(region);
	const std::vector<face_net::answer> &answer = engine->nets[FACE_MODEL_DETECT]->run(seen);
	struct face_boxes_answer numbers = {};
	int r;

	if (answer.size() != (yunet ? 3 : 2) || answer[0].count % 2 != 0)
		return -EIO;
	numbers = {answer[0].values, answer[1].values, yunet ? answer[2].values : nullptr,
		   answer[0].count / 2};
	if (answer[1].count != box_floats * numbers.count ||
	    (yunet && answer[2].count != numbers.count))
		return -EIO;
	r = read(&view, &numbers, nullptr, 0, &count);
	if (r == 0) {
		ret_found->resize(count);
		r = read(&view, &numbers, ret_found->data(), count, &count);
		ret_found->resize(face_boxes_best(ret_found->data(), count, model.overlap_max));
	}
	return r;
}

/* Runs the net once at start: the right file may still not match its model record. */
static int check_model(struct face_engine *engine, struct problem *problem)
{
	std::vector<uint8_t> grey(size_t{320} * 240 * 3);
	struct face_image image = {grey.data(), 320, 240, size_t{320} * 3};
	struct face face = {};
	float embedding[FACE_DIM], live;
	size_t count = 0;
	int role = FACE_MODEL_DETECT, r;

	for (size_t i = 0; i < grey.size(); i++)
		grey[i] = static_cast<uint8_t>(i * 7 % 251);
	face.x_px = 100;
	face.y_px = 60;
	face.width_px = face.height_px = 100;
	r = face_detect(engine, &image, nullptr, &face, 0, &count);
	if (r == 0) {
		role = FACE_MODEL_LANDMARK;
		r = face_find_points(engine, &image, &face);
	}
	if (r == 0) {
		role = FACE_MODEL_LIVENESS;
		r = face_liveness(engine, &image, &face, 0, &live);
	}
	if (r == 0) {
		role = FACE_MODEL_FEATURE;
		r = face_embed(engine, grey.data(), 0, embedding, nullptr);
	}
	if (r < 0)
		problem_model_wrong_answer(problem,
					   face_model_of(static_cast<face_model_role>(role))->file);
	return r;
}

/* By name if a net has several outputs. */
static std::vector<std::string> outputs_of(int role)
{
	if (role != FACE_MODEL_DETECT)
		return {};
	if (face_model_of(FACE_MODEL_DETECT)->kind == FACE_DETECTOR_YUNET)
		return {"conf", "loc", "iou"};
	return {"scores", "boxes"};
}

int face_engine_open(const char *models_dir, int threads, struct face_engine **ret_engine,
		     struct problem *problem)
{
	if (models_dir == nullptr || ret_engine == nullptr || problem == nullptr || threads < 1 ||
	    threads > 16)
		return -EINVAL;
	return guard("loading the face models", [&] {
		auto engine = std::make_unique<face_engine>();

		cv::redirectError(be_quiet);
		cv::setNumThreads(threads);
		problem_models_not_loaded(problem, models_dir);
		for (int i = 0; i < FACE_MODELS; i++) {
			const struct face_model &model =
				*face_model_of(static_cast<face_model_role>(i));
			std::string path =
				std::string(model.folder != nullptr ? model.folder : models_dir) +
				"/" + model.file;
			int r = check_model(path, model, problem);

			if (r < 0)
				return r;
			problem_model_not_supported(problem, path.c_str(), CV_VERSION);
			engine->nets[i] = std::make_unique<face_net>(
				path, model, i == FACE_MODEL_LANDMARK ? 1 : 3, outputs_of(i),
				threads);
			problem_models_unusable(problem, models_dir);
		}
		if (check_model(engine.get(), problem) < 0)
			return -EBADMSG;
		for (int i = 0; i < FACE_MODELS; i++) {
			if (face_engine_is_slow(engine.get(), static_cast<face_model_role>(i)) != 0)
				log_info("vision", "%s is run by OpenCV, which takes longer: %s",
					 face_model_of(static_cast<face_model_role>(i))->file,
					 engine->nets[i]->reason().c_str());
		}
		*ret_engine = engine.release();
		return 0;
	});
}

void face_engine_close(struct face_engine *engine)
{
	delete engine;
}

int face_engine_is_slow(const struct face_engine *engine, enum face_model_role role)
{
	return engine->nets[role]->reason().empty() ? 0 : 1;
}

int face_detect(struct face_engine *engine, const struct face_image *image,
		const struct face_rect *region, struct face *faces, size_t faces_max,
		size_t *ret_count)
{
	if (engine == nullptr || !is_usable(image) || faces == nullptr || ret_count == nullptr)
		return -EINVAL;
	return guard("finding faces", [&] {
		cv::Rect area(0, 0, image->width_px, image->height_px);
		std::vector<struct face> found;
		int r;

		if (region != nullptr)
			area &= cv::Rect(region->x_px, region->y_px, region->width_px,
					 region->height_px);
		if (area.width < side_min_px || area.height < side_min_px)
			return -EINVAL;
		r = find_all(engine, wrap(image), area, &found);
		if (r == 0) {
			*ret_count = std::min(faces_max, found.size());
			std::copy_n(found.begin(), *ret_count, faces);
		}
		return r;
	});
}

/* Whether the detector has set the landmarks. */
static bool has_points(const struct face *face)
{
	return face_model_of(FACE_MODEL_DETECT)->kind == FACE_DETECTOR_YUNET &&
	       std::any_of(face->points, face->points + FACE_POINTS,
			   [](const struct face_point &point) {
				   return point.x_px != 0 || point.y_px != 0;
			   });
}

int face_find_points(struct face_engine *engine, const struct face_image *image, struct face *face)
{
	if (engine == nullptr || !is_usable(image) || !is_usable(face, image))
		return -EINVAL;
	if (has_points(face))
		return 0;
	return guard("finding the points of a face", [&] {
		float centre_x_px = face->x_px + face->width_px / 2,
		      side_px = face->height_px * landmark_side;
		float centre_y_px = face->y_px + face->height_px * (0.5F + landmark_below_middle);
		cv::Mat square = square_at(wrap(image), centre_x_px, centre_y_px, side_px), grey;
		const float *places;
		struct face_point *marks = face->landmarks;

		if (square.empty())
			return -EINVAL;
		cv::cvtColor(square, grey, cv::COLOR_BGR2GRAY);
		places = engine->ask(FACE_MODEL_LANDMARK, grey, size_t{2} * FACE_LANDMARKS);
		if (places == nullptr)
			return -EIO;
		for (int i = 0; i < FACE_LANDMARKS; i++) {
			marks[i].x_px = centre_x_px + (places[2 * i] - 0.5F) * side_px;
			marks[i].y_px = centre_y_px + (places[2 * i + 1] - 0.5F) * side_px;
		}
		face->points[0] = mean_of(marks, {37, 38, 40, 41});
		face->points[1] = mean_of(marks, {43, 44, 46, 47});
		face->points[2] = marks[30];
		face->points[3] = mean_of(marks, {48, 60});
		face->points[4] = mean_of(marks, {54, 64});
		return 0;
	});
}

/* Log-odds of class 0, "live", against the other two. */
static int live_odds(struct face_engine *engine, const cv::Mat &crop, float *ret_odds)
{
	const float *logits = engine->ask(FACE_MODEL_LIVENESS, crop, 3);
	float other;

	if (logits == nullptr)
		return -EIO;
	other = std::max(logits[1], logits[2]);
	other += std::log(std::exp(logits[1] - other) + std::exp(logits[2] - other));
	if (!std::isfinite(logits[0] - other))
		return -EIO;
	*ret_odds = std::clamp(logits[0] - other, -odds_max, odds_max);
	return 0;
}

int face_liveness(struct face_engine *engine, const struct face_image *image,
		  const struct face *face, unsigned view, float *ret_live)
{
	if (engine == nullptr || !is_usable(image) || !is_usable(face, image) ||
	    ret_live == nullptr)
		return -EINVAL;
	return guard("judging liveness", [&] {
		cv::Mat picture = wrap(image);
		float context = liveness_contexts[view % std::size(liveness_contexts)], odds;
		int r = live_odds(engine, picture(surroundings(face, picture.size(), context)),
				  &odds);

		if (r == 0)
			*ret_live = 1 / (1 + std::exp(-odds));
		return r;
	});
}

int face_align(const struct face_image *image, const struct face *face, uint8_t *ret_crop)
{
	if (!is_usable(image) || !is_usable(face, image) || ret_crop == nullptr)
		return -EINVAL;
	return guard("aligning a face", [&] {
		cv::Mat crop(FACE_CROP_PX, FACE_CROP_PX, CV_8UC3, ret_crop);
		cv::Matx23f matrix;

		if (!face_similarity(face->points, matrix.val))
			return -EINVAL;
		cv::warpAffine(wrap(image), crop, matrix, crop.size(), cv::INTER_LINEAR);
		return 0;
	});
}

static int embed_one(struct face_engine *engine, const cv::Mat &crop, float *ret_embedding,
		     float *ret_norm)
{
	const struct face_model &model = *face_model_of(FACE_MODEL_FEATURE);
	const float *answer =
		engine->ask(FACE_MODEL_FEATURE, crop, static_cast<size_t>(model.dimension));

	if (answer == nullptr)
		return -EIO;
	std::fill_n(ret_embedding, int{FACE_DIM}, 0.0F);
	std::copy_n(answer, model.dimension, ret_embedding);
	return unit_length(ret_embedding, ret_norm);
}

int face_embed(struct face_engine *engine, const uint8_t *crop, int mirrored, float *ret_embedding,
	       float *ret_norm)
{
	if (engine == nullptr || crop == nullptr || ret_embedding == nullptr)
		return -EINVAL;
	return guard("embedding a face", [&] {
		cv::Mat picture(FACE_CROP_PX, FACE_CROP_PX, CV_8UC3, const_cast<uint8_t *>(crop)),
			mirror;
		float other[FACE_DIM];
		int r = embed_one(engine, picture, ret_embedding, ret_norm);

		if (r < 0 || mirrored == 0)
			return r;
		cv::flip(picture, mirror, 1);
		r = embed_one(engine, mirror, other, nullptr);
		if (r < 0)
			return r;
		for (int i = 0; i < FACE_DIM; i++)
			ret_embedding[i] += other[i];
		return unit_length(ret_embedding, nullptr);
	});
}

int face_photo_decode(const void *bytes, size_t size, struct face_photo *ret_photo,
		      struct problem *problem)
{
	unsigned width_px, height_px;

	if (bytes == nullptr || ret_photo == nullptr || problem == nullptr)
		return -EINVAL;
	if (size > FACE_PHOTO_BYTES_MAX) {
		problem_photo_too_many_bytes(problem, FACE_PHOTO_BYTES_MAX / 1024 / 1024);
		return -EFBIG;
	}
	if (face_photo_size(bytes, size, &width_px, &height_px) < 0) {
		problem_photo_not_picture(problem);
		return -EBADMSG;
	}
	if (uint64_t{width_px} * height_px > FACE_PHOTO_PIXELS_MAX) {
		problem_photo_too_many_pixels(problem, FACE_PHOTO_PIXELS_MAX / 1000000);
		return -EFBIG;
	}
	problem_photo_not_decoded(problem);
	return guard("decoding a photo", [&] {
		cv::Mat picture = decode(bytes, size, reduction(width_px, height_px));

		if (picture.empty())
			return -EBADMSG;
		if (picture.cols < side_min_px || picture.rows < side_min_px) {
			problem_photo_too_small(problem);
			return -EBADMSG;
		}
		auto owner = std::make_unique<cv::Mat>(picture);
		ret_photo->image = {picture.data, picture.cols, picture.rows, picture.step[0]};
		ret_photo->owner = owner.release();
		return 0;
	});
}

void face_photo_finish(struct face_photo *photo)
{
	delete static_cast<cv::Mat *>(photo->owner);
	*photo = {};
}

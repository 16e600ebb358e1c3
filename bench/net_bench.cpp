/*
 * net_bench - the four nets of a face, run by our own steps (net.h) and by OpenCV's dnn, one thread
 * each, the same answers.
 *
 *   net_bench [--models DIR] [--runs N]    one JSON object a line
 *
 * Milliseconds are the thread's own, medians; order alternates so that neither always runs on the
 * warm cache. The sum is one face that is found, aligned, judged alive and embedded, without what
 * happens between the nets.
 */
#include "vision/face/face_nets.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <opencv2/dnn.hpp>
#include <time.h>

namespace
{

struct role {
	const char *name;
	enum face_model_role of;
	int channels;
	std::vector<std::string> outputs;
};

double now_ms()
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

double median(std::vector<double> ms)
{
	std::sort(ms.begin(), ms.end());
	return ms[ms.size() / 2];
}

/* @return whether the answers are the same, to a thousandth of the largest number. */
bool same(const std::vector<face_net::answer> &ours, const std::vector<cv::Mat> &theirs)
{
	for (size_t i = 0; i < theirs.size(); i++) {
		const float *other = theirs[i].ptr<float>();
		float most = 0, apart = 0;

		for (size_t k = 0; k < theirs[i].total(); k++) {
			most = std::max(most, std::fabs(other[k]));
			apart = std::max(apart, std::fabs(other[k] - ours[i].values[k]));
		}
		if (!(apart <= most / 1000))
			return false;
	}
	return true;
}

void tell(const char *name, double ours, double peer)
{
	printf("{\"bench\":\"face\",\"case\":\"%s\",\"ours\":%.3f,\"peer\":%.3f,\"peer_name\":"
	       "\"OpenCV %s "
	       "dnn, 1 thread\","
	       "\"unit\":\"ms\",\"ratio\":%.2f}\n",
	       name, ours, peer, CV_VERSION, peer / ours);
}

bool measure(const role &role, const std::string &models, int runs, double *ours_sum,
	     double *peer_sum)
{
	const struct face_model &model = *face_model_of(role.of);
	std::string path = models + "/" + model.file;
	face_net net(path, model, role.channels, role.outputs, 1);
	cv::dnn::Net peer = cv::dnn::readNetFromONNX(path);
	cv::Mat picture(model.height_px, model.width_px, CV_8UC(role.channels));
	std::vector<double> ours_ms, peer_ms;
	std::vector<cv::String> names(role.outputs.begin(), role.outputs.end());
	std::vector<cv::Mat> answers;

	if (names.empty())
		names = peer.getUnconnectedOutLayersNames();
	for (int run = 0; run < runs; run++) {
		for (int turn = 0; turn < 2; turn++) {
			double start;

			cv::randu(picture, 0, 255);
			start = now_ms();
			if ((run + turn) % 2 == 0) {
				net.run(picture);
				ours_ms.push_back(now_ms() - start);
				continue;
			}
			peer.setInput(cv::dnn::blobFromImage(picture, model.scale, picture.size(),
							     cv::Scalar::all(model.mean),
							     model.swap_rgb != 0));
			peer.forward(answers, names);
			peer_ms.push_back(now_ms() - start);
		}
	}
	peer.setInput(cv::dnn::blobFromImage(picture, model.scale, picture.size(),
					     cv::Scalar::all(model.mean), model.swap_rgb != 0));
	peer.forward(answers, names);
	if (!net.reason().empty() || !same(net.run(picture), answers)) {
		fprintf(stderr, "net_bench: %s: other answers than OpenCV's, or OpenCV's own\n",
			model.file);
		return false;
	}
	tell(role.name, median(ours_ms), median(peer_ms));
	*ours_sum += median(ours_ms);
	*peer_sum += median(peer_ms);
	return true;
}

} // namespace

int main(int argc, char **argv)
{
	const role roles[] = {{"detect", FACE_MODEL_DETECT, 3, {"scores", "boxes"}},
			      {"points", FACE_MODEL_LANDMARK, 1, {}},
			      {"liveness", FACE_MODEL_LIVENESS, 3, {}},
			      {"embed", FACE_MODEL_FEATURE, 3, {}}};
	std::string models = "models";
	double ours = 0, peer = 0;
	int runs = 100;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--models") == 0)
			models = argv[i + 1];
		else if (strcmp(argv[i], "--runs") == 0)
			runs = std::max(1, atoi(argv[i + 1]));
	}
	cv::setNumThreads(1);
	try {
		for (const role &role : roles) {
			if (!measure(role, models, runs, &ours, &peer))
				return 1;
		}
	} catch (const std::exception &e) {
		fprintf(stderr, "net_bench: %s\n", e.what());
		return 1;
	}
	tell("one face", ours, peer);
	return 0;
}

/*
 * litter_bench - one 1080p luma frame: ours, and OpenCV's MOG2 with findContours, one thread each.
 *
 *   litter_bench [FRAMES]   a scene drawn in memory: a facade, sensor noise, a swaying tree, a falling thing
 *
 * Both see the same frames in the same order; the order of who goes first alternates. Medians, of
 * the thread's own time.
 */
#include "vision/litter/litter.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/video.hpp>

namespace
{

constexpr int width = 1920, height = 1080, frame_us = 40000;
using image = std::vector<uint8_t>;

class scene
{
	std::mt19937 random{20261121};
	image facade = image(static_cast<size_t>(width) * height), noise = image(1 << 22);

      public:
	scene()
	{
		std::normal_distribution<float> level(0, 1.5F);

		for (int y = 0; y < height; y++)
			for (int x = 0; x < width; x++)
				facade[static_cast<size_t>(y) * width + x] =
					(y / 40 % 3 == 0 || x / 60 % 3 == 0) ? 170 : 80;
		for (uint8_t &n : noise)
			n = static_cast<uint8_t>(
				std::lround(std::clamp(level(random), -8.0F, 8.0F)) + 8);
	}

	static void disc(image &out, float cx, float cy, float radius, uint8_t level)
	{
		for (int y = std::max(0, static_cast<int>(cy - radius));
		     y < std::min<int>(height, cy + radius + 1); y++)
			for (int x = std::max(0, static_cast<int>(cx - radius));
			     x < std::min<int>(width, cx + radius + 1); x++)
				if ((x - cx) * (x - cx) + (y - cy) * (y - cy) <= radius * radius)
					out[static_cast<size_t>(y) * width + x] = level;
	}

	void draw(int frame, image &out)
	{
		size_t shift = random() % 65536;
		float t = static_cast<float>(frame % 60) * 0.04F;

		out = facade;
		for (int leaf = 0; leaf < 400; leaf++) {
			float phase =
				static_cast<float>(leaf) * 0.7F + static_cast<float>(frame) * 0.15F;

			disc(out, 1500 + static_cast<float>(leaf * 37 % 400) + 6 * std::sin(phase),
			     700 + static_cast<float>(leaf * 53 % 360) + 3 * std::cos(phase), 6,
			     leaf % 2 != 0 ? 40 : 70);
		}
		disc(out, 600 + 20 * t, 60 + 180 * t * t, 8, 20);
		for (size_t i = 0; i < out.size(); i++)
			out[i] = static_cast<uint8_t>(out[i] + noise[(i + shift) % noise.size()] -
						      8);
	}
};

double median(std::vector<double> ms)
{
	std::sort(ms.begin(), ms.end());
	return ms[ms.size() / 2];
}

/* of this thread: what else the machine does is not counted */
double cpu_ms()
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
}

template <typename Body> double timed(Body body)
{
	double begin = cpu_ms();

	body();
	return cpu_ms() - begin;
}

} // namespace

int main(int argc, char **argv)
{
	int frames = argc > 1 ? std::atoi(argv[1]) : 150;
	struct litter *litter = nullptr;
	struct litter_verdict verdict;
	std::vector<double> ours, theirs;
	std::vector<std::vector<cv::Point>> contours;
	scene scene;
	image luma;
	cv::Mat mask;

	if (frames < 20 || frames > 100000) {
		fprintf(stderr, "litter_bench: FRAMES is 20 to 100000\n");
		return 2;
	}
	cv::setNumThreads(1);
	auto peer = cv::createBackgroundSubtractorMOG2();
	if (litter_open(width, height, nullptr, &litter) < 0)
		return 1;
	for (int i = 0; i < frames; i++) {
		double a = 0, b = 0;
		auto run_ours = [&] {
			litter_frame(litter, luma.data(), width,
				     static_cast<int64_t>(i) * frame_us);
			while (litter_next(litter, &verdict) == 1) {
			}
		};
		auto run_peer = [&] {
			peer->apply(cv::Mat(height, width, CV_8UC1, luma.data()), mask);
			cv::findContours(mask, contours, cv::RETR_EXTERNAL,
					 cv::CHAIN_APPROX_SIMPLE);
		};

		scene.draw(i, luma);
		if (i % 2 == 0) {
			a = timed(run_ours);
			b = timed(run_peer);
		} else {
			b = timed(run_peer);
			a = timed(run_ours);
		}
		if (i >= 10) { /* both have a background by then */
			ours.push_back(a);
			theirs.push_back(b);
		}
	}
	printf("{\"bench\":\"litter\",\"case\":\"1080p_frame\",\"ours\":%.3f,\"peer\":%.3f,"
	       "\"peer_name\":\"OpenCV MOG2 + findContours\",\"unit\":\"ms\",\"ratio\":%.2f}\n",
	       median(ours), median(theirs), median(theirs) / median(ours));
	litter_close(litter);
	return 0;
}

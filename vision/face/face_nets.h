/*
 * face_nets.h - a net loaded by OpenCV and run by net.h where the results agree.
 *
 * C++, private to face_opencv.cpp; errors are thrown. One thread at a time.
 */
#ifndef GH_VISION_FACE_FACE_NETS_H
#define GH_VISION_FACE_FACE_NETS_H

#include "face.h"
#include "vision/nn/net.h"

#include <memory>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

class face_net
{
      public:
	struct answer {
		const float *values; /* until the next run */
		size_t count;
	};

	/**
	 * @param channels  of the input, 1 or 3.
	 * @param outputs   names of its outputs; empty: its only one.
	 * @param threads   threads that one run may use.
	 */
	face_net(const std::string &path, const struct face_model &model, int channels,
		 const std::vector<std::string> &outputs, int threads);
	~face_net();

	/**
	 * Run on a picture of 8 bits a channel and any size, pre-processed as the model's record
	 * says.
	 */
	const std::vector<answer> &run(const cv::Mat &picture);

	/** Why OpenCV runs the net instead of net.h; "": net.h runs it. */
	const std::string &reason() const;

      private:
	struct parts;
	std::unique_ptr<parts> own;
};

#endif

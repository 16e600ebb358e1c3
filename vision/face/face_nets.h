/*
 * face_nets.h - the nets of face_opencv.cpp: read by OpenCV, and run by net.h where that gives the same answer.
 *
 * C++, for that file only; what is wrong is thrown. One thread at a time.
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
	 * @param channels  of its input, 1 or 3.
	 * @param outputs   names of its answers; none: its only one.
	 * @param threads   that one run may use.
	 */
	face_net(const std::string &path, const struct face_model &model, int channels,
		 const std::vector<std::string> &outputs, int threads);
	~face_net();

	/** Of a picture of 8 bits a channel and any size, prepared as its record says. */
	const std::vector<answer> &run(const cv::Mat &picture);

	/** Why OpenCV runs it; "": it does not. */
	const std::string &reason() const;

      private:
	struct parts;
	std::unique_ptr<parts> own;
};

#endif

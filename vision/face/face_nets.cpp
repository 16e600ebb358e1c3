#include "face_nets.h"

#include <atomic>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <functional>
#include <map>
#include <numeric>
#include <stdexcept>

#include <opencv2/dnn.hpp>
#include <opencv2/dnn/all_layers.hpp>
#include <opencv2/imgproc.hpp>

namespace
{

constexpr float agreement = 1e-4F; /* relative to the largest number of an output */

/* An operator that net.h does not implement and OpenCV computes. */
struct opencv_operator {
	cv::Ptr<cv::dnn::Layer> layer;
	std::vector<std::vector<int>> in_shapes;
	std::vector<int> out_shape;
	std::vector<cv::Mat> internals;
};

cv::Mat wrap(const std::vector<int> &shape, const float *values)
{
	/* OpenCV has no const view; operators do not write to what they read */
	return {shape, CV_32F, const_cast<float *>(values)};
}

int total_of(const std::vector<int> &dims)
{
	return std::accumulate(dims.begin(), dims.end(), 1, std::multiplies<>());
}

/* Called from C, so no exception may leave it. */
int run_opencv_operator(void *arg, const float *const *in, float *out) noexcept
{
	auto *op = static_cast<struct opencv_operator *>(arg);

	try {
		std::vector<cv::Mat> inputs, outputs{wrap(op->out_shape, out)};

		for (size_t i = 0; i < op->in_shapes.size(); i++)
			inputs.push_back(wrap(op->in_shapes[i], in[i]));
		op->layer->forward(cv::InputArrayOfArrays(inputs), cv::OutputArrayOfArrays(outputs),
				   cv::OutputArrayOfArrays(op->internals));
		if (outputs[0].total() != static_cast<size_t>(total_of(op->out_shape)))
			return -EIO;
		if (outputs[0].ptr<float>() != out) /* some operators return their input */
			memcpy(out, outputs[0].ptr<float>(), outputs[0].total() * sizeof(float));
		return 0;
	} catch (const std::bad_alloc &) {
		return -ENOMEM;
	} catch (const std::exception &) {
		return -EIO;
	}
}

struct net_shape shape_of(const std::vector<int> &dims)
{
	if (dims.size() == 4 && dims[0] == 1)
		return {dims[1], dims[2], dims[3]};
	return {total_of(dims), 1, 1};
}

/* An operator of a net as read by OpenCV. */
struct operation {
	cv::Ptr<cv::dnn::Layer> op;
	std::vector<int> in; /* layers */
	std::vector<std::vector<int>> in_shapes, out_shapes;
	std::vector<int> readers;
	int value = -1; /* its value in the net that is built */
	bool done = false;
};

/* Converts a net read by OpenCV, operator by operator, to a net of net.h. */
class builder
{
      public:
	builder(const cv::dnn::Net &read, int channels, const struct face_model &model);
	~builder();
	/* @p operators must live as long as the net. */
	struct net *build(const std::vector<int> &layers, int threads,
			  std::vector<int> *ret_outputs,
			  std::vector<std::unique_ptr<opencv_operator>> *ret_operators);

      private:
	bool add_conv(int id);
	void add_foreign(int id);
	int only_reader(int id) const;
	bool is_sum(const struct operation &node) const;
	int summand_of(int sum, int conv) const;

	std::map<int, struct operation> nodes_;
	std::vector<std::unique_ptr<opencv_operator>> operators_;
	struct net *net_ = nullptr;
};

std::unique_ptr<opencv_operator> operator_of(const cv::Ptr<cv::dnn::Layer> &layer,
					     const std::vector<std::vector<int>> &in_shapes,
					     const std::vector<int> &out_shape)
{
	auto op = std::make_unique<opencv_operator>();
	std::vector<cv::dnn::MatShape> outs, internals;
	std::vector<cv::Mat> inputs, outputs;

	op->layer = layer;
	op->in_shapes = in_shapes;
	op->out_shape = out_shape;
	layer->getMemoryShapes(in_shapes, 1, outs, internals);
	for (const auto &shape : internals)
		op->internals.emplace_back(shape, CV_32F);
	for (const auto &shape : in_shapes)
		inputs.emplace_back(shape, CV_32F, cv::Scalar(0));
	outputs.emplace_back(out_shape, CV_32F);
	layer->finalize(cv::InputArrayOfArrays(inputs), cv::OutputArrayOfArrays(outputs));
	return op;
}

builder::builder(const cv::dnn::Net &read, int channels, const struct face_model &model)
{
	std::vector<int> ids;
	std::vector<std::vector<cv::dnn::MatShape>> ins, outs;
	std::map<const cv::dnn::Layer *, int> numbers;
	struct net_shape input = {channels, model.height_px, model.width_px};

	read.getLayersShapes({1, channels, model.height_px, model.width_px}, ids, ins, outs);
	for (size_t i = 0; i < ids.size(); i++) {
		struct operation &node = nodes_[ids[i]];

		node.op = read.getLayer(ids[i]);
		node.in_shapes.assign(ins[i].begin(), ins[i].end());
		node.out_shapes.assign(outs[i].begin(), outs[i].end());
		numbers[node.op.get()] = ids[i];
		if (outs[i].size() != 1)
			throw std::runtime_error(node.op->type + " has several answers");
	}
	for (auto &[id, node] : nodes_) {
		if (id == 0)
			continue;
		for (const auto &before : read.getLayerInputs(id)) {
			node.in.push_back(numbers.at(before.get()));
			nodes_.at(node.in.back()).readers.push_back(id);
		}
		if (node.in.size() != node.in_shapes.size() && !node.in.empty())
			throw std::runtime_error(node.op->type + " reads what cannot be told");
	}
	if (net_open(&input, &net_) < 0)
		throw std::bad_alloc();
	nodes_.at(0).value = 0;
	nodes_.at(0).done = true;
}

builder::~builder()
{
	net_close(net_);
}

int builder::only_reader(int id) const
{
	const struct operation &node = nodes_.at(id);

	return node.readers.size() == 1 ? node.readers[0] : -1;
}

/* The operation of an Eltwise layer cannot be queried, so it is computed once on test values. */
bool builder::is_sum(const struct operation &node) const
{
	std::vector<std::vector<float>> numbers(3);
	size_t total = static_cast<size_t>(total_of(node.out_shapes[0]));

	if (node.op.dynamicCast<cv::dnn::EltwiseLayer>() == nullptr || node.in.size() != 2 ||
	    node.in_shapes[0] != node.out_shapes[0] || node.in_shapes[1] != node.out_shapes[0])
		return false;
	for (auto &some : numbers)
		some.resize(total);
	for (size_t i = 0; i < total; i++) {
		numbers[0][i] = static_cast<float>(i % 17) - 8;
		numbers[1][i] = static_cast<float>(i % 23) * 2 - 11;
	}
	{
		const float *in[] = {numbers[0].data(), numbers[1].data()};
		auto op = operator_of(node.op, node.in_shapes, node.out_shapes[0]);

		if (run_opencv_operator(op.get(), in, numbers[2].data()) < 0)
			return false;
	}
	for (size_t i = 0; i < total; i++) {
		if (numbers[2][i] != numbers[0][i] + numbers[1][i])
			return false;
	}
	return true;
}

/* The other input of a sum that a convolution can add itself; -1: none, or not computed yet. */
int builder::summand_of(int sum, int conv) const
{
	const struct operation &node = nodes_.at(sum);

	if (!is_sum(node) || node.in[0] == node.in[1])
		return -1;
	return nodes_.at(node.in[0] == conv ? node.in[1] : node.in[0]).value;
}

/* The factors below zero of a slope layer, per channel; empty for another layer. */
std::vector<float> slopes_of(const cv::Ptr<cv::dnn::Layer> &op, int channels)
{
	auto relu = op.dynamicCast<cv::dnn::ReLULayer>();

	if (relu != nullptr)
		return std::vector<float>(static_cast<size_t>(channels), relu->negativeSlope);
	if (op.dynamicCast<cv::dnn::ChannelsPReLULayer>() != nullptr && op->blobs.size() == 1 &&
	    op->blobs[0].type() == CV_32F && op->blobs[0].total() == static_cast<size_t>(channels))
		return {op->blobs[0].ptr<float>(), op->blobs[0].ptr<float>() + channels};
	return {};
}

bool builder::add_conv(int id)
{
	struct operation &node = nodes_.at(id);
	auto op = node.op.dynamicCast<cv::dnn::BaseConvolutionLayer>();
	struct net_conv conv = {};
	std::vector<float> slopes, bias, weights;
	int last = id, next, summand = -1, channels, made;

	if (op == nullptr || op->type != "Convolution" || op->kernel_size.size() != 2 ||
	    !op->padMode.empty() || node.in.size() != 1 || node.in_shapes[0].size() != 4 ||
	    node.in_shapes[0][0] != 1 || op->blobs.empty() || op->blobs[0].dims != 4 ||
	    op->blobs[0].type() != CV_32F)
		return false;
	conv.out = shape_of(node.out_shapes[0]);
	channels = conv.out.channels;
	conv.height = static_cast<int>(op->kernel_size[0]);
	conv.width = static_cast<int>(op->kernel_size[1]);
	conv.stride_y = static_cast<int>(op->strides[0]);
	conv.stride_x = static_cast<int>(op->strides[1]);
	conv.pad_y = static_cast<int>(op->pads_begin[0]);
	conv.pad_x = static_cast<int>(op->pads_begin[1]);
	conv.dilation_y = static_cast<int>(op->dilations[0]);
	conv.dilation_x = static_cast<int>(op->dilations[1]);
	conv.groups = node.in_shapes[0][1] / op->blobs[0].size[1];
	weights.assign(op->blobs[0].ptr<float>(), op->blobs[0].ptr<float>() + op->blobs[0].total());
	bias.resize(static_cast<size_t>(channels));
	if (op->blobs.size() > 1)
		std::copy_n(op->blobs[1].ptr<float>(), channels, bias.begin());
	next = only_reader(id);
	if (next >= 0) { /* the factor is merged into the weights */
		auto power = nodes_.at(next).op.dynamicCast<cv::dnn::PowerLayer>();

		if (power != nullptr && power->power == 1) {
			for (float &weight : weights)
				weight *= power->scale;
			for (float &one : bias)
				one = one * power->scale + power->shift;
			last = next;
			next = only_reader(last);
		}
	}
	if (next >= 0 && (summand = summand_of(next, last)) >= 0) {
		last = next;
		next = only_reader(last);
	}
	if (next >= 0) {
		slopes = slopes_of(nodes_.at(next).op, channels);
		last = slopes.empty() ? last : next;
	}
	conv.weights = weights.data();
	conv.bias = bias.data();
	conv.slopes = slopes.empty() ? nullptr : slopes.data();
	made = net_add_conv(net_, &conv, nodes_.at(node.in[0]).value, summand);
	if (made == -ENOMEM)
		throw std::bad_alloc();
	if (made < 0)
		return false;
	for (int fused = id; fused != last; fused = only_reader(fused))
		nodes_.at(fused).done = true; /* no other node uses the values in between */
	nodes_.at(last).done = true;
	nodes_.at(last).value = made;
	return true;
}

void builder::add_foreign(int id)
{
	struct operation &node = nodes_.at(id);
	struct net_shape shape = shape_of(node.out_shapes[0]);
	std::vector<int> from;

	for (int before : node.in)
		from.push_back(nodes_.at(before).value);
	if (node.in.empty()) /* a constant */
		node.in_shapes.clear();
	operators_.push_back(operator_of(node.op, node.in_shapes, node.out_shapes[0]));
	node.value = net_add_foreign(net_, from.data(), from.size(), &shape, run_opencv_operator,
				     operators_.back().get());
	if (node.value < 0)
		throw std::runtime_error(node.op->type + " cannot be added");
	node.done = true;
}

/*
 * Called from C too: without enough memory one thread runs all parts. ThreadSanitizer does not see
 * the synchronisation of OpenCV's pool; `handed` makes it visible.
 */
void share(int parts, void (*part)(void *arg, int index), void *arg) noexcept
{
	std::atomic<int> handed{0};
	int done = 0;

	try {
		handed.fetch_add(1, std::memory_order_release);
		cv::parallel_for_(cv::Range(0, parts), [&](const cv::Range &range) {
			(void)handed.load(std::memory_order_acquire);
			for (int i = range.start; i < range.end; i++)
				part(arg, i);
			handed.fetch_add(1, std::memory_order_release);
		});
		(void)handed.load(std::memory_order_acquire);
		done = parts;
	} catch (const std::exception &) { /* running a part twice has the same result */
	}
	for (int i = done; i < parts; i++)
		part(arg, i);
}

struct net *builder::build(const std::vector<int> &layers, int threads,
			   std::vector<int> *ret_outputs,
			   std::vector<std::unique_ptr<opencv_operator>> *ret_operators)
{
	struct net *net;

	for (auto &[id, node] : nodes_) {
		if (!node.done && !add_conv(id))
			add_foreign(id);
	}
	for (int id : layers) {
		ret_outputs->push_back(net_add_output(net_, nodes_.at(id).value));
		if (ret_outputs->back() < 0)
			throw std::runtime_error("an answer is read within the net, too");
	}
	if (net_finish(net_, threads, threads > 1 ? share : nullptr) < 0)
		throw std::bad_alloc();
	*ret_operators = std::move(operators_);
	net = net_;
	net_ = nullptr;
	return net;
}

bool agree(const cv::Mat &expected, const float *values)
{
	const float *other = expected.ptr<float>();
	size_t total = expected.total();
	float most = 0;

	for (size_t i = 0; i < total; i++)
		most = std::max(most, std::fabs(other[i]));
	for (size_t i = 0; i < total; i++) {
		if (!(std::fabs(other[i] - values[i]) <= agreement * most))
			return false;
	}
	return true;
}

} // namespace

struct face_net::parts {
	struct face_model model;
	int channels;
	std::string why;
	std::vector<answer> answers;
	/* OpenCV's */
	cv::dnn::Net read;
	std::vector<cv::String> names;
	std::vector<cv::Mat> outputs;
	/* of this project */
	std::vector<std::unique_ptr<opencv_operator>> operators;
	struct net *net = nullptr;
	std::vector<int> values;

	~parts()
	{
		net_close(net);
	}
	void convert(const std::string &path, int threads);
	void run_read(const cv::Mat &picture);
	void run_own(const cv::Mat &picture);
};

void face_net::parts::run_read(const cv::Mat &picture)
{
	read.setInput(cv::dnn::blobFromImage(
		picture, model.scale, cv::Size(model.width_px, model.height_px),
		cv::Scalar::all(model.mean), model.swap_rgb != 0, false, CV_32F));
	outputs.clear();
	read.forward(outputs, names);
	answers.clear();
	for (const cv::Mat &output : outputs)
		answers.push_back({output.ptr<float>(), output.total()});
}

void face_net::parts::run_own(const cv::Mat &picture)
{
	cv::Mat small = picture;
	float *to = net_input(net);
	float mean = static_cast<float>(model.mean), scale = static_cast<float>(model.scale);
	int r;

	if (picture.cols != model.width_px || picture.rows != model.height_px)
		cv::resize(picture, small, cv::Size(model.width_px, model.height_px));
	for (int y = 0; y < small.rows; y++) {
		const uint8_t *row = small.ptr<uint8_t>(y);

		if (channels == 3 && model.swap_rgb != 0) {
			for (int x = 0; x < small.cols; x++, to += 3) {
				to[0] = (static_cast<float>(row[3 * x + 2]) - mean) * scale;
				to[1] = (static_cast<float>(row[3 * x + 1]) - mean) * scale;
				to[2] = (static_cast<float>(row[3 * x]) - mean) * scale;
			}
			continue;
		}
		for (int i = 0; i < small.cols * channels; i++)
			*to++ = (static_cast<float>(row[i]) - mean) * scale;
	}
	r = net_run(net);
	if (r == -ENOMEM)
		throw std::bad_alloc();
	if (r < 0)
		throw std::runtime_error("an operator of a net failed");
}

/* OpenCV is several times slower, so it only computes the reference output. */
void face_net::parts::convert(const std::string &path, int threads)
{
	cv::Mat test(model.height_px, model.width_px, CV_8UC(channels));
	std::vector<int> layers, made;
	std::vector<cv::Mat> expected;

	for (size_t i = 0; i < test.total() * test.elemSize(); i++)
		test.data[i] = static_cast<uint8_t>(i * 7 % 251);
	try {
		run_read(test);
		for (const cv::Mat &output : outputs)
			expected.push_back(output.clone());
		for (const cv::String &name : names)
			layers.push_back(read.getLayerId(name));
		/* read again: OpenCV merges the operators of a net that has run */
		builder builder(cv::dnn::readNetFromONNX(path), channels, model);

		net = builder.build(layers, threads, &values, &operators);
		run_own(test);
		for (size_t i = 0; i < expected.size(); i++) {
			if (!agree(expected[i], net_output(net, values[i])))
				why = "its answers differ";
		}
	} catch (const std::bad_alloc &) {
		throw;
	} catch (const std::exception &e) {
		why = e.what();
	}
	if (!why.empty()) {
		net_close(net);
		net = nullptr;
		operators.clear();
		return;
	}
	answers.clear();
	for (size_t i = 0; i < expected.size(); i++)
		answers.push_back({net_output(net, values[i]), expected[i].total()});
	read = cv::dnn::Net();
	outputs.clear();
}

face_net::face_net(const std::string &path, const struct face_model &model, int channels,
		   const std::vector<std::string> &outputs, int threads)
    : own(std::make_unique<parts>())
{
	own->model = model;
	own->channels = channels;
	own->read = cv::dnn::readNetFromONNX(path);
	own->read.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
	own->names.assign(outputs.begin(), outputs.end());
	if (own->names.empty())
		own->names = own->read.getUnconnectedOutLayersNames();
	own->convert(path, threads);
}

face_net::~face_net() = default;

const std::vector<face_net::answer> &face_net::run(const cv::Mat &picture)
{
	if (own->net != nullptr)
		own->run_own(picture);
	else
		own->run_read(picture);
	return own->answers;
}

const std::string &face_net::reason() const
{
	return own->why;
}

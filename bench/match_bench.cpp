/*
 * match_bench - one probe against a gallery: ours and FAISS IndexFlatIP, one thread each, same
 * answers.
 *
 *   match_bench [--templates N]...   default 1000 to 1000000, as far as memory lasts; one JSON object a line
 *
 * gb_s is what a search reads (one byte a number, and the template's bounds) by its time; read_gb_s
 * is what a plain sum over as many bytes reaches on this machine, one thread, in the same run.
 *
 * Two kinds of probe: somebody enrolled, seen again (cosine about 0.7), and a stranger. Vectors
 * share a common part, as those of real faces do. Order alternates so that neither always runs on
 * the warm cache.
 */
#include "vision/face/match.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#include <faiss/IndexFlat.h>
#include <omp.h>
#include <time.h>
#include <unistd.h>

namespace
{

constexpr int dim = 512, probes = 200;
using vector = std::vector<float>;
using idx_t = decltype(faiss::IndexFlatIP::ntotal); /* where it is named differs between releases */

struct timing {
	std::vector<double> ms;

	/* of this thread alone, so that others on the machine do not count */
	static double now_ms()
	{
		struct timespec now;

		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
		return static_cast<double>(now.tv_sec) * 1e3 +
		       static_cast<double>(now.tv_nsec) / 1e6;
	}

	template <typename Body> void add(Body body)
	{
		double begin_ms = now_ms();

		body();
		ms.push_back(now_ms() - begin_ms);
	}

	double median()
	{
		std::sort(ms.begin(), ms.end());
		return ms[ms.size() / 2];
	}
};

class world
{
	std::mt19937 random{20261121};
	std::normal_distribution<float> normal;
	vector common = draw();

      public:
	vector draw()
	{
		vector v(dim);

		for (float &x : v)
			x = normal(random);
		return v;
	}

	static void scale(float *v)
	{
		double square = 0;

		for (int i = 0; i < dim; i++)
			square += double{v[i]} * v[i];
		for (int i = 0; i < dim; i++)
			v[i] = static_cast<float>(v[i] / std::sqrt(square));
	}

	void face(float *out)
	{
		vector own = draw();

		for (int i = 0; i < dim; i++)
			out[i] = own[i] + 0.3F * common[i];
		scale(out);
	}

	void again(const float *of, float *out)
	{
		vector noise = draw();

		for (int i = 0; i < dim; i++)
			out[i] = of[i] + noise[i] / std::sqrt(static_cast<float>(dim));
		scale(out);
	}

	size_t below(size_t n)
	{
		return random() % n;
	}
};

size_t memory_bytes()
{
	return static_cast<size_t>(sysconf(_SC_AVPHYS_PAGES)) *
	       static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

constexpr size_t template_bytes = dim + 20; /* whole numbers, their bounds, whose they are */

/* Eight sums at once, which the compiler turns into the widest loads there are. */
__attribute__((target_clones("avx512f", "avx2", "default"))) uint64_t sum_of(const uint64_t *at,
									     size_t count)
{
	uint64_t sums[32] = {};
	uint64_t all = 0;

	for (size_t i = 0; i + 32 <= count; i += 32)
		for (size_t lane = 0; lane < 32; lane++)
			sums[lane] += at[i + lane];
	for (uint64_t sum : sums)
		all += sum;
	return all;
}

int measure(size_t count, const char *kind, bool known)
{
	world world;
	vector all(count * dim), probe(dim);
	struct gallery *gallery = nullptr;
	faiss::IndexFlatIP peer(dim);
	timing ours, theirs, reading;
	size_t bytes = count * template_bytes;
	std::vector<uint64_t> memory(bytes / 8, 1);
	volatile uint64_t sink = 0;
	int differ = 0;

	if (gallery_open(dim, &gallery) < 0)
		return 1;
	for (size_t i = 0; i < count; i++) {
		char id[GALLERY_PERSON_BYTES];

		world.face(&all[i * dim]);
		snprintf(id, sizeof(id), "%026zu", i);
		if (gallery_add(gallery, id, &all[i * dim]) < 0)
			return 1;
	}
	peer.add(static_cast<idx_t>(count), all.data());
	for (int i = 0; i < probes; i++) {
		struct gallery_match match = {};
		size_t found = 0;
		float score = 0;
		idx_t label = -1;
		auto run_ours = [&] {
			return gallery_search(gallery, probe.data(), 1, &match, &found);
		};
		auto run_peer = [&] { peer.search(1, probe.data(), 1, &score, &label); };

		if (known)
			world.again(&all[world.below(count) * dim], probe.data());
		else
			world.face(probe.data());
		reading.add([&] { sink = sink + sum_of(memory.data(), memory.size()); });
		if (i % 2 == 0) {
			ours.add(run_ours);
			theirs.add(run_peer);
		} else {
			theirs.add(run_peer);
			ours.add(run_ours);
		}
		if (found != 1 ||
		    (static_cast<idx_t>(std::strtoull(match.person, nullptr, 10)) != label &&
		     std::fabs(match.score - score) > 1e-6F))
			differ++;
	}
	gallery_close(gallery);
	printf("{\"bench\":\"match\",\"case\":\"%zu enrolled, %s\",\"ours\":%.4f,\"peer\":%.4f,"
	       "\"peer_name\":\"FAISS IndexFlatIP, 1 "
	       "thread\",\"unit\":\"ms\",\"ratio\":%.2f,\"different_top1\":%d,\"gb_s\":%.2f,\"read_"
	       "gb_s\":%."
	       "2f}\n",
	       count, kind, ours.median(), theirs.median(), theirs.median() / ours.median(), differ,
	       static_cast<double>(bytes) / ours.median() / 1e6,
	       static_cast<double>(bytes) / reading.median() / 1e6);
	fflush(stdout);
	return differ == 0 ? 0 : 1;
}

} // namespace

int main(int argc, char **argv)
{
	std::vector<size_t> sizes;
	int status = 0;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--templates") == 0)
			sizes.push_back(std::strtoul(argv[i + 1], nullptr, 10));
	}
	for (size_t size = 1000; argc == 1 && size <= 1000000; size *= 10) {
		/* three copies in float, one of them twice while it grows */
		if (size * dim * sizeof(float) * 5 < memory_bytes())
			sizes.push_back(size);
	}
	omp_set_num_threads(1);
	for (size_t size : sizes) {
		if (size < 1 || size > GALLERY_TEMPLATES_MAX) {
			fprintf(stderr, "match_bench: --templates takes 1 to %d\n",
				GALLERY_TEMPLATES_MAX);
			return 2;
		}
		status |= measure(size, "known face", true);
		status |= measure(size, "stranger", false);
	}
	return status;
}

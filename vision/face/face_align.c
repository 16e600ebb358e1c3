#include "face_align.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* eyes, nose and mouth corners in the aligned picture, as in the recogniser's training data */
static const struct face_point aligned[FACE_POINTS] = {{38.2946f, 51.6963f},
						       {73.5318f, 51.5014f},
						       {56.0252f, 71.7366f},
						       {41.5493f, 92.3655f},
						       {70.7299f, 92.2041f}};

void face_aligned_points(struct face_point *ret_points)
{
	memcpy(ret_points, aligned, sizeof(aligned));
}

bool face_similarity(const struct face_point *points, float *ret_matrix)
{
	double mx = 0, my = 0, ax = 0, ay = 0, spread = 0, dot = 0, cross = 0, a, b;

	assert(points != NULL && ret_matrix != NULL);
	for (int i = 0; i < FACE_POINTS; i++) {
		mx += (double)points[i].x_px / FACE_POINTS;
		my += (double)points[i].y_px / FACE_POINTS;
		ax += (double)aligned[i].x_px / FACE_POINTS;
		ay += (double)aligned[i].y_px / FACE_POINTS;
	}
	for (int i = 0; i < FACE_POINTS; i++) {
		double px = (double)points[i].x_px - mx, py = (double)points[i].y_px - my;
		double qx = (double)aligned[i].x_px - ax, qy = (double)aligned[i].y_px - ay;

		spread += px * px + py * py;
		dot += px * qx + py * qy;
		cross += px * qy - py * qx;
	}
	if (!(spread > 1.0) || !isfinite(dot) || !isfinite(cross))
		return false;
	a = dot / spread;
	b = cross / spread;
	ret_matrix[0] = (float)a;
	ret_matrix[1] = (float)-b;
	ret_matrix[2] = (float)(ax - a * mx + b * my);
	ret_matrix[3] = (float)b;
	ret_matrix[4] = (float)a;
	ret_matrix[5] = (float)(ay - b * mx - a * my);
	return true;
}

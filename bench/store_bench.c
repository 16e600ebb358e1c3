/*
 * store_bench.c - events committed and acknowledged a second, beside SQLite with one commit an
 * insert.
 *
 * Both sides write the same rows to the same disk with WAL and synchronous=FULL; the peer has
 * neither a hash chain nor signatures to make. Rounds alternate, the median counts. Then pages of
 * 100 rows at random places of a big log, beside the same page by LIMIT and OFFSET.
 *   bench_store [DIRECTORY [ROWS]]   a directory on the disk to be measured (without one: the current one);
 *                                    rows of the big log (without: 1000000)
 */
#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/store.h"

enum { ROUNDS = 5, OUR_EVENTS = 20000, PEER_EVENTS = 2000, ON_THEIR_WAY_MAX = 2000, PAGES = 20 };

static const char data_text[] =
	"{\"door\":\"main\",\"factor\":\"face\",\"reason\":\"Granted\",\"score\":0.7123,\"v\":1}";

struct bench {
	char dir[512], db[540];
	struct store *store;
	bool answered;
	uint64_t committed;
	int64_t last_seq;
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "bench_store: %s: %s\n", what, why);
	exit(1);
}

static void on_committed(void *arg, const struct event_row *row)
{
	struct bench *bench = arg;

	bench->committed++;
	bench->last_seq = row->seq;
}

static void on_person(void *arg, const struct roster_person *person)
{
	(void)arg;
	(void)person;
}

static void on_face(void *arg, const char *person, const char *model, const float *vector,
		    size_t dim)
{
	(void)arg;
	(void)person;
	(void)model;
	(void)vector;
	(void)dim;
}

static void on_record(void *arg, const char *kind, const char *id, json_t *json)
{
	(void)arg, (void)kind, (void)id, (void)json;
}

static void on_status(void *arg, enum store_status status, const struct problem *problem)
{
	(void)arg;
	/* rows that were made by SQL are not signed, and the store says so */
	if (status != STORE_READY && status != STORE_TAMPERED)
		die("the store", problem->detail);
}

static void wait_for(struct bench *bench)
{
	struct pollfd fd = {.fd = store_fd(bench->store), .events = POLLIN};

	if (poll(&fd, 1, 60000) != 1)
		die("the store", "silent for a minute");
	store_dispatch(bench->store);
}

static void open_store(struct bench *bench)
{
	static const struct store_ops ops = {on_committed, on_person, on_face, NULL,
					     on_record,    on_status, NULL};
	struct store_config config = {.state_dir = bench->dir, .ops = &ops, .arg = bench};

	bench->committed = 0;
	if (store_open(&config, &bench->store) < 0)
		die("store_open", "failed");
	while (!store_is_ready(bench->store))
		wait_for(bench);
}

static int remove_one(const char *path, const struct stat *at, int kind, struct FTW *walk)
{
	(void)at;
	(void)kind;
	(void)walk;
	return remove(path);
}

static void make_directory(struct bench *bench, const char *parent)
{
	if (snprintf(bench->dir, sizeof(bench->dir), "%s/gh-bench-XXXXXX", parent) >=
		    (int)sizeof(bench->dir) ||
	    mkdtemp(bench->dir) == NULL)
		die(parent, strerror(errno));
	snprintf(bench->db, sizeof(bench->db), "%s/gate.db", bench->dir);
}

static void remove_directory(struct bench *bench)
{
	(void)nftw(bench->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static double run_ours(const char *parent)
{
	struct bench bench = {.last_seq = 0};
	json_t *data = json_loads(data_text, 0, NULL);
	struct event_draft draft = {.type = "access.granted", .source = "door/main", .data = data};
	uint64_t begun_us, sent = 0, took_us;

	make_directory(&bench, parent);
	open_store(&bench);
	begun_us = clock_mono_us();
	while (bench.committed < OUR_EVENTS) {
		while (sent < OUR_EVENTS && store_pending(bench.store) < ON_THEIR_WAY_MAX) {
			if (store_append(bench.store, &draft, NULL, NULL) < 0)
				die("store_append", "refused");
			sent++;
		}
		wait_for(&bench);
	}
	took_us = clock_mono_us() - begun_us;
	store_close(bench.store);
	json_decref(data);
	remove_directory(&bench);
	return OUR_EVENTS * 1e6 / (double)took_us;
}

static void run_sql(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		die(sql, sqlite3_errmsg(db));
}

static double run_peer(const char *parent)
{
	struct bench bench = {.last_seq = 0};
	sqlite3_stmt *insert;
	uint64_t begun_us, took_us;
	sqlite3 *db;

	make_directory(&bench, parent);
	if (sqlite3_open(bench.db, &db) != SQLITE_OK)
		die(bench.db, "cannot be opened");
	run_sql(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
	run_sql(db, "CREATE TABLE event (seq INTEGER PRIMARY KEY, unix_ms INTEGER, type TEXT, "
		    "source TEXT, "
		    "data TEXT)");
	run_sql(db, "CREATE INDEX event_type ON event (type); CREATE INDEX event_time ON event "
		    "(unix_ms)");
	if (sqlite3_prepare_v2(
		    db,
		    "INSERT INTO event (unix_ms, type, source, data) VALUES (?, 'access.granted', "
		    "'door/main', ?)",
		    -1, &insert, NULL) != SQLITE_OK)
		die("the peer", sqlite3_errmsg(db));
	begun_us = clock_mono_us();
	for (int i = 0; i < PEER_EVENTS; i++) {
		sqlite3_bind_int64(insert, 1, clock_unix_ms());
		sqlite3_bind_text(insert, 2, data_text, -1, SQLITE_STATIC);
		if (sqlite3_step(insert) != SQLITE_DONE)
			die("the peer", sqlite3_errmsg(db));
		sqlite3_reset(insert);
	}
	took_us = clock_mono_us() - begun_us;
	sqlite3_finalize(insert);
	sqlite3_close(db);
	remove_directory(&bench);
	return PEER_EVENTS * 1e6 / (double)took_us;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}

static void bench_commits(const char *parent)
{
	double ours[ROUNDS], peer[ROUNDS], our_median, peer_median;

	for (int i = 0; i < ROUNDS; i++) {
		ours[i] = run_ours(parent);
		peer[i] = run_peer(parent);
	}
	our_median = median(ours, ROUNDS);
	peer_median = median(peer, ROUNDS);
	printf("{\"bench\":\"store\",\"case\":\"commits\",\"ours\":%.0f,\"peer\":%.0f,\"peer_"
	       "name\":"
	       "\"sqlite3 one "
	       "commit per insert, WAL FULL\",\"unit\":\"events/s\",\"ratio\":%.2f}\n",
	       our_median, peer_median, our_median / peer_median);
}

static void on_rows(void *arg, int r, const struct event_row *rows, size_t count)
{
	(void)rows;
	if (r < 0 || count == 0)
		die("a page", "is empty");
	((struct bench *)arg)->answered = true;
}

/*
 * The rows are made by SQL: what is measured is reading, and ten million signed rows take their
 * time.
 */
static void make_rows(struct bench *bench, long rows)
{
	char sql[700];
	sqlite3 *db;

	if (sqlite3_open(bench->db, &db) != SQLITE_OK)
		die(bench->db, "cannot be opened");
	snprintf(
		sql, sizeof(sql),
		"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %ld) "
		"INSERT INTO "
		"event SELECT i, "
		"'01HF7YAT00000000000000000A', 1700000000000 + i, CASE i %% 5000 WHEN 0 THEN "
		"'litter.detected' ELSE CASE i "
		"%% 3 WHEN 0 THEN 'door.physical' WHEN 1 THEN 'access.granted' ELSE 'access.taken' "
		"END END, "
		"0, "
		"'door/main', '', '{\"door\":\"main\",\"v\":1}', zeroblob(32), zeroblob(32) FROM n",
		rows);
	run_sql(db, "PRAGMA synchronous = OFF");
	run_sql(db, sql);
	sqlite3_close(db);
}

static double page_ms(struct bench *bench, const struct store_filter *filter)
{
	uint64_t begun_us = clock_mono_us();

	bench->answered = false;
	if (store_query_events(bench->store, filter, on_rows, bench) < 0)
		die("store_query_events", "refused");
	while (!bench->answered)
		wait_for(bench);
	return (double)(clock_mono_us() - begun_us) / 1000.0;
}

struct page_case {
	const char *name, *type, *peer_sql, *peer_name;
	bool by_offset;
};

static const struct page_case page_cases[] = {
	{"all", NULL, "SELECT * FROM event ORDER BY seq DESC LIMIT 100 OFFSET ?",
	 "sqlite3 LIMIT OFFSET", true},
	{"access.*", "access.",
	 "SELECT * FROM event WHERE seq < ? AND type GLOB 'access.*' ORDER BY seq DESC LIMIT 100",
	 "sqlite3 seq < ? AND type GLOB", false},
	{"litter.* (rare)", "litter.",
	 "SELECT * FROM event WHERE seq < ? AND type GLOB 'litter.*' ORDER BY seq DESC LIMIT 100",
	 "sqlite3 seq < ? AND type GLOB", false},
};

static double peer_page_ms(sqlite3 *db, const char *sql, long where)
{
	uint64_t begun_us = clock_mono_us();
	sqlite3_stmt *page;

	if (sqlite3_prepare_v2(db, sql, -1, &page, NULL) != SQLITE_OK)
		die("the peer", sqlite3_errmsg(db));
	sqlite3_bind_int64(page, 1, where);
	while (sqlite3_step(page) == SQLITE_ROW)
		(void)sqlite3_column_text(page, 7); /* what the page would show */
	sqlite3_finalize(page);
	return (double)(clock_mono_us() - begun_us) / 1000.0;
}

static void print_pages(const struct page_case *c, long rows, double *ours, double *peer)
{
	double our_median = median(ours, PAGES), peer_median = median(peer, PAGES);

	printf("{\"bench\":\"store\",\"case\":\"page of 100, %s, out of %ld "
	       "rows\",\"ours\":%.2f,\"peer\":%.2f,"
	       "\"peer_name\":\"%s\",\"unit\":\"ms\",\"ratio\":%.2f,\"ours_max\":%.2f}\n",
	       c->name, rows, our_median, peer_median, c->peer_name, peer_median / our_median,
	       ours[PAGES - 1]);
}

static void measure_pages(struct bench *bench, long rows)
{
	double ours[PAGES], peer[PAGES];
	sqlite3 *db;

	if (sqlite3_open_v2(bench->db, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
		die(bench->db, "cannot be opened");
	for (size_t c = 0; c < sizeof(page_cases) / sizeof(page_cases[0]); c++) {
		const struct page_case *at = &page_cases[c];

		for (int i = 0; i < PAGES; i++) {
			long before =
				rows / 10 + rows * 9 / 10 / PAGES * ((long)i * 37 % PAGES + 1);
			struct store_filter filter = {
				.limit = 100, .type = at->type, .before_seq = before};

			ours[i] = page_ms(bench, &filter);
			peer[i] = peer_page_ms(db, at->peer_sql,
					       at->by_offset ? rows - before + 1 : before);
		}
		print_pages(at, rows, ours, peer);
	}
	sqlite3_close(db);
}

static void bench_pages(const char *parent, long rows)
{
	struct bench bench = {.last_seq = 0};

	make_directory(&bench, parent);
	open_store(&bench);
	store_close(bench.store);
	make_rows(&bench, rows);
	open_store(&bench);
	measure_pages(&bench, rows);
	store_close(bench.store);
	remove_directory(&bench);
}

int main(int argc, char **argv)
{
	const char *parent = argc > 1 ? argv[1] : ".";

	bench_commits(parent);
	bench_pages(parent, argc > 2 ? atol(argv[2]) : 1000000);
	return 0;
}

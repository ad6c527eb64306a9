#include "tests/unit/service_fixture.h"

#include <math.h>
#include "audio/audio.h"
#include "jobs/progress.h"
#include "jobs/roster.h"
#include "jobs/row.h"
#include "worker/worker.h"

enum { RATE_HZ = 16000, GRACE_US = 60000000, LEASE_US = 1000000 };

struct work {
    struct fixture *f;
    struct audio_host *audio;
    struct progress_board *board;
    struct roster *roster;
    struct workers *workers;
    struct job job;
    enum job_status want;
    int64_t lease_us;
    int64_t ended[ROSTER_ENDS]; /* by all workers, once closed */
};

static void work_open(struct fixture *f, struct work *w)
{
    const struct audio_limits limits = { .memory_bytes = INT64_C(1) << 30,
                                         .duration_us_max = CLOCK_HOUR_US };

    *w = (struct work){ .f = f, .lease_us = LEASE_US };
    assert_int_equal(audio_host_new(&limits, &w->audio, NULL), 0);
    assert_int_equal(progress_board_new(&w->board), 0);
}

static void work_start(struct work *w, int threads)
{
    struct workers_config config = { .committer = w->f->committer,
                                     .blobs = w->f->blobs,
                                     .audio = w->audio,
                                     .board = w->board,
                                     .lease_us = w->lease_us,
                                     .no_space_us = CLOCK_SECOND_US };

    assert_int_equal(roster_new(threads, clock_now_us(), &w->roster), 0);
    config.roster = w->roster;
    assert_int_equal(workers_start(&config, &w->workers, NULL), 0);
}

static void work_close(struct work *w, int64_t grace_us)
{
    for (int end = 0; end < ROSTER_ENDS; end++)
        w->ended[end] = 0;
    workers_stop(&w->workers, grace_us);
    assert_null(w->workers);
    workers_stop(&w->workers, 0);
    for (int i = 0; w->roster && i < roster_count(w->roster); i++) {
        const struct roster_worker one = roster_read(w->roster, i, clock_now_us());

        assert_string_equal(one.job_id, "");
        for (int end = 0; end < ROSTER_ENDS; end++)
            w->ended[end] += one.ended[end];
    }
    audio_host_free(&w->audio);
    roster_free(&w->roster);
    progress_board_free(&w->board);
}

static void put(unsigned char **to, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        *(*to)++ = (unsigned char)(value >> (8 * i) & 0xff);
}

/* A hum with hiss: 16-bit mono WAV of so many seconds. The caller frees it. */
static unsigned char *wav_make(int seconds, size_t *ret_len)
{
    const uint32_t frames = (uint32_t)seconds * RATE_HZ;
    unsigned char *wav = malloc(44 + frames * 2), *at = wav;
    uint32_t noise = 1;

    assert_non_null(wav);
    memcpy(at, "RIFF", 4);
    at += 4;
    put(&at, 36 + frames * 2, 4);
    memcpy(at, "WAVEfmt ", 8);
    at += 8;
    put(&at, 16, 4);
    put(&at, 1, 2);
    put(&at, 1, 2);
    put(&at, RATE_HZ, 4);
    put(&at, RATE_HZ * 2, 4);
    put(&at, 2, 2);
    put(&at, 16, 2);
    memcpy(at, "data", 4);
    at += 4;
    put(&at, frames * 2, 4);
    for (uint32_t i = 0; i < frames; i++) {
        noise = noise * 1664525 + 1013904223;
        put(&at, (uint16_t)(int16_t)(8000 * sin(i * 0.05) + (noise >> 22) - 512.0), 2);
    }
    *ret_len = 44 + frames * 2;
    return wav;
}

static struct job recording(struct fixture *f, int seconds)
{
    const struct usage_subject user = { f->user, 0 };
    size_t len;
    unsigned char *wav = wav_make(seconds, &len);
    struct job job = accepted(f, &user, wav, len, seconds * CLOCK_SECOND_US,
                              clock_now_us() + CLOCK_DAY_US);

    free(wav);
    return job;
}

static bool has_status(void *ctx)
{
    struct work *w = ctx;

    return stored(w->f, &w->job).status == w->want;
}

static void wait_for_status(struct work *w, enum job_status want)
{
    w->want = want;
    progress_work_ready(w->board);
    wait_for(has_status, w);
}

static int owns_blob(void *ctx, const char *name, bool *ret)
{
    return jobs_owns_blob(ctx, view_of(name), ret);
}

/* Files that no job owns, and what was begun: none may stay behind. */
static void assert_no_leftovers(struct fixture *f)
{
    int64_t removed = -1;

    (void)usleep(1000); /* a file of this very microsecond is not older than now */
    assert_int_equal(blob_sweep(f->blobs, 0, owns_blob, f->db, &removed, NULL), 0);
    assert_int_equal(removed, 0);
}

static void a_recording_is_cleaned_and_charged(void **state)
{
    struct fixture *f = *state;
    int64_t bytes = 0;
    struct work w;
    struct job job;
    int fd;

    work_open(f, &w);
    w.job = recording(f, 2);
    work_start(&w, 2);
    wait_for_status(&w, JOB_COMPLETED);
    work_close(&w, GRACE_US);
    job = stored(f, &w.job);
    assert_int_equal(blob_open(f->blobs, job.output_blob, &fd, &bytes, NULL), 0);
    (void)close(fd);
    assert_int_equal(bytes, 44 + 2 * RATE_HZ * 2);
    assert_int_equal(job.output_bytes, bytes);
    assert_int_equal(strlen(job.output_digest), 64);
    assert_int_equal(job.attempts, 1);
    assert_int_equal(w.ended[ROSTER_COMPLETED], 1);
    assert_true(job.processing_us > 0);
    assert_int_equal(sum_of(f, f->user, METER_FILES_PROCESSED), 1);
    assert_int_equal(sum_of(f, f->user, METER_OUTPUT_BYTES), bytes);
    assert_int_equal(sum_of(f, f->user, METER_STORED_BYTES), job.input_bytes + bytes);
    assert_int_equal(sum_of(f, f->user, METER_PROCESSING_TIME), job.processing_us);
    assert_no_leftovers(f);
    assert_figures_proved(f);
}

/* All of them are woken, not one for each that has ended. */
static void workers_without_work_stop_at_once(void **state)
{
    struct fixture *f = *state;
    int64_t least_us = INT64_MAX;

    for (int round = 0; round < 3; round++) {
        int64_t started_us, took_us;
        struct work w;

        work_open(f, &w);
        work_start(&w, 8);
        (void)usleep(50000); /* they look for work, and wait */
        started_us = clock_monotonic_us();
        work_close(&w, GRACE_US);
        took_us = clock_monotonic_us() - started_us;
        least_us = took_us < least_us ? took_us : least_us;
    }
    assert_in_range(least_us, 0, 300000);
}

/* A slow disk must not cost a worker the job that it has finished. */
static void the_lease_lasts_while_a_large_result_is_stored(void **state)
{
    struct fixture *f = *state;
    struct job_row row;
    struct work w;

    work_open(f, &w);
    w.job = recording(f, 600);
    work_start(&w, 1);
    wait_for_status(&w, JOB_COMPLETED);
    work_close(&w, GRACE_US);
    assert_int_equal(job_row_get(f->db, view_of(w.job.job_id), &row), 0);
    assert_true(row.lease_expires_us > row.job.completed_us + LEASE_US);
}

static void what_is_no_audio_fails_with_a_sentence(void **state)
{
    static const char garbage[] = "RIFF this is no recording at all";
    struct fixture *f = *state;
    const struct usage_subject user = { f->user, 0 };
    struct work w;
    struct job job;

    work_open(f, &w);
    w.job = accepted(f, &user, garbage, sizeof garbage, CLOCK_SECOND_US,
                     clock_now_us() + CLOCK_DAY_US);
    work_start(&w, 1);
    wait_for_status(&w, JOB_FAILED);
    work_close(&w, GRACE_US);
    job = stored(f, &w.job);
    assert_string_equal(job.error, "The file is not audio in a supported format.");
    assert_int_equal(w.ended[ROSTER_FAILED], 1);
    assert_string_equal(job.output_blob, "");
    assert_int_equal(sum_of(f, f->user, METER_FILES_FAILED), 1);
    assert_int_equal(sum_of(f, f->user, METER_FILES_PROCESSED), 0);
    assert_int_equal(sum_of(f, f->user, METER_STORED_BYTES), sizeof garbage);
    assert_no_leftovers(f);
    assert_figures_proved(f);
}

/* It waits for room, is not charged meanwhile, and does not keep others from their turn. */
static void a_full_disk_puts_a_job_off(void **state)
{
    struct fixture *f = *state;
    struct work w;

    work_open(f, &w);
    w.job = recording(f, 1);
    blob_store_reserve_set(f->blobs, INT64_MAX / 2);
    work_start(&w, 1);
    (void)usleep(CLOCK_SECOND_US);
    assert_int_equal(stored(f, &w.job).status, JOB_PENDING);
    assert_int_equal(stored(f, &w.job).attempts, 0);
    assert_int_equal(sum_of(f, f->user, METER_FILES_FAILED), 0);
    blob_store_reserve_set(f->blobs, 0);
    wait_for_status(&w, JOB_COMPLETED);
    work_close(&w, GRACE_US);
    assert_int_equal(stored(f, &w.job).attempts, 1);
    assert_true(w.ended[ROSTER_RETURNED] >= 1);
    assert_int_equal(sum_of(f, f->user, METER_FILES_PROCESSED), 1);
    assert_no_leftovers(f);
    assert_figures_proved(f);
}

static void a_missing_upload_fails_the_job(void **state)
{
    struct fixture *f = *state;
    struct work w;

    work_open(f, &w);
    w.job = recording(f, 1);
    assert_int_equal(blob_remove(f->blobs, w.job.input_blob, NULL), 0);
    work_start(&w, 1);
    wait_for_status(&w, JOB_FAILED);
    work_close(&w, GRACE_US);
    assert_string_equal(stored(f, &w.job).error, "The uploaded file is missing.");
    assert_no_leftovers(f);
    assert_figures_proved(f);
}

/* Puts a link to itself in the place of a job's upload: opening it is an error of the
 * system's. */
static void upload_break(struct fixture *f, const struct job *job)
{
    char path[200];

    (void)snprintf(path, sizeof path, "%s/blobs/%.2s/%s", f->dir, job->input_blob,
                   job->input_blob);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(path, path), 0);
}

/* Tried three times, and told as what it is: no fault of the file's. */
static void trouble_of_the_servers_is_not_told_in_its_words(void **state)
{
    struct fixture *f = *state;
    struct work w;
    struct job job;

    work_open(f, &w);
    w.job = recording(f, 1);
    upload_break(f, &w.job);
    work_start(&w, 1);
    wait_for_status(&w, JOB_FAILED);
    work_close(&w, GRACE_US);
    job = stored(f, &w.job);
    assert_string_equal(job.error,
                        "The server could not process the file. Try again later.");
    assert_int_equal(job.attempts, JOB_ATTEMPTS_MAX);
    assert_int_equal(w.ended[ROSTER_RETURNED], JOB_ATTEMPTS_MAX - 1);
    assert_int_equal(w.ended[ROSTER_FAILED], 1);
    assert_int_equal(job.processing_us, 0);
    assert_figures_proved(f);
}

static int delete_work(struct db *db, void *ctx)
{
    struct job_blobs blobs;
    struct job gone;

    return jobs_delete(db, view_of(((struct job *)ctx)->job_id), false, clock_now_us(),
                       &gone, &blobs);
}

static bool is_over(void *ctx)
{
    struct work *w = ctx;
    struct progress p;

    return !progress_read(w->board, view_of(w->job.job_id), &p);
}

/* The worker learns of it from its next renewal, or from its outcome at the latest. */
static void a_cancelled_job_leaves_nothing_and_costs_nothing(void **state)
{
    struct fixture *f = *state;
    struct work w;

    work_open(f, &w);
    w.job = recording(f, 300);
    work_start(&w, 1);
    wait_for_status(&w, JOB_PROCESSING);
    assert_int_equal(write_with(f, delete_work, &w.job), 0);
    wait_for(is_over, &w);
    work_close(&w, GRACE_US);
    assert_int_equal(stored(f, &w.job).status, JOB_CANCELLED);
    assert_int_equal(w.ended[ROSTER_RETURNED], 1);
    assert_int_equal(sum_of(f, f->user, METER_FILES_PROCESSED), 0);
    assert_int_equal(sum_of(f, f->user, METER_FILES_FAILED), 0);
    assert_int_equal(sum_of(f, f->user, METER_PROCESSING_TIME), 0);
    assert_int_equal(sum_of(f, f->user, METER_STORED_BYTES), 0);
    blob_discard(f->blobs, w.job.input_blob); /* its canceller's part */
    assert_no_leftovers(f);
    assert_figures_proved(f);
}

static int64_t completed_us(struct work *w)
{
    const int64_t started_us = clock_monotonic_us();

    wait_for_status(w, JOB_COMPLETED);
    return clock_monotonic_us() - started_us;
}

/* Well before the next renewal of its lease. */
static void a_worker_leaves_a_cancelled_job_at_once(void **state)
{
    struct fixture *f = *state;
    int64_t whole_us;
    struct work w;

    work_open(f, &w);
    w.lease_us = CLOCK_MINUTE_US;
    w.job = recording(f, 100);
    work_start(&w, 1);
    wait_for_status(&w, JOB_PROCESSING);
    whole_us = completed_us(&w);
    w.job = recording(f, 500); /* five times as long, if it were not left */
    wait_for_status(&w, JOB_PROCESSING);
    assert_int_equal(write_with(f, delete_work, &w.job), 0);
    progress_report(w.board, view_of(w.job.job_id), (struct progress){ 1000, true });
    w.job = recording(f, 1);
    assert_true(completed_us(&w) < 2 * whole_us);
    work_close(&w, GRACE_US);
    assert_int_equal(w.ended[ROSTER_COMPLETED], 2);
    assert_int_equal(w.ended[ROSTER_RETURNED], 1);
    assert_figures_proved(f);
}

static void a_worker_that_stops_gives_its_job_back(void **state)
{
    struct fixture *f = *state;
    struct work w;
    struct job job;

    work_open(f, &w);
    w.job = recording(f, 300);
    work_start(&w, 1);
    wait_for_status(&w, JOB_PROCESSING);
    job = w.job;
    work_close(&w, 0);
    assert_int_equal(stored(f, &job).status, JOB_PENDING);
    assert_int_equal(stored(f, &job).attempts, 0);
    assert_int_equal(sum_of(f, f->user, METER_PROCESSING_TIME), 0);
    assert_no_leftovers(f);
    work_open(f, &w);
    w.job = job;
    work_start(&w, 1);
    wait_for_status(&w, JOB_COMPLETED);
    work_close(&w, GRACE_US);
    assert_int_equal(stored(f, &job).attempts, 1);
    assert_int_equal(sum_of(f, f->user, METER_FILES_PROCESSED), 1);
    assert_figures_proved(f);
}

/* A worker that dies right after its claim. */
static int claim_and_die(struct db *db, void *ctx)
{
    return jobs_claim(db, "dead", clock_now_us(), 1, ctx);
}

static void a_dead_workers_job_is_done_by_another_twice_and_then_failed(void **state)
{
    struct fixture *f = *state;
    struct work w;
    struct job job;

    work_open(f, &w);
    w.job = recording(f, 1);
    for (int i = 1; i <= 2; i++) {
        assert_int_equal(write_with(f, claim_and_die, &job), 0);
        assert_int_equal(job.attempts, i);
        (void)usleep(1000);
    }
    work_start(&w, 1);
    wait_for_status(&w, JOB_COMPLETED);
    assert_int_equal(stored(f, &w.job).attempts, 3);
    work_close(&w, GRACE_US);
    work_open(f, &w);
    w.job = recording(f, 1);
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(write_with(f, claim_and_die, &job), 0);
        (void)usleep(1000);
    }
    work_start(&w, 1);
    wait_for_status(&w, JOB_FAILED);
    work_close(&w, GRACE_US);
    assert_int_equal(sum_of(f, f->user, METER_FILES_PROCESSED), 1);
    assert_int_equal(sum_of(f, f->user, METER_FILES_FAILED), 1);
    assert_no_leftovers(f);
    assert_figures_proved(f);
}

static void workers_with_nothing_to_do_stop_at_once(void **state)
{
    const int64_t started_us = clock_monotonic_us();
    struct work w;

    work_open(*state, &w);
    work_start(&w, 4);
    work_close(&w, 30 * CLOCK_SECOND_US);
    assert_in_range(clock_monotonic_us() - started_us, 0, 10 * CLOCK_SECOND_US);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_recording_is_cleaned_and_charged),
        CASE(workers_without_work_stop_at_once),
        CASE(the_lease_lasts_while_a_large_result_is_stored),
        CASE(what_is_no_audio_fails_with_a_sentence),
        CASE(a_full_disk_puts_a_job_off),
        CASE(a_missing_upload_fails_the_job),
        CASE(trouble_of_the_servers_is_not_told_in_its_words),
        CASE(a_cancelled_job_leaves_nothing_and_costs_nothing),
        CASE(a_worker_leaves_a_cancelled_job_at_once),
        CASE(a_worker_that_stops_gives_its_job_back),
        CASE(a_dead_workers_job_is_done_by_another_twice_and_then_failed),
        CASE(workers_with_nothing_to_do_stop_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

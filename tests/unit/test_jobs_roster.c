#include "tests/unit/unit.h"

#include <string.h>
#include "jobs/roster.h"

enum { SECOND_US = 1000000 };

static void a_new_worker_is_idle(void **state)
{
    struct roster *r = NULL;
    struct roster_worker w;

    (void)state;
    assert_int_equal(roster_new(3, SECOND_US, &r), 0);
    assert_int_equal(roster_count(r), 3);
    assert_int_equal(roster_started_us(r), SECOND_US);
    for (int i = 0; i < 3; i++) {
        w = roster_read(r, i, 9 * SECOND_US);
        assert_string_equal(w.job_id, "");
        assert_int_equal(w.since_us, SECOND_US);
        assert_int_equal(w.busy_us, 0);
    }
    roster_free(&r);
    assert_null(r);
    roster_free(&r);
}

static void the_job_in_hand_counts_as_busy(void **state)
{
    struct roster *r = NULL;
    struct roster_worker w;

    (void)state;
    assert_int_equal(roster_new(2, 0, &r), 0);
    roster_begin(r, 1, "job-a", 2 * SECOND_US);
    w = roster_read(r, 1, 5 * SECOND_US);
    assert_string_equal(w.job_id, "job-a");
    assert_int_equal(w.since_us, 2 * SECOND_US);
    assert_int_equal(w.busy_us, 3 * SECOND_US);
    assert_int_equal(roster_read(r, 1, SECOND_US).busy_us, 0); /* a reader that is behind */
    assert_string_equal(roster_read(r, 0, 5 * SECOND_US).job_id, "");
    roster_free(&r);
}

static void ends_are_told_apart_and_time_adds_up(void **state)
{
    struct roster *r = NULL;
    struct roster_worker w;

    (void)state;
    assert_int_equal(roster_new(1, 0, &r), 0);
    for (int i = 0; i < 4; i++) {
        roster_begin(r, 0, "a-longer-id-than-the-next", (10 * i) * (int64_t)SECOND_US);
        roster_end(r, 0,
                   i == 0   ? ROSTER_FAILED
                   : i == 1 ? ROSTER_RETURNED
                            : ROSTER_COMPLETED,
                   (10 * i + 4) * (int64_t)SECOND_US);
    }
    w = roster_read(r, 0, 99 * (int64_t)SECOND_US);
    assert_string_equal(w.job_id, "");
    assert_int_equal(w.since_us, 34 * SECOND_US);
    assert_int_equal(w.busy_us, 16 * SECOND_US);
    assert_int_equal(w.ended[ROSTER_COMPLETED], 2);
    assert_int_equal(w.ended[ROSTER_FAILED], 1);
    assert_int_equal(w.ended[ROSTER_RETURNED], 1);
    roster_begin(r, 0, "b", 100 * (int64_t)SECOND_US);
    assert_string_equal(roster_read(r, 0, 0).job_id, "b");
    roster_free(&r);
}

static void an_id_that_is_too_long_is_cut(void **state)
{
    struct roster *r = NULL;
    char id[2 * UUID_TEXT_SIZE];

    (void)state;
    memset(id, 'x', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    assert_int_equal(roster_new(1, 0, &r), 0);
    roster_begin(r, 0, id, 0);
    assert_int_equal(strlen(roster_read(r, 0, 0).job_id), UUID_TEXT_SIZE - 1);
    roster_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_worker_is_idle),
        cmocka_unit_test(the_job_in_hand_counts_as_busy),
        cmocka_unit_test(ends_are_told_apart_and_time_adds_up),
        cmocka_unit_test(an_id_that_is_too_long_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

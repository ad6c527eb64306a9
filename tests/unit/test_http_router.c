#include "tests/unit/unit.h"

#include "server/http/router.h"

static int step(struct http_request *req, struct http_reply *reply)
{
    (void)req;
    (void)reply;
    return 0;
}

#define ROW(method_, path_)                                                                \
    {                                                                                      \
        .method = method_, .path = path_, .auth = ROUTE_PUBLIC, .read = step               \
    }

static const struct route first[] = {
    ROW(HTTP_GET, "/"),
    ROW(HTTP_GET, "/users"),
    ROW(HTTP_POST, "/users"),
    ROW(HTTP_GET, "/users/{id}"),
    { 0 },
};
static const struct route second[] = {
    ROW(HTTP_DELETE, "/users/{id}"),
    ROW(HTTP_GET, "/users/{id}/files/{name}"),
    { 0 },
};
static const struct route *const tables[] = { first, second };
static const struct http_app app = { .tables = tables, .tables_count = 2 };

static const struct route *found(enum http_method method, const char *path,
                                 struct view params[HTTP_PATH_PARAMS_MAX], unsigned *allow)
{
    return router_find(&app, method, view_of(path), params, allow);
}

static void paths_lead_to_their_rows(void **state)
{
    struct view p[HTTP_PATH_PARAMS_MAX] = { { NULL, 0 } };
    unsigned allow;

    (void)state;
    assert_ptr_equal(found(HTTP_GET, "/", p, &allow), &first[0]);
    assert_ptr_equal(found(HTTP_GET, "/users", p, &allow), &first[1]);
    assert_ptr_equal(found(HTTP_POST, "/users", p, &allow), &first[2]);
    assert_ptr_equal(found(HTTP_GET, "/users/7", p, &allow), &first[3]);
    assert_true(view_eq(p[0], "7"));
    assert_ptr_equal(found(HTTP_DELETE, "/users/x y", p, &allow), &second[0]);
    assert_true(view_eq(p[0], "x y"));
    assert_ptr_equal(found(HTTP_GET, "/users/7/files/a.wav", p, &allow), &second[1]);
    assert_true(view_eq(p[0], "7"));
    assert_true(view_eq(p[1], "a.wav"));
}

static void a_path_without_the_method_tells_which_it_has(void **state)
{
    struct view p[HTTP_PATH_PARAMS_MAX];
    unsigned allow;

    (void)state;
    assert_null(found(HTTP_PUT, "/users", p, &allow));
    assert_int_equal(allow, 1u << HTTP_GET | 1u << HTTP_POST);
    assert_null(found(HTTP_POST, "/users/7", p, &allow));
    assert_int_equal(allow, 1u << HTTP_GET | 1u << HTTP_DELETE);
}

static void near_misses_are_none(void **state)
{
    static const char *const paths[] = {
        "",
        "users",
        "/user",
        "/userss",
        "/users/",
        "//users",
        "/Users",
        "/users//",
        "/users/7/",
        "/users/7/files",
        "/users/7/files/",
        "/users//files/a",
        "/users/7/files/a/b",
        "/users/7/files/a/",
        "//",
    };
    struct view p[HTTP_PATH_PARAMS_MAX];
    unsigned allow;

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(paths); i++) {
        if (found(HTTP_GET, paths[i], p, &allow) || allow)
            fail_msg("%s leads somewhere", paths[i]);
    }
    assert_null(router_find(&app, HTTP_GET, (struct view){ NULL, 0 }, p, &allow));
}

static void bad_tables_stop_the_start(void **state)
{
    static const struct route no_auth[] = { { .path = "/a", .read = step }, { 0 } };
    static const struct route no_step[] = { { .path = "/a", .auth = ROUTE_USER }, { 0 } };
    static const struct route twice[] = { ROW(HTTP_GET, "/a"), ROW(HTTP_GET, "/a"), { 0 } };
    static const struct route shadowed[] = { ROW(HTTP_GET, "/a/{x}"),
                                             ROW(HTTP_GET, "/a/b"),
                                             { 0 } };
    static const struct route *const bad[] = { no_auth, no_step, twice, shadowed };
    static const char *const words[] = { "says not who", "does nothing", "shadowed",
                                         "shadowed" };
    struct err err = { 0 };

    (void)state;
    assert_int_equal(router_check(&app, &err), 0);
    for (size_t i = 0; i < UNIT_COUNT(bad); i++) {
        const struct http_app one = { .tables = &bad[i], .tables_count = 1 };

        assert_int_equal(router_check(&one, &err), ERR_INVALID);
        assert_non_null(strstr(err.text, words[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_lead_to_their_rows),
        cmocka_unit_test(a_path_without_the_method_tells_which_it_has),
        cmocka_unit_test(near_misses_are_none),
        cmocka_unit_test(bad_tables_stop_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

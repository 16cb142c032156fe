/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/exporter/http_server.h"

#include <string.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "hostctl/exporter/exporter.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/example_node.h"

#define SCRAPERS 3
#define SCRAPES 20
#define LOOKS 40

typedef struct {
    ListenAddress address;
    const char *request;
    unsigned good;
} Scraper;

static ListenAddress
address_of(const HttpServer *server)
{
    g_autofree char *place = g_strdup(http_server_url(server) + strlen("http://"));
    ListenAddress address;

    *strchr(place, '/') = '\0';
    assert_true(listen_address_parse(place, &address, NULL));
    return address;
}

/* The whole answer; NULL when there is none. */
static char *
ask(const ListenAddress *address, const char *request)
{
    autofd int fd = socket(address->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_autoptr(GString) answer = g_string_new(NULL);
    char part[4096];
    ssize_t n;

    if (connect(fd, (const struct sockaddr *) &address->address, address->length) < 0 ||
        write(fd, request, strlen(request)) != (ssize_t) strlen(request))
        return NULL;
    while ((n = read(fd, part, sizeof part)) > 0)
        g_string_append_len(answer, part, n);
    return n < 0 ? NULL : g_string_free(g_steal_pointer(&answer), FALSE);
}

static void *
scrape(void *data)
{
    Scraper *scraper = data;

    for (unsigned i = 0; i < SCRAPES; i++) {
        g_autofree char *answer = ask(&scraper->address, scraper->request);

        scraper->good += answer && g_str_has_prefix(answer, "HTTP/1.1 200 ") &&
                         (strstr(answer, "\ninsideout_domains 3\n") ||
                          strstr(answer, "<p>3 guests, looked at "));
    }
    return NULL;
}

static HttpServer *
serve(Exporter *exporter)
{
    const HttpPages pages = exporter_pages(exporter);
    HttpServer *server = NULL;
    ListenAddress address;

    assert_true(listen_address_parse("127.0.0.1:0", &address, NULL));
    assert_true(http_server_start(&address, &pages, &server, NULL));
    return server;
}

static void
pages_are_whole_while_looks_come(void **state)
{
    static const char *const requests[SCRAPERS] = {
        "GET /metrics HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
        "Accept: application/openmetrics-text;version=1.0.0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    };
    const ExporterOptions options = { .interval_seconds = 1, .culprits = 10 };
    g_autoptr(Exporter) exporter = exporter_new(&options);
    GThread *threads[SCRAPERS];
    Scraper scrapers[SCRAPERS];
    g_autofree char *page = NULL;

    exporter_take(exporter, example_node());
    g_autoptr(HttpServer) server = serve(exporter);
    for (unsigned i = 0; i < SCRAPERS; i++) {
        scrapers[i] = (Scraper){ .address = address_of(server), .request = requests[i] };
        threads[i] = g_thread_new("scraper", scrape, &scrapers[i]);
    }
    for (unsigned i = 1; i < LOOKS; i++)
        exporter_take(exporter, example_node());
    for (unsigned i = 0; i < SCRAPERS; i++)
        g_thread_join(threads[i]);
    for (unsigned i = 0; i < SCRAPERS; i++)
        assert_int_equal(scrapers[i].good, SCRAPES);
    page = exporter_metrics(exporter, false);
    assert_non_null(strstr(page, "\ninsideout_scrapes_total 40\n"));
}

static void
refuses_other_methods_bodies_and_pages(void **state)
{
    static const struct {
        const char *request, *answer;
    } wrong[] = {
        { "POST /metrics HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 405 " },
        { "GET /metrics HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 413 " },
        { "GET /etc/passwd HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 404 " },
    };
    const ExporterOptions options = { .interval_seconds = 1, .culprits = 10 };
    g_autoptr(Exporter) exporter = exporter_new(&options);
    g_autoptr(HttpServer) server = serve(exporter);
    ListenAddress address = address_of(server);

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *answer = ask(&address, wrong[i].request);

        assert_non_null(answer);
        assert_true(g_str_has_prefix(answer, wrong[i].answer));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_whole_while_looks_come),
        cmocka_unit_test(refuses_other_methods_bodies_and_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: TCP doors connect, carry bytes both ways, take what fits and no more, and turn every way of going away
 * into an error code; addresses are read to the end or refused. Method: loopback, ports that the system
 * chooses, waiting by polling with a bound.
 */
#include "host/base/ll_ipv4.h"
#include "host/base/ll_tcp.h"
#include "tests/unit/ll_test_vectors.h"

#include <time.h>

#define LOOPBACK  0x7f000001u
#define TRIES_MAX 20000u

static void nap(void)
{
    const struct timespec rest = {0, 100000};
    (void)nanosleep(&rest, NULL);
}

static void listen_any(struct ll_tcp_listener *listener)
{
    const struct ll_ipv4 any = {LOOPBACK, 0};
    struct ll_why why = {0};
    ck_assert_msg(ll_tcp_listen(listener, &any, &why) == LL_OK, "%s", why.text);
    ck_assert_uint_ne(listener->local.port, 0);
}

static void connect_both(struct ll_tcp_listener *listener, struct ll_tcp *client, struct ll_tcp *server)
{
    int connected = LL_ERR_BUSY;
    int accepted = LL_ERR_BUSY;
    ll_tcp_init(client, &listener->local);
    for (uint32_t i = 0; i < TRIES_MAX && (connected == LL_ERR_BUSY || accepted == LL_ERR_BUSY); i++) {
        if (connected == LL_ERR_BUSY)
            connected = ll_tcp_connect(client, NULL);
        if (accepted == LL_ERR_BUSY)
            accepted = ll_tcp_accept(listener, server, NULL);
        nap();
    }
    ck_assert_int_eq(connected, LL_OK);
    ck_assert_int_eq(accepted, LL_OK);
}

static int receive_soon(struct ll_tcp *tcp, uint8_t *bytes, uint32_t capacity_bytes)
{
    int got = 0;
    for (uint32_t i = 0; i < TRIES_MAX && got == 0; i++) {
        got = ll_tcp_receive(tcp, bytes, capacity_bytes);
        if (got == 0)
            nap();
    }
    return got;
}

START_TEST(addresses)
{
    static const char *const bad[] = {"",
                                      "1.2.3.4",
                                      "1.2.3.4:",
                                      "1.2.3.4:65536",
                                      "1.2.3:80",
                                      "1.2.3.4:80x",
                                      ":80",
                                      "1.2.3.4:-1",
                                      "localhost:80",
                                      "1.2.3.4:8:0",
                                      "255.255.255.255:655350"};
    struct ll_ipv4 ipv4;
    char text[LL_IPV4_TEXT_BYTES];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ll_why why = {0};
        ck_assert_msg(ll_ipv4_parse(&ipv4, bad[i], (uint32_t)strlen(bad[i]), &why) == LL_ERR_USAGE, "%s",
                      bad[i]);
        ck_assert_ptr_nonnull(strstr(why.text, "ADDR:PORT"));
    }
    ck_assert_int_eq(ll_ipv4_parse(&ipv4, "255.255.255.255:65535,", 21, NULL), LL_OK);
    ck_assert_uint_eq(ipv4.address, 0xffffffffu);
    ck_assert_uint_eq(ipv4.port, 65535);
    ll_ipv4_print(&ipv4, text);
    ck_assert_str_eq(text, "255.255.255.255:65535");
    const struct sockaddr_in address = ll_ipv4_to_socket(&ipv4);
    ck_assert_uint_eq(ll_ipv4_of_socket(&address).port, 65535);
    ck_assert(ll_ipv4_is_multicast(0xe0000001u) && ll_ipv4_is_multicast(0xefffffffu));
    ck_assert(!ll_ipv4_is_multicast(0xf0000000u) && !ll_ipv4_is_multicast(LOOPBACK));
}
END_TEST

START_TEST(bytes_go_both_ways)
{
    struct ll_tcp_listener listener;
    struct ll_tcp client, server;
    uint8_t bytes[16];
    listen_any(&listener);
    ck_assert_int_eq(ll_tcp_accept(&listener, &server, NULL), LL_ERR_BUSY);
    connect_both(&listener, &client, &server);
    ck_assert_int_eq(ll_tcp_receive(&client, bytes, sizeof bytes), 0);
    ck_assert_int_eq(ll_tcp_send(&client, (const uint8_t *)"abc", 3), 3);
    ck_assert_int_eq(receive_soon(&server, bytes, sizeof bytes), 3);
    ck_assert_mem_eq(bytes, "abc", 3);
    ck_assert_int_eq(ll_tcp_send(&server, (const uint8_t *)"defg", 4), 4);
    ck_assert_int_eq(receive_soon(&client, bytes, 3), 3);
    ck_assert_int_eq(receive_soon(&client, bytes, sizeof bytes), 1);
    /* Closed in order: first what was sent, then the end. */
    ck_assert_int_eq(ll_tcp_send(&client, (const uint8_t *)"z", 1), 1);
    ll_tcp_close(&client);
    ck_assert_int_eq(receive_soon(&server, bytes, sizeof bytes), 1);
    ck_assert_int_eq(receive_soon(&server, bytes, sizeof bytes), LL_ERR_STOPPED);
    ll_tcp_close(&server);
    ll_tcp_close(&server);
    ll_tcp_listener_close(&listener);
    ll_tcp_listener_close(&listener);
}
END_TEST

START_TEST(a_full_connection_takes_a_part)
{
    static uint8_t big[1u << 20];
    struct ll_tcp_listener listener;
    struct ll_tcp client, server;
    uint64_t sent_bytes = 0;
    uint64_t got_bytes = 0;
    bool full = false;
    listen_any(&listener);
    connect_both(&listener, &client, &server);
    for (uint32_t i = 0; i < 1000 && !full; i++) {
        int sent = ll_tcp_send(&client, big, sizeof big);
        ck_assert_int_ge(sent, 0);
        sent_bytes += (uint32_t)sent;
        full = (uint32_t)sent < sizeof big;
    }
    ck_assert(full);
    while (got_bytes < sent_bytes) {
        int got = receive_soon(&server, big, sizeof big);
        ck_assert_int_gt(got, 0);
        got_bytes += (uint32_t)got;
    }
    ck_assert_uint_eq(got_bytes, sent_bytes);
    ll_tcp_close(&client);
    ll_tcp_close(&server);
    ll_tcp_listener_close(&listener);
}
END_TEST

START_TEST(sending_to_nobody_is_an_error_and_no_signal)
{
    struct ll_tcp_listener listener;
    struct ll_tcp client, server;
    int sent = 1;
    listen_any(&listener);
    connect_both(&listener, &client, &server);
    ll_tcp_close(&server);
    for (uint32_t i = 0; i < TRIES_MAX && sent >= 0; i++) {
        sent = ll_tcp_send(&client, (const uint8_t *)"x", 1);
        nap();
    }
    ck_assert_int_eq(sent, LL_ERR_IO);
    ll_tcp_close(&client);
    ll_tcp_listener_close(&listener);
}
END_TEST

START_TEST(nobody_listens)
{
    struct ll_tcp_listener listener;
    struct ll_tcp client;
    struct ll_why why = {0};
    int status = LL_ERR_BUSY;
    listen_any(&listener);
    ll_tcp_init(&client, &listener.local);
    ll_tcp_listener_close(&listener);
    for (uint32_t i = 0; i < TRIES_MAX && status == LL_ERR_BUSY; i++)
        status = ll_tcp_connect(&client, &why);
    ck_assert_int_eq(status, LL_ERR_IO);
    ck_assert_ptr_nonnull(strstr(why.text, "127.0.0.1:"));
    ck_assert_ptr_nonnull(strstr(why.text, "refused"));
    ck_assert_int_eq(client.fd, -1);
}
END_TEST

START_TEST(a_port_is_taken_once_and_free_again_at_once)
{
    struct ll_tcp_listener listener, other;
    struct ll_tcp client, server;
    struct ll_why why = {0};
    listen_any(&listener);
    ck_assert_int_eq(ll_tcp_listen(&other, &listener.local, &why), LL_ERR_IO);
    ck_assert_ptr_nonnull(strstr(why.text, "cannot listen"));
    connect_both(&listener, &client, &server);
    ll_tcp_close(&server); /* ours goes first: its end of the connection lingers in the kernel */
    ll_tcp_close(&client);
    ll_tcp_listener_close(&listener);
    ck_assert_int_eq(ll_tcp_listen(&other, &listener.local, NULL), LL_OK);
    ll_tcp_listener_close(&other);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tcp");
    TCase *tcase = tcase_create("loopback");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, addresses);
    tcase_add_test(tcase, bytes_go_both_ways);
    tcase_add_test(tcase, a_full_connection_takes_a_part);
    tcase_add_test(tcase, sending_to_nobody_is_an_error_and_no_signal);
    tcase_add_test(tcase, nobody_listens);
    tcase_add_test(tcase, a_port_is_taken_once_and_free_again_at_once);
    suite_add_tcase(suite, tcase);
    return ll_test_run(suite);
}

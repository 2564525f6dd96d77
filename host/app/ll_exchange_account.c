/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_exchange_account.h"

#include "host/base/ll_assert.h"

#include <string.h>

#define ALIGN_BYTES       64u
#define ANSWERS_MAX       65536u
#define MESSAGES_PER_LINK 8u /* of a day: accepted, executions, cancelled, ... */
#define MESSAGE_BYTES     80u

static struct ll_ouch_port_config port_config(const struct ll_exchange_options *options, uint32_t index,
                                              uint64_t midnight_ns)
{
    struct ll_ouch_port_config config = {
        .protocol = options->accounts[index].protocol,
        .number = index + 1,
        .group = strcmp(options->self_trade, "off") == 0 ? 0 : index + 1,
        .links_max = (uint32_t)options->day_orders,
        .executions_max = (uint32_t)options->day_orders,
        .answers_max = ANSWERS_MAX,
        .firm_count = options->firm_count,
        .number_last = (uint32_t)options->next_number - 1,
        .midnight_ns = midnight_ns,
        .seed = options->seed + index,
        .faults = options->faults,
    };
    memcpy(config.firms, options->firm, sizeof config.firms);
    return config;
}

static struct ll_soup_server_config server_config(const struct ll_exchange_options *options)
{
    struct ll_soup_server_config config;
    ll_soup_server_config_default(&config);
    memcpy(config.username, options->user, strlen(options->user) + 1);
    memcpy(config.password, options->password, strlen(options->password) + 1);
    memcpy(config.session, options->session, strlen(options->session) + 1);
    config.message_count_max = (uint32_t)options->day_orders * MESSAGES_PER_LINK;
    config.store_bytes = (uint64_t)config.message_count_max * MESSAGE_BYTES;
    /* A client that lost its machine comes back before its old connection is known to be dead. */
    config.second_login_kicks = true;
    return config;
}

size_t ll_exchange_account_bytes(const struct ll_exchange_options *options, uint32_t index)
{
    struct ll_ouch_port_config port = port_config(options, index, 0);
    struct ll_soup_server_config server = server_config(options);
    size_t port_bytes = ll_ouch_port_footprint_bytes(&port);
    size_t server_bytes = ll_soup_server_footprint_bytes(&server);
    if (port_bytes == 0 || server_bytes == 0)
        return 0;
    return ll_align_up(port_bytes, ALIGN_BYTES) + ll_align_up(server_bytes, ALIGN_BYTES);
}

/* --- between session and port ----------------------------------------------------------------------------- */

static int on_publish(void *context, const uint8_t *message, uint32_t message_bytes)
{
    struct ll_exchange_account *account = context;
    return ll_soup_server_publish(account->server, message, message_bytes);
}

/* The server must not be changed inside its own poll. */
static void on_drop(void *context)
{
    struct ll_exchange_account *account = context;
    account->drop_wanted = true;
}

static void on_login(void *context, uint64_t next_sequence, uint64_t now_ns)
{
    (void)context;
    (void)next_sequence;
    (void)now_ns;
}

static void on_message(void *context, const uint8_t *message, uint32_t message_bytes, uint64_t now_ns)
{
    struct ll_exchange_account *account = context;
    if (!account->drop_wanted) /* what comes behind a drop is lost with the connection */
        ll_ouch_port_receive(account->port, message, message_bytes, now_ns);
}

static void on_closed(void *context, enum ll_soup_server_reason reason, bool was_in, uint64_t now_ns)
{
    (void)context;
    (void)reason;
    (void)was_in;
    (void)now_ns;
}

int ll_exchange_account_init(struct ll_exchange_account *account, struct ll_arena *arena,
                             const struct ll_exchange_options *options, uint32_t index, uint64_t midnight_ns,
                             struct ll_why *why)
{
    struct ll_ouch_port_config port = port_config(options, index, midnight_ns);
    struct ll_soup_server_config server = server_config(options);
    struct ll_ouch_port_door door = {account, on_publish, on_drop};
    struct ll_soup_server_handler handler = {account, on_login, on_message, on_closed};
    size_t port_bytes = ll_ouch_port_footprint_bytes(&port);
    memset(account, 0, sizeof *account);
    account->drop_after_bytes = options->drop_after_bytes;
    for (uint32_t i = 0; i < LL_EXCHANGE_CONNECTIONS; i++)
        account->connections[i].fd = -1;
    int err = ll_ouch_port_init(&account->port, ll_arena_alloc(arena, port_bytes, ALIGN_BYTES), port_bytes,
                                &port, &door, why);
    if (err != LL_OK)
        return err;
    size_t server_bytes = ll_soup_server_footprint_bytes(&server);
    account->server =
        ll_soup_server_init(ll_arena_alloc(arena, server_bytes, ALIGN_BYTES), &server, &handler);
    LL_ASSERT(account->server != NULL); /* its footprint was not 0 */
    err = ll_tcp_listen(&account->listener, &options->accounts[index].listen, why);
    account->is_open = err == LL_OK;
    return err;
}

/* --- connections ------------------------------------------------------------------------------------------- */

static void take_connections(struct ll_exchange_account *account, uint64_t now_ns)
{
    for (uint32_t i = 0; i < LL_EXCHANGE_CONNECTIONS; i++) {
        struct ll_tcp *tcp = &account->connections[i];
        if (ll_tcp_fd(tcp) >= 0 || ll_tcp_accept(&account->listener, tcp, NULL) != LL_OK)
            continue;
        struct ll_byte_door door = ll_tcp_door(tcp);
        if (ll_soup_server_accept(account->server, &door, now_ns) != LL_OK)
            ll_tcp_close(tcp);
    }
}

static void drop(struct ll_exchange_account *account, uint64_t after_bytes)
{
    struct ll_soup_server_faults faults = {.drop = true, .drop_after_bytes = after_bytes};
    ll_soup_server_set_faults(account->server, &faults);
}

void ll_exchange_account_poll(struct ll_exchange_account *account, uint64_t now_ns)
{
    take_connections(account, now_ns);
    if (account->drop_after_bytes != 0 && ll_soup_server_has_client(account->server)) {
        drop(account, account->drop_after_bytes);
        account->drop_after_bytes = 0;
    }
    ll_soup_server_poll(account->server, now_ns);
    if (account->drop_wanted) {
        drop(account, 0);
        ll_soup_server_poll(account->server, now_ns);
        account->drop_wanted = false;
    }
    account->sequence_sent = ll_soup_server_next_sequence(account->server);
    ll_ouch_port_poll(account->port, now_ns);
}

bool ll_exchange_account_has_output(const struct ll_exchange_account *account)
{
    return account->sequence_sent != ll_soup_server_next_sequence(account->server);
}

void ll_exchange_account_close(struct ll_exchange_account *account)
{
    if (!account->is_open)
        return;
    ll_soup_server_deinit(account->server);
    ll_tcp_listener_close(&account->listener);
    account->is_open = false;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_trading_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void ll_trading_options_default(struct ll_trading_options *options)
{
    struct ll_trading_config config;
    ll_trading_config_default(&config);
    memset(options, 0, sizeof *options);
    options->feed_payload = "itch50";
    options->own_orders = config.oms.orders;
    options->ids = config.oms.ids;
    options->instruments = config.oms.instruments;
    options->answer_timeout_ns = config.oms.answer_timeout_ns;
    options->retry_ns = config.oms.retry_ns;
    options->reconnect_ns = config.reconnect_ns;
    options->silence_ns = config.silence_ns;
}

static uint8_t ll_trading_feed_protocol(const struct ll_trading_options *options)
{
    if (strcmp(options->feed_payload, "itch50") == 0)
        return 0;
    return strcmp(options->feed_payload, "ouch50") == 0 ? LL_PROTOCOL_OUCH50 : LL_PROTOCOL_OUCH42;
}

bool ll_trading_options_wanted(const struct ll_trading_options *options)
{
    return options->trade || ll_trading_feed_protocol(options) != 0 || options->ouch50 != NULL ||
           options->ouch42 != NULL || options->limits != NULL || options->door != NULL;
}

static int ll_trading_read_password(const char *path, char *password, size_t password_bytes,
                                    struct ll_why *why)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return LL_FAIL(why, LL_ERR_IO, "--password-file %s: %s", path, strerror(errno));
    char line[128];
    char *got = fgets(line, sizeof line, file);
    (void)fclose(file);
    size_t length = got == NULL ? 0 : strcspn(line, "\r\n");
    if (length == 0 || length >= password_bytes)
        return LL_FAIL(why, LL_ERR_USAGE,
                       "--password-file %s: the first line has to be a password of 1 to %zu characters", path,
                       password_bytes - 1);
    memcpy(password, line, length);
    password[length] = '\0';
    return LL_OK;
}

static int ll_trading_add_session(const struct ll_trading_options *options, struct ll_trading_config *config,
                                  const char *address, uint8_t protocol, struct ll_why *why)
{
    struct ll_trading_session *session = &config->sessions[config->session_count];
    size_t user_bytes = options->user == NULL ? 0 : strlen(options->user);
    size_t firm_bytes = options->firm == NULL ? 0 : strlen(options->firm);
    if (user_bytes > LL_SOUP_USERNAME_BYTES || firm_bytes > sizeof session->firm)
        return LL_FAIL(why, LL_ERR_USAGE, "--user has at most %u characters, --firm %zu",
                       LL_SOUP_USERNAME_BYTES, sizeof session->firm);
    int status = ll_ipv4_parse(&session->address, address, (uint32_t)strlen(address), why);
    if (status != LL_OK) {
        ll_why_append(why, "--%s", ll_protocol_name(protocol));
        return status;
    }
    if (user_bytes != 0)
        memcpy(session->user, options->user, user_bytes);
    memset(session->firm, ' ', sizeof session->firm);
    if (firm_bytes != 0)
        memcpy(session->firm, options->firm, firm_bytes);
    session->protocol = protocol;
    config->session_count++;
    if (options->password_file == NULL)
        return LL_OK;
    return ll_trading_read_password(options->password_file, session->password, sizeof session->password, why);
}

int ll_trading_options_config(struct ll_trading_options *options, struct ll_trading_config *config,
                              struct ll_why *why)
{
    int status = LL_OK;
    ll_trading_config_default(config);
    config->oms.orders = options->own_orders;
    config->oms.ids = options->ids;
    config->oms.instruments = options->instruments;
    config->oms.instance = (uint8_t)options->instance;
    config->oms.answer_timeout_ns = options->answer_timeout_ns;
    config->oms.retry_ns = options->retry_ns;
    config->feed_protocol = ll_trading_feed_protocol(options);
    config->reconnect_ns = options->reconnect_ns;
    config->silence_ns = options->silence_ns;
    config->limits_path = options->limits;
    config->send_before_durable = options->send_before_durable;
    if (options->ids < options->own_orders)
        return LL_FAIL(why, LL_ERR_USAGE,
                       "--ids has to be at least --own-orders: every order has an identifier");
    (void)snprintf(options->door_path, sizeof options->door_path, "/dev/shm/lifeline-%u", (unsigned)getuid());
    config->door_path = options->door != NULL ? options->door : options->door_path;
    if (options->ouch50 != NULL)
        status = ll_trading_add_session(options, config, options->ouch50, LL_PROTOCOL_OUCH50, why);
    if (options->ouch42 != NULL && status == LL_OK)
        status = ll_trading_add_session(options, config, options->ouch42, LL_PROTOCOL_OUCH42, why);
    return status;
}

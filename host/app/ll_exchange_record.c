/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_exchange_record.h"

#include "host/base/ll_json.h"
#include "host/wire/ll_ouch_report.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES 1100u

/* Text of a fixed width, without the blanks behind it. */
static void put_text(struct ll_json *json, const char *key, const char *text, uint32_t bytes)
{
    while (bytes > 0 && (text[bytes - 1] == ' ' || text[bytes - 1] == '\0'))
        bytes--;
    ll_json_text(json, key, text, bytes);
}

static void put_link_of(struct ll_json *json, const char *key, uint32_t link)
{
    if (link == LL_OUCH_PORT_NONE)
        ll_json_string(json, key, NULL);
    else
        ll_json_u64(json, key, link);
}

static void put_names(struct ll_json *json, const struct ll_ouch_port *port, const struct ll_ouch_link *link)
{
    if (ll_ouch_port_protocol(port) == LL_PROTOCOL_OUCH50) {
        ll_json_u64(json, "user_ref_num", link->number);
        ll_json_u64(json, "channel", link->channel);
        ll_json_string(json, "token", NULL);
        put_text(json, "cl_ord_id", link->name, sizeof link->name);
    } else {
        ll_json_string(json, "user_ref_num", NULL);
        ll_json_u64(json, "channel", 0);
        put_text(json, "token", link->name, sizeof link->name);
        ll_json_string(json, "cl_ord_id", NULL);
    }
}

static void put_executions(struct ll_json *json, const struct ll_ouch_port *port,
                           const struct ll_ouch_link *link)
{
    ll_json_begin_array(json, "executions");
    for (uint32_t index = link->first_execution; index != LL_OUCH_PORT_NONE;) {
        const struct ll_ouch_execution *execution = ll_ouch_port_execution(port, index);
        ll_json_begin_object(json, NULL);
        ll_json_u64(json, "match", execution->match_number);
        ll_json_u64(json, "price", execution->price);
        ll_json_u64(json, "quantity", execution->quantity);
        ll_json_text(json, "liquidity", &execution->liquidity, 1);
        ll_json_bool(json, "broken", execution->broken);
        ll_json_end_object(json);
        index = execution->next;
    }
    ll_json_end_array(json);
}

static void put_link(struct ll_json *json, uint32_t number, const struct ll_ouch_port *port,
                     const struct ll_ouch_link *link)
{
    ll_json_begin_object(json, NULL);
    ll_json_u64(json, "port", number);
    ll_json_string(json, "protocol", ll_protocol_name(ll_ouch_port_protocol(port)));
    put_names(json, port, link);
    put_text(json, "symbol", link->symbol, sizeof link->symbol);
    put_text(json, "side", &link->side, 1);
    ll_json_u64(json, "quantity", link->quantity);
    ll_json_u64(json, "price", link->price);
    ll_json_u64(json, "open", link->open);
    ll_json_u64(json, "executed", link->executed);
    ll_json_u64(json, "cancelled", link->cancelled);
    ll_json_u64(json, "passed_on", link->passed_on);
    ll_json_string(json, "state", ll_ouch_link_state_name(link->state));
    ll_json_u64(json, "reason", link->reason);
    ll_json_u64(json, "reference", link->reference);
    put_link_of(json, "replaces", link->replaces);
    put_link_of(json, "replaced_by", link->replaced_by);
    put_executions(json, port, link);
    ll_json_end_object(json);
    ll_json_newline(json);
}

void ll_exchange_record_print(const struct ll_ouch_ports *ports, FILE *file)
{
    for (uint32_t number = 1; number <= LL_OUCH_PORTS_MAX; number++) {
        const struct ll_ouch_port *port = ports->port[number];
        if (port == NULL)
            continue;
        for (uint32_t link = 0; link < ll_ouch_port_link_count(port); link++) {
            struct ll_json json;
            ll_json_init(&json, file, false);
            put_link(&json, number, port, ll_ouch_port_link(port, link));
        }
    }
}

/* Everybody's orders are in there: it is its owner's alone, whatever the umask lets through. */
static FILE *make_private(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (fd >= 0 && file == NULL)
        (void)close(fd);
    return file;
}

int ll_exchange_record_write(const struct ll_ouch_ports *ports, const char *path, struct ll_why *why)
{
    char unfinished[PATH_BYTES];
    int length = snprintf(unfinished, sizeof unfinished, "%s.unfinished", path);
    if (length < 0 || (size_t)length >= sizeof unfinished)
        return LL_FAIL(why, LL_ERR_IO, "--record: the name is too long");
    FILE *file = make_private(unfinished);
    if (file == NULL)
        return LL_FAIL(why, LL_ERR_IO, "%.150s: %s", unfinished, strerror(errno));
    ll_exchange_record_print(ports, file);
    int is_bad = ferror(file);
    if (fclose(file) != 0 || is_bad || rename(unfinished, path) != 0) {
        int reason = errno;
        (void)unlink(unfinished);
        return LL_FAIL(why, LL_ERR_IO, "%.150s: %s", path, strerror(reason));
    }
    return LL_OK;
}

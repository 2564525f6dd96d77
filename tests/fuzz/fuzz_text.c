/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: what people write (prices, numbers with units, addresses, ports, flows, speeds, symbols) is taken exactly as
 * it stands or refused with a reason: nothing is rounded, cut or read beyond its end. Method: the first byte chooses
 * the reader and its kind, the rest is the text, in memory of exact size. What is taken is written out and must read
 * as the same; decimals are beside the simplest reader there is.
 */
#include "dpdk/ll_port_spec.h"
#include "host/app/ll_flow_text.h"
#include "host/app/ll_pacer.h"
#include "host/base/ll_assert.h"
#include "host/base/ll_decimal.h"
#include "host/base/ll_ipv4.h"
#include "host/base/ll_options.h"
#include "host/core/ll_instruments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

static void check_verdict(int err, const struct ll_why *why)
{
    LL_ASSERT(err == LL_OK || err == LL_ERR_USAGE);
    LL_ASSERT(err == why->code);
    LL_ASSERT((err == LL_OK) == (why->text[0] == '\0'));
}

/* --- Numbers ---------------------------------------------------------------------------------------------- */

/* Digits, at most one point between digits, no more of them behind it than `decimals`, below 2^64. */
static bool naive_decimal(const char *text, unsigned decimals, uint64_t *value)
{
    uint64_t number = 0;
    const char *point = strchr(text, '.');
    size_t count = strlen(text);
    size_t behind = point != NULL ? strlen(point + 1) : 0;
    if (count == 0 || strspn(text, "0123456789.") != count || point == text)
        return false;
    if (point != NULL && (behind == 0 || behind > decimals || strchr(point + 1, '.') != NULL))
        return false;
    for (size_t i = 0; i < count + decimals - behind; i++) {
        if (i < count && text[i] == '.')
            continue;
        uint64_t digit = i < count ? (uint64_t)(text[i] - '0') : 0;
        if (__builtin_mul_overflow(number, UINT64_C(10), &number) ||
            __builtin_add_overflow(number, digit, &number))
            return false;
    }
    *value = number;
    return true;
}

static void check_decimal(const char *text, unsigned decimals)
{
    char written[LL_DECIMAL_TEXT_BYTES];
    struct ll_why why = {0};
    uint64_t value = 0;
    uint64_t other = 0;
    int err = ll_decimal_parse(text, decimals, &value, &why);
    check_verdict(err, &why);
    LL_ASSERT((err == LL_OK) == naive_decimal(text, decimals, &other));
    if (err != LL_OK)
        return;
    LL_ASSERT(value == other);
    ll_decimal_format(written, value, decimals);
    LL_ASSERT(ll_decimal_parse(written, decimals, &other, NULL) == LL_OK && other == value);
}

struct number {
    uint64_t value;
};

/* As a row of a table writes it, `n = value`, and reads it again. */
static void check_number(const char *text, enum ll_option_type type)
{
    const struct ll_option table[] = {{"n", type, offsetof(struct number, value), 0, 0, NULL, NULL, NULL},
                                      {NULL, LL_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL}};
    struct ll_why why = {0};
    struct number number = {0};
    char line[64] = "";
    uint64_t again = 0;
    int err = ll_options_parse_u64(text, type, &number.value, &why);
    check_verdict(err, &why);
    if (err != LL_OK)
        return;
    LL_ASSERT(text[0] >= '0' && text[0] <= '9');
    FILE *file = fmemopen(line, sizeof line, "w");
    LL_ASSERT(file != NULL);
    ll_options_print_values(table, &number, file);
    (void)fclose(file);
    line[strcspn(line, "\n")] = '\0';
    LL_ASSERT(strncmp(line, "n = ", 4) == 0);
    LL_ASSERT(ll_options_parse_u64(line + 4, type, &again, NULL) == LL_OK && again == number.value);
}

static void check_speed(const char *text)
{
    char written[48];
    struct ll_why why = {0};
    uint64_t speed_milli = 0;
    uint64_t again = 0;
    int err = ll_pacer_parse_speed(text, &speed_milli, &why);
    check_verdict(err, &why);
    if (err != LL_OK)
        return;
    (void)snprintf(written, sizeof written, "%llu.%03llux", (unsigned long long)(speed_milli / 1000),
                   (unsigned long long)(speed_milli % 1000));
    LL_ASSERT(speed_milli == 0
                  ? strcmp(text, "max") == 0
                  : ll_pacer_parse_speed(written, &again, NULL) == LL_OK && again == speed_milli);
}

/* --- Addresses -------------------------------------------------------------------------------------------- */

static void check_ipv4(const char *text, uint32_t text_bytes)
{
    char written[LL_IPV4_TEXT_BYTES];
    struct ll_why why = {0};
    struct ll_ipv4 ipv4;
    struct ll_ipv4 again;
    int err = ll_ipv4_parse(&ipv4, text, text_bytes, &why);
    check_verdict(err, &why);
    if (err != LL_OK)
        return;
    ll_ipv4_print(&ipv4, written);
    LL_ASSERT(ll_ipv4_parse(&again, written, (uint32_t)strlen(written), NULL) == LL_OK);
    LL_ASSERT(again.address == ipv4.address && again.port == ipv4.port);
    const struct sockaddr_in socket_address = ll_ipv4_to_socket(&ipv4);
    again = ll_ipv4_of_socket(&socket_address);
    LL_ASSERT(again.address == ipv4.address && again.port == ipv4.port);
}

static void check_flow(const char *text)
{
    char written[LL_IPV4_TEXT_BYTES];
    struct ll_why why = {0};
    struct ll_flow flow;
    struct ll_flow again;
    int err = ll_flow_parse(&(struct ll_flow_text){text, 1}, &flow, &why);
    check_verdict(err, &why);
    if (err != LL_OK)
        return;
    LL_ASSERT(flow.udp_port != 0 && flow.line == 1);
    ll_ipv4_print(&(struct ll_ipv4){flow.ipv4_address, flow.udp_port}, written);
    LL_ASSERT(ll_flow_parse(&(struct ll_flow_text){written, 1}, &again, NULL) == LL_OK);
    LL_ASSERT(again.ipv4_address == flow.ipv4_address && again.udp_port == flow.udp_port);
}

/* The specification as text again. */
static void write_spec(const struct ll_port_spec *spec, char *text, size_t text_bytes)
{
    char address[LL_IPV4_TEXT_BYTES];
    size_t used = 0;
    switch (spec->kind) {
    case LL_PORT_KIND_PCAP:
        (void)snprintf(text, text_bytes, "pcap:%s", spec->path);
        break;
    case LL_PORT_KIND_RING:
        (void)snprintf(text, text_bytes, "ring:");
        break;
    case LL_PORT_KIND_AF_PACKET:
        (void)snprintf(text, text_bytes, "af_packet:%s", spec->device);
        break;
    case LL_PORT_KIND_VDEV:
        (void)snprintf(text, text_bytes, "vdev:%s,%s", spec->device, spec->args);
        break;
    case LL_PORT_KIND_AF_XDP:
        LL_ASSERT(spec->queue <= LL_PORT_SPEC_QUEUE_MAX);
        (void)snprintf(text, text_bytes, "af_xdp:%s,queue=%u%s%s", spec->device, spec->queue,
                       spec->path[0] != '\0' ? ",program=" : "", spec->path);
        break;
    case LL_PORT_KIND_PCI:
        (void)snprintf(text, text_bytes, "pci:%s", spec->device);
        break;
    default:
        LL_ASSERT(spec->kind == LL_PORT_KIND_UDP);
        LL_ASSERT(spec->endpoint_count >= 1 && spec->endpoint_count <= LL_PORT_SPEC_ENDPOINTS_MAX);
        used = (size_t)snprintf(text, text_bytes, "udp:");
        for (uint32_t i = 0; i < spec->endpoint_count; i++) {
            ll_ipv4_print(&spec->endpoint[i], address);
            used += (size_t)snprintf(text + used, text_bytes - used, "%s,", address);
        }
        ll_ipv4_print(&(struct ll_ipv4){spec->interface_address, 0}, address);
        *strchr(address, ':') = '\0';
        (void)snprintf(text + used, text_bytes - used, "iface=%s", address);
        break;
    }
}

static void check_spec(const char *text)
{
    char written[2][LL_PORT_SPEC_PATH_BYTES + 128];
    struct ll_why why = {0};
    struct ll_port_spec *spec = calloc(2, sizeof *spec);
    LL_ASSERT(spec != NULL);
    int err = ll_port_spec_parse(&spec[0], text, &why);
    check_verdict(err, &why);
    if (err == LL_OK) {
        write_spec(&spec[0], written[0], sizeof written[0]);
        LL_ASSERT(ll_port_spec_parse(&spec[1], written[0], NULL) == LL_OK);
        write_spec(&spec[1], written[1], sizeof written[1]);
        LL_ASSERT(spec[0].kind == spec[1].kind && strcmp(written[0], written[1]) == 0);
    }
    free(spec);
}

static void check_symbol(const char *text, uint32_t text_bytes)
{
    char symbol[LL_SYMBOL_BYTES];
    if (!ll_symbol_pad(symbol, text, text_bytes))
        return;
    LL_ASSERT(text_bytes >= 1 && text_bytes <= LL_SYMBOL_BYTES);
    LL_ASSERT(ll_symbol_bytes(symbol) == text_bytes);
    LL_ASSERT(memcmp(symbol, text, text_bytes) == 0);
    LL_ASSERT(ll_id_text_is_good(text, text_bytes)); /* of the same characters, and longer */
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    static const enum ll_option_type types[] = {LL_OPTION_U64, LL_OPTION_SIZE, LL_OPTION_DURATION};
    if (bytes_count == 0 || bytes_count > UINT16_MAX)
        return 0;
    uint32_t text_bytes = (uint32_t)bytes_count - 1;
    char *text = malloc(bytes_count);
    LL_ASSERT(text != NULL);
    memcpy(text, bytes + 1, text_bytes);
    text[text_bytes] = '\0';
    switch (bytes[0] % 8) {
    case 0:
        check_decimal(text, bytes[0] / 8 % (LL_DECIMALS_MAX + 1));
        break;
    case 1:
        check_number(text, types[bytes[0] / 8 % 3]);
        break;
    case 2:
        check_ipv4(text, text_bytes);
        break;
    case 3:
        check_flow(text);
        break;
    case 4:
        check_speed(text);
        break;
    case 5:
        check_symbol(text, text_bytes);
        break;
    default:
        check_spec(text);
        break;
    }
    free(text);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A journal's records as events: the same code again, and everything must come out as it was written. */
#include "host/base/ll_assert.h"
#include "host/core/ll_oms_state.h"

#include <string.h>

static int ll_oms_replay_command(struct ll_oms *oms, uint64_t time_ns, const uint8_t *payload,
                                 uint32_t payload_bytes)
{
    struct ll_command command;
    if (ll_command_read(&command, payload, payload_bytes) != LL_OK || !ll_command_is_journaled(command.kind))
        return LL_ERR_CORRUPT;
    /* Whoever asked is gone: no client of today is meant. */
    command.client = LL_OMS_CLIENT_NONE;
    ll_oms_command(oms, &command, time_ns);
    return LL_OK;
}

static int ll_oms_replay_report(struct ll_oms *oms, uint64_t time_ns, const uint8_t *payload,
                                uint32_t payload_bytes)
{
    struct ll_record_wire head;
    if (payload_bytes < sizeof head)
        return LL_ERR_CORRUPT;
    memcpy(&head, payload, sizeof head);
    if (head.session >= LL_OMS_SESSIONS_MAX || head.protocol == 0 ||
        head.protocol != oms->control->sessions[head.session].protocol ||
        head.begins != (oms->waiting_count == 0))
        return LL_ERR_CORRUPT;
    ll_oms_report(oms, head.session, payload + sizeof head, payload_bytes - (uint32_t)sizeof head, time_ns);
    return LL_OK;
}

/* A message that left must be the next one that the events before it make. */
static int ll_oms_replay_sent(struct ll_oms *oms, uint64_t event_id, const uint8_t *payload,
                              uint32_t payload_bytes)
{
    const struct ll_oms_send *send = ll_oms_send_peek(oms);
    if (send == NULL || send->event_id != event_id ||
        payload_bytes != sizeof(struct ll_record_wire) + send->bytes_count || payload[0] != send->session ||
        memcmp(payload + sizeof(struct ll_record_wire), send->bytes, send->bytes_count) != 0)
        return LL_ERR_CORRUPT;
    ll_oms_send_pop(oms);
    return LL_OK;
}

static int ll_oms_replay_link(struct ll_oms *oms, uint64_t time_ns, const uint8_t *payload,
                              uint32_t payload_bytes)
{
    struct ll_record_link link;
    if (payload_bytes != sizeof link)
        return LL_ERR_CORRUPT;
    memcpy(&link, payload, sizeof link);
    if (link.session >= LL_OMS_SESSIONS_MAX || link.event >= LL_LINK_EVENT_COUNT ||
        link.role > LL_LINK_ROLE_COPY || link.of >= LL_OMS_SESSIONS_MAX ||
        (link.event == LL_LINK_CONFIGURED && ll_protocol_name(link.protocol) == ll_protocol_name(0)))
        return LL_ERR_CORRUPT;
    ll_oms_link(oms, &link, time_ns);
    return LL_OK;
}

static int ll_oms_replay_action(struct ll_oms *oms, uint64_t time_ns, const uint8_t *payload,
                                uint32_t payload_bytes)
{
    struct ll_record_action action;
    if (payload_bytes != sizeof action)
        return LL_ERR_CORRUPT;
    memcpy(&action, payload, sizeof action);
    if (action.order >= oms->control->order_count)
        return LL_ERR_CORRUPT;
    ll_oms_action(oms, &action, time_ns);
    return LL_OK;
}

static int ll_oms_replay_limit(struct ll_oms *oms, uint64_t time_ns, const uint8_t *payload,
                               uint32_t payload_bytes)
{
    struct ll_record_limit limit;
    if (payload_bytes != sizeof limit)
        return LL_ERR_CORRUPT;
    memcpy(&limit, payload, sizeof limit);
    /* An entry that was refused is refused again: ll_oms_check_expected sees to it. */
    (void)!ll_oms_limit(oms, &limit, time_ns, NULL);
    return LL_OK;
}

static int ll_oms_replay_settings(struct ll_oms *oms, uint64_t time_ns, const uint8_t *payload,
                                  uint32_t payload_bytes)
{
    struct ll_record_settings settings;
    if (payload_bytes != sizeof settings)
        return LL_ERR_CORRUPT;
    memcpy(&settings, payload, sizeof settings);
    ll_oms_settings(oms, &settings, time_ns);
    return LL_OK;
}

static int ll_oms_replay_one(struct ll_oms *oms, uint8_t kind, uint64_t event_id, uint64_t time_ns,
                             const uint8_t *payload, uint32_t payload_bytes)
{
    bool goes_on = kind == LL_RECORD_REPORT && payload_bytes >= sizeof(struct ll_record_wire) &&
                   payload[offsetof(struct ll_record_wire, begins)] == 0;
    if (!goes_on) {
        ll_oms_step(oms);
        oms->batch->slot_count = 0; /* the journal has them */
    }
    /* What follows from an event was made when the event was replayed. */
    if (kind == LL_RECORD_SENT)
        return ll_oms_replay_sent(oms, event_id, payload, payload_bytes);
    if (ll_oms_send_peek(oms) != NULL || event_id != oms->batch->next_event_id)
        return LL_ERR_CORRUPT;
    switch (kind) {
    case LL_RECORD_COMMAND:
        return ll_oms_replay_command(oms, time_ns, payload, payload_bytes);
    case LL_RECORD_REPORT:
        return ll_oms_replay_report(oms, time_ns, payload, payload_bytes);
    case LL_RECORD_LINK:
        return ll_oms_replay_link(oms, time_ns, payload, payload_bytes);
    case LL_RECORD_ACTION:
        return ll_oms_replay_action(oms, time_ns, payload, payload_bytes);
    case LL_RECORD_SETTINGS:
        return ll_oms_replay_settings(oms, time_ns, payload, payload_bytes);
    case LL_RECORD_LIMIT:
        return ll_oms_replay_limit(oms, time_ns, payload, payload_bytes);
    default:
        return LL_ERR_CORRUPT;
    }
}

int ll_oms_replay(struct ll_oms *oms, uint8_t kind, uint8_t verdict, uint64_t event_id, uint64_t time_ns,
                  const uint8_t *payload, uint32_t payload_bytes, struct ll_why *why)
{
    oms->replaying = true;
    oms->expected = verdict;
    int status = ll_oms_replay_one(oms, kind, event_id, time_ns, payload, payload_bytes);
    oms->expected = LL_OMS_EXPECTED_NONE;
    if (status == LL_OK)
        status = oms->replay_status;
    if (status != LL_OK)
        return LL_FAIL(why, LL_ERR_CORRUPT,
                       "record %llu (%s): replaying it does not give what the journal says; replay with the "
                       "configuration it was written with",
                       (unsigned long long)event_id, ll_record_kind_name(kind));
    return LL_OK;
}

/* A crash may have cut the journal between an event and the message it made. The message's record is written
 * now; whether it left is not known, and the session asks the venue. */
int ll_oms_replay_end(struct ll_oms *oms, struct ll_why *why)
{
    ll_oms_step(oms);
    oms->replaying = false;
    oms->batch->slot_count = 0;
    if (oms->replay_status != LL_OK)
        return LL_FAIL(why, LL_ERR_CORRUPT, "the last reports of the journal come out different");
    const struct ll_oms_send *send = ll_oms_send_peek(oms);
    if (send != NULL)
        oms->batch->next_event_id = send->event_id;
    while ((send = ll_oms_send_peek(oms)) != NULL) {
        ll_oms_record_send(oms, send);
        ll_oms_send_pop(oms);
    }
    return LL_OK;
}

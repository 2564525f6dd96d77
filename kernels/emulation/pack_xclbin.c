/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packs the gateway kernel, as a library of the host's compiler, into an xclbin for XRT's software emulation.
 *
 * Shape    pack_xclbin LIBRARY XCLBIN EMCONFIG. Writes the xclbin (sections BITSTREAM: the library;
 *          EMBEDDED_METADATA: the kernel's arguments as XML; MEM_TOPOLOGY, IP_LAYOUT, CONNECTIVITY: one memory,
 *          one kernel, every memory argument in that memory), and the emconfig.json that tells XRT of a card
 *          with such a memory. Arguments and their places come from kernels/ll_gateway_args.h by way of
 *          ll_emulated_card.h, so they cannot differ from what the kernel's entry reads.
 * Units    bytes, unless a field of XRT's says KiB.
 * Errors   exit status 1 and a reason on standard error; the outputs are then not complete.
 * Threads  one.
 * Source   XRT 2.13, xclbin.h. XRT needs no signature and no checksum in emulation; numbers in emconfig.json are
 *          decimal texts, because it aborts at any other.
 */
#include "kernels/emulation/ll_emulated_card.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xclbin.h>

#define SECTION_COUNT       5u
#define SECTION_ALIGN_BYTES 8u
#define BANK_NAME           "bank0"
#define UNIT_NAME           LL_GATEWAY_KERNEL "_1"

struct section {
    uint32_t kind; /* enum axlf_section_kind */
    const char *name;
    char *bytes; /* of the heap */
    size_t bytes_count;
};

static bool complain(const char *path)
{
    (void)fprintf(stderr, "pack_xclbin: %s: %s\n", path, strerror(errno));
    return false;
}

static bool read_file(struct section *section, const char *path)
{
    FILE *file = fopen(path, "rbe");
    long end = -1;
    if (file == NULL)
        return complain(path);
    if (fseek(file, 0, SEEK_END) == 0)
        end = ftell(file);
    if (end > 0) {
        rewind(file);
        section->bytes_count = (size_t)end;
        section->bytes = malloc(section->bytes_count);
    }
    bool is_read = section->bytes != NULL &&
                   fread(section->bytes, 1, section->bytes_count, file) == section->bytes_count;
    (void)fclose(file);
    return is_read || complain(path);
}

static void write_argument(FILE *to, const char *name, uint32_t argument, const char *type)
{
    bool is_memory = argument < LL_GATEWAY_MEMORY_COUNT;
    unsigned bytes = is_memory ? 8 : 4;
    (void)fprintf(
        to,
        "    <arg name=\"%s\" addressQualifier=\"%d\" id=\"%u\" port=\"%s\" size=\"0x%x\" offset=\"0x%X\""
        " hostOffset=\"0x0\" hostSize=\"0x%x\" type=\"%s\"/>\n",
        name, is_memory, argument, is_memory ? "M_AXI_GMEM" : "S_AXI_CONTROL", bytes,
        ll_card_argument_at(argument), bytes, type);
}

static void write_arguments(FILE *to)
{
#define PACK_MEMORY(name, type) write_argument(to, #name, LL_CARD_ARGUMENT_##name, #type "*");
#define PACK_SCALAR(name)       write_argument(to, #name, LL_CARD_ARGUMENT_##name, "unsigned int");
    LL_GATEWAY_MEMORIES(PACK_MEMORY)
    LL_GATEWAY_SCALARS(PACK_SCALAR)
#undef PACK_MEMORY
#undef PACK_SCALAR
}

static bool make_metadata(struct section *section)
{
    FILE *to = open_memstream(&section->bytes, &section->bytes_count);
    if (to == NULL)
        return complain("metadata");
    (void)fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                "<project name=\"" LL_GATEWAY_KERNEL "\">\n"
                " <platform vendor=\"lifeline\" boardid=\"emulated\" name=\"card\" featureRomTime=\"0\">\n"
                "  <version major=\"1\" minor=\"0\"/>\n"
                "  <host architecture=\"x86_64\"/>\n"
                "  <device name=\"fpga0\" fpgaDevice=\"none\" addrWidth=\"0\">\n"
                "   <core name=\"OCL_REGION_0\" target=\"csim\" type=\"clc_region\" clockFreq=\"0MHz\""
                " numComputeUnits=\"1\">\n",
                to);
    (void)fputs("   <kernel name=\"" LL_GATEWAY_KERNEL
                "\" language=\"c\" vlnv=\"lifeline:hls:" LL_GATEWAY_KERNEL ":1.0\""
                " attributes=\"\" preferredWorkGroupSizeMultiple=\"0\" workGroupSize=\"1\""
                " hwControlProtocol=\"ap_ctrl_hs\">\n"
                "    <port name=\"M_AXI_GMEM\" mode=\"master\" range=\"0xFFFFFFFFFFFFFFFF\" dataWidth=\"512\""
                " portType=\"addressable\" base=\"0x0\"/>\n",
                to);
    (void)fprintf(to,
                  "    <port name=\"S_AXI_CONTROL\" mode=\"slave\" range=\"0x%x\" dataWidth=\"32\""
                  " portType=\"addressable\" base=\"0x0\"/>\n",
                  LL_CARD_REGISTERS_BYTES);
    write_arguments(to);
    (void)fprintf(to,
                  "    <instance name=\"" UNIT_NAME
                  "\"><addrRemap base=\"0x%x\" port=\"S_AXI_CONTROL\"/></instance>\n"
                  "   </kernel>\n   </core>\n  </device>\n </platform>\n</project>\n",
                  LL_CARD_UNIT_ADDRESS);
    return fclose(to) == 0 || complain("metadata");
}

/* A name in one of XRT's fixed fields, which are zero to begin with. */
static void put_name(void *field, size_t field_bytes, const char *name)
{
    (void)snprintf(field, field_bytes, "%s", name);
}

static bool make_memory(struct section *section)
{
    struct mem_topology *topology = calloc(1, sizeof *topology);
    section->bytes = (char *)topology;
    section->bytes_count = sizeof *topology;
    if (topology == NULL)
        return complain("memory topology");
    topology->m_count = 1;
    topology->m_mem_data[0].m_type = MEM_DDR4;
    topology->m_mem_data[0].m_used = 1;
    topology->m_mem_data[0].m_size = LL_CARD_MEMORY_BYTES >> 10; /* KiB */
    put_name(topology->m_mem_data[0].m_tag, sizeof topology->m_mem_data[0].m_tag, BANK_NAME);
    return true;
}

static bool make_layout(struct section *section)
{
    struct ip_layout *layout = calloc(1, sizeof *layout);
    section->bytes = (char *)layout;
    section->bytes_count = sizeof *layout;
    if (layout == NULL)
        return complain("layout of kernels");
    layout->m_count = 1;
    layout->m_ip_data[0].m_type = IP_KERNEL;
    layout->m_ip_data[0].m_base_address = LL_CARD_UNIT_ADDRESS;
    put_name(layout->m_ip_data[0].m_name, sizeof layout->m_ip_data[0].m_name,
             LL_GATEWAY_KERNEL ":" UNIT_NAME);
    return true;
}

/* Kernel 0 has every memory argument in memory 0. */
static bool make_connectivity(struct section *section)
{
    struct connectivity *wires;
    section->bytes_count = sizeof *wires + (LL_GATEWAY_MEMORY_COUNT - 1) * sizeof(struct connection);
    wires = calloc(1, section->bytes_count);
    section->bytes = (char *)wires;
    if (wires == NULL)
        return complain("connectivity");
    wires->m_count = (int32_t)LL_GATEWAY_MEMORY_COUNT;
    for (int32_t argument = 0; argument < wires->m_count; argument++)
        wires->m_connection[argument].arg_index = argument;
    return true;
}

static size_t align_up(size_t bytes)
{
    return (bytes + SECTION_ALIGN_BYTES - 1) & ~(size_t)(SECTION_ALIGN_BYTES - 1);
}

static void fill_header(struct axlf *header, size_t header_bytes, const struct section *sections)
{
    struct timespec now;
    size_t at = align_up(header_bytes);
    (void)clock_gettime(CLOCK_REALTIME, &now);
    memcpy(header->m_magic, "xclbin2", sizeof header->m_magic);
    header->m_signature_length = -1; /* none */
    memset(header->reserved, 0xff, sizeof header->reserved);
    memset(header->m_keyBlock, 0xff, sizeof header->m_keyBlock);
    header->m_uniqueId = (uint64_t)now.tv_sec;
    header->m_header.m_timeStamp = (uint64_t)now.tv_sec;
    header->m_header.m_versionMajor = 2;
    header->m_header.m_versionMinor = 13;
    header->m_header.m_mode = XCLBIN_SW_EMU;
    put_name(header->m_header.m_platformVBNV, sizeof header->m_header.m_platformVBNV, LL_CARD_NAME);
    uuid_generate(header->m_header.uuid);
    header->m_header.m_numSections = SECTION_COUNT;
    for (uint32_t i = 0; i < SECTION_COUNT; i++) {
        struct axlf_section_header *section = &header->m_sections[i];
        section->m_sectionKind = sections[i].kind;
        put_name(section->m_sectionName, sizeof section->m_sectionName, sections[i].name);
        section->m_sectionOffset = at;
        section->m_sectionSize = sections[i].bytes_count;
        at = align_up(at + sections[i].bytes_count);
    }
    header->m_header.m_length = at;
}

/* `bytes` and zeros behind them up to the next section's place. */
static bool write_aligned(FILE *file, const void *bytes, size_t bytes_count)
{
    static const char zeros[SECTION_ALIGN_BYTES] = {0};
    size_t padding = align_up(bytes_count) - bytes_count;
    return fwrite(bytes, 1, bytes_count, file) == bytes_count && fwrite(zeros, 1, padding, file) == padding;
}

static bool write_xclbin(const char *path, const struct section *sections)
{
    size_t header_bytes = sizeof(struct axlf) + (SECTION_COUNT - 1) * sizeof(struct axlf_section_header);
    struct axlf *header = calloc(1, header_bytes);
    FILE *file = fopen(path, "wbe");
    if (header == NULL || file == NULL)
        return complain(path);
    fill_header(header, header_bytes, sections);
    bool is_written = write_aligned(file, header, header_bytes);
    for (uint32_t i = 0; i < SECTION_COUNT && is_written; i++)
        is_written = write_aligned(file, sections[i].bytes, sections[i].bytes_count);
    free(header);
    is_written = fclose(file) == 0 && is_written;
    return is_written || complain(path);
}

static bool write_emconfig(const char *path)
{
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return complain(path);
    (void)fprintf(file,
                  "{\"Version\":{\"FileVersion\":\"2.0\",\"ToolVersion\":\"2022.1\"},\n"
                  " \"Platform\":{\"Boards\":[{\"Devices\":[{\"Name\":\"%s\",\"HalMajorVersion\":\"1\","
                  "\"HalMinorVersion\":\"0\",\"VendorId\":\"4334\",\"DeviceVersion\":\"0\",\n"
                  "  \"DdrBanks\":[{\"Name\":\"" BANK_NAME "\",\"Type\":\"DDR4\",\"Size\":\"%uG\"}],"
                  "\"NumDevices\":\"1\"}],\"NumBoards\":\"1\"}]}}\n",
                  LL_CARD_NAME, LL_CARD_MEMORY_GIB);
    return fclose(file) == 0 || complain(path);
}

int main(int argc, char **argv)
{
    struct section sections[SECTION_COUNT] = {{BITSTREAM, "kernel", NULL, 0},
                                              {EMBEDDED_METADATA, "metadata", NULL, 0},
                                              {MEM_TOPOLOGY, "memory", NULL, 0},
                                              {IP_LAYOUT, "kernels", NULL, 0},
                                              {CONNECTIVITY, "wires", NULL, 0}};
    if (argc != 4) {
        (void)fputs("use: pack_xclbin LIBRARY XCLBIN EMCONFIG\n", stderr);
        return EXIT_FAILURE;
    }
    bool is_packed = read_file(&sections[0], argv[1]) && make_metadata(&sections[1]) &&
                     make_memory(&sections[2]) && make_layout(&sections[3]) &&
                     make_connectivity(&sections[4]) && write_xclbin(argv[2], sections) &&
                     write_emconfig(argv[3]);
    for (uint32_t i = 0; i < SECTION_COUNT; i++)
        free(sections[i].bytes);
    return is_packed ? EXIT_SUCCESS : EXIT_FAILURE;
}

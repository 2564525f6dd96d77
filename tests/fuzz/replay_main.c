/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: run a fuzz target over files instead of a fuzzer, so that every corpus is a regression test with any
 * compiler. Method: each argument is a file, or a directory whose files are taken in name order; the target
 * is called once per file. Prints the number of inputs, so that an empty corpus cannot pass for a tested one.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

static unsigned long replayed;

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    (void)fseek(file, 0, SEEK_END);
    long size_bytes = ftell(file);
    rewind(file);
    /* An exact-size heap copy: a read past the input is seen by the address sanitizer. */
    uint8_t *bytes = malloc(size_bytes > 0 ? (size_t)size_bytes : 1);
    size_t got = bytes != NULL && size_bytes > 0 ? fread(bytes, 1, (size_t)size_bytes, file) : 0;
    (void)fclose(file);
    if (bytes == NULL || got != (size_t)size_bytes) {
        free(bytes);
        (void)fprintf(stderr, "%s: cannot read\n", path);
        return 1;
    }
    (void)LLVMFuzzerTestOneInput(bytes, got);
    free(bytes);
    replayed++;
    return 0;
}

static int replay_directory(const char *path)
{
    struct dirent **names;
    int failed = 0;
    int count = scandir(path, &names, NULL, alphasort);
    if (count < 0) {
        perror(path);
        return 1;
    }
    for (int i = 0; i < count; i++) {
        char full[4096];
        if (names[i]->d_name[0] != '.') {
            (void)snprintf(full, sizeof full, "%s/%s", path, names[i]->d_name);
            failed |= replay_file(full);
        }
        free(names[i]);
    }
    free(names);
    return failed;
}

int main(int argc, char **argv)
{
    int failed = 0;
    for (int i = 1; i < argc; i++) {
        struct stat status;
        if (stat(argv[i], &status) != 0) {
            perror(argv[i]);
            failed = 1;
        } else {
            failed |= S_ISDIR(status.st_mode) ? replay_directory(argv[i]) : replay_file(argv[i]);
        }
    }
    printf("%lu inputs replayed\n", replayed);
    return failed != 0 || replayed == 0;
}

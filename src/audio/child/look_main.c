/* whazz-look: the program that looks at WAV headers, one question after the other on socket
 * 3, for as long as the server runs. It is embedded in whazz and started from memory. Not
 * for people to run. */
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "audio/child/sandbox.h"
#include "audio/protocol.h"
#include "audio/wav_header.h"

enum { LOOK_FD = 3, LOOK_MEMORY_BYTES = 1 << 30 };

static void answer(const struct audio_look *question, size_t head_bytes)
{
    const struct view head = { question->head, head_bytes };
    struct audio_looked looked = { .magic = AUDIO_MAGIC };

    looked.is_sure = wav_header_parse(head, question->file_bytes, &looked.info, NULL) == 0;
    (void)audio_send(LOOK_FD, &looked, sizeof looked, NULL, 0);
}

int main(int argc, char **argv)
{
    const struct sandbox_limits limits = { .memory_bytes = LOOK_MEMORY_BYTES };
    struct audio_look question;
    char bytes[sizeof question];
    int fds[AUDIO_FDS_MAX];
    size_t count, head_bytes;
    int64_t len;

    if (argc != 2 || strcmp(argv[1], "child") != 0) {
        fprintf(stderr, "This program is a part of whazz and is started by it.\n");
        return 2;
    }
    (void)prctl(PR_SET_NAME, argv[0], 0, 0, 0);
    if (sandbox_prepare(NULL) != 0 || sandbox_enter(&limits, NULL) != 0)
        return 1;
    while ((len = audio_receive(LOOK_FD, bytes, sizeof bytes, fds, &count)) > 0) {
        for (size_t i = 0; i < count; i++)
            (void)close(fds[i]);
        if (audio_look_read(bytes, (size_t)len, &question, &head_bytes))
            answer(&question, head_bytes);
    }
    _exit(0);
}

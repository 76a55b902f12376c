#include "serve/guard.h"

int guard(struct report_capture *capture, int (*work)(void *call), void *call)
{
    jmp_buf out;
    int result;

    capture->out = &out;
    report_capture(capture);
    if (setjmp(out)) {
        report_capture(NULL);
        return GUARD_NO_MEMORY;
    }
    result = work(call);
    report_capture(NULL);
    return result;
}

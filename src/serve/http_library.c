#include "serve/http_library.h"

#include "base/dynamic.h"
#include "base/report.h"

#include <microhttpd.h>
#include <stdarg.h>

#ifndef NMT_MICROHTTPD
#define NMT_MICROHTTPD "libmicrohttpd.so.12"
#endif

/* The functions that are used, without their MHD_. */
#define FUNCTIONS(F)                                                                                                               \
    F(start_daemon_va)                                                                                                             \
    F(quiesce_daemon)                                                                                                              \
    F(stop_daemon)                                                                                                                 \
    F(suspend_connection)                                                                                                          \
    F(resume_connection)                                                                                                           \
    F(get_connection_info)                                                                                                         \
    F(lookup_connection_value)                                                                                                     \
    F(create_response_from_buffer)                                                                                                 \
    F(create_response_from_callback)                                                                                               \
    F(add_response_header)                                                                                                         \
    F(queue_response)                                                                                                              \
    F(destroy_response)

#define POINTER(name) __typeof__(MHD_##name) *name;
#define FUNCTION(name) { "MHD_" #name, &library.name },

static struct {
    FUNCTIONS(POINTER)
} library;

int http_library_load(void)
{
    static const struct dynamic_function functions[] = { FUNCTIONS(FUNCTION) };
    char problem[512];

    if (dynamic_load(NMT_MICROHTTPD, functions, sizeof functions / sizeof *functions, problem, sizeof problem))
        return error("serve: libmicrohttpd cannot be loaded: %s; install libmicrohttpd12", problem);
    return 0;
}

/* ---- the functions under their own names ---- */

/* parameters: as in microhttpd.h. */
struct MHD_Daemon *MHD_start_daemon(unsigned flags, uint16_t port, MHD_AcceptPolicyCallback accept, void *accept_context,
                                    MHD_AccessHandlerCallback access, void *access_context, ...)
{
    struct MHD_Daemon *daemon;
    va_list options;

    va_start(options, access_context);
    daemon = library.start_daemon_va(flags, port, accept, accept_context, access, access_context, options);
    va_end(options);
    return daemon;
}

MHD_socket MHD_quiesce_daemon(struct MHD_Daemon *daemon)
{
    return library.quiesce_daemon(daemon);
}

void MHD_stop_daemon(struct MHD_Daemon *daemon)
{
    library.stop_daemon(daemon);
}

void MHD_suspend_connection(struct MHD_Connection *connection)
{
    library.suspend_connection(connection);
}

void MHD_resume_connection(struct MHD_Connection *connection)
{
    library.resume_connection(connection);
}

const union MHD_ConnectionInfo *MHD_get_connection_info(struct MHD_Connection *connection, enum MHD_ConnectionInfoType type, ...)
{
    return library.get_connection_info(connection, type);
}

const char *MHD_lookup_connection_value(struct MHD_Connection *connection, enum MHD_ValueKind kind, const char *key)
{
    return library.lookup_connection_value(connection, kind, key);
}

struct MHD_Response *MHD_create_response_from_buffer(size_t size, void *buffer, enum MHD_ResponseMemoryMode mode)
{
    return library.create_response_from_buffer(size, buffer, mode);
}

struct MHD_Response *MHD_create_response_from_callback(uint64_t size, size_t block, MHD_ContentReaderCallback read, void *context,
                                                       MHD_ContentReaderFreeCallback release)
{
    return library.create_response_from_callback(size, block, read, context, release);
}

enum MHD_Result MHD_add_response_header(struct MHD_Response *response, const char *header, const char *content)
{
    return library.add_response_header(response, header, content);
}

enum MHD_Result MHD_queue_response(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response)
{
    return library.queue_response(connection, status, response);
}

void MHD_destroy_response(struct MHD_Response *response)
{
    library.destroy_response(response);
}

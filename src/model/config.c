#include "model/config.h"

#include "base/report.h"
#include "model/kinds.h"

#include <stddef.h>

const char *const encoder_type_names[] = { "gru", "transformer", NULL };
const char *const decoder_type_names[] = { "gru", "transformer", NULL };
const char *const tie_names[] = { "none", "target", "all", NULL };

int config_size(const char *where, const char *name, int value, int most)
{
    if (value < 1 || value > most)
        return error("%s: %s %d is out of range (1 to %d)", where, name, value, most);
    return 0;
}

int config_check(const struct config *config, const char *where)
{
    if (config_size(where, "source vocabulary", config->Vx, 10000000) ||
        config_size(where, "target vocabulary", config->Vy, 10000000) || config_size(where, "embedding", config->E, 65536) ||
        encoder_kinds[config->encoder.type]->check(config, where) || decoder_kinds[config->decoder.type]->check(config, where))
        return -1;
    if (config->tie != TIE_NONE && decoder_kinds[config->decoder.type]->top(config) != config->E)
        return error("%s: a tied target embedding and output matrix need equal sizes, but embedding is %d and maxout is %d%s; "
                     "use --maxout %d%s",
                     where, config->E, config->decoder.maxout, config->decoder.lexical ? " with lexical output" : "", config->E,
                     config->decoder.lexical ? " and --lexical off" : "");
    if (config->tie == TIE_ALL && config->Vx != config->Vy)
        return error("%s: --tie all needs one vocabulary for both sides", where);
    return 0;
}

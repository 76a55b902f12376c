#include "model/config.h"

#include "base/report.h"

#include <stddef.h>

const char *const tie_names[] = { "none", "target", "all", NULL };
const char *const initial_names[] = { "glorot", "paper", NULL };

int config_word_query(const struct config *config)
{
    return config->query == QUERY_WORD ? config->A : 0;
}

int config_check(const struct config *config, const char *where)
{
    const struct {
        const char *name;
        int value, most;
    } sizes[] = {
        { "source vocabulary", config->Vx, 10000000 },
        { "target vocabulary", config->Vy, 10000000 },
        { "embedding", config->E, 65536 },
        { "hidden", config->H, 65536 },
        { "maxout", config->L, 65536 },
    };

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (sizes[i].value < 1 || sizes[i].value > sizes[i].most)
            return error("%s: %s size %d is outside 1 to %d", where, sizes[i].name, sizes[i].value, sizes[i].most);
    if (config->encoder_layers < 1 || config->encoder_layers > ENCODER_LAYERS_MOST)
        return error("%s: an encoder of %d layers is outside 1 to %d", where, config->encoder_layers, ENCODER_LAYERS_MOST);
    if (config->attention == ATTENTION_NONE ? config->A != 0 : config->A < 1 || config->A > 65536)
        return error("%s: alignment size %d does not go with attention %s", where, config->A, attention_names[config->attention]);
    if (config->tie != TIE_NONE && config->L != config->E)
        return error(
            "%s: tied target embedding and output matrix need equal sizes, but embedding is %d and maxout %d; give --maxout %d",
            where, config->E, config->L, config->E);
    if (config->tie == TIE_ALL && config->Vx != config->Vy)
        return error("%s: --tie all needs one vocabulary for both sides", where);
    return 0;
}

/* gguf_type: the types of values and of tensors' elements: their sizes and names. */
#include "file/gguf.h"

size_t gguf_value_bytes(enum gguf_value_type type)
{
    static const unsigned char bytes[GGUF_VALUE_TYPES] = {
        [GGUF_U8] = 1,  [GGUF_I8] = 1,  [GGUF_BOOL] = 1, [GGUF_U16] = 2, [GGUF_I16] = 2, [GGUF_U32] = 4,
        [GGUF_I32] = 4, [GGUF_F32] = 4, [GGUF_U64] = 8,  [GGUF_I64] = 8, [GGUF_F64] = 8
    };

    return bytes[type];
}

size_t gguf_block_numbers(enum gguf_tensor_type type)
{
    return type == GGUF_TENSOR_Q8_0 ? 32 : gguf_block_bytes(type) > 0;
}

size_t gguf_block_bytes(enum gguf_tensor_type type)
{
    switch (type) {
    case GGUF_TENSOR_Q8_0: return 34;
    case GGUF_TENSOR_BF16: return 2;
    case GGUF_TENSOR_F32:
    case GGUF_TENSOR_I32: return 4;
    case GGUF_TENSOR_F64:
    case GGUF_TENSOR_I64: return 8;
    }
    return 0;
}

const char *gguf_tensor_type_name(enum gguf_tensor_type type)
{
    switch (type) {
    case GGUF_TENSOR_F32: return "F32";
    case GGUF_TENSOR_F64: return "F64";
    case GGUF_TENSOR_BF16: return "BF16";
    case GGUF_TENSOR_Q8_0: return "Q8_0";
    case GGUF_TENSOR_I32: return "I32";
    case GGUF_TENSOR_I64: return "I64";
    }
    return "unknown";
}

const char *gguf_pair_type_name(const struct gguf_pair *pair)
{
    static const char *const names[GGUF_VALUE_TYPES][2] = {
        [GGUF_U8] = { "uint8", "uint8[]" },      [GGUF_I8] = { "int8", "int8[]" },      [GGUF_U16] = { "uint16", "uint16[]" },
        [GGUF_I16] = { "int16", "int16[]" },     [GGUF_U32] = { "uint32", "uint32[]" }, [GGUF_I32] = { "int32", "int32[]" },
        [GGUF_U64] = { "uint64", "uint64[]" },   [GGUF_I64] = { "int64", "int64[]" },   [GGUF_F32] = { "float32", "float32[]" },
        [GGUF_F64] = { "float64", "float64[]" }, [GGUF_BOOL] = { "bool", "bool[]" },    [GGUF_STRING] = { "string", "string[]" },
    };

    return names[pair->type][pair->is_array];
}

// Prints what @huggingface/gguf, a reader that is not nmt's own, finds in a model file: after `npm ci` in this folder,
//
//     node tests/cli/read-gguf.mjs MODEL.gguf
//
// prints, in the file's order and with nothing left out,
//
//     key NAME TYPE VALUE        TYPE as "uint32" or "string[]"; VALUE in JSON, written as `nmt info --json` writes it
//     tensor NAME TYPE DIMS      TYPE as "F32"; DIMS as "8000x512", the fastest one first
//
// Exit code 0, 1 when the file cannot be read, 2 without a file's name.

import { gguf, GGMLQuantizationType, GGUFValueType } from "@huggingface/gguf";

// The shortest of %.6g to %.9g (float32) or %.15g to %.17g (float64) that reads back as the same number.
function printReal(value, isSingle) {
    if (!Number.isFinite(value)) {
        return "null";
    }
    const [least, most] = isSingle ? [6, 9] : [15, 17];
    for (let precision = least; ; precision++) {
        const [digits, power] = value.toExponential(precision - 1).split("e");
        const back = Number(`${digits}e${power}`);
        if (precision < most && (isSingle ? Math.fround(back) : back) !== value) {
            continue;
        }
        const exponent = Number(power);
        const withoutZeros = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
        const sign = Object.is(value, -0) ? "-" : "";
        if (exponent >= -4 && exponent < precision) {
            return sign + withoutZeros(value.toFixed(precision - 1 - exponent));
        }
        return `${withoutZeros(digits)}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
    }
}

function printString(value) {
    const escape = (character) => "\\u" + character.charCodeAt(0).toString(16).padStart(4, "0");
    const plain = value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n").replaceAll("\t", "\\t");
    return '"' + plain.replace(/[\u0000-\u001f\u007f-\u009f]/g, escape) + '"';
}

function print(value, type) {
    if (Array.isArray(value)) {
        return "[" + value.map((element) => print(element, type)).join(", ") + "]";
    }
    switch (type) {
        case GGUFValueType.STRING:
            return printString(value);
        case GGUFValueType.FLOAT32:
        case GGUFValueType.FLOAT64:
            return printReal(value, type === GGUFValueType.FLOAT32);
        default:
            return String(value);
    }
}

async function main(path) {
    const { typedMetadata, tensorInfos } = await gguf(path, { typedMetadata: true, allowLocalFile: true });
    const lines = [];

    for (const [key, { value, type, subType }] of Object.entries(typedMetadata)) {
        if (["version", "tensor_count", "kv_count"].includes(key)) {
            continue; // the package's own entries for the file's head
        }
        const element = type === GGUFValueType.ARRAY ? subType : type;
        const name = GGUFValueType[element].toLowerCase() + (type === GGUFValueType.ARRAY ? "[]" : "");
        lines.push(`key ${key} ${name} ${print(value, element)}`);
    }
    for (const { name, dtype, shape } of tensorInfos) {
        lines.push(`tensor ${name} ${GGMLQuantizationType[dtype]} ${shape.join("x")}`);
    }
    process.stdout.write(lines.map((line) => line + "\n").join(""));
}

if (process.argv.length !== 3) {
    process.stderr.write("usage: node read-gguf.mjs MODEL.gguf\n");
    process.exitCode = 2;
} else {
    main(process.argv[2]).catch((failure) => {
        process.stderr.write(`read-gguf: ${process.argv[2]}: ${failure.message}\n`);
        process.exitCode = 1;
    });
}

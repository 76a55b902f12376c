# lint-functions: lists functions of more than `lines` lines, and those of more than `parameters` parameters unless the comment
# directly above one of their declarations says why, after the word "parameters:". Headers come first among the files, which are laid
# out as .clang-format says: a function's braces, and nothing else's opening one, stand alone at the start of a line.
#
#   awk -v lines=60 -v parameters=6 -f scripts/lint-functions.awk src/*/*.h src/*/*.c

FNR == 1 { comment = head = name = "" }

# In a body, up to its end.
name {
    if (/^}/) {
        if (FNR - start + 1 > lines) print FILENAME ":" start ": " name " has " FNR - start + 1 " lines"
        if (count > parameters && !(name in reason)) print FILENAME ":" start ": " name " has " count " parameters"
        comment = head = name = ""
    }
    next
}

# The comment above; it counts as long as nothing but the declaration follows it.
/^\/\*/ || in_comment {
    comment = in_comment ? comment " " $0 : $0
    in_comment = !/\*\//
    head = ""
    next
}
/^$/ || /^#/ || /^}/ { comment = head = ""; next }

# A declaration, over one or more lines.
{ if (head == "") start = FNR; head = head " " $0 }
/^{$/ || /;( *\/\*.*\*\/)?$/ {
    if (match(head, /[a-z_0-9A-Z]+\(/) && head !~ /=/) {
        declared = substr(head, RSTART, RLENGTH - 1)
        if (comment ~ /parameters:/) reason[declared] = 1
        if (/^{$/) { name = declared; count = count_parameters(substr(head, RSTART + RLENGTH)) }
    }
    if (!/^{$/) comment = head = ""
}

# One more than the commas of `text` up to the parenthesis that closes it.
function count_parameters(text, depth, i, commas, c) {
    depth = 1
    for (i = 1; i <= length(text) && depth; i++) {
        c = substr(text, i, 1)
        if (c == "(") depth++
        else if (c == ")") depth--
        else if (c == "," && depth == 1) commas++
    }
    return commas + 1
}

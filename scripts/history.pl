# history.pl: the page of scripts/history, from what it measured.
#
#   perl scripts/history.pl OUTPUT ARGUMENTS DIRECTORY...
use strict;
use warnings;

my ($output, $arguments, @directories) = @ARGV;
(my $base = $output) =~ s{[^/]*\z}{};

my @steps = (
    ['none', 'one fixed vector', 'c = [→h_Tx ; ←h_1]', 'src/model/soft_search.c'],
    ['additive', 'soft search', 'e_j = va · tanh(q + k_j)', 'src/layers/attention.c'],
    ['dot', 'dot product', 'e_j = q · k_j', 'src/layers/attention.c'],
    ['scaled-dot', 'scaled dot product', 'e_j = q · k_j / √A', 'src/layers/attention.c'],
    ['heads', 'four heads', 'the same, on four parts of q, k_j, v_j', 'src/layers/attention.c'],
    ['mixed', 'self-attention in the encoder', 'softmax(Q Kᵀ / √d) V, decoder: GRU', 'src/model/encoder_transformer.c'],
    ['transformer', 'Transformer', '… in the decoder, too, under a mask', 'src/model/decoder_transformer.c'],
);
my @colours = ('#777777', '#2f7fe0', '#d2691e', '#3a9d5d', '#8a5fd0', '#c23b78', '#b08900');

sub fail { print STDERR "history: $_[0]\n"; exit 1 }

sub slurp {
    my ($file) = @_;
    open my $in, '<', $file or return '';
    local $/;
    return scalar <$in>;
}

sub write_file {
    my ($file, $text) = @_;
    open my $out, '>', "$file.new" or fail("$file.new: cannot be written: $!");
    print $out $text and close $out or fail("$file.new: cannot be written: $!");
    rename "$file.new", $file or fail("$file: cannot be written: $!");
}

sub number { my ($text, $key) = @_; $text =~ /"$key": ([-+.e0-9]+)/ ? $1 : undef }
sub shown { defined $_[0] ? sprintf("%.$_[1]f", $_[0]) : '–' }
sub escape { my $text = $_[0]; $text =~ s/&/&amp;/g; $text =~ s/</&lt;/g; $text }

# One matrix of CSV: labels of columns, then rows of [label, weights].
sub read_matrix {
    my ($file) = @_;
    my @rows;
    for my $line (split /\n/, slurp($file)) {
        last if $line eq '';
        my @fields;
        $line .= ',';
        push @fields, defined $1 ? $1 =~ s/""/"/gr : $2 while $line =~ /\G(?:"((?:[^"]|"")*)"|([^,]*)),/g;
        push @rows, \@fields;
    }
    return @rows;
}

# A heat map: rows are target words, columns source words.
sub picture {
    my ($file, $title, @rows) = @_;
    my ($cell, $left, $top) = (26, 60, 110);
    for my $row (@rows[1 .. $#rows]) { # some 8 units per byte of the longest word
        $left = 8 * length($row->[0]) + 12 if 8 * length($row->[0]) + 12 > $left;
    }
    my @columns = @{ $rows[0] }[1 .. $#{ $rows[0] }];
    my ($width, $height) = ($left + $cell * @columns + 10, $top + $cell * $#rows + 10);
    my $svg = qq(<svg xmlns="http://www.w3.org/2000/svg" width="$width" height="$height" viewBox="0 0 $width $height" role="img" aria-label=")
        . escape($title) . qq(" font-family="sans-serif" font-size="13">\n<title>) . escape($title) . qq(</title>\n<g fill="#777777">\n);
    for my $j (0 .. $#columns) {
        my $x = $left + $cell * ($j + 0.5) + 4;
        $svg .= sprintf qq(<text transform="translate(%.1f %d) rotate(-60)">%s</text>\n), $x, $top - 6, escape($columns[$j]);
    }
    for my $i (1 .. $#rows) {
        $svg .= sprintf qq(<text x="%d" y="%.1f" text-anchor="end">%s</text>\n), $left - 6, $top + $cell * ($i - 0.5) + 4.5, escape($rows[$i][0]);
    }
    $svg .= "</g>\n";
    for my $i (1 .. $#rows) {
        for my $j (0 .. $#columns) {
            $svg .= sprintf qq(<rect x="%d" y="%d" width="%d" height="%d" fill="#2f7fe0" fill-opacity="%.3f" stroke="#777777" stroke-opacity="0.3"/>\n),
                $left + $cell * $j, $top + $cell * ($i - 1), $cell, $cell, $rows[$i][$j + 1];
        }
    }
    write_file($file, "$svg</svg>\n");
}

# A chart of BLEU with a line per step. `$axes` has x and y (what they show), from and to (of x), and ticks, each [x, text].
sub chart {
    my ($file, $axes, @lines) = @_;
    my ($width, $height, $left, $right, $top, $bottom) = (680, 360, 58, 430, 20, 310);
    my $most = 0;
    for my $line (@lines) { $_->[1] > $most and $most = $_->[1] for @{ $line->{points} } }
    my $tick = $most > 50 ? 20 : $most > 20 ? 10 : $most > 10 ? 5 : 2;
    my $top_tick = $tick * (int($most / $tick) + 1);
    my $x_at = sub { sprintf '%.1f', $left + ($right - $left) * ($_[0] - $axes->{from}) / ($axes->{to} - $axes->{from}) };
    my $y_at = sub { sprintf '%.1f', $bottom - ($bottom - $top) * $_[0] / $top_tick };
    my $svg = qq(<svg xmlns="http://www.w3.org/2000/svg" width="$width" height="$height" viewBox="0 0 $width $height" role="img" )
        . qq(aria-label="$axes->{y} against $axes->{x}" font-family="sans-serif" font-size="13">\n<g fill="#777777" stroke="none">\n);
    for (my $value = 0; $value <= $top_tick; $value += $tick) {
        my $y = $y_at->($value);
        $svg .= qq(<path d="M$left ${y}H$right" stroke="#777777" stroke-opacity="0.3"/><text x="@{[$left - 8]}" y="@{[$y + 4]}" text-anchor="end">$value</text>\n);
    }
    for my $mark (@{ $axes->{ticks} }) {
        my $x = $x_at->($mark->[0]);
        $svg .= sprintf qq(<path d="M$x ${bottom}v4" stroke="#777777"/><text x="$x" y="%d" text-anchor="middle">%s</text>\n), $bottom + 18, escape($mark->[1]);
    }
    $svg .= sprintf qq(<text x="%d" y="%d" text-anchor="middle">%s</text>\n), ($left + $right) / 2, $bottom + 40, $axes->{x};
    $svg .= qq(<text transform="translate(18 @{[($top + $bottom) / 2]}) rotate(-90)" text-anchor="middle">$axes->{y}</text>\n</g>\n);
    for my $i (0 .. $#lines) {
        my $points = join ' ', map { $x_at->($_->[0]) . ',' . $y_at->($_->[1]) } @{ $lines[$i]{points} };
        my $y = $top + 20 * $i + 10;
        $svg .= qq(<polyline points="$points" fill="none" stroke="$colours[$i]" stroke-width="2"/>\n);
        $svg .= qq(<path d="M@{[$right + 14]} ${y}h24" stroke="$colours[$i]" stroke-width="2"/><text x="@{[$right + 44]}" y="@{[$y + 4]}" fill="#777777">)
            . escape($lines[$i]{title}) . "</text>\n";
    }
    write_file($file, "$svg</svg>\n");
}

# BLEU on the validation pairs against minutes of training.
sub chart_of_time {
    my ($file, @models) = @_;
    my $most = 0;
    for my $model (@models) { $_->[0] > $most and $most = $_->[0] for @{ $model->{curve} } }
    $most ||= 1;
    my $step = $most > 20 ? 10 : $most > 8 ? 2 : $most > 3 ? 1 : $most > 1 ? 0.5 : 0.1;
    my @ticks = map { [$_ * $step, sprintf '%g', $_ * $step] } 1 .. int($most / $step + 1e-9);
    chart($file, { x => 'minutes of training', y => 'BLEU, validation', from => 0, to => $most, ticks => \@ticks },
        map { { title => $_->{title}, points => $_->{curve} } } @models);
}

# BLEU of the test pairs by their number of source words, as in figure 2 of Bahdanau, Cho and Bengio (2015).
sub chart_of_length {
    my ($file, @models) = @_;
    my @buckets = map { $_->[0] } @{ $models[0]{lengths} };
    chart($file, { x => 'source words', y => 'BLEU', from => -0.5, to => @buckets - 0.5, ticks => [map { [$_, $buckets[$_]] } 0 .. $#buckets] },
        map { my $m = $_; { title => $m->{title}, points => [map { [$_, $m->{lengths}[$_][1]] } 0 .. $#buckets] } } @models);
}

sub read_model {
    my ($directory, $step, $title) = @_;
    my $name = "$directory/$step";
    my ($bleu, $log) = (slurp("$name.bleu"), slurp("$name.log"));
    my ($from, $to) = split ' ', slurp("$name.seconds");
    my @curve;
    for (split /\n/, $log) {
        push @curve, [number($_, 'seconds') / 60, number($_, 'bleu')] if /^\{"validation"/;
    }
    my @speeds = $log =~ /"tokens_per_second": ([-+.e0-9]+)/g;
    my $lines = () = slurp("$name.hypothesis") =~ /\n/g;
    my @lengths;
    push @lengths, [$1, $3, $2] while $bleu =~ /"source_words": "([^"]*)", "lines": ([0-9]+), "score": ([-+.e0-9]+)/g;
    my ($middle) = (sort { $a <=> $b } @speeds)[$#speeds / 2];
    chomp(my $options = slurp("$name.options"));
    return { title => $title, parameters => slurp("$name.parameters") + 0, bleu => number($bleu, 'score'), options => $options,
        chrf => number(slurp("$name.chrf"), 'score'), aer => number(slurp("$name.aer"), 'score'), speed => $middle,
        sentences => $lines / ($to - $from), curve => \@curve, lengths => \@lengths };
}

my $page = <<"END";
# The history of attention, measured

One model for every step from one fixed vector to the Transformer, with equal parameters (within 5 %) and an equal time of training each, on the
same corpus. Written by `scripts/history $arguments`; what is compared, and how, is described at the top of that script. Each model is one training with one
seed: differences of a BLEU point or less mean little.

| step | equation | read |
|---|---|---|
END
$page .= "| $_->[1] | $_->[2] | `$_->[3]` |\n" for @steps;
for my $directory (@directories) {
    (my $corpus = $directory) =~ s{.*/}{};
    my @models = map { read_model($directory, $_->[0], $_->[1]) } @steps;
    my $gold = grep { defined $_->{aer} } @models;
    chomp(my $minutes = slurp("$directory/minutes"));
    $page .= "\n## $corpus: $minutes minutes each\n\n| step | parameters | target tokens/s | BLEU | chrF2 |" . ($gold ? ' AER |' : '') . " sentences/s (beam 5) |\n";
    $page .= '|---|---|---|---|---|' . ($gold ? '---|' : '') . "---|\n";
    for my $m (@models) {
        $page .= sprintf "| %s | %d | %.0f | %s | %s |%s %.0f |\n", $m->{title}, $m->{parameters}, $m->{speed}, shown($m->{bleu}, 2),
            shown($m->{chrf}, 2), $gold ? ' ' . shown($m->{aer}, 2) . ' |' : '', $m->{sentences};
    }
    $page .= "\nBLEU by number of source words:\n\n| step |" . join('', map { " $_->[0] |" } @{ $models[0]{lengths} }) . "\n|---|" . '---|' x @{ $models[0]{lengths} } . "\n";
    $page .= '| lines |' . join('', map { " $_->[2] |" } @{ $models[0]{lengths} }) . "\n";
    $page .= "| $_->{title} |" . join('', map { sprintf ' %.1f |', $_->[1] } @{ $_->{lengths} }) . "\n" for @models;
    chart_of_length("${base}history-$corpus-length.svg", @models);
    $page .= "\n![BLEU by number of source words](history-$corpus-length.svg)\n";
    chart_of_time("${base}history-$corpus.svg", @models);
    $page .= "\n![BLEU on the validation pairs against time](history-$corpus.svg)\n\nOne sentence, as each step aligns it (rows: target words):\n\n";
    for my $i (1 .. $#steps) {
        my @rows = read_matrix("$directory/$steps[$i][0].csv");
        next if !@rows;
        my $file = "history-$corpus-$steps[$i][0].svg";
        picture("$base$file", "Alignment: $steps[$i][1]", @rows);
        $page .= "![$steps[$i][1]]($file)\n";
    }
    $page .= "\nOptions of each, beside those common to all:\n\n";
    $page .= "- $_->{title}: `$_->{options}`\n" for @models;
}
write_file($output, $page);

# The fuzzers' corpus again, under AddressSanitizer and
# UndefinedBehaviorSanitizer.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";

use Test::More;
use Utils;

plan skip_all => nothing_is_built() if nothing_is_built();

my $output = `make -s -C '$FindBin::Bin/../../src/load' check-fuzz 2>&1`;
is($?, 0, 'the corpus is replayed') or diag($output);
my ($replayed) = $output =~ /^(\d+) inputs replayed$/m;
my @corpus = glob("$FindBin::Bin/../../src/load/fuzz/corpus/*");
cmp_ok(scalar(@corpus), '>', 40, 'there is a corpus');
is($replayed, scalar(@corpus), 'all of it');

done_testing();

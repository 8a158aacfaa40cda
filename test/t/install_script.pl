# What is built and committed is what its sources give: the installation script,
# and what is written from the descriptions of the log tables.
use strict;
use warnings;

use Cwd qw(abs_path);
use Digest::SHA;
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';
use Test::More;
use Utils;

chdir dirname(dirname(dirname(abs_path(__FILE__))));

my $output = `make --silent check-script 2>&1`;
is("$?: $output", '0: ', 'azhunt--1.0.sql is what "make" writes; commit it with the fragment that was changed');

# Nor is it written again where the fragments only look newer, as they may in a
# clone, which may be one that cannot be written to.
my @before = (stat 'azhunt--1.0.sql')[1, 9];
$output = `make --silent --what-if=src/guard.sql azhunt--1.0.sql 2>&1`;
is("$?: $output", '0: ', 'make looks at the script');
is_deeply([ (stat 'azhunt--1.0.sql')[1, 9] ], \@before, 'and leaves one alone that is what the fragments give');

$output = `script/make-log-tables --check 2>&1`;
is("$?: $output", '0: ', 'the descriptions of the log tables give the files that "script/make-log-tables" writes');

# databases have what a released version's script made, so it never changes
foreach (split /\n/, slurp('test/data/released.sha256'))
{
	my ($sum, $script) = split;
	is(Digest::SHA->new(256)->addfile($script)->hexdigest, $sum, "$script is as it was released: make a new version");
}

# a fragment that the Makefile does not list is in no script
my @listed = split ' ', `make --silent list-sql`;
is_deeply([ sort @listed ], [ sort split ' ', `find src -name '*.sql'` ],
	'the Makefile lists every fragment');

done_testing();

# Records of every shape at random, and every cell of their rows, compared with what an
# independent reader finds in the files: Python's json and csv, and the descriptions of
# the log tables.
#
# Two tables are tried in each shape, or all with AZHUNT_LOAD_ALL=1, or the one of
# AZHUNT_LOAD_TABLE.  AZHUNT_LOAD_RECORDS says how many records each file has, and
# AZHUNT_LOAD_SEED tries others.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Loader;
use Test::More;

plan skip_all => 'there is no python3' if system('python3 -c "import csv, json" 2>/dev/null') != 0;

create_database();
my $count = $ENV{AZHUNT_LOAD_RECORDS} // 50;
my $seed = $ENV{AZHUNT_LOAD_SEED} // 23;
my $oracle = "$root/test/load/oracle.py";
my @log_tables = map { m{([^/]+)\.txt$} } grep { !/every_table/ } glob("$root/src/logs/tables/" . ($ENV{AZHUNT_LOAD_TABLE} // '*') . '.txt');
# what Graph and the Entra portal have, and what the REST API lists
my @of_graph = grep { /^(?:SigninLogs|AAD.*SignInLogs|AuditLogs)$/ } @log_tables;
my %tables_of = (graph => \@of_graph, portal => \@of_graph, list => [ grep { $_ eq 'AzureActivity' } @log_tables ]);

srand($seed);
for my $shape (qw(lines envelope avro export query api csv semicolons utf16 graph portal list))
{
	my @tables = sort { $a->[1] <=> $b->[1] } map { [ $_, rand() ] } @{ $tables_of{$shape} // \@log_tables };

	compare($_->[0], $shape) for $ENV{AZHUNT_LOAD_ALL} || @tables < 2 ? @tables : @tables[ 0, 1 ];
}

# Load a file of one shape, and compare its rows.
sub compare
{
	my ($name, $shape) = @_;
	my $file = "$dir/$name.$shape";

	system('python3', $oracle, 'generate', $seed, $count, $name, $shape, $file) == 0 or die 'oracle';
	my $rows = qx{python3 '$oracle' expect $name $shape '$file'};
	is($?, 0, "$name as $shape: the oracle reads it");
	is(() = $rows =~ /\n/g, $count, "$name as $shape: records");
	my ($status, undef, $err) = loader('-q', '--table', $name, $file);
	is($status, 0, "$name as $shape: exit status") or diag($err);
	rows_are(lc $name, spew("$dir/rows", $rows), "$name as $shape: every cell") or diag("AZHUNT_LOAD_SEED=$seed");
	sql('TRUNCATE azhunt.' . lc $name);
}

done_testing();

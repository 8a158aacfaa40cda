# The sample logs as raw records, in the directories that Azure makes, are the
# same rows as the sample logs as CSV with the columns of the log tables.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Loader;
use Test::More;

create_database();
load_ok('raw records', '-q', "$root/sample/logs");

for my $file (sort glob("$root/test/data/*.csv"))
{
	my ($table) = $file =~ /(\w+)\.csv$/;
	my ($header) = slurp($file) =~ /^(.*?)\r?\n/;
	# raw records don't say their type
	my $columns = join(', ', grep { $_ ne 'Type' } split(/,/, $header));
	is(sql(<<"END"), '0|0', "$table: raw records and CSV are the same");
CREATE TEMPORARY TABLE csv (LIKE azhunt.$table);
\\copy csv ($header) FROM '$file' (FORMAT csv, HEADER)
SELECT (SELECT count(*) FROM (SELECT $columns FROM csv EXCEPT ALL SELECT $columns FROM azhunt.$table) AS missing),
       (SELECT count(*) FROM (SELECT $columns FROM azhunt.$table EXCEPT ALL SELECT $columns FROM csv) AS unexpected);
END
}

# and azhunt-load takes the CSV as well
my $count = sql(join(' + ', map { "(SELECT count(*) FROM azhunt.$_)" }
		  qw(storagebloblogs storagefilelogs signinlogs aadnoninteractiveusersigninlogs azureactivity)) =~ s/^/SELECT /r);
sql('TRUNCATE azhunt.storagebloblogs, azhunt.storagefilelogs, azhunt.signinlogs,'
	  . ' azhunt.aadnoninteractiveusersigninlogs, azhunt.azureactivity');
load_ok('CSV', '-q', glob("$root/test/data/*.csv"));
is(sql(join(' + ', map { "(SELECT count(*) FROM azhunt.$_)" }
		  qw(storagebloblogs storagefilelogs signinlogs aadnoninteractiveusersigninlogs azureactivity)) =~ s/^/SELECT /r),
	$count, 'CSV: as many rows');

done_testing();

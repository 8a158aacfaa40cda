# Rows that a trigger drops are not counted as loaded.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Loader;
use Test::More;

create_database();
my $file = spew("$dir/ten.json", join('', map { qq({"time":"2026-01-31T10:00:00Z","category":"SignInLogs","properties":{"id":"$_"}}\n) } 1 .. 10));
sql(<<'SQL');
CREATE FUNCTION public.drop_odd() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RETURN CASE WHEN NEW.id::int % 3 <> 0 THEN NEW END;
END
$$;
CREATE TRIGGER odd BEFORE INSERT ON azhunt.signinlogs FOR EACH ROW EXECUTE FUNCTION public.drop_odd();
SQL
for my $reject ([], ['--reject-file', "$dir/rejects"])
{
	sql('TRUNCATE azhunt.signinlogs, azhunt.loaded_files');
	my ($status, $out, $err) = loader(@$reject, $file);
	is($status, 0, "@$reject: exit status") or diag($err);
	like($out, @$reject ? qr/^table +rows +rejected +dropped\nSigninLogs +7 +0 +3\n/ : qr/^table +rows +dropped\nSigninLogs +7 +3\n/, '... summary');
	is(sql('SELECT rows FROM azhunt.loaded_files'), '7', '... ledger');
}

# a view in the place of the log table
sql('ALTER TABLE azhunt.signinlogs RENAME TO below; CREATE VIEW azhunt.signinlogs AS SELECT timegenerated, id FROM azhunt.below;'
	  . ' TRUNCATE azhunt.below, azhunt.loaded_files');
my ($status, $out, $err) = loader($file);
is($status, 0, 'view: exit status') or diag($err);
like($out, qr/^table +rows +dropped\nSigninLogs +7 +3\n/, '... summary');

# no column without such rows
sql('DROP TRIGGER odd ON azhunt.below; TRUNCATE azhunt.below, azhunt.loaded_files');
($status, $out) = loader($file);
like($out, qr/^table +rows\nSigninLogs +10\n/, 'nothing is dropped: summary');
done_testing();

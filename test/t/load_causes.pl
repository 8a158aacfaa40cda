# A record is rejected only for what is wrong with the record; every other error
# of the server fails the file, and nothing of it is loaded.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Loader;
use JSON::PP;
use Test::More;

my $database = create_database();
my $rejects = "$dir/rejects";

sub signin
{
	my ($id) = @_;
	return qq({"time":"2026-01-31T10:00:00Z","category":"SignInLogs","properties":{"id":"$id","ipAddress":"198.51.100.7"}}\n);
}

sub ids { return sql('SELECT coalesce(string_agg(id, $$ $$ ORDER BY id::int), $$$$) FROM azhunt.signinlogs'); }

sub clear
{
	sql('TRUNCATE azhunt.signinlogs, azhunt.loaded_files');
	unlink($rejects);
}

my $file = spew("$dir/three.json", join('', map { signin($_) } 1 .. 3));

# a trigger that raises an error of any class for the second record alone, with
# a context that talks of other lines
sql(<<'SQL');
CREATE TABLE azhunt.raised (state text);
INSERT INTO azhunt.raised VALUES ('00000');
CREATE FUNCTION azhunt."COPY signinlogs, line 1, COPY signinlogs, line 3"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted text := (SELECT r.state FROM azhunt.raised AS r);
BEGIN
    IF NEW.id = '2' AND wanted <> '00000' THEN
        RAISE EXCEPTION 'raised % for the test', wanted USING ERRCODE = wanted, CONSTRAINT = 'named';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER raise BEFORE INSERT ON azhunt.signinlogs
    FOR EACH ROW EXECUTE FUNCTION azhunt."COPY signinlogs, line 1, COPY signinlogs, line 3"();
SQL
my %rejected = map { $_ => 1 } qw(22000 22003 22008 22021 22P02 23000 23502 23505 23514 23P01 44000 54000);
for my $state (sort(keys %rejected), qw(08006 0A000 22P04 23503 25006 28000 38000 40001 40P01 42501 42704 42P01
	53000 53100 53200 53300 54001 55000 55006 55P03 57014 57P01 57P03 58000 58030 P0001 XX000 XX001))
{
	clear();
	sql("UPDATE azhunt.raised SET state = '$state'");
	my ($status, undef, $err) = loader('-q', '--reject-file', $rejects, $file);
	if ($rejected{$state})
	{
		is($status, 0, "$state: exit status") or diag($err);
		is(ids(), '1 3', "$state: the others are loaded");
		is(-e $rejects ? decode_json(slurp($rejects))->{line} : '', 2, "$state: the record is rejected");
	}
	else
	{
		is($status, 1, "$state: exit status");
		like($err, qr/raised $state for the test/, "$state: message");
		is(ids(), '', "$state: nothing is loaded");
		ok(!-e $rejects, "$state: nor rejected");
	}
}

done_testing();

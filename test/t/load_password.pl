# Passwords: asked for on the terminal, once, without showing them.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Loader;
use IPC::Open2;
use Test::More;

plan skip_all => 'no script(1), which makes a terminal'
  if system('script -qec true /dev/null > /dev/null 2>&1') != 0;
plan skip_all => 'pg_hba.conf is not ours to change'
  if sql("SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user") ne 't';

my $database = create_database();
my $role = "regress_azhunt_asked";
my $hba = sql('SHOW hba_file');
my $old_hba = sql("SELECT pg_catalog.pg_read_file('$hba')");
my $file = spew("$dir/first.json", '{"time":"2026-01-31T10:00:00Z","category":"SignInLogs"}' . "\n");
my $other = spew("$dir/second.json", '{"time":"2026-01-31T11:00:00Z","category":"SignInLogs"}' . "\n");
delete @ENV{qw(PGPASSWORD PGSERVICE)};
$ENV{PGPASSFILE} = "$dir/no_passwords";

sql(<<"END");
SET client_min_messages = warning;
DROP ROLE IF EXISTS $role;
CREATE ROLE $role LOGIN PASSWORD 'open sesame';
GRANT USAGE ON SCHEMA azhunt TO $role;
GRANT INSERT ON azhunt.signinlogs TO $role;
GRANT SELECT, INSERT ON azhunt.loaded_files TO $role;
END

# Let the server write pg_hba.conf and read it again.
sub write_hba
{
	my ($content) = @_;
	my $tag = '$hba$';
	sql(<<"END");
SELECT lo_from_bytea(0, convert_to($tag$content$tag, 'UTF8')) AS lo \\gset
SELECT lo_export(:lo, '$hba');
SELECT lo_unlink(:lo);
SELECT pg_reload_conf();
END
}

END
{
	my $status = $?;
	if (defined $old_hba)
	{
		write_hba($old_hba);
		sql("DROP OWNED BY $role; DROP ROLE $role");
	}
	$? = $status;
}

write_hba("local $database $role scram-sha-256\nhost $database $role all scram-sha-256\n$old_hba");
# the server reads it when it gets to it
my $waited = 0;
select(undef, undef, undef, 0.05)
  while system("psql -XAtwq -U $role -d $database -c 'SELECT' > /dev/null 2>&1") == 0 && $waited++ < 200;

# Run the program on a terminal, and type a line whenever it asks; all that was
# to be seen, and the exit status.
sub type
{
	my ($arguments, @lines) = @_;
	my $pid = open2(my $screen, my $keyboard, 'script', '-qec', loader_path() . " --no-partitions $arguments", '/dev/null');
	my ($seen, $asked) = ('', 0);
	while (sysread($screen, my $part, 4096))
	{
		$seen .= $part;
		if ((() = $seen =~ /Password: /g) > $asked)
		{
			syswrite($keyboard, ($lines[$asked++] // '') . "\n");
		}
	}
	waitpid($pid, 0);
	return ($seen, $? >> 8, $asked);
}

sub files_are
{
	my ($expected, $name) = @_;
	is(sql('SELECT count(*) FROM azhunt.loaded_files'), $expected, $name);
	sql('TRUNCATE azhunt.signinlogs, azhunt.loaded_files');
}

my ($seen, $status, $asked) = type("-U $role '$file'", 'open sesame');
is($status, 0, 'a password that is needed: exit status') or diag($seen);
is($asked, 1, '... is asked for');
unlike($seen, qr/sesame/, '... and not shown');
files_are(1, '... and the file is loaded');

($seen, $status, $asked) = type("-U $role -W --jobs 2 '$file' '$other'", 'open sesame');
is($status, 0, '-W and two jobs: exit status') or diag($seen);
is($asked, 1, '... ask once');
unlike($seen, qr/sesame/, '... and do not show it');
files_are(2, '... and load both files');

($seen, $status, $asked) = type("-U $role '$file'", 'open barley');
is($status, 2, 'a wrong password: exit status');
is($asked, 1, '... is not asked for again');
like($seen, qr/password authentication failed for user "$role"/, '... but said so by libpq');
files_are(0, '... and nothing is loaded');

($seen, $status, $asked) = type("-U $role -w '$file'");
is($status, 2, '-w: exit status');
is($asked, 0, '... does not ask');
like($seen, qr/no password supplied/, '... and libpq says what is missing');

($seen, $status, $asked) = type("-W '$file'", 'anything');
is($status, 0, '-W where no password is needed: exit status') or diag($seen);
is($asked, 1, '... asks nevertheless');
files_are(1, '... and the file is loaded');

# without a terminal, nobody can be asked; setsid() leaves it behind
SKIP:
{
	skip 'no setsid(1)', 2 if system('setsid -w true > /dev/null 2>&1') != 0;
	my $output = `setsid -w '@{[loader_path()]}' --no-partitions -U $role '$file' 2>&1 < /dev/null`;
	is($? >> 8, 2, 'no terminal: exit status');
	like($output, qr/no password supplied/, '... and libpq says what is missing');
}

done_testing();

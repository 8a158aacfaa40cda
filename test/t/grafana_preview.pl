# What a person reads on the dashboards, drawn with Grafana's own packages in a
# browser, over full, empty and broken data.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Grafana;
use Npm;
use Session;
use Test::More;

my $directory = abs_path(directory() . '/preview');

# A machine without a way to npm's registry can run all other tests.
sub cannot
{
	my ($why, $must, $text) = @_;

	diag($text) if defined $text;
	plan skip_all => "the dashboards are not drawn: $why" unless $must;
	fail($why);
	done_testing();
	exit;
}

# Ubuntu has none that is a package
my $is_debian = do { local @ARGV = '/etc/os-release'; grep { /^ID=debian$/ } readline };
cannot('there is no chromium (Debian: chromium)', $ENV{CI} && $is_debian) unless -x ($ENV{CHROMIUM} // '/usr/bin/chromium');

my $problem = install_packages($directory);
cannot('npm cannot install what they are drawn with (Debian: nodejs, npm)', $ENV{CI}, $problem) if defined $problem;
my ($checked, $fits) = run_in($directory, 'node', 'node_modules/typescript/bin/tsc');
ok($fits, 'the source of the preview has no error of types') or diag($checked);
my ($built, $succeeded) = run_in($directory, 'node', 'build.mjs');
ok($succeeded, 'the preview is built') or diag($built);

my $role = 'azhunt_grafana';
my $database = 'azhunt_grafana_preview';
my $admin = Session->new(PGDATABASE => 'postgres');
my $user = $admin->do('SELECT current_user');

sub make_database
{
	$admin->do("DROP DATABASE IF EXISTS $database");
	$admin->do("CREATE DATABASE $database");
	local $ENV{PGDATABASE} = $database;
	my ($text, $done) = psql($user, join '', "CREATE EXTENSION azhunt;\n", @_, '\i ' . directory() . "/role.sql\n");
	ok($done, 'the database is made') or diag($text);
}

sub check
{
	my ($data) = @_;
	local $ENV{PGDATABASE} = $database;
	local $ENV{PGOPTIONS} = undef;
	my ($text, $done) = run_in($directory, 'node', 'build/check.js', $data);

	# each as a test of this file
	while ($text =~ /^(not )?ok \d+ - (.*)\n((?:#.*\n)*)/mg)
	{
		my ($failed, $name, $details) = ($1, $2, $3);
		ok(!$failed, "$data: $name") or diag($details);
	}
	ok($done && $text =~ /^1\.\.\d+$/m, "$data: all was looked at") or diag($text);
}

my $seed = '\i ' . "$directory/seed.sql\n";

make_database($seed);
check('full');

make_database(<<'END');
SELECT azhunt.create_log_tables();
SELECT azhunt.add_rule('storage_upload_link_account'), azhunt.add_rule('cloudshell_usage');
END
check('empty');

make_database($seed, <<'END');
-- a rule that fails, one that is late, and one that never ran
UPDATE azhunt.runs SET started = started - interval '3 days', finished = finished - interval '3 days' WHERE rule = 'storage_mass_deletion';
DELETE FROM azhunt.runs WHERE rule = 'role_assigned';
UPDATE azhunt.rules SET created_at = created_at - interval '3 days';
-- a table that stopped, and one of which nothing is known
UPDATE azhunt.signinlogs SET ingestedat = ingestedat - interval '30 days';
ALTER TABLE azhunt.azureactivity RENAME ingestxid TO arrival;
\set ON_ERROR_STOP off
CALL azhunt.run_rule('cloudshell_usage');
\set ON_ERROR_STOP on
-- what logs can have
INSERT INTO azhunt.matches (rule, "time", account, address, useragent, storageaccount, details, key, result_id, run, found_at)
SELECT 'storage_mass_deletion', now() - interval '1 minute', a.account, a.account, repeat(coalesce(a.account, ''), 100), NULL,
       jsonb_build_object('AccountName', a.account, 'Day', a.account), sha256(a.place::text::bytea), md5(a.place::text)::uuid, r.run, now()
FROM (VALUES (1, '<script>alert(1)</script><img src="x">'), (2, NULL), (3, ''), (4, E'two\nlines\t"\\ ''$&'), (5, 'Ω’漢字🦊'), (6, repeat('long ', 1000)),
             (7, 'guest_mail.com#EXT#+b&var-status=closed%2C, "x"\\d$__timeFrom()@contoso.com')) AS a (place, account)
CROSS JOIN (SELECT max(r.run) AS run FROM azhunt.runs AS r) AS r;
END
{
	local $ENV{PGDATABASE} = $database;
	psql($user, "REVOKE EXECUTE ON FUNCTION azhunt.upload_counts(text, timestamptz, timestamptz, interval) FROM $role;\n");
}
check('broken');

$admin->do("DROP DATABASE $database");
$admin->do("DROP ROLE $role");
$admin->close;

done_testing();

# A hunt of the administrator's own: in a schema of theirs, under odd names, ad
# hoc and as a rule; restored from dumps; and what is refused.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Cluster;
use Databases;
use Test::More;
use Utils;

my $cluster = Cluster->new_system;
%ENV = (%ENV, $cluster->environment);
my $dump = tempdir('azhunt.XXXXXX', TMPDIR => 1, CLEANUP => 1) . '/dump';
my $role = 'azhunt_own_hunt_test';
my $source = create_database('azhunt_own_hunt');
my $arrivals = 'since timestamptz, until timestamptz, arrivals azhunt.arrivals';
my $matches = '"time" timestamptz, account text, address text, useragent text, storageaccount text, details jsonb';

query($source, 'CREATE EXTENSION azhunt');
query($source, 'SELECT count(*) FROM azhunt.create_log_tables()');
query($source, 'CREATE SCHEMA "My ""SIEM"""');

# One operation by a caller, and another within some time.  What it says of a
# match depends on the session's settings, if nobody sees to them.
query($source, <<"END");
CREATE FUNCTION "My ""SIEM""".two_operations_matches(within interval, first text, others text[], $arrivals) RETURNS TABLE ($matches)
LANGUAGE sql STABLE AS \$\$
	SELECT b.timegenerated, b.caller, NULL::text, NULL::text, NULL::text,
		jsonb_build_object('It''s first', a.timegenerated, E'se"c\\\\ond', NULL::text, 'second', b.operationnamevalue, 'third', 1::double precision / 3,
			'after', (b.timegenerated - a.timegenerated)::text)
	FROM azhunt.azureactivity AS a
	JOIN azhunt.azureactivity AS b
	  ON b.caller = a.caller AND azhunt.within(a.timegenerated, b.timegenerated, two_operations_matches.within)
	WHERE a.timegenerated BETWEEN since AND until AND b.timegenerated BETWEEN since AND until
	  AND a.operationnamevalue = two_operations_matches.first AND b.operationnamevalue = ANY (others)
	  AND (azhunt.arrived_since(a.ingestxid, arrivals) OR azhunt.arrived_since(b.ingestxid, arrivals))
\$\$
END
query($source, <<'END');
CREATE FUNCTION "My ""SIEM""".two_operations(within interval DEFAULT '5 minutes', first text DEFAULT 'it''s \1 ${x} {y}',
	others text[] DEFAULT '{"a \"b\" \\c''",d}') RETURNS TABLE (caller text, operations bigint)
LANGUAGE sql STABLE AS $$
	SELECT m.account, count(DISTINCT (m."time", m.details -> 'second'))
	FROM "My ""SIEM""".two_operations_matches(within, first, others, '-infinity', 'infinity', NULL) AS m
	GROUP BY m.account
$$
END
my $add_hunt = q{SELECT azhunt.add_hunt('"My ""SIEM""".two_operations'::regproc, tables => '{azureactivity}', reach => 'within',}
  . q{ result_key => ARRAY['account', 'It''s first', 'se"c\ond'], title => 'Two operations', description => 'Finds two operations.',}
  . q{ summary => '{second} of {account} after {It''s first}')};
is(query($source, $add_hunt), 'two_operations', 'a hunt is added');
is(query($source, $add_hunt), 'two_operations', 'and again, when it has changed');
is(query($source, q{SELECT default_options ->> 'first', default_options -> 'others' ->> 0 FROM azhunt.hunts WHERE hunt = 'two_operations'}),
	q(it's \1 ${x} {y}|a "b" \c'), 'its defaults are those of the function');

# odd names and values, whatever the session's settings
my $odd = q('; DROP TABLE azhunt.matches; --' \' $1 $$ {x} %s);
my $odd_literal = "'" . $odd =~ s/'/''/gr . "'";
my @settings = ((has_backslash_strings() ? 'standard_conforming_strings = off' : ()), 'quote_all_identifiers = on', 'array_nulls = off', 'extra_float_digits = -3',
	"IntervalStyle = iso_8601", "DateStyle = 'German, DMY'", "TimeZone = 'Asia/Tokyo'", 'search_path = "My ""SIEM""", public');

sub operations
{
	my ($database, $minute, @names) = @_;
	my $values = join ', ', map { "('2026-03-10 08:00Z'::timestamptz + interval '$minute minutes $_ seconds', 'adele\@contoso.com', \$x\$$names[$_]\$x\$)" } 0 .. $#names;

	query($database, "INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue) VALUES $values");
}

sub found
{
	my ($database, $rule) = @_;

	return query($database, qq{SELECT "time" AT TIME ZONE 'UTC', details FROM azhunt.matches WHERE rule = $rule ORDER BY 1, 2});
}

sub last_run
{
	my ($database) = @_;

	return query($database, 'SELECT status, started_over, new_matches FROM azhunt.runs ORDER BY run DESC LIMIT 1');
}

my @pair = (q(it's \1 ${x} {y}), q(a "b" \c'));
query($source, "SELECT azhunt.add_rule('plain', 'two_operations'), azhunt.add_rule($odd_literal, 'two_operations', jsonb_build_object('first', $odd_literal, 'others', jsonb_build_array($odd_literal, NULL)))");
query($source, "CALL azhunt.run_rule('plain')");
is(last_run($source), 'succeeded|first run|0', 'a first run finds nothing in nothing');
operations($source, 0, @pair, 'd');
query($source, "CALL azhunt.run_rule('plain')");
is(last_run($source), 'succeeded||2', 'a later run finds what is new');
operations($source, 20, undef // '', $pair[1]);
operations($source, 19, $pair[0]);
query($source, "CALL azhunt.run_rule('plain')");
is(last_run($source), 'succeeded||1', 'whichever came first');
operations($source, 40, ($odd) x 2);
query($source, "CALL azhunt.run_rule($odd_literal)");
is(last_run($source), 'succeeded|first run|3', 'odd options find odd operations, for a rule of an odd name');
is(query($source, 'SELECT * FROM "My ""SIEM""".two_operations()'), 'adele@contoso.com|3', 'ad hoc it finds the same');
query($source, "SELECT azhunt.add_rule('first', 'two_operations')");
query($source, "CALL azhunt.run_rule('first')");
is(found($source, "'first'"), found($source, "'plain'"), 'as does a first run over all');
is(query($source, "SELECT count(*), count(DISTINCT result_id) FROM azhunt.results WHERE rule = 'plain' AND summary LIKE '% of adele\@contoso.com after 2026-03-10T08:%'"),
	'2|2', 'results are told apart by an odd key');
foreach my $setting (@settings)
{
	my $escaped = $odd_literal;
	$escaped =~ s/\\/\\\\/g if $setting =~ /conforming/;
	query($source, "ALTER DATABASE azhunt_own_hunt SET $_") foreach $setting, (has_backslash_strings() ? 'escape_string_warning = off' : ());
	foreach my $name ("'plain'", $escaped)
	{
		query($source, "SELECT azhunt.restart_rule($name)");
		query($source, "CALL azhunt.run_rule($name)");
		is(last_run($source), 'succeeded|restart_rule() was called|0', "starting over finds nothing twice with $setting");
	}
	query($source, 'ALTER DATABASE azhunt_own_hunt RESET ALL');
}
is(query($source, q{SELECT to_regclass('azhunt.matches')}), 'azhunt.matches', 'and nothing is dropped');

#
# options of any type, and what is no hunt
#
sub add_small_hunt
{
	my ($name, $options, $defaults, $details) = @_;

	query($source, "CREATE FUNCTION small.$name($defaults) RETURNS TABLE (account text) LANGUAGE sql AS 'SELECT NULL::text'");
	query($source, "CREATE FUNCTION small.${name}_matches($options, $arrivals) RETURNS TABLE ($matches) LANGUAGE sql STABLE AS \$\$"
		. " SELECT a.timegenerated, a.caller, NULL::text, NULL::text, NULL::text, jsonb_build_object('is', $details)"
		. " FROM azhunt.azureactivity AS a WHERE a.timegenerated BETWEEN since AND until \$\$");
	return "SELECT azhunt.add_hunt('small.$name', tables => '{azureactivity}', reach => 'w', result_key => '{is}', title => 't', description => 'd')";
}
query($source, 'CREATE SCHEMA small; CREATE TYPE small.pair AS (a integer, b text)');
my %values = (list => ['jsonb', q{[1, {}]}], string => ['jsonb', '"x"'], object => ['jsonb', '{"a": []}'], json => ['json', '[]'],
	composite => ['small.pair', '(1,x)'], range => ['int4range', '[1,3)'], number => ['numeric', 'NaN']);
foreach my $kind (sort keys %values)
{
	my ($type, $value) = @{ $values{$kind} };

	query($source, add_small_hunt($kind, "w interval, value $type", "w interval DEFAULT '1 hour', value $type DEFAULT '$value'", 'value::text'));
	query($source, "SELECT azhunt.add_rule('$kind')");
	query($source, "CALL azhunt.run_rule('$kind')");
	is(query($source, "SELECT DISTINCT details ->> 'is' FROM azhunt.matches WHERE rule = '$kind'"), $value, "a rule has the default of an option of type $type");
	query($source, "SELECT azhunt.drop_rule('$kind'); SELECT azhunt.drop_hunt('$kind')");
}
# of which a run would find no period
like(query_error($source, add_small_hunt('unbounded', 'w interval', 'w interval DEFAULT NULL', '1')),
	qr/^ERROR:  reach must name an option that is not null, and "w" is null by default/m, 'reach is not null');
# nor anything but a fixed time, which the hunt need not check
foreach my $reach ('-1 hour', '1 month', '2147483647 days')
{
	query($source, 'DROP FUNCTION IF EXISTS small.unbounded, small.unbounded_matches');
	like(query_error($source, add_small_hunt('unbounded', 'w interval', "w interval DEFAULT '$reach'", '1')),
		qr/^ERROR:  option "w" cannot be "[^"]+"/m, "nor $reach");
	query($source, add_small_hunt("fixed", 'w interval', "w interval DEFAULT '1 hour'", '1'));
	my $options = qq('{"w": "$reach"}');
	like(query_error($source, "SELECT azhunt.add_rule('fixed', options => $options)"), qr/^ERROR:  option "w" cannot be "$reach"/m, 'in no rule either');
	like(query_error($source, "INSERT INTO azhunt.rules (rule, hunt, options) VALUES ('fixed', 'fixed', $options)"),
		qr/^ERROR:  option "w" cannot be "$reach"/m, 'however it is made');
	query($source, "SET check_function_bodies = off; INSERT INTO azhunt.rules (rule, hunt, options) VALUES ('fixed', 'fixed', $options)");
	like(query_error($source, "CALL azhunt.run_rule('fixed')"), qr/^ERROR:  option "w" cannot be "$reach"/m, 'and its first run fails');
	query($source, q{SELECT azhunt.drop_rule('fixed'), azhunt.drop_hunt('fixed'); DROP FUNCTION small.fixed, small.fixed_matches});
}
query($source, 'DROP FUNCTION small.unbounded, small.unbounded_matches');
# arrays of arrays, which JSON does not tell from arrays of strings
like(query_error($source, add_small_hunt('square', 'w interval, v integer[]', q{w interval DEFAULT '1 hour', v integer[] DEFAULT '{{1,2},{3,4}}'}, '1')),
	qr/^ERROR:  the default of option "v" is an array of more than one dimension/m, 'a default has one dimension');
query($source, add_small_hunt('line', 'w interval, v text[], j jsonb[]',
	q{w interval DEFAULT '1 hour', v text[] DEFAULT '{a}', j jsonb[] DEFAULT '{"[1]"}'}, '1'));
like(query_error($source, qq{SELECT azhunt.add_rule('line', options => '{"v": $_}')}), qr/^ERROR:  option "v" must be an array of one dimension/m,
	"$_ is no value") foreach '[["a"],["b"]]', '["a",["b"]]', '[[]]';
query($source, q{SELECT azhunt.add_rule('line', options => '{"v": ["[1]"], "j": [[1, 2], {}]}')});
query($source, q{CALL azhunt.run_rule('line')});
query($source, q{SELECT azhunt.drop_rule('line'), azhunt.drop_hunt('line')});

# signatures
{
	my $add = add_small_hunt('signed', 'w interval, v text', q{w interval DEFAULT '1 hour', v text DEFAULT 'x'}, '1');
	my $returns = "RETURNS TABLE ($matches) LANGUAGE sql AS 'SELECT NULL::timestamptz, NULL::text, NULL::text, NULL::text, NULL::text, NULL::jsonb WHERE false'";
	my $rows = q{TABLE (log_table text, log_row jsonb) LANGUAGE sql AS $$SELECT ''::text, '{}'::jsonb$$};

	query($source, $add);
	foreach my $wrong (
		[ "signed_new_matches(w interval, $arrivals, x integer)", $returns, 'It has x integer.' ],
		[ "signed_new_matches(w text, $arrivals)", $returns, 'It has w text.' ],
		[ 'signed_new_matches(w interval, since timestamptz, until timestamptz)', $returns, 'It lacks arrivals azhunt.arrivals.' ],
		[ "signed_new_matches(w interval, $arrivals)", q{RETURNS integer LANGUAGE sql AS 'SELECT 1'}, 'It returns integer.' ],
		[ 'signed_check(w interval, x integer)', q{RETURNS boolean LANGUAGE sql AS 'SELECT true'}, 'It has x integer.' ],
		[ 'signed_check(w interval, v text[])', q{RETURNS boolean LANGUAGE sql AS 'SELECT true'}, 'It has v text[].' ],
		[ 'signed_check(w interval)', q{RETURNS integer LANGUAGE sql AS 'SELECT 1'}, 'It returns integer.' ],
		[ 'signed_tables(x integer)', q{RETURNS text[] LANGUAGE sql AS 'SELECT NULL::text[]'}, 'It has x integer.' ],
		[ 'signed_tables(w interval)', q{RETURNS text LANGUAGE sql AS 'SELECT NULL::text'}, 'It returns text.' ],
		[ 'signed_log_rows(result_id uuid)', "RETURNS $rows", 'It lacks match azhunt.matches. It has match uuid.' ],
		[ 'signed_log_rows(match azhunt.matches, w interval)', "RETURNS $rows", 'It has w interval.' ],
		[ 'signed_log_rows(match azhunt.matches)', q{RETURNS text LANGUAGE sql AS 'SELECT NULL::text'}, 'It returns text.' ])
	{
		my ($signature, $definition, $detail) = @$wrong;

		query($source, "CREATE FUNCTION small.$signature $definition");
		like(query_error($source, $add),
			qr/^ERROR:  small\.signed_\w+ does not .*\nDETAIL:  \Q$detail\E\nHINT:  It has to (be small\.signed_\w+\(|return )/m, "refused: $signature");
		query($source, "DROP FUNCTION small.$signature");
	}
	query($source, "DROP FUNCTION small.signed_matches; CREATE FUNCTION small.signed_matches(w interval, since date, until timestamptz, arrivals azhunt.arrivals) $returns");
	like(query_error($source, $add), qr/^ERROR:  small\.signed_matches does not have the arguments.*\nDETAIL:  It lacks since timestamp with time zone\. It has/m,
		'refused: since of another type');
	query($source, "DROP FUNCTION small.signed_matches; CREATE FUNCTION small.signed_matches(w interval, $arrivals) $returns");
	query($source, "CREATE FUNCTION small.signed_new_matches(w interval, $arrivals) $returns");
	query($source, q{CREATE FUNCTION small.signed_check() RETURNS boolean LANGUAGE sql AS 'SELECT true'});
	query($source, "CREATE FUNCTION small.signed_log_rows(azhunt.matches) RETURNS $rows");
	is(query($source, $add), 'signed', 'taken, whatever the argument of NAME_log_rows() is called');
	query($source, q{SELECT azhunt.drop_hunt('signed')});
}
# results that nothing tells apart
query($source, add_small_hunt('keyless', 'w interval', q{w interval DEFAULT '1 hour'}, '1') =~ s/\{is\}/{account,Is}/r);
query($source, q{SELECT azhunt.add_rule('keyless')});
like(query_error($source, q{CALL azhunt.run_rule('keyless')}), qr/^ERROR:  hunt "keyless" found a match without "Is", by which results are told apart/m,
	'a run refuses matches without what result_key names');
is(query($source, q{SELECT count(*) FROM azhunt.matches WHERE rule = 'keyless'}), 0, 'and stores none');
query($source, q{SELECT azhunt.drop_rule('keyless'), azhunt.drop_hunt('keyless')});

# of which results would show nothing
query($source, 'CREATE FUNCTION small.unbounded_matches(w interval, ' . "$arrivals) RETURNS TABLE ($matches) LANGUAGE sql STABLE AS"
	. q{ $$SELECT NULL::timestamptz, NULL, NULL, NULL, NULL, NULL::jsonb$$});
query($source, q{CREATE OR REPLACE FUNCTION small.unbounded(w interval DEFAULT '1 hour') RETURNS TABLE (account text) LANGUAGE sql AS 'SELECT NULL::text'});
query($source, 'CREATE OR REPLACE FUNCTION small.unbounded_matches(w interval, ' . "$arrivals) RETURNS TABLE ($matches) LANGUAGE sql STABLE AS"
	. q{ $$SELECT a.timegenerated, a.caller, NULL::text, NULL::text, NULL::text, '["x"]'::jsonb FROM azhunt.azureactivity AS a$$});
query($source, q{SELECT azhunt.add_hunt('small.unbounded', tables => '{azureactivity}', reach => 'w', result_key => '{account}', title => 't', description => 'd')});
query($source, q{SELECT azhunt.add_rule('unbounded')});
like(query_error($source, q{CALL azhunt.run_rule('unbounded')}), qr/^ERROR:  new row for relation "matches" violates check constraint "matches_details_check"/m,
	'details are an object');
query($source, q{SELECT azhunt.drop_rule('unbounded'); SELECT azhunt.drop_hunt('unbounded')});
# which a dump would leave out
query($source, 'ALTER FUNCTION small.unbounded SET SCHEMA azhunt; ALTER FUNCTION small.unbounded_matches SET SCHEMA azhunt');
like(query_error($source, "SELECT azhunt.add_hunt('azhunt.$_', tables => '{azureactivity}', reach => 'bin', result_key => '{account}', title => 't', description => 'd')"),
	qr/^ERROR:  cannot add or change hunt "$_" of schema azhunt/m, "$_ stays as it is in schema azhunt") foreach qw(unbounded cloudshell_usage);
query($source, 'DROP FUNCTION azhunt.unbounded, azhunt.unbounded_matches; DROP SCHEMA small CASCADE');

#
# dumps
#
# a rule that its hunt no longer takes comes along with the others
query($source, 'SET check_function_bodies = off; INSERT INTO azhunt.rules (rule, hunt, options) VALUES'
	. q{ ('outdated', 'two_operations', '{"gone": "x"}'), ('unsafe', 'cloudshell_usage', '{"bin": "-1 hour"}')});
like(query_error($source, "CALL azhunt.run_rule('outdated')"), qr/^ERROR:  hunt "two_operations" has no option "gone"/m, 'a run says what is wrong with a rule');
query($source, q{DELETE FROM azhunt.runs WHERE rule = 'outdated'});
my @contents = map { "SELECT t::text FROM azhunt.$_ AS t ORDER BY 1" } qw(hunts rules runs watermarks matches results);
my $before = join "\n", map { query($source, $_) } @contents;
my %restore = (plain => [ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-f' ], custom => [ 'pg_restore', '--exit-on-error', '--jobs=2' ]);
foreach my $format (sort keys %restore)
{
	my $target = create_database("azhunt_own_hunt_$format");

	is((run('pg_dump', "--format=$format", "--file=$dump.$format", $source))[1], '', "$format: the database is dumped");
	my ($status, $output) = run(@{ $restore{$format} }, "$dump.$format", "--dbname=$target");
	is("$status $output", '0 ', "$format: and restored");
	is(join("\n", map { query($target, $_) } @contents), $before, "$format: with hunt, rules, runs and matches");
	query($target, "CALL azhunt.run_rule('plain')");
	like(last_run($target), qr/^succeeded\|[^|]*\|0$/, "$format: a run finds nothing twice");
	operations($target, 60, @pair);
	query($target, "CALL azhunt.run_rule('plain')");
	is(last_run($target), 'succeeded||1', "$format: and the next goes on");
	query('postgres', "DROP DATABASE $target");
}
{
	my $other = Cluster->new_system;
	local %ENV = (%ENV, $other->environment);
	my $target = create_database('azhunt_own_hunt_other');
	is((run('pg_restore', '--exit-on-error', '--no-owner', "--dbname=$target", "$dump.custom"))[1], '', 'a dump is restored in another cluster');
	query($target, "CALL azhunt.run_rule('plain')");
	is(last_run($target), 'succeeded|last run was in another cluster|0', 'where a run starts over, and finds nothing twice');
	operations($target, 60, @pair);
	query($target, "CALL azhunt.run_rule('plain')");
	is(last_run($target), 'succeeded||1', 'and the next goes on');
}

#
# what is refused
#
sub run_fails
{
	my ($message, $name) = @_;

	like(query_error($source, "CALL azhunt.run_rule('plain')"), qr/^ERROR:  $message/m, $name);
	like(query($source, 'SELECT status, error FROM azhunt.runs ORDER BY run DESC LIMIT 1'), qr/^failed\|$message/, 'which the run records');
}

query('postgres', "CREATE ROLE $role");
my $function = '"My ""SIEM""".two_operations';
my $types = 'interval, text, text[], timestamptz, timestamptz, azhunt.arrivals';
foreach my $theirs ("$function(interval, text, text[])", "${function}_matches($types)")
{
	query($source, "ALTER FUNCTION $theirs OWNER TO $role");
	run_fails(qr/the owner of function .*, $role, is not trusted by postgres, who runs rules/, "a function of a role that is not trusted: $theirs");
	like(query_error($source, $add_hunt), qr/$role, is not trusted/, 'nor is it added');
	query($source, "ALTER FUNCTION $theirs OWNER TO postgres");
}
{
	# in its schema, a function that the hunt did not have
	my $options = 'within interval, first text, others text[]';
	my $update = q{UPDATE azhunt.rules SET options = '{"first": "x"}' WHERE rule = 'never run'};
	my $add_rule = q{SELECT azhunt.add_rule('another', 'two_operations')};
	my $log_rows = q{SELECT azhunt.log_rows(result_id) FROM azhunt.results LIMIT 1};

	query($source, q{SELECT azhunt.add_rule('never run', 'two_operations')});
	query($source, "CREATE FUNCTION ${function}_check($options) RETURNS boolean LANGUAGE sql AS 'SELECT true'");
	query($source, "CREATE FUNCTION ${function}_log_rows(match azhunt.matches) RETURNS TABLE (log_table text, log_row jsonb)"
		. q{ LANGUAGE sql AS $$SELECT 'azureactivity'::text, '{}'::jsonb$$});
	query($source, "ALTER FUNCTION ${function}_check OWNER TO $role; ALTER FUNCTION ${function}_log_rows OWNER TO $role");
	like(query_error($source, $_), qr/^ERROR:  the owner of function .*two_operations_check.*, $role, is not trusted by postgres/m, "nor is it called by: $_")
	  foreach $add_rule, $update;
	like(query_error($source, $log_rows), qr/^ERROR:  the owner of function .*two_operations_log_rows.*, $role, is not trusted by postgres/m,
		"nor is it called by: $log_rows");
	query($source, "ALTER FUNCTION ${function}_log_rows OWNER TO postgres");
	is(query($source, $log_rows), '(azureactivity,{})', 'and with another owner it is');
	query($source, "DROP FUNCTION ${function}_check, ${function}_log_rows");
	query($source, q{SELECT azhunt.drop_rule('never run')});
}
query($source, "CREATE FUNCTION ${function}_matches(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'");
run_fails(qr/there are 2 functions .*two_operations_matches/, 'an overloaded function');
like(query_error($source, $add_hunt), qr/there are 2 functions/, 'nor is it added');
query($source, "DROP FUNCTION ${function}_matches(integer)");
query($source, "ALTER FUNCTION ${function}_matches($types) RENAME TO elsewhere");
run_fails(qr/there is no function .*two_operations_matches/, 'a function that is gone');
query($source, qq{ALTER FUNCTION "My ""SIEM""".elsewhere($types) RENAME TO two_operations_matches});
query($source, "CALL azhunt.run_rule('plain')");
is(last_run($source), 'succeeded||0', 'once all is well again, the rule goes on');

query($source, 'ALTER SCHEMA "My ""SIEM""" RENAME TO moved');
run_fails(qr/there is no function "My ""SIEM""".two_operations/, 'a hunt that has moved');
(my $add_moved = $add_hunt) =~ s/"My ""SIEM"""/moved/;
query($source, 'CREATE SCHEMA "My ""SIEM"""; CREATE FUNCTION "My ""SIEM""".two_operations() RETURNS integer LANGUAGE sql AS $$SELECT 1$$');
like(query_error($source, $add_moved), qr/^ERROR:  there is another hunt "two_operations"/m, 'which cannot be added while there is another');
query($source, 'DROP SCHEMA "My ""SIEM""" CASCADE');
is(query($source, $add_moved), 'two_operations', 'but then, as its rules have results');
query($source, q{ALTER SCHEMA moved RENAME TO "My ""SIEM"""});
query($source, $add_hunt);
query($source, "CALL azhunt.run_rule('plain')");
is(last_run($source), 'succeeded||0', 'and back again');
like(query_error($source, $add_moved =~ s/'moved.two_operations'::regproc/$_/r), qr/^ERROR:  there is no function (NULL|99)/m, "no function: $_") foreach qw(NULL 99);

query($source, "INSERT INTO azhunt.runs (rule, started, finished, status, run_by) VALUES ('new', now(), now(), 'skipped', 'test')");
query($source, q{SELECT azhunt.add_rule('new', 'two_operations')});
query($source, q{UPDATE azhunt.rules SET options = '{"first": "x"}' WHERE rule = 'new'});
is(query($source, q{SELECT options FROM azhunt.rules WHERE rule = 'new'}), '{"first": "x"}', 'a rule that was only skipped can be changed');

like(query_error($source, 'DROP EXTENSION azhunt'), qr/function .*two_operations_matches.* depends on type azhunt\.arrivals/, 'DROP EXTENSION names the hunt');
query($source, 'SET client_min_messages = warning; DROP EXTENSION azhunt CASCADE');
is(query($source, q{SELECT string_agg(proname, ' ' ORDER BY 1) FROM pg_proc WHERE pronamespace = '"My ""SIEM"""'::regnamespace}), 'two_operations',
	'with CASCADE it takes the functions whose arguments have types of its own');
done_testing();

# What the tests of the dashboards share: their queries, expanded as Grafana's
# PostgreSQL data source documents it, and the frames that these give.
package Grafana;

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempfile);
use JSON::PP;

use Exporter qw(import);
our @EXPORT = qw(directory read_json dashboards alert_rules queries expand frame psql seed_year);

sub directory
{
	return dirname(abs_path(__FILE__)) . '/../../grafana';
}

# Rules, runs and results of a year: an event each 315 seconds until now.  Of uploads
# each is a result, of operations in Cloud Shells three in turn have the same caller.
sub seed_year
{
	my ($session) = @_;

	$session->do(<<'END');
SELECT azhunt.add_rule('storage_upload_link_account'), azhunt.add_rule('cloudshell_usage');

CREATE TEMPORARY TABLE events AS
SELECT i, now() - (100000 - i) * interval '315 seconds' AS t FROM generate_series(1, 100000) AS i;

INSERT INTO azhunt.runs (run, rule, started, finished, status, error, rows_read, new_matches, run_by)
SELECT i, CASE i % 2 WHEN 0 THEN 'storage_upload_link_account' ELSE 'cloudshell_usage' END,
       t, t + interval '1 second', CASE WHEN i % 100 < 2 THEN 'failed' ELSE 'succeeded' END,
       CASE WHEN i % 100 < 2 THEN 'out of memory' END, '{"signinlogs": 100, "storagebloblogs": 10}', i % 3, 'postgres'
FROM events;

INSERT INTO azhunt.matches (rule, "time", account, address, useragent, storageaccount, details, key, result_id, run, found_at)
SELECT 'storage_upload_link_account', t, 'user' || i % 1000 || '@contoso.com', '198.51.100.' || i % 250, 'Edge', 'account' || i % 7,
       azhunt.upload_details('https://contosodata.blob.core.windows.net/in/file' || i || '.pdf', 'PutBlob', '', t - interval '30 seconds', 'Edge'),
       sha256(i::text::bytea), md5(i::text)::uuid, i, t
FROM events
UNION ALL
SELECT 'cloudshell_usage', azhunt.bin(t, '1 hour'), 'user' || i / 3 % 500 || '@contoso.com', NULL, NULL, NULL,
       jsonb_build_object('OperationNameValue', 'operation ' || i % 40),
       sha256(i::text::bytea), md5('shell ' || i / 3)::uuid, i, t
FROM events;

INSERT INTO azhunt.status_changes (result_id, status, changed_by, changed_at, last_run)
SELECT md5(i::text)::uuid, (ARRAY['new', 'investigating', 'closed'])[1 + i % 3], 'alex', t, i FROM events WHERE i % 10 = 0;
INSERT INTO azhunt.allow_list (entity, value)
SELECT 'account', 'scanner' || i || '@contoso.com' FROM generate_series(1, 20) AS i UNION ALL VALUES ('address', '198.51.100.1');
END
}

sub read_json
{
	my ($path) = @_;

	open my $file, '<', $path or die "$path: $!";
	local $/;
	return JSON::PP->new->utf8->decode(readline $file);
}

sub dashboards
{
	my ($path) = @_;

	return map { read_json($_) } sort glob(($path // directory() . '/dashboards') . '/*.json');
}

sub alert_rules
{
	my $groups = read_json(directory() . '/provisioning/alerting/azhunt.json')->{groups};

	return map { @{ $_->{rules} } } @$groups;
}

# Every query of a dashboard, with the panel that it is for, if it is for one.
sub queries
{
	my ($dashboard) = @_;
	my @queries;

	for my $variable (@{ $dashboard->{templating}{list} })
	{
		push @queries, { name => "$dashboard->{uid}, variable $variable->{name}", kind => 'variable',
			variable => $variable, sql => $variable->{query}, format => 'table' }
		  if $variable->{type} eq 'query';
	}
	for my $annotation (@{ $dashboard->{annotations}{list} })
	{
		push @queries, { name => "$dashboard->{uid}, annotation $annotation->{name}", kind => 'annotation',
			sql => $annotation->{target}{rawSql}, format => $annotation->{target}{format} };
	}
	for my $panel (@{ $dashboard->{panels} })
	{
		for my $target (@{ $panel->{targets} })
		{
			push @queries, { name => "$dashboard->{uid}, panel $panel->{title}", kind => $panel->{type},
				panel => $panel, sql => $target->{rawSql}, format => $target->{format} };
		}
	}
	return @queries;
}

my %units = (ms => 0.001, s => 1, m => 60, h => 3600, d => 86400, w => 604800);

sub seconds
{
	my ($interval) = @_;

	$interval =~ /^'?(\d+)(ms|s|m|h|d|w)'?$/ or die "no interval: $interval";
	return $1 * $units{$2};
}

sub literal
{
	my ($value) = @_;

	return "'" . $value =~ s/'/''/gr . "'";
}

# The value of a variable: one, or an array of those that are chosen.
sub format_variable
{
	my ($name, $format, $variables) = @_;

	exists $variables->{$name} or die "there is no variable $name";
	my $value = $variables->{$name};
	my @values = ref $value ? @$value : ($value);
	# a double quote gets a backslash, which means something to other databases
	return join ',', map { literal(s/"/\\"/gr) } @values if $format eq 'sqlstring';
	return join ',', @values if $format eq 'raw';
	# Without a format, Grafana quotes the values of a variable that can have several.
	return ref $value ? join ',', map { literal($_) } @values : $value =~ s/'/''/gr if $format eq '';
	die "unknown format $format";
}

# Times in seconds since 1970, of the macros of epochs.
sub epoch
{
	my ($time) = @_;
	require Time::Local;

	$time =~ /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)Z$/ or die "no time: $time";
	return Time::Local::timegm($6, $5, $4, $3, $2 - 1, $1);
}

sub macro
{
	my ($name, $arguments, $range) = @_;
	my ($column, $interval) = map { s/^\s+|\s+$//gr } split /,/, $arguments;
	my ($from, $to) = ($range->{from}, $range->{to});

	return "$column AS \"time\"" if $name eq '__time';
	return "extract(epoch from $column) as \"time\"" if $name eq '__timeEpoch';
	return "$column BETWEEN '$from' AND '$to'" if $name eq '__timeFilter';
	return "'$from'" if $name eq '__timeFrom';
	return "'$to'" if $name eq '__timeTo';
	if ($name =~ /^__timeGroup(Alias)?$/)
	{
		my $seconds = seconds($interval);
		return "floor(extract(epoch from $column)/$seconds)*$seconds" . ($1 ? ' AS "time"' : '');
	}
	return "$column >= " . epoch($from) . " AND $column <= " . epoch($to) if $name eq '__unixEpochFilter';
	return epoch($from) if $name eq '__unixEpochFrom';
	return epoch($to) if $name eq '__unixEpochTo';
	return "$column >= " . epoch($from) . "000000000 AND $column <= " . epoch($to) . '000000000'
	  if $name eq '__unixEpochNanoFilter';
	if ($name =~ /^__unixEpochGroup(Alias)?$/)
	{
		my $seconds = seconds($interval);
		return "floor(($column)/$seconds)*$seconds" . ($1 ? ' AS "time"' : '');
	}
	die "unknown macro $name";
}

# What Grafana sends: its frontend replaces variables, its backend the
# interval and then the macros, whose arguments end at the first parenthesis.
sub expand
{
	my ($sql, $range, $variables) = @_;
	my $ms = 1000 * seconds($range->{interval});

	$sql =~ s/\$\{(\w+)(?::(\w+))?\}/format_variable($1, $2 \/\/ '', $variables)/ge;
	$sql =~ s/\$__interval_ms\b/$ms/g;
	$sql =~ s/\$__interval\b/$range->{interval}/g;
	# a $__timeGroup before a comma names its column, as in Grafana before 5.3
	$sql =~ s/\$__timeGroup(\([^)]*\),)/\$__timeGroupAlias$1/g;
	$sql =~ s/\$(__[_a-zA-Z0-9]+)\(([^)]*)\)/macro($1, $2, $range)/ge;
	return $sql;
}

# Run psql as a role; its output, and whether it succeeded.
sub psql
{
	my ($role, $input, @options) = @_;
	my ($handle, $path) = tempfile(UNLINK => 1);
	local $ENV{PGUSER} = $role;
	local $ENV{PGOPTIONS} = '-c client_encoding=UTF8';

	binmode $handle, ':encoding(UTF-8)';
	print $handle $input;
	close $handle;
	open my $output, '-|:encoding(UTF-8)', 'sh', '-c', 'exec psql --no-psqlrc --quiet "$@" 2>&1', 'psql',
	  '--set=ON_ERROR_STOP=1', @options, "--file=$path"
	  or die "psql: $!";
	my $text = do { local $/; readline $output };
	my $succeeded = close $output;
	return ($text // '', $succeeded);
}

sub parse_csv
{
	my ($text) = @_;
	my @rows = ([]);

	while ($text =~ /\G(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|\z)/g)
	{
		my ($quoted, $plain, $end) = ($1, $2, $3);
		push @{ $rows[-1] }, defined $quoted ? $quoted =~ s/""/"/gr : $plain eq '\N' ? undef : $plain;
		last if $end eq '';
		if ($end eq "\n")
		{
			last if pos($text) == length $text;
			push @rows, [];
		}
	}
	return $text eq '' ? () : @rows;
}

# What a query gives: names and types of columns in order, and rows.
sub frame
{
	my ($role, $sql, $timezone) = @_;
	$timezone //= 'UTC';
	my ($text, $succeeded) = psql($role,
		"SET timezone = '$timezone';\n\\pset null '\\\\N'\n$sql\n\\gdesc\n\\echo ----\n$sql\n;\n", '--csv');

	die "$text\n$sql\n" unless $succeeded;
	my ($types, $data) = split /^----\n/m, $text, 2;
	my (undef, @columns) = parse_csv($types);
	my (undef, @rows) = parse_csv($data);
	my @names = map { $_->[0] } @columns;
	return {
		names => \@names,
		types => { map { $_->[0] => $_->[1] } @columns },
		rows => [ map { my %row; @row{@names} = @$_; \%row } @rows ],
	};
}

1;

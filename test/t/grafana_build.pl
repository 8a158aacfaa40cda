# The dashboards and alert rules are what their source gives, fit the types of
# Grafana's own @grafana/schema, and keep to what is promised of every panel.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use File::Temp qw(tempdir);
use JSON::PP;
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Grafana;
use Npm;
use Test::More;

my $directory = abs_path(directory());
my $temporary = tempdir(CLEANUP => 1);

sub read_file
{
	my ($path) = @_;

	open my $file, '<:raw', $path or return undef;
	local $/;
	return readline $file;
}

#
# packages
#
my $lock = read_json("$directory/package-lock.json");
is_deeply([ grep { exists $lock->{packages}{$_}{resolved} } keys %{ $lock->{packages} } ], [], 'the lock file names no registry');
is_deeply([ grep { $_ ne '' && ($lock->{packages}{$_}{integrity} // '') !~ /^sha512-/ } keys %{ $lock->{packages} } ],
	[], 'and has a hash of each package');

my $problem = install_packages($directory);
if (defined $problem)
{
	fail('npm ci installs the packages (Debian: nodejs, npm)') if $ENV{CI};
	diag($problem);
	SKIP: { skip('npm cannot install what the dashboards are built with', 1) unless $ENV{CI}; }
	done_testing();
	exit;
}
pass('the packages are installed');

#
# the source and what it gives
#
my ($text, $succeeded) = run_in($directory, 'node', 'node_modules/typescript/bin/tsc', '--outDir', "$directory/build");
ok($succeeded, 'the source compiles') or diag($text);
($text, $succeeded) = run_in($directory, 'node', 'build/generate.js', $temporary);
ok($succeeded, 'and runs') or diag($text);

my @generated = map { s/^\Q$temporary\E\///r } glob "$temporary/dashboards/* $temporary/provisioning/*/*";
my @committed = map { s/^\Q$directory\E\///r } glob "$directory/dashboards/* $directory/provisioning/*/*.json";
is_deeply(\@committed, \@generated, 'each file that is generated is here, and no other');
is(scalar(grep { /^dashboards/ } @generated), 4, 'four dashboards');
is(read_file("$directory/$_"), read_file("$temporary/$_"), "$_ is what the source gives") for @generated;

#
# types
#
sub check_types
{
	return run_in($directory, 'node', 'build/check_types.js', @_);
}

($text, $succeeded) = check_types(map { "$directory/$_" } grep { /^dashboards/ } @committed);
ok($succeeded, 'the dashboards fit the types of @grafana/schema, the oldest and the newest') or diag($text);

# what is wrong is found, all at once
my %mistakes = (
	'an unknown property of a panel' => sub { $_[0]{panels}[0]{titel} = 'x' },
	'an unknown colour mode' => sub { $_[0]{panels}[0]{fieldConfig}{defaults}{color}{mode} = 'rainbow' },
	'what only the oldest knows' => sub { (grep { $_->{type} eq 'table' } @{ $_[0]{panels} })[0]{options}{footer} = { show => JSON::PP::false } },
	'what only the newest knows' => sub { push @{ (grep { $_->{type} eq 'table' } @{ $_[0]{panels} })[0]{fieldConfig}{overrides}[0]{properties} },
			{ id => 'custom.wrapHeaderText', value => JSON::PP::true } },
	'an unknown option of a table' => sub { (grep { $_->{type} eq 'table' } @{ $_[0]{panels} })[0]{options}{showHeadr} = JSON::PP::true },
	'an unknown property of an override' => sub { (grep { $_->{type} eq 'table' } @{ $_[0]{panels} })[0]{fieldConfig}{overrides}[0]{properties}[0]{id} = 'custom.wdith' },
	'an unknown value of an override' => sub { (grep { $_->{type} eq 'table' } @{ $_[0]{panels} })[0]{fieldConfig}{overrides}[0]{properties}[1]{value} = 'wide' },
	'an unknown draw style' => sub { (grep { $_->{type} eq 'timeseries' } @{ $_[0]{panels} })[0]{fieldConfig}{defaults}{custom}{drawStyle} = 'pillars' },
	'a text for a number' => sub { $_[0]{panels}[0]{gridPos}{w} = 'wide' },
	'an unknown type of variable' => sub { $_[0]{templating}{list}[0]{type} = 'thing' },
	'a target that is no query' => sub { delete $_[0]{panels}[0]{targets}[0]{rawSql} },
);
my @wrong;
for my $mistake (sort keys %mistakes)
{
	my $dashboard = read_json("$directory/dashboards/azhunt-overview.json");
	$mistakes{$mistake}->($dashboard);
	my $path = sprintf '%s/mistake_%d.json', $temporary, scalar @wrong;
	open my $file, '>', $path or die "$path: $!";
	print $file JSON::PP->new->utf8->canonical->encode($dashboard);
	close $file;
	push @wrong, $path;
}
($text, $succeeded) = check_types(@wrong);
ok(!$succeeded, 'dashboards that do not fit are refused');
my $number = 0;
like($text, qr/^\Q$wrong[$number++]\E \(/m, "for $_") for sort keys %mistakes;

#
# what holds of every dashboard
#
my @dashboards = dashboards();
my %uids = map { $_->{uid} => $_ } @dashboards;
my %builtin = map { $_ => 1 } qw(__url_time_range __value __data __interval __interval_ms);
my $alerting = read_json("$directory/provisioning/alerting/azhunt.json")->{groups}[0]{folder};
unlike(read_file("$directory/provisioning/dashboards/azhunt.yaml"), qr/folder: \Q$alerting\E$/m, 'each folder is provisioned once');

# pixels of a panel at 1440: Grafana's menu, where it is docked, has 300, the
# page 16 on each side, and a panel 10 within
sub pixels
{
	my ($panel) = @_;

	return int((1440 - 300 - 2 * 16) * $panel->{gridPos}{w} / 24) - 2 * 10;
}

sub property
{
	my ($override, $id) = @_;
	my ($property) = grep { $_->{id} eq $id } @{ $override->{properties} };

	return $property && $property->{value};
}

sub check_table
{
	my ($panel, $name) = @_;
	my @all = @{ $panel->{fieldConfig}{overrides} };
	my @shown = grep { !property($_, 'custom.hidden') } @all;
	my $width = 0;

	# one for the oldest version, one for the newest
	is_deeply([ map { $_->{matcher}{options} } grep { property($_, 'custom.hideFrom') } @all ],
		[ map { $_->{matcher}{options} } grep { property($_, 'custom.hidden') } @all ], "$name: each version hides the same columns");

	$width += property($_, 'custom.width') // property($_, 'custom.minWidth') // 10000 for @shown;
	cmp_ok($width, '<=', pixels($panel), "$name: fits at 1440 pixels");
	is(scalar(grep { !property($_, 'custom.width') } @shown), 1, "$name: one column takes what is left");
	for my $override (@shown)
	{
		my $column = $override->{matcher}{options};
		ok(property($override, 'custom.inspect'), "$name: all of a long $column can be seen")
		  if $panel->{title} !~ /first time|hour/ && $column =~ /^(?:Account|Caller|File|Details|Log row|Operations|What was found|Error|User agent)$/;
		# the text for no rows would stand in each cell that is null
		isnt(property($override, 'noValue'), undef, "$name: $column says what null is");
		for my $link (@{ property($override, 'links') // [] })
		{
			check_link($link, $panel, "$name, link of $column", $column);
		}
	}
}

# A number or bar leads to what it counts: by the filters that its query has, and no
# others.
sub check_counted
{
	my ($link, $panel, $name) = @_;
	my %filters = map { $_ => 1 } $panel->{targets}[0]{rawSql} =~ /\$\{(\w+):sqlstring\}/g;
	my ($uid) = $link->{url} =~ m{^/d/(.*?)\?};

	for my $filter (map { $_->{name} } grep { $_->{type} ne 'datasource' } @{ $uids{$uid}{templating}{list} })
	{
		my ($set) = $link->{url} =~ /(\$\{\Q$filter\E:queryparam\}|var-\Q$filter\E=[^&]*)/;
		my $kept = defined $set && $set !~ /\$__all/ ? 1 : 0;
		my $counted = $filters{$filter} || $set && $set =~ /=(?:High|Medium|Low|Informational|new|investigating|closed)$/ ? 1 : 0;
		is($kept, $counted, "$name: has $filter as the query has it");
	}
}

sub check_link
{
	my ($link, $panel, $name, $of) = @_;
	my %columns = map { $_->{matcher}{options} => property($_, 'custom.hidden') ? 'key' : 'shown' } @{ $panel->{fieldConfig}{overrides} };

	ok($link->{title}, "$name: has a title");
	# Grafana decodes addresses: what is in them must need no encoding
	is_deeply([ grep { $_ ne 'Id' && $columns{$_} ne 'key' } $link->{url} =~ /__data\.fields\["(.*?)"\]/g ], [], "$name: hands over an id or a key");
	is($of, 'Id', "$name: hands over its own value, which is an id") if $link->{url} =~ /__value\.raw/;
	return if $link->{url} eq 'https://attack.mitre.org/techniques/${__data.fields["Page"]:percentencode}/';
	my ($uid, $query) = $link->{url} =~ m{^/d/(.*?)\?(.*)$};
	ok($uids{$uid}, "$name: leads to dashboard $uid") or return;
	my %variables = map { $_->{name} => 1 } @{ $uids{$uid}{templating}{list} };
	ok($variables{$_}, "$name: $uid has variable $_") for $query =~ /var-(\w+)=/g, $query =~ /\$\{(\w+):queryparam\}/g;
	like($query, qr/\$\{__url_time_range\}|from=\$\{__value.time\}&to=\$\{__to\}/, "$name: keeps the time");
	like($query, qr/\$\{datasource:queryparam\}/, "$name: keeps the data source");
	like($query, qr/\brule\b/, "$name: keeps the rule") unless $uid eq 'azhunt-result';
	ok($columns{$_}, "$name: column $_ is there") for $link->{url} =~ /__data\.fields\["(.*?)"\]/g;
	ok(scalar(grep { $_->{id} == $1 } @{ $uids{$uid}{panels} }), "$name: panel $1 is there") if $query =~ /viewPanel=(\d+)/;
	is_deeply([ grep { !/:(?:percentencode|queryparam)$/ && !/^__(?:url_time_range|value\.time|to)$/ } $query =~ /\$\{(.*?)\}/g ],
		[], "$name: what it hands over is encoded");
}

for my $dashboard (@dashboards)
{
	my $uid = $dashboard->{uid};
	my %ids;
	my %variables = map { $_->{name} => $_ } @{ $dashboard->{templating}{list} };

	like($uid, qr/^azhunt-[a-z-]{1,33}$/, "$uid: a stable uid");
	is($dashboard->{timezone}, 'utc', "$uid: times are in UTC");
	like($dashboard->{description}, qr/Times are in UTC unless the time picker/, "$uid: and it says so");
	is($variables{datasource}{type}, 'datasource', "$uid: the data source is a variable");
	ok(!exists $dashboard->{id}, "$uid: no id of one Grafana");

	for my $query (queries($dashboard))
	{
		is_deeply([ grep { !$variables{$_} && !$builtin{$_} } $query->{sql} =~ /\$\{(\w+)/g ], [], "$query->{name}: its variables are there");
		like($query->{sql}, qr/azhunt\./, "$query->{name}: reads azhunt");
		unlike($query->{sql}, qr/\$(?=[{\w])(?!\{\w+:sqlstring\}|__)/, "$query->{name}: each variable is quoted");
	}

	for my $panel (@{ $dashboard->{panels} })
	{
		my $name = "$uid, $panel->{title}";
		my $defaults = $panel->{fieldConfig}{defaults};

		ok($panel->{id} && !$ids{ $panel->{id} }++, "$name: an id of its own");
		like($panel->{title}, qr/\w\?(?:$| [A-Z])/, "$name: the title says what it answers");
		like($panel->{description}, qr/^[A-Z].{20,}\.$/s, "$name: is described");
		cmp_ok(length($defaults->{noValue} // ''), '>=', 4, "$name: says so when there is nothing");
		isnt($defaults->{unit}, undef, "$name: has a unit");
		cmp_ok(scalar @{ $defaults->{thresholds}{steps} }, '>=', 1, "$name: has thresholds");
		like($panel->{type}, qr/^(?:stat|table|timeseries)$/, "$name: needs no plugin");
		is_deeply([ map { $_->{datasource}{uid} } $panel, @{ $panel->{targets} } ], [ ('${datasource}') x 2 ], "$name: its data source is the variable");
		cmp_ok($panel->{gridPos}{x} + $panel->{gridPos}{w}, '<=', 24, "$name: is on the grid");
		check_table($panel, $name) if $panel->{type} eq 'table';
		for my $override ($panel->{type} eq 'table' ? () : @{ $panel->{fieldConfig}{overrides} })
		{
			check_link($_, $panel, "$name, link of $override->{matcher}{options}") for @{ property($override, 'links') // [] };
		}
		check_link($_, $panel, "$name, link") for @{ $defaults->{links} // [] };
		if ($panel->{title} =~ /^(?:How m|Is this time|Which rules found|When)/ && $panel->{title} !~ /log rows|uploads of each hour/)
		{
			check_counted($_, $panel, "$name, what it counts") for @{ $defaults->{links} // [] },
			  map { @{ property($_, 'links') // [] } } grep { $_->{matcher}{options} ne 'Hidden by filters' } @{ $panel->{fieldConfig}{overrides} };
		}
		unlike($panel->{title} . JSON::PP->new->encode($panel->{fieldConfig}), qr/UTC/, "$name: does not say UTC where the time picker decides")
		  unless $panel->{title} =~ /^At what hour of the day \(UTC\)/;
	}

	# no panel over another
	my @cells;
	my $overlaps = 0;
	for my $position (map { $_->{gridPos} } @{ $dashboard->{panels} })
	{
		for my $x ($position->{x} .. $position->{x} + $position->{w} - 1)
		{
			$overlaps += $cells[$x][$_]++ ? 1 : 0 for $position->{y} .. $position->{y} + $position->{h} - 1;
		}
	}
	is($overlaps, 0, "$uid: no panel lies over another");
}

# a state or a rule has one colour everywhere
my %colors;
for my $panel (map { @{ $_->{panels} } } @dashboards)
{
	for my $mapping (grep { $_->{type} eq 'value' } @{ $panel->{fieldConfig}{defaults}{mappings} // [] },
		map { @{ property($_, 'mappings') // [] } } @{ $panel->{fieldConfig}{overrides} })
	{
		$colors{"state $_"}{ $mapping->{options}{$_}{color} } = 1 for keys %{ $mapping->{options} };
	}
	for my $override (grep { property($_, 'color') } @{ $panel->{fieldConfig}{overrides} })
	{
		my $color = property($override, 'color');
		$colors{"series $override->{matcher}{options}"}{ $color->{fixedColor} } = 1;
	}
}
is_deeply([ grep { keys %{ $colors{$_} } > 1 } sort keys %colors ], [], 'a colour means the same everywhere');
cmp_ok(scalar keys %colors, '>', 15, 'colours were found');
is_deeply([ grep { !/^(?:orange|blue|purple|text|transparent|#[0-9A-F]{6})$/ } map { keys %{ $colors{$_} } } keys %colors ],
	[], 'they are those of the theme, or on which text can be read in both');

#
# alert rules
#
my @rules = alert_rules();
is_deeply([ map { $_->{title} } @rules ], [ 'an open result', 'a log table stopped', 'a rule does not succeed' ], 'alert rules');
unlike(read_file("$directory/provisioning/alerting/azhunt.json"), qr/\$/, 'Grafana finds no variable of the environment in them');
for my $rule (@rules)
{
	my ($rows, $condition) = @{ $rule->{data} };
	like($rule->{uid}, qr/^azhunt-[a-z-]{1,33}$/, "$rule->{title}: a stable uid");
	is($rule->{condition}, $condition->{refId}, "$rule->{title}: its condition is there");
	is($condition->{model}{expression}, $rows->{refId}, "$rule->{title}: and about its rows");
	is($rows->{datasourceUid}, 'azhunt', "$rule->{title}: its data source is the provisioned one");
	is("$rule->{noDataState} $rule->{execErrState}", 'OK Error', "$rule->{title}: no row is good, an error is not");
	like($rule->{annotations}{link}, qr{externalURL \}\}/d/(?:azhunt-overview$|azhunt-result\?var-result=)}, "$rule->{title}: has a link");
}
like(read_file("$directory/provisioning/datasources/azhunt.yaml"), qr/^    uid: azhunt$/m, 'which has that uid');
like(read_file("$directory/provisioning/datasources/azhunt.yaml"), qr/^    secureJsonData:\n      password: \$\w+$/m, 'and its password from the environment');

done_testing();

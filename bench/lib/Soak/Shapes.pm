# Files of log records in the shapes in which Azure hands them out.
package Soak::Shapes;

use strict;
use warnings;

use Avro;
use Compress::Zlib ();
use Encode ();
use Exporter qw(import);
use JSON::PP;
use POSIX ();
use Soak::Records;
use Soak::Worker;
our @EXPORT = qw(file_of raw_lines shapes_for);

my $json = JSON::PP->new->utf8->canonical;

# A time as it is written in JSON, with three or seven digits.
sub iso
{
	my ($time) = @_;

	return undef unless defined $time;
	return POSIX::strftime('%Y-%m-%dT%H:%M:%S', gmtime int($time / 1000)) . sprintf(one_of('.%03dZ', '.%03d0000Z'), $time % 1000);
}

# And in the portal's CSV.
sub us
{
	my ($time) = @_;
	my ($second, $minute, $hour, $day, $month, $year) = gmtime int($time / 1000);

	return sprintf '%d/%d/%d, %d:%02d:%02d.%03d %s', $month + 1, $day, $year + 1900, $hour % 12 || 12, $minute, $second, $time % 1000,
	  $hour < 12 ? 'AM' : 'PM';
}

my %names = (
	storagebloblogs => 'StorageBlobLogs', storagefilelogs => 'StorageFileLogs', signinlogs => 'SigninLogs', auditlogs => 'AuditLogs',
	aadnoninteractiveusersigninlogs => 'AADNonInteractiveUserSignInLogs', azureactivity => 'AzureActivity',
	aadserviceprincipalsigninlogs => 'AADServicePrincipalSignInLogs', aadmanagedidentitysigninlogs => 'AADManagedIdentitySignInLogs');
my %categories = (
	signinlogs => 'SignInLogs', aadnoninteractiveusersigninlogs => 'NonInteractiveUserSignInLogs',
	aadserviceprincipalsigninlogs => 'ServicePrincipalSignInLogs', aadmanagedidentitysigninlogs => 'ManagedIdentitySignInLogs');

# Members that have a value.
sub with_values
{
	my (%members) = @_;

	delete @members{ grep { !defined $members{$_} } keys %members };
	return \%members;
}

# Raw diagnostic records, by kind.
my %raw = (
	storage => sub {
		my ($record) = @_;
		my $service = $record->{log_table} eq 'storagefilelogs' ? 'file' : 'blob';
		my $category = $record->{operation} =~ /^delete/i ? 'StorageDelete' : $record->{operation} =~ /^get/i ? 'StorageRead' : 'StorageWrite';

		return with_values(category => $category, operationName => $record->{operation}, statusText => $record->{status}, statusCode => $record->{code},
			callerIpAddress => $record->{spelling}, correlationId => $record->{id}, uri => $record->{uri},
			resourceId => "/subscriptions/1/resourceGroups/media/providers/Microsoft.Storage/storageAccounts/$record->{account}/${service}Services/default",
			properties => with_values(accountName => $record->{account}, userAgentHeader => $record->{agent}, serviceType => $service));
	},
	signin => sub {
		my ($record) = @_;

		return with_values(category => $categories{ $record->{log_table} }, operationName => 'Sign-in activity', resultType => "$record->{result}",
			resourceId => '/tenants/contoso/providers/Microsoft.aadiam', properties => signin_members($record));
	},
	activity => sub {
		my ($record) = @_;
		my $claims = { defined $record->{user} ? (upn => $record->{user}) : () };

		return with_values(category => 'Administrative', operationName => $record->{operation}, resultType => $record->{status},
			callerIpAddress => $record->{spelling}, correlationId => $record->{id}, identity => { claims => $claims },
			resourceId => "/subscriptions/1/resourceGroups/$record->{group}/providers/Microsoft.Storage/storageAccounts/x");
	},
	audit => sub {
		my ($record) = @_;

		return with_values(category => 'AuditLogs', operationName => $record->{operation}, correlationId => $record->{id},
			resourceId => '/tenants/contoso/providers/Microsoft.aadiam',
			properties => { id => $record->{id}, result => 'success', initiatedBy => { user => { userPrincipalName => $record->{user} } } });
	});

# What is in a sign-in's properties, and is what Microsoft Graph lists of it.
sub signin_members
{
	my ($record) = @_;

	return with_values(id => $record->{id}, createdDateTime => iso($record->{created}), ipAddress => $record->{spelling}, userAgent => $record->{agent},
		userPrincipalName => $record->{user}, servicePrincipalName => $record->{principal}, servicePrincipalId => $record->{principal_id});
}

# Columns of the log table, by kind.
my %columns = (
	storage => sub {
		my ($record) = @_;

		return (OperationName => $record->{operation}, StatusText => $record->{status}, StatusCode => $record->{code}, CallerIpAddress => $record->{spelling},
			Uri => $record->{uri}, UserAgentHeader => $record->{agent}, AccountName => $record->{account}, CorrelationId => $record->{id});
	},
	signin => sub {
		my ($record) = @_;

		return (Id => $record->{id}, IPAddress => $record->{spelling}, UserAgent => $record->{agent}, ResultType => $record->{result},
			CreatedDateTime => iso($record->{created}),
			$record->{log_table} =~ /user|^signin/ ? (UserPrincipalName => $record->{user})
			: (ServicePrincipalName => $record->{principal}, ServicePrincipalId => $record->{principal_id}));
	},
	activity => sub {
		my ($record) = @_;

		return (Caller => $record->{user}, OperationNameValue => $record->{operation}, ActivityStatusValue => $record->{status},
			ResourceGroup => $record->{group}, CallerIpAddress => $record->{spelling}, CorrelationId => $record->{id});
	},
	audit => sub {
		my ($record) = @_;

		return (Id => $record->{id}, OperationName => $record->{operation}, CorrelationId => $record->{id});
	});

# The columns of a record, in order, as names and values.
sub columns_of
{
	my ($record) = @_;

	return (Type => $names{ $record->{log_table} }, TimeGenerated => iso($record->{time}), $columns{ $record->{kind} }->($record));
}

sub raw_record
{
	my ($record) = @_;

	return { time => iso($record->{time}), %{ $raw{ $record->{kind} }->($record) } };
}

# Lines of raw records, some of which are of a log that no table is for.
sub raw_lines
{
	return join '', map {
		(rand() < 0.02 ? $json->encode({ time => iso($_->{time}), category => 'UserRiskEvents', properties => { id => $_->{id} } }) . "\n" : ()),
		  $json->encode(raw_record($_)) . "\n" } @_;
}

sub envelope
{
	return $json->encode({ records => [ map { raw_record($_) } @_ ] });
}

sub graph_record
{
	my ($record) = @_;
	my %types = (signinlogs => 'interactiveUser', aadnoninteractiveusersigninlogs => 'nonInteractiveUser',
		aadserviceprincipalsigninlogs => 'servicePrincipal', aadmanagedidentitysigninlogs => 'managedIdentity');

	# which has one time only
	$record->{created} = $record->{time};
	return { %{ signin_members($record) }, appDisplayName => 'Azure Portal', signInEventTypes => [ $types{ $record->{log_table} } ],
		status => { errorCode => $record->{result} } };
}

sub csv_cell
{
	my ($value) = @_;

	return '' unless defined $value;
	return $value =~ /[",\n]/ ? '"' . $value =~ s/"/""/gr . '"' : $value;
}

# The portal's CSV of one log table.
sub csv
{
	my (@records) = @_;
	my @lines;

	for my $record (@records)
	{
		my @columns = columns_of($record);
		my @names = map { $columns[ 2 * $_ ] } 0 .. @columns / 2 - 1;
		my %row = (@columns, TimeGenerated => us($record->{time}));

		push @lines, join ',', map { $_ eq 'TimeGenerated' ? 'TimeGenerated [UTC]' : $_ } @names unless @lines;
		push @lines, join ',', map { csv_cell($row{$_}) } @names;
	}
	return Encode::encode('UTF-8', join '', map { "$_\r\n" } @lines);
}

# The answer of the query API about one log table.
sub query_answer
{
	my (@records) = @_;
	my @rows = map { [ columns_of($_) ] } @records;
	my $every = sub { my ($row, $odd) = @_; return [ map { $row->[ 2 * $_ + $odd ] } 0 .. @$row / 2 - 1 ] };
	my @columns = map { { name => $_, type => $_ =~ /Time/ ? 'datetime' : 'string' } } @{ $every->($rows[0], 0) };

	return $json->encode({ tables => [ { name => 'PrimaryResult', columns => \@columns, rows => [ map { $every->($_, 1) } @rows ] } ] });
}

# Each shape: its content, of what records, and where it lies.
my %shapes = (
	lines => [ sub { raw_lines(@_) }, sub { 1 }, sub { blob(one_of(qw(insights-logs-storagewrite insights-logs-signinlogs insights-activity-logs)), @_) } ],
	gzip => [ sub { Compress::Zlib::memGzip(raw_lines(@_)) }, sub { 1 }, sub { blob('insights-logs-storagedelete', @_) . '.gz' } ],
	envelope => [ sub { envelope(@_) }, sub { 1 }, sub { "hub/$_[0].json" } ],
	avro => [ \&avro, sub { 1 }, sub { "capture/hub/0/$_[0].avro" } ],
	export => [ sub { join '', map { $json->encode(with_values(columns_of($_))) . "\n" } @_ }, \&one_table, sub { "am-$names{$_[1]}/$_[0]/PT05M.json" } ],
	query => [ sub { $json->encode([ map { texts(columns_of($_)) } @_ ]) }, \&one_table, sub { "answers/$_[0].json" } ],
	answer => [ sub { query_answer(@_) }, \&one_table, sub { "answers/$_[0].answer.json" } ],
	csv => [ sub { csv(@_) }, \&one_table, sub { "downloads/query_data_$_[0].csv" } ],
	graph => [ sub { $json->encode({ value => [ map { graph_record($_) } @_ ] }) }, sub { $_[0]{kind} eq 'signin' }, sub { "graph/$_[0].json" } ]);

sub avro
{
	my @records = @_;
	my @bodies;

	while (my @some = splice @records, 0, 7)
	{
		push @bodies, envelope(@some);
	}
	return avro_file(\@bodies, codec => one_of('null', 'deflate'));
}

# az monitor log-analytics query gives all values as strings.
sub texts
{
	my (%columns) = @_;

	return with_values(map { $_ => defined $columns{$_} ? "$columns{$_}" : undef } keys %columns);
}

sub one_table
{
	my ($record, $first) = @_;

	return $record->{log_table} eq $first->{log_table};
}

# The name of an hourly blob; its number makes it another one.
sub blob
{
	my ($container, $number) = @_;

	return sprintf '%s/resourceId=/SUBSCRIPTIONS/%d/y=2026/m=%02d/d=%02d/h=%02d/m=00/PT1H.json', $container, $number / 8064,
	  1 + $number / 672 % 12, 1 + $number / 24 % 28, $number % 24;
}

# A file of some of these records in a shape: its path, its bytes, and the records
# that it has.  Addresses get the spelling of this file.
sub file_of
{
	my ($shape, $number, @candidates) = @_;
	my ($content, $is_fit, $path) = @{ $shapes{$shape} };
	my @records = grep { $is_fit->($_, $candidates[0]) } @candidates;

	return unless @records;
	spell($_) for @records;
	return { path => $path->($number, $records[0]{log_table}), content => $content->(@records), records => \@records };
}

sub spell
{
	my ($record) = @_;

	$record->{spelling} = $record->{kind} eq 'storage' ? Soak::Records::with_port($record->{address}) : $record->{address};
}

sub shapes_for
{
	return sort keys %shapes;
}

1;

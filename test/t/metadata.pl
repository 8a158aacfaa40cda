# The version stands in one place, azhunt.control; what repeats it must agree.
# META.json is as PGXN wants it, and so is the archive of "make dist".
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use IO::Uncompress::Unzip qw($UnzipError);
use JSON::PP qw(decode_json);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Test::More;
use Utils;

my $top = abs_path(dirname(__FILE__) . '/../..');
chdir $top or die "$top: $!";

my ($version) = slurp('azhunt.control') =~ /^default_version\s*=\s*'([0-9.]+)'$/m;
ok($version, 'the control file has a version');

my $meta = decode_json(slurp('META.json'));
is($meta->{version}, "$version.0", 'META.json has it');
is($meta->{provides}{azhunt}{version}, "$version.0", 'META.json provides it');
ok(-e "$top/$meta->{provides}{azhunt}{file}", 'META.json names the install script');
like($meta->{provides}{azhunt}{file}, qr/\Q--$version.sql\E$/, 'of this version');
like(slurp('CHANGELOG.md'), qr/^## \Q$version\E\.0 /m, 'CHANGELOG.md has it');

SKIP:
{
	skip 'this is an archive, which has no Debian packages', 1 unless -e 'debian/changelog';
	like(slurp('debian/changelog'), qr/\Aazhunt \(\Q$version\E\.0-/, 'debian/changelog begins with it');
}

#
# META.json, by the specification of PGXN, version 1.0.0
#

my $semantic = qr/^\d+\.\d+\.\d+(?:-?[A-Za-z][A-Za-z0-9-]*)?$/;
my $uri = qr{^(?:https?|git)://[^\s/]+/\S*$};

# What is wrong with an object whose keys have to be these, but custom ones.
# A value is held against a pattern, or is what is wrong with it.
sub wrong
{
	my ($name, $object, $required, $optional) = @_;
	my %rule = (%$required, %$optional);
	my @wrong;

	return "$name is no object" unless ref $object eq 'HASH';
	push @wrong, map { "$name has no $_" } grep { !exists $object->{$_} } sort keys %$required;
	foreach my $key (grep { !/^x_/i } sort keys %$object)
	{
		my ($rule, $value) = ($rule{$key}, $object->{$key});
		push @wrong,
		  !$rule ? "$name has an unknown key $key"
		  : ref $rule eq 'CODE' ? $rule->("$name.$key", $value)
		  : ref $value || $value !~ $rule ? "$name.$key is $value"
		  : ();
	}
	return @wrong;
}

# An object whose keys are the user's.
sub each_value
{
	my ($check) = @_;

	return sub
	{
		my ($name, $object) = @_;
		return "$name is no object" unless ref $object eq 'HASH' && %$object;
		return map { ref $check ? $check->("$name.$_", $object->{$_}) : $object->{$_} =~ $check ? () : "$name.$_ is $object->{$_}" } sort keys %$object;
	};
}

# An object with these keys.
sub object
{
	my ($required, $optional) = @_;

	return sub { return wrong(@_, $required, $optional); };
}

sub versions
{
	my ($name, $object) = @_;

	return map { $object->{$_} =~ $semantic ? () : "$name.$_ is $object->{$_}" } sort keys %$object;
}

sub wrong_tags
{
	my ($name, $tags) = @_;

	return ref $tags eq 'ARRAY' && @$tags ? map { m{[/\\[:cntrl:]]|^$} ? "$name has $_" : () } @$tags : "$name is no list";
}

my $prereqs = object({}, { map { $_ => object({}, { map { $_ => \&versions } qw(requires recommends suggests conflicts) }) } qw(configure build test runtime develop) });
my %required = (
	abstract => qr/\S/,
	license => qr/^postgresql$/,
	maintainer => qr/\S/,
	'meta-spec' => object({ version => qr/^1\.0\.0$/ }, { url => $uri }),
	name => qr{^[^\s/\\[:cntrl:]]{2,}$},
	provides => each_value(object({ file => qr/\S/, version => $semantic }, { abstract => qr/\S/, docfile => qr/\S/ })),
	version => $semantic,
);
my %optional = (
	description => qr/\S/,
	generated_by => qr/\S/,
	prereqs => $prereqs,
	release_status => qr/^(?:stable|testing|unstable)$/,
	resources => object({}, {
			homepage => $uri,
			bugtracker => object({}, { web => $uri, mailto => qr/@/ }),
			repository => object({}, { url => $uri, web => $uri, type => qr/^[a-z]+$/ }),
		}),
	tags => \&wrong_tags,
);
is_deeply([ wrong('META.json', $meta, \%required, \%optional) ], [], 'META.json is as PGXN wants it');
foreach my $key (sort keys %required)
{
	my %lacking = %$meta;

	delete $lacking{$key};
	is_deeply([ wrong('META.json', \%lacking, \%required, \%optional) ], ["META.json has no $key"], "PGXN wants $key");
}
ok(exists $meta->{$_}, "META.json has $_") foreach qw(release_status resources prereqs tags);
ok(-e "$top/$meta->{provides}{azhunt}{docfile}", 'META.json names a document');

#
# the archive
#

# The names in an archive.
sub names_in
{
	my ($archive) = @_;
	my $zip = IO::Uncompress::Unzip->new($archive) or die "$archive: $UnzipError\n";
	my ($more, @names) = (1);

	for (; $more > 0; $more = $zip->nextStream)
	{
		push @names, $zip->getHeaderInfo->{Name};
	}
	die "$archive: $UnzipError\n" if $more < 0;
	return @names;
}

SKIP:
{
	skip 'this is no clone', 5 if system(q(git -c safe.directory='*' rev-parse HEAD >/dev/null 2>&1)) != 0;
	my $directory = tempdir('azhunt.XXXXXX', TMPDIR => 1, CLEANUP => 1);
	my $name = "azhunt-$meta->{version}";
	local @ENV{qw(GIT_CONFIG_COUNT GIT_CONFIG_KEY_0 GIT_CONFIG_VALUE_0)} = (1, 'safe.directory', '*');
	delete local @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS)};
	my $output = `make --silent --directory='$directory' --file='$top/Makefile' dist \${PG_CONFIG:+PG_CONFIG="\$PG_CONFIG"} 2>&1`;
	is("$?: $output", '0: ', 'make dist writes an archive');
	my @names = names_in("$directory/$name.zip");
	is_deeply([ grep { !m{^\Q$name\E/} } @names ], [], 'all is below one directory');
	my %has = map { s{^\Q$name\E/}{}r => 1 } @names;
	is_deeply([ grep { !$has{$_} } qw(META.json Makefile README.md LICENSE azhunt.control src/load/Makefile test/t/metadata.pl),
			@{ $meta->{provides}{azhunt} }{qw(file docfile)} ], [], 'it has what it has to have');
	is_deeply([ grep { m{^(?:debian|\.ci|\.github)/|\.(?:o|so)$} } sort keys %has ], [], 'and nothing of packages, of the repository, or built');
	cmp_ok(scalar(keys %has), '>', 300, 'and all else');
}

my $script = slurp("azhunt--$version.sql");
unlike($script, qr/CREATE\s+OR\s+REPLACE|IF\s+NOT\s+EXISTS/i,
	'the install script takes over no object that is there');
like($script, qr/^\\echo Use "CREATE EXTENSION azhunt"/m,
	'the install script refuses to be sourced');

done_testing();

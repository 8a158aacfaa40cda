# The version stands in one place, azhunt.control; what repeats it must agree.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
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

my $script = slurp("azhunt--$version.sql");
unlike($script, qr/CREATE\s+OR\s+REPLACE|IF\s+NOT\s+EXISTS/i,
	'the install script takes over no object that is there');
like($script, qr/^\\echo Use "CREATE EXTENSION azhunt"/m,
	'the install script refuses to be sourced');

done_testing();

# Without a PostgreSQL, script/with-cluster says so, and leaves nothing behind.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use Test::More;

my $top = dirname(dirname(dirname(abs_path(__FILE__))));
my $directory = tempdir('azhunt.XXXXXX', TMPDIR => 1, CLEANUP => 1);

local $ENV{TMPDIR} = $directory;
local $ENV{PG_CONFIG} = "$directory/pg_config";
my $output = `$top/script/with-cluster true 2>&1`;
isnt($?, 0, 'a cluster of a PostgreSQL that is missing cannot be made');
is($output, "$ENV{PG_CONFIG} not found: install PostgreSQL's server development files, or say where it is with PG_CONFIG=/path/to/pg_config\n", '... which is all that is said');
is_deeply([ glob "$directory/*" ], [], '... and no directory stays');

done_testing();

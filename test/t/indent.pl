# What cannot be laid out stays as it is.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use Test::More;
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Utils;

chdir dirname(dirname(dirname(abs_path(__FILE__))));
my $directory = tempdir('azhunt.XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $file = "$directory/file.c";
my $source = "static int  *\nfirst(void)\n{\n\treturn 0;\n}\n";

# What is in the file after a program in place of pg_bsd_indent has laid it out, and
# whether that succeeded.
sub laid_out_by
{
	my ($program) = @_;

	spew($file, $source);
	my $status = system("script/indent '$program' src/typedefs.list '$file' 2>/dev/null");
	return slurp($file) . ($status == 0 ? 'succeeded' : 'failed');
}

# A program in place of pg_bsd_indent.
sub program
{
	my ($name, $text) = @_;

	spew("$directory/$name", "#!/bin/sh\n$text\n");
	chmod 0755, "$directory/$name" or die "$directory/$name: $!\n";
	return "$directory/$name";
}

is(laid_out_by(program('same', 'cat')), $source =~ s/int  \*/int */r . 'succeeded', 'a file is laid out');
is(laid_out_by("$directory/missing"), "${source}failed", 'a file stays where there is no pg_bsd_indent');
is(laid_out_by(program('half', 'head -n 2; exit 1')), "${source}failed", 'and where it gives up half-way');

done_testing();

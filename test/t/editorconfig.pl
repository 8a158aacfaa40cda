# What .editorconfig says of the files in the repository is true.
use strict;
use warnings;

use Cwd qw(abs_path);
use Encode qw(decode FB_CROAK);
use File::Basename qw(basename dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Test::More;
use Utils;

chdir dirname(abs_path(__FILE__)) . '/../..';
my @files = split /\0/, `git -c safe.directory='*' ls-files -z 2>/dev/null`;
plan skip_all => 'this is no clone' unless @files;

# The sections, in the order in which later ones win: a pattern and its settings.
my @sections;
foreach my $line (split /\n/, slurp('.editorconfig'))
{
	next if $line =~ /^\s*(?:#|$)/;
	if ($line =~ /^\[(.*)\]$/)
	{
		push @sections, { pattern => pattern($1), name => $1, settings => {} };
	}
	elsif ($line =~ /^(\w+) = (\S+)$/ && @sections)
	{
		$sections[-1]{settings}{$1} = $2;
	}
	else
	{
		is($line, 'root = true', 'what is outside of sections');
	}
}

# A glob of .editorconfig as a regular expression.  Without a slash, it is one of
# the file's name.
sub pattern
{
	my ($glob) = @_;
	my $regex = $glob =~ m{/} ? '' : '(?:.*/)?';

	while ($glob =~ /\G(\*\*|\*|\{|\}|,|[^*{},]+)/g)
	{
		$regex .= { '**' => '.*', '*' => '[^/]*', '{' => '(?:', '}' => ')', ',' => '|' }->{$1} // quotemeta $1;
	}
	return qr/^$regex$/;
}

sub settings
{
	my ($file) = @_;

	return { map { %{ $_->{settings} } } grep { $file =~ $_->{pattern} } @sections };
}

# Lines of code: without those of here-documents and of comments in C, which have an
# indentation of their own.
sub code_lines
{
	my ($file, $content) = @_;

	$content =~ s{<<~?(["']?)(\w+)\g1(.*)\n(?:.*\n)*?\s*\g2\n}{$3\n}g if $content =~ /\A#!.*perl/ || $file =~ /\.p[lm]$/;
	return split /\n/, $content;
}

# Of the indentations that editors offer for one level, the one that most lines
# have; what is aligned with the line above has others.
sub usual_indentation
{
	my ($size, @lines) = @_;
	my %count;

	$count{ length $_ }++ foreach map { /^( +)\S/ ? $1 : () } @lines;
	my ($usual) = sort { $count{$b} <=> $count{$a} || $a <=> $b } grep { $_ =~ /^[248]$/ && $_ < 2 * $size } keys %count;
	return $usual // $size;
}

# What is wrong with a file.
sub faults
{
	my ($file) = @_;
	my %is = %{ settings($file) };
	my $content = slurp($file);
	my @lines = code_lines($file, $content);
	my @faults;

	push @faults, 'charset' if ($is{charset} // '') eq 'utf-8' && !eval { decode('UTF-8', my $copy = $content, FB_CROAK); 1 };
	push @faults, 'end_of_line' if ($is{end_of_line} // '') eq 'lf' && $content =~ /\r/;
	push @faults, 'insert_final_newline' if ($is{insert_final_newline} // '') eq 'true' && $content =~ /[^\n]\z/;
	push @faults, 'trim_trailing_whitespace' if ($is{trim_trailing_whitespace} // '') eq 'true' && $content =~ /[ \t]$/m;
	push @faults, 'indent_style' if ($is{indent_style} // '') eq 'tab' && grep { /^\t* {4}/ } @lines;
	push @faults, 'indent_style' if ($is{indent_style} // '') eq 'space' && grep { /^ *\t/ } @lines;
	push @faults, 'indent_size'
	  if ($is{indent_style} // '') eq 'space' && ($is{indent_size} // '') =~ /^\d+$/ && usual_indentation($is{indent_size}, @lines) != $is{indent_size};
	return map { "$file: $_" } @faults;
}

foreach my $section (@sections)
{
	my @of_section = grep { -f && $_ =~ $section->{pattern} } @files;
	cmp_ok(scalar @of_section, '>', 0, "[$section->{name}] is of some file");
}
is(join("\n", map { faults($_) } grep { -f && !-B } @files), '', 'every file is as .editorconfig says');

done_testing();

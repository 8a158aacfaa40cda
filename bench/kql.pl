#!/usr/bin/perl
# How long azhunt-kql takes to compile hunts of 252, 502 and 1,002 lines, which have
# two functions or comparisons on each.
#
# usage: script/with-cluster bench/kql.pl [ROUNDS]
#
# Prints medians of the processor's time.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp;
use lib map { dirname(abs_path(__FILE__)) . $_ } '', '/../test/lib';

use LongHunt;
use Median;
use Utils;

my $rounds = shift // 5;
my $program = dirname(dirname(abs_path(__FILE__))) . '/src/kqlc/azhunt-kql';
my $directory = File::Temp->newdir;
my @sizes = (125, 250, 500);    # in pairs of lines

# one hunt takes as long as a few ticks of the clock of processor time
my $repeats = 20;

system dirname(abs_path(__FILE__)) . '/machine';
my %times;
spew("$directory/$_.kql", long_hunt($_)) foreach @sizes;
foreach my $round (1 .. $rounds)
{
	foreach my $pairs (@sizes)
	{
		my $before = (times)[2] + (times)[3];
		foreach (1 .. $repeats)
		{
			system("$program $directory/$pairs.kql >/dev/null") == 0 or die "$pairs.kql is not compiled\n";
		}
		push @{ $times{$pairs} }, ((times)[2] + (times)[3] - $before) / $repeats;
	}
}
printf "%5d lines %6.1f ms\n", 2 * $_ + 2, 1000 * median(@{ $times{$_} }) foreach @sizes;

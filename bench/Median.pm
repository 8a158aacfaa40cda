# The median, of which measurements print ratios.
package Median;

use strict;
use warnings;

use Exporter qw(import);
our @EXPORT = qw(median);

# The middle one of an odd number.
sub median
{
	my @sorted = sort { $a <=> $b } @_;

	return $sorted[ $#sorted / 2 ];
}

1;

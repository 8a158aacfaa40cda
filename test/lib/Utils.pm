# Small things that any test may need.
package Utils;

use strict;
use warnings;

use Exporter qw(import);
use Time::HiRes qw(sleep time);
our @EXPORT = qw(await);

# Wait until a condition is true: its value, or undef after too long.
sub await
{
	my ($condition, $seconds) = @_;
	my $deadline = time() + ($seconds // 60);

	while (1)
	{
		my $value = $condition->();
		return $value if $value;
		return undef if time() > $deadline;
		sleep(0.02);
	}
}

1;

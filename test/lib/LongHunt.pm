# A hunt in KQL that is as long as one wants, for tests and measurements.
package LongHunt;

use strict;
use warnings;

use Exporter qw(import);
our @EXPORT = qw(long_hunt);

# So many pairs of lines, and two.
sub long_hunt
{
	my ($pairs) = @_;

	return "let T = SigninLogs | where ResultType == \"0\";\nT\n" . join '', map {
		"| where UserPrincipalName !has \"x$_\" and AppDisplayName in~ (\"a$_\", \"b$_\")\n"
		  . "| extend c$_ = strcat(IPAddress, tostring(DeviceDetail.os), $_), d$_ = iff(isempty(Location), bin(TimeGenerated, 1h), now())\n"
	} 1 .. $pairs;
}

1;

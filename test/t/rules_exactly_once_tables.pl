# Each match once: schedules in which log tables are partitioned, attached, detached,
# emptied, reloaded, swapped and inherited from; see Schedules.pm.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Schedules;

# the themes; what happens in them; and what happens at least in many schedules
test_schedules([ 'attach and detach', 'truncate and reload', 'swap', 'inherit' ],
	[ 'add_partitions', 'bulk load', 'inherit', 'swap', 'truncate' ],
	[ 'attach', 'detach', 'detach concurrently', 'no inherit', 'reload' ]);

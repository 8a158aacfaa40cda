# Each match once: schedules of transactions that load and run rules, commit out of order,
# roll back, are prepared or saw the log tables as they were; see Schedules.pm.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Schedules;

# the themes; what happens in them; and what happens at least in many schedules
test_schedules([ 'own transactions', 'transactions', 'old snapshots' ],
	[ 'own transaction', 'old snapshot' ],
	[ 'PREPARE TRANSACTION', 'crash', 'old rows', 'run: skipped', 'run in READ COMMITTED: succeeded', 'run in REPEATABLE READ: succeeded', 'savepoint' ]);

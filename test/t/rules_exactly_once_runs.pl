# Each match once: schedules in which others load, restart rules, change the log tables and
# crash the server while a run is under way; see Schedules.pm.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Schedules;

# the themes; what happens in them; and what happens at least in many schedules
test_schedules([ 'runs in the middle', 'all' ],
	[ 'in the middle: run waits', 'restart' ],
	[ 'drop' ]);

# Every released version, updated to the newest, is what a fresh install is.
#
# A released installation script is frozen; what comes after it is an update
# script, azhunt--OLD--NEW.sql, that says it all once more.  As long as there is
# one version only, one that is made here shows that the comparison works.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use lib dirname(abs_path(__FILE__)) . '/../lib';

use Cluster;
use File::Temp qw(tempdir);
use Test::More;
use Utils;

my $top = abs_path(dirname(__FILE__) . '/../..');
my $pg_config = $ENV{PG_CONFIG} // 'pg_config';
chomp(my $sharedir = `$pg_config --sharedir`);

if (!defined $ENV{AZHUNT_ROOT})
{
	plan skip_all => 'this PostgreSQL finds extensions in one directory only, which is not to be changed';
}

# A copy of what is installed, in which there can be other versions.
my $root = tempdir('azhunt.XXXXXX', TMPDIR => 1, CLEANUP => 1);
chmod 0755, $root;
system('cp', '--archive', "$ENV{AZHUNT_ROOT}/.", $root) == 0 or die 'cp failed';
$ENV{AZHUNT_ROOT} = $root;
my $extensions = "$root$sharedir/extension";
my $cluster = Cluster->new;

my ($version) = slurp("$top/azhunt.control") =~ /^default_version\s*=\s*'([^']+)'/m;

# All that an extension has, as lines of text: what, which one, how it is.
my $catalogue = <<'SQL';
WITH member AS (
	SELECT d.classid, d.objid FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid
	WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'azhunt'
), relation AS (
	SELECT c.* FROM pg_class AS c JOIN member AS m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
), privilege AS (
	SELECT 'privilege', m.classid, m.objid, a.privilege_type || ' to ' || CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END
	FROM member AS m
	LEFT JOIN pg_class AS c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
	LEFT JOIN pg_proc AS p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
	LEFT JOIN pg_type AS t ON m.classid = 'pg_type'::regclass AND t.oid = m.objid
	CROSS JOIN LATERAL aclexplode(CASE WHEN c.oid IS NOT NULL THEN coalesce(c.relacl, acldefault('r', c.relowner))
	                                   WHEN p.oid IS NOT NULL THEN coalesce(p.proacl, acldefault('f', p.proowner))
	                                   WHEN t.oid IS NOT NULL THEN coalesce(t.typacl, acldefault('T', t.typowner)) END) AS a
), fact (kind, classid, objid, fact) AS (
	SELECT 'member', classid, objid, '' FROM member
	UNION ALL SELECT * FROM privilege
	UNION ALL SELECT 'comment', d.classoid, d.objoid, concat_ws(' ', a.attname, d.description)
	FROM pg_description AS d
	LEFT JOIN pg_attribute AS a ON d.classoid = 'pg_class'::regclass AND a.attrelid = d.objoid AND a.attnum = d.objsubid AND d.objsubid > 0
	WHERE (d.classoid, d.objoid) IN (SELECT classid, objid FROM member)
	UNION ALL SELECT 'function', 'pg_proc'::regclass, p.oid,
	       CASE p.prokind WHEN 'a' THEN (to_jsonb(a) - 'aggfnoid' - 'aggtranstype' - 'aggmtranstype')::text
	                                    || format_type(a.aggtranstype, NULL) || p.proparallel::text
	                      ELSE pg_get_functiondef(p.oid) END
	FROM pg_proc AS p JOIN member AS m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
	LEFT JOIN pg_aggregate AS a ON a.aggfnoid = p.oid
	UNION ALL SELECT 'operator', 'pg_operator'::regclass, o.oid,
	       concat_ws(' ', o.oprcode, o.oprrest, o.oprjoin, o.oprcanhash, o.oprcanmerge, o.oprcom::regoperator, o.oprnegate::regoperator)
	FROM pg_operator AS o JOIN member AS m ON m.classid = 'pg_operator'::regclass AND m.objid = o.oid
	UNION ALL SELECT 'operator class', 'pg_opclass'::regclass, o.oid, concat_ws(' ', o.opcintype::regtype, o.opcdefault)
	FROM pg_opclass AS o JOIN member AS m ON m.classid = 'pg_opclass'::regclass AND m.objid = o.oid
	UNION ALL SELECT 'operator of family', 'pg_opfamily'::regclass, a.amopfamily, concat_ws(' ', a.amopstrategy, a.amopopr::regoperator)
	FROM pg_amop AS a JOIN member AS m ON m.classid = 'pg_opfamily'::regclass AND m.objid = a.amopfamily
	UNION ALL SELECT 'function of family', 'pg_opfamily'::regclass, a.amprocfamily, concat_ws(' ', a.amprocnum, a.amproc::regprocedure)
	FROM pg_amproc AS a JOIN member AS m ON m.classid = 'pg_opfamily'::regclass AND m.objid = a.amprocfamily
	UNION ALL SELECT 'relation', 'pg_class'::regclass, r.oid, concat_ws(' ', r.relkind, r.relpersistence, r.reloptions)
	FROM relation AS r
	UNION ALL SELECT 'column', 'pg_class'::regclass, r.oid,
	       concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated, pg_get_expr(d.adbin, d.adrelid))
	FROM relation AS r JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
	LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
	WHERE r.relkind <> 'S'
	UNION ALL SELECT 'constraint', 'pg_class'::regclass, r.oid, k.conname || ' ' || pg_get_constraintdef(k.oid)
	FROM relation AS r JOIN pg_constraint AS k ON k.conrelid = r.oid
	UNION ALL SELECT 'index', 'pg_class'::regclass, r.oid,
	       pg_get_indexdef(i.indexrelid) || coalesce(' ' || obj_description(i.indexrelid, 'pg_class'), '')
	FROM relation AS r JOIN pg_index AS i ON i.indrelid = r.oid
	UNION ALL SELECT 'trigger', 'pg_class'::regclass, r.oid, pg_get_triggerdef(t.oid) || coalesce(' ' || obj_description(t.oid, 'pg_trigger'), '')
	FROM relation AS r JOIN pg_trigger AS t ON t.tgrelid = r.oid AND NOT t.tgisinternal
	UNION ALL SELECT 'view', 'pg_class'::regclass, r.oid, pg_get_viewdef(r.oid) FROM relation AS r WHERE r.relkind = 'v'
	UNION ALL SELECT 'rows in a dump', 'pg_class'::regclass, c.oid, c.condition
	FROM pg_extension AS e CROSS JOIN LATERAL unnest(e.extconfig, e.extcondition) AS c (oid, condition) WHERE e.extname = 'azhunt'
)
SELECT regexp_replace(concat_ws(' | ', f.kind, (pg_identify_object(f.classid, f.objid, 0)).type,
                                (pg_identify_object(f.classid, f.objid, 0)).identity, f.fact), E'\n', ' / ', 'g')
FROM fact AS f
UNION ALL SELECT 'row of hunts | ' || h::text FROM azhunt.hunts AS h
ORDER BY 1
SQL

# The catalogue of a new database after some statements.
my $databases = 0;
sub catalogue_after
{
	my (@statements) = @_;
	my $database = 'upgrade' . ++$databases;
	my $postgres = $cluster->session;

	$postgres->do("CREATE DATABASE $database");
	$postgres->close;
	my $session = $cluster->session($database);
	$session->do($_) foreach @statements;
	my @lines = split /\n/, $session->do($catalogue);
	$session->close;
	return @lines;
}

# The lines that only one of two lists has.
sub differences
{
	my ($one, $other) = @_;
	my (%in_one, %in_other);

	@in_one{@$one} = @in_other{@$other} = ();
	return ((map { "- $_" } grep { !exists $in_other{$_} } @$one), (map { "+ $_" } grep { !exists $in_one{$_} } @$other));
}

# Update from a version to another one, and compare with a fresh install.
sub differences_after_update
{
	my ($from, $to) = @_;

	return differences([ catalogue_after("CREATE EXTENSION azhunt VERSION '$to'") ],
		[ catalogue_after("CREATE EXTENSION azhunt VERSION '$from'", "ALTER EXTENSION azhunt UPDATE TO '$to'") ]);
}

#
# what is released
#
my @released = grep { $_ ne $version } map { basename($_) =~ /^azhunt--([^-]+)\.sql$/ ? $1 : () } glob "$top/azhunt--*.sql";
foreach my $from (sort @released)
{
	is_deeply([ differences_after_update($from, $version) ], [], "$from, updated, is $version as it is installed");
}
ok(-e "$extensions/azhunt--$version.sql", "version $version is installed");
cmp_ok(scalar(catalogue_after("CREATE EXTENSION azhunt VERSION '$version'")), '>', 1000, 'its catalogue has all that it is');

#
# a version that does not exist
#
my $scratch = slurp("$top/azhunt--$version.sql");
$scratch =~ s/(CREATE TABLE azhunt\.rules \(\n.*?)(\n\);)/$1,\n    owner_of_rule text$2/s or die 'no table rules';
my $addition = <<'SQL';
CREATE FUNCTION azhunt.seconds(span interval) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.date_part('epoch'::text, span);
COMMENT ON FUNCTION azhunt.seconds(interval) IS 'how many seconds a timespan has';
REVOKE EXECUTE ON FUNCTION azhunt.seconds(interval) FROM PUBLIC;
SQL
my $update = "ALTER TABLE azhunt.rules ADD COLUMN owner_of_rule text;\n$addition";
spew("$extensions/azhunt--scratch.sql", "$scratch\n$addition");

spew("$extensions/azhunt--$version--scratch.sql", $update);
is_deeply([ differences_after_update($version, 'scratch') ], [], 'an update script that says all is found right');

# each line of it is needed
foreach my $forgotten (
	[ 'column', qr/^ALTER TABLE.*?;\n/ms, qr/^- column \| table \| azhunt\.rules \| owner_of_rule text/ ],
	[ 'comment', qr/^COMMENT.*?;\n/ms, qr/^- comment \| function \| azhunt\.seconds/ ],
	[ 'privilege', qr/^REVOKE.*?;\n/ms, qr/^\+ privilege \| function \| azhunt\.seconds\(interval\) \| EXECUTE to PUBLIC/ ],
	[ 'body', qr/'epoch'/, qr/^- function \| function \| azhunt\.seconds/ ],
	[ 'volatility', qr/IMMUTABLE/, qr/^- function \| function \| azhunt\.seconds/ ])
{
	my ($what, $pattern, $expected) = @$forgotten;
	my $replacement = $what eq 'body' ? "'hour'" : $what eq 'volatility' ? 'STABLE' : '';

	spew("$extensions/azhunt--$version--scratch.sql", $update =~ s/$pattern/$replacement/r);
	my @differences = differences_after_update($version, 'scratch');
	like(join("\n", @differences), qr/$expected/m, "an update script with another $what is found wrong");
}

done_testing();

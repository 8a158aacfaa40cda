# azhunt: Microsoft Sentinel hunts over Azure logs in PostgreSQL tables
#
#   make                build the extension, azhunt-load and azhunt-kql
#   make install        install them (PG_CONFIG chooses the PostgreSQL; BINDIR and
#                       MANDIR, where the programs and their manual pages go)
#   make dist           write the archive that PGXN takes, of what is committed
#   make installcheck   run the regression tests against a running server
#   make demo           see the hunts on sample logs; does all set-up itself
#   make test           run every test, or those of TESTS='PATH...'; does all set-up itself
#   make bench          measure; does all set-up itself
#   make screenshots    draw the pictures of the documentation; does all set-up itself
#   make indent         lay the C files out as PostgreSQL does

# These work on a machine that has no PostgreSQL yet.
SETUP_GOALS = demo test bench screenshots

ifneq ($(filter $(SETUP_GOALS),$(MAKECMDGOALS)),)

ifneq ($(filter-out $(SETUP_GOALS),$(MAKECMDGOALS)),)
$(error run "make $(filter $(SETUP_GOALS),$(MAKECMDGOALS))" on its own)
endif

.PHONY: $(SETUP_GOALS)
$(SETUP_GOALS):
	script/$@

else

EXTENSION = azhunt
EXTVERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(srcdir)/$(EXTENSION).control)

# the KQL compiler, which needs no server
KQLC = \
	src/kqlc/aggregate.o \
	src/kqlc/arithmetic.o \
	src/kqlc/binders.o \
	src/kqlc/call.o \
	src/kqlc/compare.o \
	src/kqlc/convert.o \
	src/kqlc/dynamic.o \
	src/kqlc/errors.o \
	src/kqlc/evaluate.o \
	src/kqlc/expr.o \
	src/kqlc/filter.o \
	src/kqlc/functions.o \
	src/kqlc/join.o \
	src/kqlc/keys.o \
	src/kqlc/lexer.o \
	src/kqlc/lists.o \
	src/kqlc/log_tables.o \
	src/kqlc/make_series.o \
	src/kqlc/memory.o \
	src/kqlc/mv.o \
	src/kqlc/named_tables.o \
	src/kqlc/names.o \
	src/kqlc/operators.o \
	src/kqlc/parameters.o \
	src/kqlc/parse_expr.o \
	src/kqlc/parse_literal.o \
	src/kqlc/parse_op.o \
	src/kqlc/parse_operators.o \
	src/kqlc/parse_query.o \
	src/kqlc/parser.o \
	src/kqlc/query.o \
	src/kqlc/rel.o \
	src/kqlc/search.o \
	src/kqlc/sources.o \
	src/kqlc/sql.o \
	src/kqlc/time_bounds.o \
	src/kqlc/types.o \
	src/kqlc/union.o \
	src/kqlc/windows.o \
	src/kqlc/write.o

MODULE_big = azhunt
OBJS = \
	$(WIN32RES) \
	src/azhunt.o \
	src/kql/address.o \
	src/kql/aggregate.o \
	src/kql/arithmetic.o \
	src/kql/case_insensitive.o \
	src/kql/compare_fold.o \
	src/kql/conversions.o \
	src/kql/dynamic.o \
	src/kql/element_store.o \
	src/kql/encoding.o \
	src/kql/fold.o \
	src/kql/format_times.o \
	src/kql/has.o \
	src/kql/json.o \
	src/kql/letter_case.o \
	src/kql/make_bag.o \
	src/kql/make_set.o \
	src/kql/network.o \
	src/kql/occurrences.o \
	src/kql/parse_times.o \
	src/kql/parse_values.o \
	src/kql/print_values.o \
	src/kql/regex_class.o \
	src/kql/regex_compile.o \
	src/kql/regex_functions.o \
	src/kql/regex_match.o \
	src/kql/regex_parse.o \
	src/kql/strings.o \
	src/kql/terms.o \
	src/kql/times.o \
	src/kql/timespan.o \
	src/kql/uri.o \
	$(KQLC) \
	src/kqlc/server.o \
	src/planner/append_members.o \
	src/planner/index_cost.o \
	src/planner/lookback.o \
	src/planner/planning.o \
	src/planner/selectivity.o \
	src/planner/time_histogram.o \
	src/planner/within.o \
	src/planner/within_bounds.o \
	src/windowjoin/batch.o \
	src/windowjoin/clauses.o \
	src/windowjoin/exec.o \
	src/windowjoin/explain.o \
	src/windowjoin/filter.o \
	src/windowjoin/merge_exec.o \
	src/windowjoin/merge_explain.o \
	src/windowjoin/merge_fetch.o \
	src/windowjoin/merge_index.o \
	src/windowjoin/merge_keys.o \
	src/windowjoin/merge_parallel.o \
	src/windowjoin/merge_path.o \
	src/windowjoin/merge_ring.o \
	src/windowjoin/merge_rows.o \
	src/windowjoin/merge_slices.o \
	src/windowjoin/merge_tables.o \
	src/windowjoin/node.o \
	src/windowjoin/parallel.o \
	src/windowjoin/path.o \
	src/windowjoin/table.o \
	src/logs/ingest.o \
	src/logs/partitions.o \
	src/logs/relations.o \
	src/hunts/checks.o \
	src/hunts/sources.o \
	src/hunts/storage_upload_link_account/linked_signins.o \
	src/hunts/storage_upload_link_account/signin_bags.o \
	src/runs/arrivals.o \
	src/runs/blake2b.o \
	src/runs/digest.o \
	src/runs/health.o \
	src/runs/results.o \
	src/runs/run.o \
	src/runs/trust.o
# A library's names are seen by all libraries of a server process, so only
# those that PostgreSQL looks up leave this one.
SHLIB_EXPORTS = src/exports.txt
PGFILEDESC = "azhunt - Microsoft Sentinel hunts over Azure logs"
PG_CPPFLAGS = -I$(srcdir)/src -DAZHUNT_VERSION='"$(EXTVERSION)"'

# The fragments of the installation script, in the order in which objects need
# each other.
SQL = \
	src/guard.sql \
	src/kql/strings.sql \
	src/kql/case_insensitive.sql \
	src/kql/times.sql \
	src/kql/aggregates.sql \
	src/kqlc/runtime/arithmetic.sql \
	src/kqlc/runtime/conversions.sql \
	src/kqlc/runtime/times.sql \
	src/kqlc/runtime/dynamic.sql \
	src/kqlc/runtime/strings.sql \
	src/kqlc/runtime/network.sql \
	src/kqlc/runtime/series.sql \
	src/kqlc/runtime/aggregates.sql \
	src/kqlc/server.sql \
	src/logs/ingest.sql \
	src/logs/descriptions.sql \
	src/logs/tables.sql \
	src/logs/locks.sql \
	src/logs/partitions.sql \
	src/logs/ledger.sql \
	src/hunts/checks.sql \
	src/hunts/conditions.sql \
	src/hunts/sources.sql \
	src/runs/catalog.sql \
	src/runs/rules.sql \
	src/runs/matches.sql \
	src/runs/trust.sql \
	src/runs/arrivals.sql \
	src/runs/run.sql \
	src/runs/kql_hunts.sql \
	src/runs/triage.sql \
	src/runs/results.sql \
	src/runs/health.sql \
	src/runs/retention.sql \
	src/runs/cron.sql \
	src/hunts/storage_upload_link_account/linked_signins.sql \
	src/hunts/storage_upload_link_account/hunt.sql \
	src/hunts/cloudshell_usage/hunt.sql \
	src/hunts/storage_mass_deletion/hunt.sql \
	src/hunts/storage_file_created_quickly_deleted/hunt.sql \
	src/hunts/new_cloudshell_user/hunt.sql \
	src/runs/privileges.sql
DATA = $(EXTENSION)--$(EXTVERSION).sql

REGRESS = $(patsubst $(srcdir)/sql/%.sql,%,$(sort $(wildcard $(srcdir)/sql/*.sql)))
REGRESS_OPTS = --inputdir=$(srcdir) --load-extension=$(EXTENSION) \
	--encoding=UTF8
ISOLATION = $(patsubst $(srcdir)/test/isolation/specs/%.spec,%,$(sort $(wildcard $(srcdir)/test/isolation/specs/*.spec)))
ISOLATION_OPTS = --inputdir=$(srcdir)/test/isolation

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
ifeq ($(PGXS),)
$(error $(PG_CONFIG) not found: install PostgreSQL's server development files, or say where it is with PG_CONFIG=/path/to/pg_config)
endif

# As system headers, PostgreSQL's own stay silent under -Wextra.
PG_CPPFLAGS += -isystem $(shell $(PG_CONFIG) --includedir-server)

include $(PGXS)

ifneq ($(filter 8 9 10 11 12 13 14,$(firstword $(subst ., ,$(MAJORVERSION)))),)
$(error azhunt needs PostgreSQL 15 or later, and $(PG_CONFIG) belongs to PostgreSQL $(MAJORVERSION))
endif

# The headers of 15 and 16 declare functions without saying what they take, which
# C23, the default of newer compilers, reads as nothing.
ifneq ($(filter 15 16,$(MAJORVERSION)),)
override CFLAGS += -std=gnu17
endif

# And what is called in here is found in here.
ifeq ($(filter darwin win32,$(PORTNAME)),)
SHLIB_LINK += -Wl,-Bsymbolic
endif

# In a build outside the source tree, the objects need directories.
$(shell mkdir -p src/load src/kqlc $(sort $(dir $(OBJS))))

# The installation script is committed, so that a clone can be installed as it
# is, and written again when a fragment has changed.  In a clone, no time of a file
# says whether one has, and the source tree may be one that cannot be written to.
all: $(srcdir)/$(DATA)
install: $(srcdir)/$(DATA)
$(srcdir)/$(DATA): $(addprefix $(srcdir)/,$(SQL))
	@cd $(srcdir) && script/concatenate $(SQL) | cmp -s - $(DATA) || { \
		script/concatenate $(SQL) >$(DATA).new && mv $(DATA).new $(DATA); }

# A test asks whether the committed script is what the fragments give.
.PHONY: check-script list-sql
check-script:
	cd $(srcdir) && script/concatenate $(SQL) | cmp - $(DATA)
list-sql:
	@echo $(SQL)

# The documents, with what they link to, in the tree in which they link to it.
DOCUMENTS = README.md CHANGELOG.md SECURITY.md LICENSE doc grafana/dashboards grafana/provisioning grafana/restrict_public.sql \
	grafana/role.sql sample scaling src/hunts/*/differences.md src/logs/tables
documentdir = $(docdir)/$(EXTENSION)

# What is installed comes from several directories.
$(foreach directory,DESTDIR BINDIR MANDIR documentdir,\
	$(if $(filter-out /%,$(firstword $($(directory)))),$(error $(directory) has to be an absolute path)))

.PHONY: install-documents uninstall-documents
ifneq ($(WITH_DOCUMENTS),no)
install: install-documents
uninstall: uninstall-documents
endif
install-documents:
	@cd $(srcdir) && find $(DOCUMENTS) -type f | while read -r file; do \
		directory='$(DESTDIR)$(documentdir)'/$$(dirname "$$file"); \
		$(INSTALL) -d "$$directory" && $(INSTALL_DATA) "$$file" "$$directory" || exit 1; \
	done
# Others may have files of their own in that directory.
uninstall-documents:
	@cd $(srcdir) && find $(DOCUMENTS) -type f | while read -r file; do \
		directory='$(DESTDIR)$(documentdir)'; \
		rm -f "$$directory/$$file" || exit 1; \
		(cd "$$directory" && rmdir -p "$$(dirname "$$file")") 2>/dev/null || true; \
	done
	@rmdir '$(DESTDIR)$(documentdir)' 2>/dev/null || true

# The archive for PGXN.  .gitattributes says what is not in it.
DISTVERSION = $(shell sed -n 's/^  "version": "\(.*\)",$$/\1/p' $(srcdir)/META.json)
DIST = $(EXTENSION)-$(DISTVERSION)

.PHONY: dist
dist:
	git -C $(srcdir) archive --format=zip --prefix=$(DIST)/ HEAD >$(DIST).zip.new
	mv $(DIST).zip.new $(DIST).zip

# azhunt-load, the client program, has a Makefile of its own.  It is one for all
# versions of PostgreSQL, so WITH_LOADER=no leaves it out.
LOAD_MAKEFILE = $(if $(filter-out . ./,$(srcdir)),$(abspath $(srcdir))/src/load/)Makefile
LOAD_MAKE = $(MAKE) -C src/load -f '$(LOAD_MAKEFILE)' PG_CONFIG='$(PG_CONFIG)'

.PHONY: azhunt-load install-azhunt-load uninstall-azhunt-load clean-azhunt-load
ifneq ($(WITH_LOADER),no)
all: azhunt-load
install: install-azhunt-load
uninstall: uninstall-azhunt-load
clean: clean-azhunt-load
endif
azhunt-load:
	+$(LOAD_MAKE)
install-azhunt-load: azhunt-load
	+$(LOAD_MAKE) install
uninstall-azhunt-load clean-azhunt-load:
	+$(LOAD_MAKE) $(@:-azhunt-load=)

# So has azhunt-kql, which WITH_COMPILER=no leaves out.
KQLC_MAKEFILE = $(if $(filter-out . ./,$(srcdir)),$(abspath $(srcdir))/src/kqlc/)Makefile
KQLC_MAKE = $(MAKE) -C src/kqlc -f '$(KQLC_MAKEFILE)' PG_CONFIG='$(PG_CONFIG)'

.PHONY: azhunt-kql install-azhunt-kql uninstall-azhunt-kql clean-azhunt-kql
ifneq ($(WITH_COMPILER),no)
all: azhunt-kql
install: install-azhunt-kql
uninstall: uninstall-azhunt-kql
clean: clean-azhunt-kql
endif
azhunt-kql:
	+$(KQLC_MAKE)
install-azhunt-kql: azhunt-kql
	+$(KQLC_MAKE) install
uninstall-azhunt-kql clean-azhunt-kql:
	+$(KQLC_MAKE) $(@:-azhunt-kql=)

# Files that include a header are rebuilt when it changes.
$(OBJS): $(wildcard $(srcdir)/src/*.h $(srcdir)/src/*/*.h)
src/azhunt.o: $(srcdir)/$(EXTENSION).control

INDENTED = $(wildcard $(srcdir)/src/*.[ch] $(srcdir)/src/*/*.[ch] $(srcdir)/src/load/*/*.[ch] $(srcdir)/src/kqlc/*/*.[ch])
PG_BSD_INDENT ?= pg_bsd_indent

.PHONY: indent
indent:
	@for file in $(INDENTED); do \
		$(srcdir)/script/indent "$(PG_BSD_INDENT)" $(srcdir)/src/typedefs.list "$$file" || exit 1; \
	done

endif

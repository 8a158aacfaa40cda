/*-------------------------------------------------------------------------
 *
 * trust.c
 *	  Whose code runs where relations are read and functions are called.
 *
 * Whoever owns what is read can have code run by those who read it: by the
 * rules of a view, the functions in them, expressions of indexes and so on.
 * pg_depend says what each object refers to.  It does not tell of PostgreSQL's
 * own objects, which belong to the first superuser.  A function whose body is a
 * string does not say what it calls, so that its owner has to be trusted in all
 * it does.
 *
 * All rules check this at each run, and a year of daily partitions has
 * thousands of parts, so that SQL would take longer than the run.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/catalog.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_amop.h"
#include "catalog/pg_amproc.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_foreign_data_wrapper.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_language.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/rel.h"
#include "utils/syscache.h"

PG_FUNCTION_INFO_V1(azhunt_untrusted_below);

/* An object, and whether what is reached from it includes its children */
typedef struct ReachedObject
{
	Oid			classid;
	Oid			objid;
	uint32		with_children;
} ReachedObject;

/* What is known while objects are walked */
typedef struct TrustWalk
{
	HTAB	   *seen;			/* of ReachedObject */
	List	   *to_visit;		/* of ReachedObject */
	Oid			reader;			/* whose rights owners must have */
	ObjectAddress untrusted;	/* the first that was found, or invalid */
	Oid			untrusted_owner;
} TrustWalk;

/* A catalogue whose rows are parts of objects of a class */
typedef struct PartCatalog
{
	Oid			classid;		/* of the whole */
	Oid			catalog;
	Oid			index;
	AttrNumber	whole;			/* the column that names it */
	Oid			part_classid;
	Oid			(*part) (HeapTuple tuple, TupleDesc desc);
} PartCatalog;

/*
 * A column of a catalogue's row that is an oid, and never null.
 */
static Oid
oid_of_row(HeapTuple tuple, AttrNumber column, TupleDesc desc)
{
	bool		isnull;

	return DatumGetObjectId(heap_getattr(tuple, column, desc, &isnull));
}

/*
 * The object of a catalogue's row, in catalogues whose first column is its oid.
 */
static Oid
part_of_row(HeapTuple tuple, TupleDesc desc)
{
	return oid_of_row(tuple, 1, desc);
}

/*
 * The child of a row of pg_inherits.
 */
static Oid
part_of_inheritance(HeapTuple tuple, TupleDesc desc)
{
	return oid_of_row(tuple, Anum_pg_inherits_inhrelid, desc);
}

/*
 * A constraint that is evaluated, and not a key.
 */
static Oid
part_of_check(HeapTuple tuple, TupleDesc desc)
{
	Form_pg_constraint constraint = (Form_pg_constraint) GETSTRUCT(tuple);

	if (constraint->contype != CONSTRAINT_CHECK)
		return InvalidOid;
	return oid_of_row(tuple, Anum_pg_constraint_oid, desc);
}

/*
 * Does an index have an operator class that is not PostgreSQL's own?
 */
static bool
has_other_operator_class(HeapTuple index_tuple, TupleDesc desc)
{
	bool		isnull;
	oidvector  *classes = (oidvector *) DatumGetPointer(heap_getattr(index_tuple, Anum_pg_index_indclass, desc, &isnull));

	for (int i = 0; i < classes->dim1; i++)
		if (classes->values[i] >= FirstNormalObjectId)
			return true;
	return false;
}

/*
 * An index that can refer to more than its table.
 */
static Oid
part_of_index(HeapTuple tuple, TupleDesc desc)
{
	if (heap_attisnull(tuple, Anum_pg_index_indexprs, desc) &&
		heap_attisnull(tuple, Anum_pg_index_indpred, desc) &&
		!has_other_operator_class(tuple, desc))
		return InvalidOid;
	return ((Form_pg_index) GETSTRUCT(tuple))->indexrelid;
}

/* What belongs to an object, and refers to others in its place */
static const PartCatalog part_catalogs[] = {
	{RelationRelationId, InheritsRelationId, InheritsParentIndexId, Anum_pg_inherits_inhparent, RelationRelationId, part_of_inheritance},
	{RelationRelationId, IndexRelationId, IndexIndrelidIndexId, Anum_pg_index_indrelid, RelationRelationId, part_of_index},
	{RelationRelationId, RewriteRelationId, RewriteRelRulenameIndexId, Anum_pg_rewrite_ev_class, RewriteRelationId, part_of_row},
	{RelationRelationId, PolicyRelationId, PolicyPolrelidPolnameIndexId, Anum_pg_policy_polrelid, PolicyRelationId, part_of_row},
	{RelationRelationId, AttrDefaultRelationId, AttrDefaultIndexId, Anum_pg_attrdef_adrelid, AttrDefaultRelationId, part_of_row},
	{RelationRelationId, ConstraintRelationId, ConstraintRelidTypidNameIndexId, Anum_pg_constraint_conrelid, ConstraintRelationId, part_of_check},
	{RelationRelationId, StatisticExtRelationId, StatisticExtRelidIndexId, Anum_pg_statistic_ext_stxrelid, StatisticExtRelationId, part_of_row},
	{TypeRelationId, ConstraintRelationId, ConstraintTypidIndexId, Anum_pg_constraint_contypid, ConstraintRelationId, part_of_row},
	{OperatorFamilyRelationId, AccessMethodOperatorRelationId, AccessMethodStrategyIndexId, Anum_pg_amop_amopfamily, AccessMethodOperatorRelationId, part_of_row},
	{OperatorFamilyRelationId, AccessMethodProcedureRelationId, AccessMethodProcedureIndexId, Anum_pg_amproc_amprocfamily, AccessMethodProcedureRelationId, part_of_row},
};

/*
 * The owner of an object; invalid if objects of its class have none whose code
 * could run, or if it is not there any more.
 */
static Oid
owner_of(Oid classid, Oid objid)
{
	HeapTuple	tuple;
	bool		isnull;
	Oid			owner;

	switch (classid)
	{
		case RelationRelationId:
		case ProcedureRelationId:
		case TypeRelationId:
		case OperatorRelationId:
		case OperatorClassRelationId:
		case OperatorFamilyRelationId:
		case StatisticExtRelationId:
		case LanguageRelationId:
		case ForeignServerRelationId:
		case ForeignDataWrapperRelationId:
			break;
		default:
			return InvalidOid;
	}
	tuple = SearchSysCache1(get_object_catcache_oid(classid), ObjectIdGetDatum(objid));
	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	owner = DatumGetObjectId(SysCacheGetAttr(get_object_catcache_oid(classid), tuple,
											 get_object_attnum_owner(classid), &isnull));
	ReleaseSysCache(tuple);
	return owner;
}

/*
 * Does one object come before another, in what is told to users?  Relations do,
 * and then those that are older.
 */
static bool
comes_before(const ObjectAddress *one, const ObjectAddress *other)
{
	bool		is_relation = one->classId == RelationRelationId;

	if (is_relation != (other->classId == RelationRelationId))
		return is_relation;
	return one->objectId < other->objectId;
}

/*
 * Remember an object if its owner is not trusted.
 */
static void
check_owner(const ReachedObject *reached, TrustWalk *walk)
{
	ObjectAddress object;
	Oid			owner = owner_of(reached->classid, reached->objid);

	if (!OidIsValid(owner) || has_privs_of_role(owner, walk->reader))
		return;
	ObjectAddressSet(object, reached->classid, reached->objid);
	if (OidIsValid(walk->untrusted.objectId) && !comes_before(&object, &walk->untrusted))
		return;
	walk->untrusted = object;
	walk->untrusted_owner = owner;
}

/*
 * Is an object of a walk known already?
 */
static bool
is_seen(Oid classid, Oid objid, bool with_children, TrustWalk *walk)
{
	ReachedObject key = {.classid = classid,.objid = objid,.with_children = with_children};

	return hash_search(walk->seen, &key, HASH_FIND, NULL) != NULL;
}

/*
 * Have an object visited, once.
 */
static void
reach(Oid classid, Oid objid, bool with_children, TrustWalk *walk)
{
	ReachedObject key = {.classid = classid,.objid = objid,.with_children = with_children};
	bool		seen;
	ReachedObject *object = hash_search(walk->seen, &key, HASH_ENTER, &seen);

	if (!seen)
		walk->to_visit = lappend(walk->to_visit, object);
}

/*
 * Reach what an object refers to.
 *
 * A partition refers to its parent, and an index to its table: where a walk
 * leaves the children of these out, it must not come to them that way.
 */
static void
reach_references(const ReachedObject *object, TrustWalk *walk)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key[0], Anum_pg_depend_classid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(object->classid));
	ScanKeyInit(&key[1], Anum_pg_depend_objid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(object->objid));
	scan = systable_beginscan(depend, DependDependerIndexId, true, NULL, 2, key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend dependency = (Form_pg_depend) GETSTRUCT(tuple);

		if (dependency->refobjid >= FirstNormalObjectId &&
			(object->with_children ||
			 !is_seen(dependency->refclassid, dependency->refobjid, false, walk)))
			reach(dependency->refclassid, dependency->refobjid, true, walk);
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
}

/*
 * Can a relation have parts in a catalogue?  pg_class knows of some.
 */
static bool
may_have_parts(Oid relid, Oid catalog)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Form_pg_class form;
	bool		result = true;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_class) GETSTRUCT(tuple);
	if (catalog == InheritsRelationId)
		result = form->relhassubclass;
	else if (catalog == IndexRelationId)
		result = form->relhasindex;
	else if (catalog == RewriteRelationId)
		result = form->relhasrules;
	else if (catalog == ConstraintRelationId)
		result = form->relchecks > 0;
	ReleaseSysCache(tuple);
	return result;
}

/*
 * Reach the parts of an object that are in a catalogue.
 */
static void
reach_parts(const ReachedObject *object, const PartCatalog *parts, TrustWalk *walk)
{
	Relation	catalog = table_open(parts->catalog, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, parts->whole, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(object->objid));
	scan = systable_beginscan(catalog, parts->index, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Oid			part = parts->part(tuple, RelationGetDescr(catalog));

		if (OidIsValid(part))
			reach(parts->part_classid, part, object->with_children, walk);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
}

/*
 * Check an object, and reach what belongs to it and what it refers to.
 */
static void
visit(const ReachedObject *object, TrustWalk *walk)
{
	CHECK_FOR_INTERRUPTS();
	check_owner(object, walk);
	reach_references(object, walk);
	for (int i = 0; i < (int) lengthof(part_catalogs); i++)
	{
		const PartCatalog *parts = &part_catalogs[i];

		if (parts->classid != object->classid ||
			(parts->catalog == InheritsRelationId && !object->with_children) ||
			(parts->classid == RelationRelationId && !may_have_parts(object->objid, parts->catalog)))
			continue;
		reach_parts(object, parts, walk);
	}
}

/*
 * Reach the objects of an array of oids.
 */
static void
reach_all(Oid classid, ArrayType *oids, bool with_children, TrustWalk *walk)
{
	ArrayIterator iterator = array_create_iterator(oids, 0, NULL);
	Datum		oid;
	bool		isnull;

	while (array_iterate(iterator, &oid, &isnull))
		if (!isnull)
			reach(classid, DatumGetObjectId(oid), with_children, walk);
	array_free_iterator(iterator);
}

/*
 * Visit all that is to be visited, and what is reached from there.
 */
static void
walk_all(TrustWalk *walk)
{
	for (int i = 0; i < list_length(walk->to_visit); i++)
		visit(list_nth(walk->to_visit, i), walk);
}

/*
 * untrusted_below(relations regclass[], functions oid[], with_children boolean,
 * reader name): the first object, and its owner, of all that relations and
 * functions reach whose owner does not have the reader's rights.
 */
Datum
azhunt_untrusted_below(PG_FUNCTION_ARGS)
{
	HASHCTL		control = {
		.keysize = sizeof(ReachedObject),
		.entrysize = sizeof(ReachedObject),
		.hcxt = CurrentMemoryContext
	};
	TrustWalk	walk = {0};
	TupleDesc	desc;
	Datum		values[2] = {0};
	bool		nulls[2] = {true, true};

	/* null must not be an answer that reads like "none" */
	for (int i = 0; i < PG_NARGS(); i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("what is to be trusted, and by whom, must not be null")));
	walk.seen = hash_create("azhunt reached objects", 1024, &control,
							HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	walk.reader = get_role_oid(NameStr(*PG_GETARG_NAME(3)), false);
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	reach_all(RelationRelationId, PG_GETARG_ARRAYTYPE_P(0), PG_GETARG_BOOL(2), &walk);
	reach_all(ProcedureRelationId, PG_GETARG_ARRAYTYPE_P(1), true, &walk);
	walk_all(&walk);
	if (OidIsValid(walk.untrusted.objectId))
	{
		values[0] = CStringGetTextDatum(getObjectDescription(&walk.untrusted, false));
		values[1] = DirectFunctionCall1(namein, CStringGetDatum(GetUserNameFromId(walk.untrusted_owner, false)));
		nulls[0] = nulls[1] = false;
	}
	hash_destroy(walk.seen);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

-- Each function of the extension: may everybody execute it, and why?  Those that
-- are not here may only be executed by the extension's owner.  (Nobody calls any
-- without USAGE on the schema, which is granted to nobody at first.)
BEGIN;
SELECT plan(3);

CREATE TEMP TABLE public_function AS
SELECT unnest(string_to_array(names, ' '))::name AS name, reason
FROM (VALUES
    ('computes something of its arguments alone, in time linear in their size',
     'arrived_since bag_pack begun_since bin bin_end blob_name check_as_of check_bin check_flag check_lookback check_operations check_period check_signin_time check_text check_window '
     'compare equals file_name fill_in greater greater_or_equal has has_succeeded hash hash_extended is_file is_in_network '
     'is_deletion is_listing_of_storage_keys is_other_operation is_shell_start is_successful_storage_operation is_upload is_write_of_storage_account less less_or_equal '
     'match_key match_result_id members new_cloudshell_user_details not_equals principal_account processed_until status_now storage_file_created_quickly_deleted_details storage_mass_deletion_day strip_port time_of_signin upload_details window_end window_start within without_query'),
    ('computes something of its arguments alone, for compiled KQL queries',
     'abs add angle any_of array_concat array_iff array_index_of array_length array_reverse array_rotate array_shift array_slice array_sort array_split array_sum '
     'average axis_of bag_has_key bag_keys bag_merge bag_remove_keys bag_set_key bag_zip before_match bin_or_null contains count_matches countof '
     'datetime_add datetime_diff dayofweek distinct_elements divide dynamic_to_json element elements elements_as_arrays endofday endofmonth endofweek '
     'endofyear endswith exp extract extract_all first_of fit_of flatten format_datetime format_ipv4 format_ipv4_mask format_timespan gettype greatest_real '
     'base64_bytes base64_decode base64_decode_toarray base64_encode_fromarray base64_encode_fromguid bounded_count has_ipv4 is_long ipv6_compare ipv6_is_in_any_range ipv6_network parse_version time_in_zone '
     'has_all has_any has_cs hasprefix hasprefix_cs hassuffix hassuffix_cs in_array_fold indexof indexof_regex ipv4_compare ipv4_is_in_any_range '
     'ipv4_is_in_range ipv4_is_private ipv4_netmask_suffix ipv4_network jaccard_index json_text kusto_time least_fraction least_real log log10 log2 '
     'make_datetime make_timespan matches_regex max_of min_of modulo multiply not_empty not_json_null pad_left parse_ipv4 parse_json pow product_of '
     'range_array range_rows regex_groups regex_quote repeat replace_any replace_regex replace_strings round rounded_stdev rounded_variance series_abs '
     'series_bin utc_fields series_acos series_add series_asin series_atan series_ceiling series_cos series_divide series_dot_product series_equals series_exp '
     'series_fill_backward series_fill_const series_fill_forward series_fit_line series_fit_line_dynamic series_floor series_greater series_greater_equals '
     'series_less series_less_equals series_multiply series_not_equals series_of series_pow series_product series_sign series_sin series_subtract series_tan '
     'session_final session_start session_transition set_difference set_has_element set_intersect set_union some_interval split sqrt startofday startofmonth '
     'startofweek startofyear startswith strcat_array strcmp strrep substring subtract sum_of tobool todatetime todecimal todynamic toguid toint tolong tolower '
     'toreal tostring totimespan toupper trim trim_end trim_start unicode_codepoints_from_string unicode_codepoints_to_string unixtime_todatetime url_encode zip'),
    ('compiles a KQL query, or runs one with the rights of the caller',
     'compile_hunt create_compiled_view create_kql_view kql kql_columns kql_to_sql run_compiled'),
    ('is an aggregate, or takes an internal argument so that no statement calls it',
     'array_of_texts latest_details latest_details_final latest_details_transition make_bag make_list make_set set_of_texts texts_final collection_combine collection_deserialize collection_final collection_serialize '
     'equals_join_selectivity equals_selectivity has_support linked_signins linked_signins_combine linked_signins_final linked_signins_transition make_bag_combine make_bag_deserialize make_bag_final make_bag_serialize '
     'log_table_support make_bag_transition make_list_transition make_set_transition within_support'),
    ('lists what is in its own text',
     'log_table_ages log_table_columns log_table_descriptions log_table_indexes log_table_schemas'),
    ('reads tables with the rights of the caller, who needs SELECT on them',
     'check_rows_are_visible cloudshell_sessions cloudshell_usage_pairs '
     'log_rows new_cloudshell_user_pairs new_cloudshell_user_writes read_activity read_shell_starts read_signins read_storage_operations read_uploads signins '
     'storage_file_created_quickly_deleted_pairs storage_log_rows storage_mass_deletion_deletions storage_upload_link_account_pairs uploads'),
    ('reads system catalogs and views, which everybody can',
     'check_hunt_function check_hunt_signature check_reach cron_job_name function_arguments hunt_call hunt_function has_dimensions lock_holders missing_columns missing_comments missing_days option_literal rows_cannot_move_because partition_bounds partition_tree '
     'snapshot_with_unfinished some_periods time_before untrusted_below'),
    ('locks or creates tables with the rights of the caller, who needs those for it',
     'create_loaded_files lock_relations'),
    ('is the default of a column, as for pg_current_xact_id()',
     'ingest_xid'),
    ('raises errors, which everybody can',
     'check_hunt_found check_result_found check_rule_found prevent_in_transaction_block raise_saved_error'),
    ('is a trigger function, which only the owner of a table can use on it, and changes nothing but an error',
     'check_rule keep_options')
) AS f (reason, names)
UNION ALL
SELECT h.hunt || s.suffix, 'reads tables with the rights of the caller, or checks its arguments, as every hunt does'
FROM azhunt.hunts AS h CROSS JOIN unnest('{"",_matches,_check,_log_rows}'::text[]) AS s (suffix)
UNION ALL
SELECT 'storage_upload_link_account_tables', 'computes something of its arguments alone';

CREATE TEMP VIEW executable AS
SELECT p.proname AS name, p.oid, p.prosecdef
FROM pg_proc AS p
JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'azhunt'
WHERE EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
              WHERE a.grantee = 0 AND a.privilege_type = 'EXECUTE');

SELECT set_eq('SELECT name FROM executable', 'SELECT name FROM public_function',
    'everybody may execute these functions and no others');
SELECT is_empty('SELECT oid::regprocedure FROM executable WHERE prosecdef', 'none of which runs with the rights of its owner');
SELECT is_empty($$
    SELECT p.oid::regprocedure, a.grantee FROM pg_proc AS p CROSS JOIN LATERAL aclexplode(p.proacl) AS a
    WHERE p.pronamespace = 'azhunt'::regnamespace AND a.grantee NOT IN (0, p.proowner)
$$, 'nothing is granted to anybody else');

SELECT * FROM finish();
ROLLBACK;

-- The Cloud Shell hunt on what the Azure portal exported before columns got names
-- that end in Value; it holds one start of a Cloud Shell.
BEGIN;
SET LOCAL client_min_messages = warning;
-- the export's times are in UTC, written the American way
SET LOCAL TIME ZONE 'UTC';
SET LOCAL DateStyle = 'ISO, MDY';
SELECT plan(7);

DO $$ BEGIN PERFORM azhunt.create_log_tables(); END $$;

-- AzureActivity as it was before its columns got names that end in Value
CREATE TEMP TABLE export (
    operationname text, level text, activitystatus text, activitysubstatus text, resourcegroup text,
    subscriptionid text, correlationid text, caller text, calleripaddress text, category text,
    httprequest text, properties text, eventsubmissiontimestamp timestamptz, "authorization" jsonb,
    resourceid text, operationid text, resourceprovider text, resource text, eventdataid text,
    timegenerated timestamptz);
\copy export FROM 'test/data/portal/AzureActivity.csv' (FORMAT csv, HEADER, ENCODING 'UTF8')

-- What has a new name is put there.  OperationName held a name for people to
-- read; the operation stands in Authorization.
INSERT INTO azhunt.AzureActivity (
    TimeGenerated, Caller, OperationNameValue, ActivityStatusValue, ActivitySubstatusValue, ResourceGroup,
    OperationName, CallerIpAddress, CategoryValue, CorrelationId, EventDataId, EventSubmissionTimestamp,
    HTTPRequest, Level, OperationId, Properties, ResourceId, ResourceProviderValue, SubscriptionId, Authorization_d)
SELECT timegenerated, caller, "authorization" ->> 'action', activitystatus, activitysubstatus, resourcegroup,
       operationname, calleripaddress, category, correlationid, eventdataid, eventsubmissiontimestamp,
       httprequest, level, operationid, properties, resourceid, resourceprovider, subscriptionid, "authorization"
FROM export;

SELECT is(count(*), 15::bigint, 'the export has 15 rows') FROM azhunt.AzureActivity;

CREATE TEMP TABLE answer AS SELECT * FROM azhunt.cloudshell_usage(as_of => '2021-04-26 21:00Z');
SELECT is(count(*), 1::bigint, 'one caller opened a Cloud Shell, once') FROM answer;
SELECT is((SELECT caller FROM answer),
          (SELECT DISTINCT caller FROM export
           WHERE operationname = 'List Storage Account Keys' AND resourcegroup LIKE 'cloud-shell%'),
          'the caller who listed the keys of the Cloud Shell''s account');
SELECT is((SELECT timekey FROM answer), '2021-04-26 19:00Z'::timestamptz,
          'in the hour of 7:35:55 PM');
-- Of this caller's ten rows two are the listing of keys,
-- five write to an Azure Firewall, from 7:36:26 to 7:51:32 PM, and three start
-- a virtual machine, two of them before 8 PM.
SELECT is((SELECT set_operationnamevalue FROM answer),
          '["Microsoft.Compute/virtualMachines/start/action", "Microsoft.Network/azureFirewalls/write"]'::jsonb,
          'in that hour the caller wrote to a firewall and started a virtual machine');
-- Of both the first is in the five minutes from 7:35 PM; in the minute from
-- 7:35 PM there is neither.
SELECT results_eq($$
    SELECT timekey, set_operationnamevalue
    FROM azhunt.cloudshell_usage(as_of => '2021-04-26 21:00Z', bin => '5 minutes')
$$, $$
    SELECT '2021-04-26 19:35Z'::timestamptz, set_operationnamevalue FROM answer
$$, 'both within five minutes');
SELECT is_empty($$
    SELECT * FROM azhunt.cloudshell_usage(as_of => '2021-04-26 21:00Z', bin => '1 minute')
$$, 'but neither within the minute');

SELECT * FROM finish();
ROLLBACK;

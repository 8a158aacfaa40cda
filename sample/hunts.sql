-- The hunts that come with azhunt:
SELECT hunt, title FROM azhunt.hunts ORDER BY hunt;

-- Hunt: storage upload link account.
-- Which account signed in, from the address that a file was uploaded from, in the
-- minute before?  One row whole:
SELECT * FROM azhunt.storage_upload_link_account(target_file => 'mimikatz.exe') \gx

-- Some columns of all rows.  Each of these accounts may have uploaded the file;
-- two accounts in one row share an address and a browser, as behind a NAT gateway:
SELECT azhunt.file_name(fileuploadpath) AS file, operationname, accounts, uploads, first_upload
FROM azhunt.storage_upload_link_account()
ORDER BY first_upload;

-- The same with options.  Large files come by other operations than PutBlob, and
-- tools sign in without a person:
SELECT azhunt.file_name(fileuploadpath) AS file, operationname, accounts, left(uploaduseragent, 15) AS uploaduseragent
FROM azhunt.storage_upload_link_account(
    operations => '{PutBlob,PutRange,PutBlockList,Write}',
    include_noninteractive => true, successful_only => true, since => '2026-03-10 09:00Z')
ORDER BY first_upload;

-- Hunt: Cloud Shell usage.
-- What else did a caller do in the hour in which they opened a Cloud Shell?  Look
-- for what this caller never needs, such as role assignments or key vault policies:
SELECT caller, timekey, jsonb_array_elements_text(set_operationnamevalue) AS operation
FROM azhunt.cloudshell_usage(as_of => '2026-03-10 18:00Z')
ORDER BY timekey, caller;

-- Hunt: storage mass deletion.
-- From where were many files of one storage account deleted within minutes?
SELECT ipcustomentity, accountname, filesdeleted, timegenerated, last_deletion
FROM azhunt.storage_mass_deletion(as_of => '2026-03-10 18:00Z');

-- Hunt: file created and quickly deleted.
-- Which file was deleted minutes after it was uploaded?
SELECT azhunt.file_name(uri) AS file, timegenerated, deletedtime, calleripaddress
FROM azhunt.storage_file_created_quickly_deleted(as_of => '2026-03-10 18:00Z');

-- Hunt: new Cloud Shell user.
-- Who set up a Cloud Shell, which writes a storage account and lists its keys?
SELECT timegenerated, caller, resourcegroup, azureip, userip
FROM azhunt.new_cloudshell_user(as_of => '2026-03-10 18:00Z');

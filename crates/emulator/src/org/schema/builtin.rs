//! The schema files that come with the emulator.

/// The picklists that several fields share.
pub(super) const PICKLISTS: &str = include_str!("../../../schema/picklists.txt");

/// More objects, in alphabetical order. Of these only names, kinds of values and relationships are
/// known: lengths, key prefixes and who may write are as far as they are common knowledge.
pub(super) const MORE: &str = include_str!("../../../schema/more.txt");

/// The objects, in alphabetical order.
pub(super) const OBJECTS: [&str; 49] = [
    include_str!("../../../schema/Account.txt"),
    include_str!("../../../schema/ApexClass.txt"),
    include_str!("../../../schema/Asset.txt"),
    include_str!("../../../schema/Attachment.txt"),
    include_str!("../../../schema/BusinessProcess.txt"),
    include_str!("../../../schema/Campaign.txt"),
    include_str!("../../../schema/CampaignMember.txt"),
    include_str!("../../../schema/CampaignMemberStatus.txt"),
    include_str!("../../../schema/Case.txt"),
    include_str!("../../../schema/CaseComment.txt"),
    include_str!("../../../schema/ConnectedApplication.txt"),
    include_str!("../../../schema/Contact.txt"),
    include_str!("../../../schema/ContentDocument.txt"),
    include_str!("../../../schema/ContentDocumentLink.txt"),
    include_str!("../../../schema/ContentVersion.txt"),
    include_str!("../../../schema/Contract.txt"),
    include_str!("../../../schema/CustomPermission.txt"),
    include_str!("../../../schema/Document.txt"),
    include_str!("../../../schema/EmailMessage.txt"),
    include_str!("../../../schema/EntityDefinition.txt"),
    include_str!("../../../schema/Event.txt"),
    include_str!("../../../schema/FieldDefinition.txt"),
    include_str!("../../../schema/Folder.txt"),
    include_str!("../../../schema/Group.txt"),
    include_str!("../../../schema/GroupMember.txt"),
    include_str!("../../../schema/Lead.txt"),
    include_str!("../../../schema/Name.txt"),
    include_str!("../../../schema/Note.txt"),
    include_str!("../../../schema/Opportunity.txt"),
    include_str!("../../../schema/OpportunityContactRole.txt"),
    include_str!("../../../schema/OpportunityHistory.txt"),
    include_str!("../../../schema/OpportunityLineItem.txt"),
    include_str!("../../../schema/OpportunityStage.txt"),
    include_str!("../../../schema/Order.txt"),
    include_str!("../../../schema/OrderItem.txt"),
    include_str!("../../../schema/Organization.txt"),
    include_str!("../../../schema/PermissionSet.txt"),
    include_str!("../../../schema/PermissionSetAssignment.txt"),
    include_str!("../../../schema/Pricebook2.txt"),
    include_str!("../../../schema/PricebookEntry.txt"),
    include_str!("../../../schema/Product2.txt"),
    include_str!("../../../schema/Profile.txt"),
    include_str!("../../../schema/QueueSobject.txt"),
    include_str!("../../../schema/RecordType.txt"),
    include_str!("../../../schema/SetupEntityAccess.txt"),
    include_str!("../../../schema/Task.txt"),
    include_str!("../../../schema/User.txt"),
    include_str!("../../../schema/UserLicense.txt"),
    include_str!("../../../schema/UserRole.txt"),
];

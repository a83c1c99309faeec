//! The schema files that come with the emulator.

/// The picklists that several fields share.
pub(super) const PICKLISTS: &str = include_str!("../../../schema/picklists.txt");

/// The objects, in alphabetical order.
pub(super) const OBJECTS: [&str; 28] = [
    include_str!("../../../schema/Account.txt"),
    include_str!("../../../schema/Asset.txt"),
    include_str!("../../../schema/Campaign.txt"),
    include_str!("../../../schema/CampaignMember.txt"),
    include_str!("../../../schema/Case.txt"),
    include_str!("../../../schema/CaseComment.txt"),
    include_str!("../../../schema/Contact.txt"),
    include_str!("../../../schema/Contract.txt"),
    include_str!("../../../schema/Event.txt"),
    include_str!("../../../schema/Group.txt"),
    include_str!("../../../schema/Lead.txt"),
    include_str!("../../../schema/Name.txt"),
    include_str!("../../../schema/Note.txt"),
    include_str!("../../../schema/Opportunity.txt"),
    include_str!("../../../schema/OpportunityContactRole.txt"),
    include_str!("../../../schema/OpportunityLineItem.txt"),
    include_str!("../../../schema/Organization.txt"),
    include_str!("../../../schema/PermissionSet.txt"),
    include_str!("../../../schema/PermissionSetAssignment.txt"),
    include_str!("../../../schema/Pricebook2.txt"),
    include_str!("../../../schema/PricebookEntry.txt"),
    include_str!("../../../schema/Product2.txt"),
    include_str!("../../../schema/Profile.txt"),
    include_str!("../../../schema/RecordType.txt"),
    include_str!("../../../schema/Task.txt"),
    include_str!("../../../schema/User.txt"),
    include_str!("../../../schema/UserLicense.txt"),
    include_str!("../../../schema/UserRole.txt"),
];

//! The syntax tree of a statement.
//!
//! Owns the shapes, not their meaning: names are kept as written and unresolved, and rules that
//! need a schema are not looked at. Every node that such a rule may complain about has a [`Span`].
//! Parentheses are not kept: the nesting of [`Condition`]s is what they meant.

mod condition;
mod expression;
mod literal;

pub use condition::{Condition, Operator, Predicate, Set, Test};
pub use expression::{
    Call, Distance, DistanceUnit, Expression, FieldPath, Function, FunctionKind, Location, Name,
};
pub use literal::{
    Currency, Date, DateLiteral, DateTime, DateUnit, Literal, Number, Pattern, PatternPart, Time,
    Value,
};

/// Where a node stands in the text of the statement, in bytes.
///
/// Two spans are always equal: what a query means does not depend on where its words stand, and
/// trees are compared for what they mean.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset just after the last byte.
    pub end: usize,
}

impl Span {
    /// From `start` up to, and without, `end`.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// From the start of `self` to the end of `last`.
    #[must_use]
    pub const fn to(self, last: Self) -> Self {
        Self::new(self.start, last.end)
    }
}

impl PartialEq for Span {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Span {}

/// A `SELECT` statement: the whole of it, a child sub-query, or the right side of a semi-join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// `SELECT …`
    pub selection: Selection,
    /// `FROM …`
    pub from: From,
    /// `USING SCOPE …`
    pub scope: Option<Scope>,
    /// `WHERE …`
    pub filter: Option<Condition>,
    /// `WITH …`
    pub with: Option<With>,
    /// `GROUP BY …` and its `HAVING …`
    pub group_by: Option<GroupBy>,
    /// `ORDER BY …`; empty when there is none.
    pub order_by: Vec<Ordering>,
    /// `LIMIT n`
    pub limit: Option<RowCount>,
    /// `OFFSET n`
    pub offset: Option<RowCount>,
    /// `FOR VIEW` or `FOR REFERENCE`
    pub usage: Option<Usage>,
    /// `UPDATE TRACKING`, `UPDATE VIEWSTAT`; empty when there is none.
    pub updates: Vec<Statistic>,
    /// `FOR UPDATE`: where it is written.
    pub for_update: Option<Span>,
    /// The statement, without the parentheses of a sub-query.
    pub span: Span,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// `SELECT COUNT()`: the number of rows and nothing else. The span is that of `COUNT()`.
    Count(Span),
    /// A list, never empty.
    Items(Vec<SelectItem>),
}

/// An element of the list after `SELECT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SelectItem {
    /// A field or a function, with its alias.
    Expression {
        /// The field or function.
        expression: Expression,
        /// The name that the value has in the answer.
        alias: Option<Name>,
    },
    /// `FIELDS(ALL)`, `FIELDS(CUSTOM)` or `FIELDS(STANDARD)`.
    Fields {
        /// Which fields.
        group: FieldGroup,
        /// The whole call.
        span: Span,
    },
    /// `(SELECT … FROM Contacts)`: the children of each row.
    Children(Box<Query>),
    /// `TYPEOF … END`: fields of a parent, by its type.
    TypeOf(TypeOf),
}

/// The fields that `FIELDS()` stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldGroup {
    /// `FIELDS(ALL)`
    All,
    /// `FIELDS(CUSTOM)`
    Custom,
    /// `FIELDS(STANDARD)`
    Standard,
}

/// `TYPEOF What WHEN Account THEN Phone ELSE Name END`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeOf {
    /// The polymorphic relationship, such as `What` or `c.Owner`.
    pub relationship: FieldPath,
    /// The cases, at least one.
    pub cases: Vec<TypeCase>,
    /// The fields after `ELSE`; empty when there is none.
    pub otherwise: Vec<FieldPath>,
    /// From `TYPEOF` to `END`.
    pub span: Span,
}

/// `WHEN Account THEN Phone, Owner.Name`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeCase {
    /// The object.
    pub object: Name,
    /// Its fields, at least one.
    pub fields: Vec<FieldPath>,
}

/// `FROM Contact c, c.Account a`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct From {
    /// The object that rows come from, or the child relationship in a sub-query, which may be
    /// written with its parent (`Account.Contacts`).
    pub source: Source,
    /// What comes after a comma: aliases of parents. That they lead on from the first, or from
    /// each other, is for the resolver to check.
    pub parents: Vec<Source>,
}

/// A path with an alias: `Contact c`, `c.Account a`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Object or relationship.
    pub path: FieldPath,
    /// Its short name in this query.
    pub alias: Option<Name>,
}

/// `USING SCOPE …`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// `delegated`: records that were delegated to others.
    Delegated,
    /// `everything`: all records.
    Everything,
    /// `mine`: records that the user owns.
    Mine,
    /// `mine_and_my_groups`: records of the user and the user's queues.
    MineAndMyGroups,
    /// `my_territory`: records in the user's territory.
    MyTerritory,
    /// `my_team_territory`: records in the territory of the user's team.
    MyTeamTerritory,
    /// `scopingRule`: records that the scoping rules select.
    ScopingRule,
    /// `team`: records that the user's team is assigned to.
    Team,
}

impl Scope {
    pub(crate) const ALL: [Self; 8] = [
        Self::Delegated,
        Self::Everything,
        Self::Mine,
        Self::MineAndMyGroups,
        Self::MyTerritory,
        Self::MyTeamTerritory,
        Self::ScopingRule,
        Self::Team,
    ];

    /// Its name in the spelling of the SOQL reference.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delegated => "delegated",
            Self::Everything => "everything",
            Self::Mine => "mine",
            Self::MineAndMyGroups => "mine_and_my_groups",
            Self::MyTerritory => "my_territory",
            Self::MyTeamTerritory => "my_team_territory",
            Self::ScopingRule => "scopingRule",
            Self::Team => "team",
        }
    }
}

/// `WITH …`
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum With {
    /// `WITH SECURITY_ENFORCED`
    SecurityEnforced,
    /// `WITH USER_MODE`
    UserMode,
    /// `WITH SYSTEM_MODE`
    SystemMode,
    /// `WITH DATA CATEGORY … AND …`: never empty.
    DataCategory(Vec<CategoryFilter>),
    /// `WITH RecordVisibilityContext (name = value, …)`: never empty.
    RecordVisibilityContext(Vec<(Name, Value)>),
    /// `WITH UserId = '005…'`
    Filter(Condition),
}

/// `Geography__c ABOVE usa__c`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoryFilter {
    /// The data category group.
    pub group: Name,
    /// How far around the categories.
    pub selector: CategorySelector,
    /// The categories, at least one.
    pub categories: Vec<Name>,
}

/// How far around a data category.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CategorySelector {
    /// `AT`: the category itself.
    At,
    /// `ABOVE`: it and its parents.
    Above,
    /// `BELOW`: it and its children.
    Below,
    /// `ABOVE_OR_BELOW`: it, its parents and its children.
    AboveOrBelow,
}

impl CategorySelector {
    pub(crate) const ALL: [Self; 4] = [Self::At, Self::Above, Self::Below, Self::AboveOrBelow];

    /// The selector as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::At => "AT",
            Self::Above => "ABOVE",
            Self::Below => "BELOW",
            Self::AboveOrBelow => "ABOVE_OR_BELOW",
        }
    }
}

/// `GROUP BY … HAVING …`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupBy {
    /// Plain, or with subtotals.
    pub kind: GroupKind,
    /// Fields and date functions, at least one.
    pub expressions: Vec<Expression>,
    /// `HAVING …`
    pub having: Option<Condition>,
}

/// Which subtotals a `GROUP BY` makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupKind {
    /// `GROUP BY a, b`: none.
    Plain,
    /// `GROUP BY ROLLUP(a, b)`: from right to left.
    Rollup,
    /// `GROUP BY CUBE(a, b)`: all combinations.
    Cube,
}

/// An element of `ORDER BY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ordering {
    /// Field or function.
    pub expression: Expression,
    /// `ASC` (also when not written) or `DESC`.
    pub direction: Direction,
    /// `NULLS FIRST` or `NULLS LAST`, where written.
    pub nulls: Option<Nulls>,
}

/// Which way to sort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// `ASC`
    #[default]
    Ascending,
    /// `DESC`
    Descending,
}

/// Where rows without a value go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nulls {
    /// `NULLS FIRST`
    First,
    /// `NULLS LAST`
    Last,
}

/// The number after `LIMIT` or `OFFSET`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowCount {
    /// Rows.
    pub rows: u32,
    /// The number as written.
    pub span: Span,
}

/// What the rows are marked as used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// `FOR VIEW`
    View,
    /// `FOR REFERENCE`
    Reference,
}

/// What a search of knowledge articles adds to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// `UPDATE TRACKING`: the keywords that were searched for.
    Tracking,
    /// `UPDATE VIEWSTAT`: the view count of the articles.
    ViewStat,
}

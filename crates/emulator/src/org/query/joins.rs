//! The tables of a query: the object it asks for and the parents that its paths lead to.
//!
//! Owns their aliases. A parent that several paths share is joined once; a parent that is missing
//! leaves its columns null.

use crate::org::schema::{Field, FieldType, Object, Schema, Storage};
use crate::org::table::{quoted, table};

/// A table of the statement: `t0` is the object that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Node(usize);

/// The object that is asked for.
pub(super) const ROOT: Node = Node(0);

/// A field of one of the tables.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column<'s> {
    pub(super) node: Node,
    pub(super) field: &'s Field,
}

/// A joined parent.
#[derive(Clone, Debug)]
struct Join<'s> {
    child: Node,
    reference: &'s Field,
    object: &'s Object,
    /// Whether rows of one target only are joined, though the reference has several.
    is_case: bool,
}

impl Join<'_> {
    /// Whether rows of several objects are joined.
    fn is_union(&self) -> bool {
        self.reference.targets.len() > 1 && !self.is_case
    }
}

/// All tables of a statement.
#[derive(Clone, Debug)]
pub(super) struct Joins<'s> {
    pub(super) schema: &'s Schema,
    root: &'s Object,
    parents: Vec<Join<'s>>,
}

impl<'s> Joins<'s> {
    pub(super) fn new(schema: &'s Schema, root: &'s Object) -> Self {
        Self {
            schema,
            root,
            parents: Vec::new(),
        }
    }

    /// How many parents are joined.
    pub(super) fn len(&self) -> usize {
        self.parents.len()
    }

    /// The object whose rows a table holds.
    pub(super) fn object(&self, node: Node) -> &'s Object {
        match node.0.checked_sub(1).and_then(|at| self.parents.get(at)) {
            Some(join) => join.object,
            None => self.root,
        }
    }

    /// Whether rows of a table are of several objects.
    pub(super) fn is_polymorphic(&self, node: Node) -> bool {
        let join = node.0.checked_sub(1).and_then(|at| self.parents.get(at));
        join.is_some_and(Join::is_union)
    }

    /// The parent that `reference` of `child` points to; nothing if the schema lacks its object.
    pub(super) fn parent(&mut self, child: Node, reference: &'s Field) -> Option<Node> {
        let known = self.parents.iter().position(|join| {
            join.child == child && join.reference.name == reference.name && !join.is_case
        });
        if let Some(at) = known {
            return Some(Node(at + 1));
        }
        let exists = |target: &String| self.schema.object(target).is_some();
        let object = match reference.targets.as_slice() {
            [target] => self.schema.object(target)?,
            targets if targets.iter().any(exists) => self.schema.object("Name")?,
            _ => return None,
        };
        self.parents.push(Join {
            child,
            reference,
            object,
            is_case: false,
        });
        Some(Node(self.parents.len()))
    }

    /// The parent that `reference` of `child` points to where it is a record of `object`.
    pub(super) fn case(
        &mut self,
        child: Node,
        (reference, object): (&'s Field, &'s Object),
    ) -> Node {
        self.parents.push(Join {
            child,
            reference,
            object,
            is_case: true,
        });
        Node(self.parents.len())
    }

    /// A column as SQL.
    pub(super) fn sql(&self, column: Column<'_>) -> String {
        let Column { node, field } = column;
        let name = format!("t{}.{}", node.0, quoted(&field.name));
        // A union has no collation of its own.
        if self.is_polymorphic(node) && field.kind.storage() == Storage::Text {
            return format!("{name} COLLATE SOQL");
        }
        name
    }

    /// The tables as SQL, after `FROM`.
    pub(super) fn from(&self) -> String {
        let mut sql = format!("{} AS t0", table(self.root));
        for (at, join) in self.parents.iter().enumerate() {
            let source = match join.is_union() {
                false => table(join.object),
                true => self.union(join),
            };
            let alias = at + 1;
            let child = join.child.0;
            let reference = quoted(&join.reference.name);
            sql.push_str(&format!(
                " LEFT JOIN {source} AS t{alias} ON t{alias}.\"Id\" = t{child}.{reference}"
            ));
        }
        sql
    }

    /// The records of all targets of a reference, with the fields of the object `Name`.
    fn union(&self, join: &Join<'_>) -> String {
        let targets = join.reference.targets.iter();
        let selects: Vec<String> = targets
            .filter_map(|target| self.schema.object(target))
            .filter(|target| target.has_table())
            .map(|target| {
                let columns: Vec<String> = join
                    .object
                    .fields
                    .iter()
                    .map(|field| self.union_column(target, field))
                    .collect();
                format!("SELECT {} FROM {}", columns.join(", "), table(target))
            })
            .collect();
        format!("({})", selects.join(" UNION ALL "))
    }

    /// What a field of the object `Name` is in `target`.
    fn union_column(&self, target: &Object, field: &Field) -> String {
        let name = quoted(&field.name);
        let same = target.field(&field.name).filter(|own| own.is_stored());
        let own = match field.name.as_str() {
            "Type" => return format!("'{}' AS {name}", target.name),
            "Name" => same.or_else(|| target.name_field()),
            "NameOrAlias" => target.field("Alias").or_else(|| target.name_field()),
            _ => same,
        };
        match own {
            Some(own) => format!("{} AS {name}", quoted(&own.name)),
            None if field.kind == FieldType::Boolean => format!("0 AS {name}"),
            None => format!("NULL AS {name}"),
        }
    }
}

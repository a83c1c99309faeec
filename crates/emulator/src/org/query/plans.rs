//! Statements that were compiled, so that one that is asked again is only run.
//!
//! Owns that no plan outlives its schema. What holds for one call only, such as a date literal, is
//! not kept here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::compile::Compiled;
use super::environment::Rows;
use crate::org::schema::Schema;

/// How many plans are kept; after that all of them go.
const PLANS_MAX: usize = 256;

/// The longest statement whose plan is kept, in bytes.
const STATEMENT_MAX: usize = 4_096;

/// Which rows a call sees, and the version of the API that it is of.
type Call = (Rows, u16);

/// The plans of an org.
#[derive(Debug, Default)]
pub(in crate::org) struct Plans(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// The schema that all plans are for.
    schema: Option<Arc<Schema>>,
    /// The plans by their statements.
    by_call: HashMap<Call, HashMap<String, Arc<Compiled>>>,
}

impl Plans {
    /// The plan of a statement, if it is known for this schema.
    pub(super) fn find(
        &self,
        schema: &Arc<Schema>,
        call: Call,
        text: &str,
    ) -> Option<Arc<Compiled>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept.is_of(schema) {
            return None;
        }
        kept.by_call.get(&call)?.get(text).map(Arc::clone)
    }

    /// Keeps the plan of a statement. Plans for another schema go.
    pub(super) fn keep(
        &self,
        schema: &Arc<Schema>,
        call: Call,
        (text, plan): (&str, &Arc<Compiled>),
    ) {
        if text.len() > STATEMENT_MAX {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count: usize = kept.by_call.values().map(HashMap::len).sum();
        if !kept.is_of(schema) || count >= PLANS_MAX {
            kept.by_call.clear();
            kept.schema = Some(Arc::clone(schema));
        }
        let plans = kept.by_call.entry(call).or_default();
        plans.insert(text.to_owned(), Arc::clone(plan));
    }
}

impl Kept {
    fn is_of(&self, schema: &Arc<Schema>) -> bool {
        let own = self.schema.as_ref();
        own.is_some_and(|own| Arc::ptr_eq(own, schema))
    }
}

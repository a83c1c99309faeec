//! `POST /composite/graph`: several sequences, each of which is done as a whole or not at all.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Call, Inner, Outcome, bad_request, read, sequence};
use crate::error::ApiError;
use crate::org::Org;

/// The most calls in all graphs.
const NODES_MAX: usize = 500;

/// The most graphs.
const GRAPHS_MAX: usize = 75;

#[derive(Deserialize)]
struct Graphs {
    graphs: Vec<Graph>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Graph {
    graph_id: String,
    composite_request: Vec<Inner>,
}

/// Answers all graphs of a body.
pub(super) fn answer(org: &Org, call: &Call<'_>) -> Result<Answer, ApiError> {
    call.allow(&["POST"])?;
    let Graphs { graphs } = read(call)?;
    let nodes: usize = graphs
        .iter()
        .map(|graph| graph.composite_request.len())
        .sum();
    if nodes > NODES_MAX || graphs.len() > GRAPHS_MAX {
        let message =
            format!("Limit Exceeded. The maximum is {NODES_MAX} nodes in {GRAPHS_MAX} graphs.");
        return Err(bad_request("LIMIT_EXCEEDED", message));
    }
    let answers: Vec<Value> = graphs
        .iter()
        .map(|graph| one(org, call, graph))
        .collect::<Result<_, _>>()?;
    Ok(Answer::json(&json!({"graphs": answers})))
}

fn one(org: &Org, call: &Call<'_>, graph: &Graph) -> Result<Value, ApiError> {
    let calls = &graph.composite_request;
    sequence::check(calls)?;
    let outcomes = sequence::one_or_nothing(org, call, calls)?;
    Ok(json!({
        "graphId": graph.graph_id,
        "graphResponse": {"compositeResponse": sequence::written(calls, &outcomes)},
        "isSuccessful": outcomes.iter().all(Outcome::is_good),
    }))
}

//! `accredit query --bulk` where the org or the reader is odd: no record is lost, and no job.

use crate::query_bulk::{bulk, job, no_list, page_of};

#[test]
fn pages_that_end_without_a_line_break_are_not_glued_together() {
    let (run, _) = bulk(
        vec![
            job("UploadComplete", 0),
            job("JobComplete", 4),
            no_list(),
            page_of("\"Id\"\n\"1\"\n\"2\"", 2, "b"),
            page_of("\"Id\"\n\"3\"\n\"4\"", 2, "null"),
        ],
        &[],
    );
    let table = "\"Id\"\n\"1\"\n\"2\"\n\"3\"\n\"4\"\n";
    assert_eq!(run.succeeds().stdout, table);
}

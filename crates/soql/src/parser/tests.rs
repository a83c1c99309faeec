//! Tables of clauses: what parses prints as the second column, what does not says the second.

use super::*;

#[track_caller]
fn prints(table: &[(&str, &str)]) {
    for (text, canonical) in table {
        let query = parse(text).unwrap_or_else(|error| panic!("{text}\n{error}"));
        assert_eq!(query.to_string(), *canonical, "{text}");
        assert_eq!(parse(canonical).as_ref(), Ok(&query), "{canonical}");
    }
}

#[track_caller]
fn refuses(table: &[(&str, &str)]) {
    for (text, detail) in table {
        let error = parse(text).map(|query| query.to_string()).expect_err(text);
        assert_eq!(error.detail(), *detail, "{text}");
        assert_eq!(error.code(), ErrorCode::MalformedQuery, "{text}");
    }
}

#[test]
fn selections() {
    prints(&[
        (
            "select id,name\n from account",
            "SELECT id, name FROM account",
        ),
        ("SELECT count ( ) FROM A", "SELECT COUNT() FROM A"),
        (
            "SELECT count, fields, format FROM A",
            "SELECT count, fields, format FROM A",
        ),
        (
            "SELECT COUNT(Id) c, Name n FROM A",
            "SELECT COUNT(Id) c, Name n FROM A",
        ),
        (
            "SELECT fields(standard), Id FROM A",
            "SELECT FIELDS(STANDARD), Id FROM A",
        ),
        (
            "SELECT Id, (SELECT Id FROM A.Bs) FROM A",
            "SELECT Id, (SELECT Id FROM A.Bs) FROM A",
        ),
        (
            "SELECT format(max(x)) FROM A",
            "SELECT FORMAT(MAX(x)) FROM A",
        ),
        (
            "SELECT max(CONVERTCURRENCY(x)) m FROM A",
            "SELECT MAX(convertCurrency(x)) m FROM A",
        ),
        (
            "SELECT TYPEOF c.Owner WHEN Group THEN x.y WHEN User THEN Id ELSE Name END FROM A",
            "SELECT TYPEOF c.Owner WHEN Group THEN x.y WHEN User THEN Id ELSE Name END FROM A",
        ),
        (
            "SELECT DISTANCE(L__c, geolocation(37.775,-122.418), 'MI') d FROM A",
            "SELECT DISTANCE(L__c, GEOLOCATION(37.775, -122.418), 'mi') d FROM A",
        ),
    ]);
}

#[test]
fn selections_that_are_refused() {
    refuses(&[
        ("SELECT FROM A", "unexpected token: 'FROM'"),
        ("SELECT Id, From A", "unexpected token: 'From'"),
        ("SELECT Id,, Name FROM A", "unexpected token: ,"),
        (
            "SELECT * FROM A",
            "line 1:7 no viable alternative at character '*'",
        ),
        ("SELECT a..b FROM A", "unexpected token: ."),
        (
            "SELECT Duree_en_jours__c) AS x FROM A",
            "unexpected token: )",
        ),
        ("SELECT COUNT(), Id FROM A", "unexpected token: ,"),
        ("SELECT COUNT() c FROM A", "unexpected token: 'c'"),
        ("SELECT Id, COUNT() FROM A", "unexpected token: )"),
        ("SELECT COUNT(Id, Name) FROM A", "unexpected token: ,"),
        ("SELECT UPPER(Name) FROM A", "unexpected token: ("),
        ("SELECT convertTimezone(x) FROM A", "unexpected token: ("),
        (
            "SELECT CALENDAR_YEAR(FORMAT(x)) FROM A",
            "unexpected token: (",
        ),
        ("SELECT FORMAT(FORMAT(x)) FROM A", "unexpected token: ("),
        ("SELECT FIELDS(SOME) FROM A", "unexpected token: 'SOME'"),
        (
            "SELECT Id FROM A WHERE DISTANCE(x, y, 'm') < 1",
            "unexpected token: ''m''",
        ),
        (
            "SELECT Id Name FROM A",
            "only aggregate expressions use field aliasing",
        ),
        (
            "SELECT TYPEOF What ELSE Name END FROM A",
            "unexpected token: 'ELSE'",
        ),
        ("SELECT ((SELECT Id FROM Bs)) FROM A", "unexpected token: ("),
    ]);
}

#[test]
fn sources() {
    prints(&[
        ("SELECT Id FROM Group", "SELECT Id FROM Group"),
        (
            "SELECT Group.Name FROM GroupMember",
            "SELECT Group.Name FROM GroupMember",
        ),
        (
            "SELECT Id FROM Order ORDER BY Order.Name",
            "SELECT Id FROM Order ORDER BY Order.Name",
        ),
        (
            "SELECT Id FROM C c, c.A a, a.O o",
            "SELECT Id FROM C c, c.A a, a.O o",
        ),
        ("SELECT Id FROM A OFFSET 5", "SELECT Id FROM A OFFSET 5"),
        (
            "SELECT Id FROM A using scope SCOPINGRULE",
            "SELECT Id FROM A USING SCOPE scopingRule",
        ),
        (
            "SELECT Id FROM A a USING SCOPE Mine",
            "SELECT Id FROM A a USING SCOPE mine",
        ),
    ]);
    refuses(&[
        ("SELECT Id", "unexpected token: '<EOF>'"),
        ("SELECT Id FROM", "unexpected token: '<EOF>'"),
        ("SELECT Id FROM A null", "unexpected token: 'null'"),
        ("SELECT Id FROM A a b", "unexpected token: 'b'"),
        ("SELECT Id FROM A, ", "unexpected token: '<EOF>'"),
        ("SELECT Id FROM A USING team", "unexpected token: 'team'"),
        (
            "SELECT Id FROM A USING SCOPE all",
            "unexpected token: 'all'",
        ),
        (
            "SELECT Id FROM A ALL ROWS",
            "ALL ROWS not allowed in this context",
        ),
        (
            "SELECT Id FROM A LIMIT 1 all rows",
            "ALL ROWS not allowed in this context",
        ),
        (
            "SELECT Id FROM A;",
            "line 1:16 no viable alternative at character ';'",
        ),
        ("", "SOQL statements cannot be empty or null"),
        (" \n\t", "SOQL statements cannot be empty or null"),
        ("q=SELECT Id FROM A", "unexpected token: 'q'"),
    ]);
}

#[test]
fn conditions() {
    let prefix = "SELECT Id FROM A WHERE ";
    let table = [
        ("a=1 and b<>2 and c>=3", "a = 1 AND b != 2 AND c >= 3"),
        ("(a = 1 OR b = 2) OR c = 3", "a = 1 OR b = 2 OR c = 3"),
        ("a = 1 AND (b = 2 OR c = 3)", "a = 1 AND (b = 2 OR c = 3)"),
        ("((((a = 1))))", "a = 1"),
        ("not a = 1 and b = 2", "NOT a = 1 AND b = 2"),
        ("a = 1 or not b = 2", "a = 1 OR NOT b = 2"),
        ("a = 1 and (not b = 2)", "a = 1 AND NOT b = 2"),
        ("not(not(a = 1))", "NOT (NOT a = 1)"),
        ("NOT (a = 1 AND b = 2)", "NOT (a = 1 AND b = 2)"),
        (
            "a in('x','y') AND b NOT IN (1)",
            "a IN ('x', 'y') AND b NOT IN (1)",
        ),
        (
            "Id NOT IN (SELECT x FROM B WHERE y = 1)",
            "Id NOT IN (SELECT x FROM B WHERE y = 1)",
        ),
        ("a includes('A;B','C')", "a INCLUDES ('A;B', 'C')"),
        ("a EXCLUDES ('A')", "a EXCLUDES ('A')"),
        ("tolabel(Status) = 'x'", "toLabel(Status) = 'x'"),
        (
            "day_only(converttimezone(d)) = 2020-02-29",
            "DAY_ONLY(convertTimezone(d)) = 2020-02-29",
        ),
    ];
    for (text, canonical) in table {
        prints(&[(&format!("{prefix}{text}"), &format!("{prefix}{canonical}"))]);
    }
    let table = [
        ("a = 1 AND b = 2 OR c = 3", "unexpected token: OR"),
        ("(a = 1 OR b = 2 and c = 3)", "unexpected token: and"),
        ("NOT NOT a = 1", "unexpected token: 'NOT'"),
        ("a IS NULL", "unexpected token: 'IS'"),
        ("a = ", "unexpected token: '<EOF>'"),
        ("a == 1", "unexpected token: ="),
        ("(a = 1", "unexpected token: '<EOF>'"),
        ("a = 1)", "unexpected token: ')'"),
        ("a IN ()", "unexpected token: )"),
        ("a IN ('x',)", "unexpected token: )"),
        ("a IN :ids", "Bind variables only allowed in Apex code"),
        ("a IN ids", "Bind variables only allowed in Apex code"),
        ("a IN 'x'", "Bind variables only allowed in Apex code"),
        ("a = :b.c", "Bind variables only allowed in Apex code"),
        ("a > b", "Bind variables only allowed in Apex code"),
        ("a LIKE :b", "Bind variables only allowed in Apex code"),
        ("a = AND", "unexpected token: 'AND'"),
        (
            "a > 2021-08-11 12:52:08.062712+00:00",
            "unexpected token: '12:52:08.062712+00:00'",
        ),
        ("1 = 1", "unexpected token: '1'"),
    ];
    for (text, detail) in table {
        refuses(&[(&format!("{prefix}{text}"), detail)]);
    }
}

#[test]
fn with_and_grouping() {
    let prefix = "SELECT COUNT(Id) FROM A ";
    let table = [
        "WITH SECURITY_ENFORCED",
        "WITH USER_MODE GROUP BY a",
        "WITH SYSTEM_MODE",
        "WITH DATA CATEGORY G__c ABOVE_OR_BELOW a__c AND P__c AT (x__c, y__c)",
        "WITH RecordVisibilityContext (maxDescriptorPerRecord = 100, supportsDomains = TRUE)",
        "WITH UserId = '005000000000001'",
        "GROUP BY a, B.c, CALENDAR_YEAR(d)",
        "GROUP BY ROLLUP(a, b) HAVING COUNT(Id) > 1 AND (MIN(a) > 'x' OR a = 'y')",
        "GROUP BY CUBE(a) ORDER BY GROUPING(a), COUNT(Id) DESC NULLS LAST",
    ];
    for text in table {
        let text = format!("{prefix}{text}");
        prints(&[(&text, &text)]);
    }
    let table = [
        ("WITH", "unexpected token: '<EOF>'"),
        ("WITH DATA CATEGORY g NEAR a", "unexpected token: 'NEAR'"),
        (
            "WITH DATA CATEGORY g AT a OR h AT b",
            "unexpected token: 'OR'",
        ),
        ("GROUP a", "unexpected token: 'a'"),
        ("GROUP BY ROLLUP(a), b", "unexpected token: ','"),
        ("HAVING COUNT(Id) > 1", "unexpected token: 'HAVING'"),
        ("GROUP BY a HAVING COUNT() > 1", "unexpected token: )"),
        ("GROUP BY a WHERE b = 1", "unexpected token: 'WHERE'"),
    ];
    for (text, detail) in table {
        refuses(&[(&format!("{prefix}{text}"), detail)]);
    }
}

#[test]
fn order_limits_and_marks() {
    let prefix = "SELECT Id FROM A ";
    let table = [
        (
            "order by a asc, b desc nulls first",
            "ORDER BY a, b DESC NULLS FIRST",
        ),
        ("LIMIT 0 OFFSET 2000", "LIMIT 0 OFFSET 2000"),
        (
            "limit 1 for view update tracking",
            "LIMIT 1 FOR VIEW UPDATE TRACKING",
        ),
        ("FOR REFERENCE FOR UPDATE", "FOR REFERENCE FOR UPDATE"),
        ("UPDATE TRACKING, VIEWSTAT", "UPDATE TRACKING, VIEWSTAT"),
    ];
    for (text, canonical) in table {
        prints(&[(&format!("{prefix}{text}"), &format!("{prefix}{canonical}"))]);
    }
    let table = [
        ("ORDER a", "unexpected token: 'a'"),
        ("ORDER BY", "unexpected token: '<EOF>'"),
        ("ORDER BY a NULLS", "unexpected token: '<EOF>'"),
        ("ORDER BY a ORDER BY b", "unexpected token: 'ORDER'"),
        ("LIMIT", "unexpected token: '<EOF>'"),
        ("LIMIT -1", "unexpected token: '-1'"),
        ("LIMIT 1.5", "unexpected token: '1.5'"),
        ("LIMIT 99999999999", "unexpected token: '99999999999'"),
        ("LIMIT :n", "Bind variables only allowed in Apex code"),
        ("OFFSET 1 LIMIT 1", "unexpected token: 'LIMIT'"),
        ("LIMIT 1 WHERE a = 1", "unexpected token: 'WHERE'"),
        ("FOR UPDATE, REFERENCE", "unexpected token: ','"),
        ("FOR VIEW FOR VIEW", "unexpected token: 'VIEW'"),
        ("UPDATE NOTHING", "unexpected token: 'NOTHING'"),
    ];
    for (text, detail) in table {
        refuses(&[(&format!("{prefix}{text}"), detail)]);
    }
}

#[test]
fn a_statement_has_at_most_100_000_characters() {
    let statement = |length: usize| {
        let frame = "SELECT Id FROM A WHERE Name = ''".len();
        format!(
            "SELECT Id FROM A WHERE Name = '{}'",
            "é".repeat(length - frame)
        )
    };
    assert!(parse(&statement(STATEMENT_LENGTH_MAX)).is_ok());
    let error = parse(&statement(STATEMENT_LENGTH_MAX + 1)).unwrap_err();
    assert_eq!(
        error.message(),
        "SOQL statements cannot be longer than 100000 characters."
    );
}

#[test]
fn nesting_is_bounded() {
    let open = |n: usize| {
        let (left, right) = ("(".repeat(n), ")".repeat(n));
        parse(&format!("SELECT Id FROM A WHERE {left}a = 1{right}"))
    };
    assert!(open(DEPTH_MAX).is_ok());
    assert_eq!(
        open(DEPTH_MAX + 1).unwrap_err().code(),
        ErrorCode::QueryTooComplicated
    );
    let children = |n: usize| {
        let (left, right) = ("SELECT (".repeat(n - 1), ") FROM A".repeat(n - 1));
        parse(&format!("{left}SELECT Id FROM A{right}"))
    };
    assert!(children(QUERY_DEPTH_MAX).is_ok());
    let error = children(QUERY_DEPTH_MAX + 1).unwrap_err();
    assert_eq!(error.code(), ErrorCode::QueryTooComplicated);
}

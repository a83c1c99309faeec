use super::*;

/// The message for a mistake at the first `word` of `text`.
fn report(text: &str, word: &str, base: Base) -> (usize, usize, String) {
    let place = locate(text, text.find(word).unwrap(), base);
    (
        place.position.row,
        place.position.column,
        place.render("detail"),
    )
}

fn message(excerpt: &str, indent: usize, row: usize, column: usize) -> String {
    let spaces = " ".repeat(indent);
    format!("\n{excerpt}\n{spaces}^\nERROR at Row:{row}:Column:{column}\ndetail")
}

#[test]
fn mistakes_of_meaning_put_the_caret_below_the_word() {
    let table = [
        ("SELECT Bogus__c FROM Account", "Bogus__c", 8, 7),
        ("SELECT Id FROM Xyzzy", "Xyzzy", 16, 15),
        ("SELECT Id, FirstName, LastName FROM XYZZY", "XYZZY", 37, 36),
        (
            "Select Id, Status, Location, Body from ApexLog",
            "Body",
            30,
            29,
        ),
    ];
    for (text, word, column, indent) in table {
        let expected = (1, column, message(text, indent, 1, column));
        assert_eq!(report(text, word, Base::One), expected);
    }
}

#[test]
fn mistakes_of_the_grammar_put_the_caret_one_place_to_the_left() {
    let text = "SELECT Duree_en_jours__c) AS aggregate FROM Trajet__c";
    assert_eq!(
        report(text, ")", Base::Zero),
        (1, 24, message(text, 23, 1, 24))
    );
    let first = "q SELECT Id FROM Account";
    assert_eq!(
        report(first, "q", Base::Zero),
        (1, 0, message(first, 0, 1, 0))
    );
}

#[test]
fn long_queries_show_the_words_around_the_mistake() {
    let text = "SELECT id, name, description FROM Account \
                WHERE LastModifiedDate >= 2013-12-01T12:00:00 00:00";
    let excerpt = "LastModifiedDate >= 2013-12-01T12:00:00 00:00";
    assert_eq!(
        report(text, " 00:00", Base::Zero),
        (1, 87, message(excerpt, 38, 1, 87))
    );

    let text = "SELECT Id, Data_Quality_Score__c from Contact where FirstName = 'Anne\\-Marie'";
    let excerpt = "from Contact where FirstName = 'Anne\\-Marie'";
    assert_eq!(
        report(text, "'Anne", Base::Zero),
        (1, 64, message(excerpt, 30, 1, 64))
    );

    let text = "SELECT FirstName, LastName FROM CampaignMember WHERE Id = \"00v3D000003BjNa\"";
    let excerpt = "FROM CampaignMember WHERE Id = \"00v3D000003BjNa\"";
    assert_eq!(
        report(text, "\"", Base::Zero),
        (1, 58, message(excerpt, 30, 1, 58))
    );
}

#[test]
fn both_ends_are_widened_to_whole_words() {
    let text = "SELECT Aaaaaaaaaaaaaaaaaaaa__c, Bbbbbbbbbbbbbbbbbbbb__c, Nope__c, \
                Cccccccccccccccccccc__c, Dddddddddddddddddddd__c, Eeee__c FROM Thing__c";
    let excerpt = "Aaaaaaaaaaaaaaaaaaaa__c, Bbbbbbbbbbbbbbbbbbbb__c, Nope__c, \
                   Cccccccccccccccccccc__c,";
    assert_eq!(
        report(text, "Nope__c", Base::One),
        (1, 58, message(excerpt, 50, 1, 58))
    );
}

#[test]
fn rows_count_from_one_and_the_excerpt_is_of_one_row() {
    let text = "SELECT Id, Email, Name\nFROM Contact\n\
                WHERE AccountId = '0014000000p6XlS' AND LastName LIKE 'test' OR email LIKE 'test'";
    let excerpt = "'0014000000p6XlS' AND LastName LIKE 'test' OR email LIKE 'test'";
    assert_eq!(
        report(text, "OR", Base::Zero),
        (3, 61, message(excerpt, 42, 3, 61))
    );
    let windows = "SELECT Id\r\nFROM Nope\r\nLIMIT 1";
    assert_eq!(
        report(windows, "Nope", Base::One),
        (2, 6, message("FROM Nope", 5, 2, 6))
    );
}

#[test]
fn columns_count_utf_16_code_units() {
    let text = "SELECT Id FROM Account WHERE Name = 'é😀' AND Nope = 1";
    assert_eq!(report(text, "Nope", Base::One).1, 47);
}

#[test]
fn an_offset_outside_the_text_or_inside_a_character_is_moved_to_the_left() {
    assert_eq!(
        locate("abc", 99, Base::Zero).position,
        Position { row: 1, column: 3 }
    );
    assert_eq!(
        locate("aé", 2, Base::Zero).position,
        Position { row: 1, column: 1 }
    );
    assert_eq!(
        locate("", 0, Base::One).render("d"),
        "\n\n^\nERROR at Row:1:Column:1\nd"
    );
}

//! Lists as they come from other programs.

use super::{FileRefused, List, parse};

#[test]
fn headers_of_other_programs_are_understood() {
    let list = parse(
        "First Name,Last Name,PHONE #,Mobile Phone,Business Name,Roof age\n\
         Ada,Lovelace,(212) 555-0142,312-555-0100,Engines Inc,12\n"
            .as_bytes(),
    );
    // "PHONE #" has no letters but those of "phone".
    let lead = &list.unwrap().leads[0];
    assert_eq!(lead.name, "Ada Lovelace");
    assert_eq!(lead.phone_number.e164(), "+12125550142");
    assert_eq!(lead.company, "Engines Inc");
    assert_eq!(
        fields(lead),
        [("Mobile Phone", "312-555-0100"), ("Roof age", "12")]
    );
}

#[test]
fn excel_files_are_understood() {
    let list = read("\u{feff}Name;Phone\r\n\"Lovelace; Ada\";+1 212 555 0142\r\n\r\n;\r\n");
    assert_eq!(list.leads[0].name, "Lovelace; Ada");
    assert_eq!((list.leads.len(), list.errors.len()), (1, 0));
}

#[test]
fn a_quoted_cell_may_hold_lines_and_quotes() {
    let list = read("phone,name,notes\n2125550142,\"Ada \"\"Countess\"\" L\",\"one\ntwo\"\n212,short,\n");
    assert_eq!(list.leads[0].name, "Ada \"Countess\" L");
    assert_eq!(fields(&list.leads[0]), [("notes", "one\ntwo")]);
    assert_eq!(
        list.errors[0].line, 4,
        "lines are counted as an editor counts them"
    );
}

#[test]
fn a_bad_row_is_named_and_the_others_are_taken() {
    let list = read(
        "name,phone\n\
         Ada,212-555-0142\n\
         Bob,555-0142\n\
         Cleo,\n\
         Dan,+44 20 7946 0000\n\
         Eve,312-555-0101,surplus\n\
         Fay,(212) 555 0142\n",
    );
    assert_eq!(list.leads.len(), 1);
    assert_eq!(list.duplicate_count, 1, "Fay has Ada's number");
    let faults: Vec<_> = list
        .errors
        .iter()
        .map(|error| (error.line, error.column.as_deref()))
        .collect();
    assert_eq!(
        faults,
        [
            (3, Some("phone")),
            (4, Some("phone")),
            (5, Some("phone")),
            (6, None)
        ]
    );
    assert_eq!(list.errors[1].message, "The phone number is missing.");
}

#[test]
fn a_file_that_is_no_list_is_refused_with_a_sentence() {
    for (file, refused) in [
        (&b""[..], FileRefused::Empty),
        (b"\n\n", FileRefused::Empty),
        (b"name,company\nAda,Engines\n", FileRefused::NoPhoneColumn),
        (b"phone,x,x\n", FileRefused::ColumnTwice("x".to_owned())),
        (b"phone,name\n2125550142,Ren\xe9e\n", FileRefused::Encoding),
        (b"\xff\xfep\0h\0o\0n\0e\0", FileRefused::Encoding),
    ] {
        assert_eq!(parse(file).unwrap_err(), refused);
    }
}

fn read(file: &str) -> List {
    parse(file.as_bytes()).expect("a list")
}

fn fields(lead: &super::NewLead) -> Vec<(&str, &str)> {
    lead.fields
        .iter()
        .map(|field| (field.name.as_str(), field.value.expose().as_str()))
        .collect()
}

//! The first line of a list: which column means what.

use csv::StringRecord;

use super::FileRefused;

pub(super) const COLUMNS_MAX: usize = 60;

/// What a column means to the dialer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Phone,
    Name,
    FirstName,
    LastName,
    Company,
    /// Nothing; it is shown to the rep under its own name.
    Other,
}

/// The columns with their names as written.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) columns: Vec<(String, Column)>,
    /// Where in `columns` the phone number is.
    pub(super) phone: usize,
}

impl Header {
    pub(super) fn parse(record: &StringRecord) -> Result<Self, FileRefused> {
        if record.iter().all(str::is_empty) {
            return Err(FileRefused::Empty);
        }
        if record.len() > COLUMNS_MAX {
            return Err(FileRefused::TooManyColumns);
        }
        let mut columns: Vec<(String, Column)> = Vec::new();
        for name in record {
            if !name.is_empty() && columns.iter().any(|(known, _)| known == name) {
                return Err(FileRefused::ColumnTwice(name.to_owned()));
            }
            // Of "Phone" and "Mobile" the first is called; the other is shown.
            let meaning = meaning(name);
            let is_taken = columns.iter().any(|(_, known)| *known == meaning);
            columns.push((name.to_owned(), if is_taken { Column::Other } else { meaning }));
        }
        let phone = columns.iter().position(|(_, column)| *column == Column::Phone);
        Ok(Self {
            phone: phone.ok_or(FileRefused::NoPhoneColumn)?,
            columns,
        })
    }
}

fn meaning(name: &str) -> Column {
    let letters: String = name
        .chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    match letters.as_str() {
        "phone" | "phonenumber" | "phoneno" | "phone1" | "primaryphone" | "number" | "telephone"
        | "telephonenumber" | "tel" | "mobile" | "mobilephone" | "mobilenumber" | "cell" | "cellphone"
        | "homephone" | "workphone" | "businessphone" | "dayphone" => Column::Phone,
        "name" | "fullname" | "contact" | "contactname" | "leadname" | "customer" | "customername" => {
            Column::Name
        }
        "firstname" | "first" | "givenname" | "forename" => Column::FirstName,
        "lastname" | "last" | "surname" | "familyname" => Column::LastName,
        "company" | "companyname" | "business" | "businessname" | "organization" | "organisation"
        | "account" | "accountname" | "employer" => Column::Company,
        _ => Column::Other,
    }
}

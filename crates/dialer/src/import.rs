//! Lists of leads as people have them: CSV with whatever headers, checked row by row.

use std::collections::BTreeSet;

use csv::{ByteRecord, ReaderBuilder, StringRecord};
use dialer_core::phone_number::PhoneNumber;
use jiff::{SignedDuration, Timestamp};
use protocol::{CampaignId, ImportReport, LeadField, Pii, RowError, TenantId};

use crate::store::{
    Store, StoreError,
    leads::{self, NewLead},
};

mod header;

use header::{Column, Header};

/// The largest file that is taken.
pub const FILE_BYTES_MAX: usize = 10_000_000;
/// Rows in a file: more than a floor calls in a month.
const ROWS_MAX: usize = 50_000;
/// The longest cell; longer ones are not data about a person.
const CELL_CHARACTERS_MAX: usize = 1_000;
/// Refused rows that are listed. A file with more has one fault in every row.
const ERRORS_MAX: usize = 1_000;
/// Rows stored in one transaction: few enough that a claim behind them does not wait.
const CHUNK_ROWS: usize = 200;

/// Why a file is not a list. Each prints as a sentence for the person who sent it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileRefused {
    /// Nothing but blank lines.
    #[error("The file is empty.")]
    Empty,
    /// Another encoding.
    #[error("The file is not UTF-8. Save it again as \"CSV UTF-8\".")]
    Encoding,
    /// No header that means a phone number.
    #[error("No column is called \"phone\". The first line must name the columns: phone, name, company.")]
    NoPhoneColumn,
    /// The header names one column twice.
    #[error("Two columns are called \"{0}\".")]
    ColumnTwice(String),
    /// Too many columns.
    #[error("The file has more than {} columns.", header::COLUMNS_MAX)]
    TooManyColumns,
    /// Too many rows.
    #[error("The file has more than {ROWS_MAX} rows. Split it.")]
    TooManyRows,
}

/// A list that was read: rows to store, and rows that were refused.
#[derive(Debug)]
pub struct List {
    /// Good rows, each number once.
    pub leads: Vec<NewLead>,
    /// Rows whose number an earlier row has.
    pub duplicate_count: u32,
    /// Refused rows.
    pub errors: Vec<RowError>,
}

impl List {
    fn refuse(&mut self, mut error: RowError) {
        if self.errors.len() == ERRORS_MAX - 1 {
            error.column = None;
            "This row and some after it were refused too. Correct the others first."
                .clone_into(&mut error.message);
        }
        if self.errors.len() < ERRORS_MAX {
            self.errors.push(error);
        }
    }
}

/// Reads a file.
///
/// # Errors
///
/// See [`FileRefused`]; faults of single rows are in the [`List`].
pub fn parse(file: &[u8]) -> Result<List, FileRefused> {
    let text = std::str::from_utf8(file)
        .map_err(|_| FileRefused::Encoding)?
        .trim_start_matches('\u{feff}');
    if text.contains('\0') {
        return Err(FileRefused::Encoding);
    }
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter(text))
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let header = Header::parse(&string(
        reader.byte_headers().map_err(|_| FileRefused::Empty)?.clone(),
    ))?;

    let mut list = List {
        leads: Vec::new(),
        duplicate_count: 0,
        errors: Vec::new(),
    };
    let mut numbers = BTreeSet::new();
    for (index, record) in reader.into_byte_records().enumerate() {
        if index >= ROWS_MAX {
            return Err(FileRefused::TooManyRows);
        }
        let record = string(record.map_err(|_| FileRefused::Encoding)?);
        if record.iter().all(str::is_empty) {
            continue;
        }
        match lead(&header, &record) {
            Ok(lead) if numbers.insert(lead.phone_number) => list.leads.push(lead),
            Ok(_) => list.duplicate_count += 1,
            Err(error) => list.refuse(error),
        }
    }
    Ok(list)
}

/// Stores a list, part by part. If it fails half-way, sending the file again adds the rest: what is stored already
/// counts as duplicates.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn store(
    store: &Store,
    now: Timestamp,
    tenant_id: TenantId,
    campaign_id: CampaignId,
    list: List,
) -> Result<ImportReport, StoreError> {
    let mut report = ImportReport {
        added_count: 0,
        duplicate_count: list.duplicate_count,
        errors: list.errors,
    };
    for (index, chunk) in (0..).zip(list.leads.chunks(CHUNK_ROWS)) {
        // A millisecond apart, so that the parts stay in the order of the file.
        let now = now + SignedDuration::from_millis(index);
        let added_count = leads::add(store, now, tenant_id, campaign_id, chunk.to_vec()).await?;
        report.added_count += added_count;
        report.duplicate_count += u32::try_from(chunk.len()).unwrap_or(u32::MAX) - added_count;
    }
    tracing::info!(
        %campaign_id,
        added_count = report.added_count,
        duplicate_count = report.duplicate_count,
        error_count = report.errors.len(),
        "leads were imported"
    );
    Ok(report)
}

fn lead(header: &Header, record: &StringRecord) -> Result<NewLead, RowError> {
    let line = record.position().map_or(0, csv::Position::line);
    let fault = |column: Option<&str>, message: String| RowError {
        line,
        column: column.map(str::to_owned),
        message,
    };
    if record.len() > header.columns.len() {
        let message =
            "The row has more cells than the header. A comma inside a cell needs quotes around the cell.";
        return Err(fault(None, message.to_owned()));
    }
    let cell = record.get(header.phone).unwrap_or_default();
    let phone_number = PhoneNumber::parse(cell)
        .map_err(|refused| fault(Some(&header.columns[header.phone].0), refused.to_string()))?;
    let mut lead = NewLead {
        phone_number,
        name: String::new(),
        company: String::new(),
        fields: Vec::new(),
    };
    let (mut first_name, mut last_name) = ("", "");
    for ((name, column), cell) in header.columns.iter().zip(record) {
        if cell.chars().count() > CELL_CHARACTERS_MAX {
            return Err(fault(
                Some(name),
                format!("The cell is longer than {CELL_CHARACTERS_MAX} characters."),
            ));
        }
        match column {
            Column::Phone => {}
            Column::Name => cell.clone_into(&mut lead.name),
            Column::FirstName => first_name = cell,
            Column::LastName => last_name = cell,
            Column::Company => cell.clone_into(&mut lead.company),
            Column::Other if cell.is_empty() => {}
            Column::Other => lead.fields.push(LeadField {
                name: name.clone(),
                value: Pii::from(cell),
            }),
        }
    }
    if lead.name.is_empty() {
        format!("{first_name} {last_name}")
            .trim()
            .clone_into(&mut lead.name);
    }
    Ok(lead)
}

/// Excel writes semicolons where the comma is the decimal separator.
fn delimiter(text: &str) -> u8 {
    let first = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let count = |delimiter: u8| first.bytes().filter(|byte| *byte == delimiter).count();
    [b',', b';', b'\t']
        .into_iter()
        .rev()
        .max_by_key(|delimiter| count(*delimiter))
        .unwrap_or(b',')
}

fn string(record: ByteRecord) -> StringRecord {
    StringRecord::from_byte_record(record).expect("the whole file was checked to be UTF-8")
}

#[cfg(test)]
mod tests;

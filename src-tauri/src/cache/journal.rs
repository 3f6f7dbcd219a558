//! An append-only file of unsent wrap-ups: plain lines survive what a damaged database does not.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    path::PathBuf,
    sync::Arc,
};

use super::outbox::Unsent;

/// The file; it is empty whenever nothing waits to be sent.
#[derive(Debug, Clone)]
pub(super) struct Journal {
    path: Arc<PathBuf>,
}

impl Journal {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path: Arc::new(path) }
    }

    /// Adds one wrap-up and waits for the disk.
    pub(super) fn append(&self, unsent: &Unsent) -> io::Result<()> {
        let mut line = serde_json::to_vec(unsent)?;
        line.push(b'\n');
        let mut file = OpenOptions::new().create(true).append(true).open(&*self.path)?;
        file.write_all(&line)?;
        file.sync_data()
    }

    /// Everything in the file, oldest first. A line that was cut short by a crash was never promised to anybody.
    pub(super) fn read(&self) -> io::Result<Vec<Unsent>> {
        let file = match File::open(&*self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut unsent = Vec::new();
        for line in BufReader::new(file).split(b'\n') {
            if let Ok(entry) = serde_json::from_slice(&line?) {
                unsent.push(entry);
            }
        }
        Ok(unsent)
    }

    /// Forgets everything, once the dialer has it all.
    pub(super) fn clear(&self) -> io::Result<()> {
        match fs::remove_file(&*self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

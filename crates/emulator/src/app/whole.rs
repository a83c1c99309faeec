//! What happens to the whole org: its schema, its records, its apps and its users.

use super::App;
use crate::directory::DirectoryError;
use crate::org::load::{self, LoadError, LoadFile, LoadReport};

impl App {
    /// Puts the org back to how it was after the last load, or else to how it began. The clock and
    /// the settings stay.
    pub(crate) fn reset(&self) -> Result<(), DirectoryError> {
        self.0.journal.clear();
        self.0.requests.clear();
        self.0.faults.clear();
        self.0.deployments.clear();
        let org = &self.0.org;
        self.0.directory.drop_sessions();
        if self.0.directory.replace(|| org.restore_loaded())? {
            return Ok(());
        }
        self.unload()
    }

    /// Puts the org back to how it began, without anything that was loaded.
    pub(crate) fn unload(&self) -> Result<(), DirectoryError> {
        self.0.directory.clear()?;
        self.0.journal.clear();
        self.0.requests.clear();
        self.0.faults.clear();
        self.0.deployments.clear();
        self.0.org.reset(self.0.setup.seed, self.now())?;
        self.adopt_users()
    }

    /// Puts the org back to the snapshot called `name`. Sessions go on.
    pub(crate) fn restore(&self, name: &str) -> Result<(), DirectoryError> {
        let org = &self.0.org;
        let restored = || org.restore_snapshot(name).map(|()| true);
        self.0.directory.replace(restored).map(drop)
    }

    /// Loads metadata, records and apps. After an error nothing has changed.
    ///
    /// # Errors
    /// [`LoadError`] names the file, the line, and what was expected there.
    pub fn load(&self, files: &[LoadFile]) -> Result<LoadReport, LoadError> {
        let apps = load::apps::read(files, &self.0.directory)?;
        for app in &apps {
            self.0
                .directory
                .check_app(&app.definition)
                .map_err(|error| LoadError::new(&app.path, error.to_string()))?;
        }
        let files: Vec<LoadFile> = load::apps::others(files);
        let mut report = self.0.org.load(&files, self.now())?;
        for app in apps {
            let id = self.0.directory.put_app(app.definition, self.random());
            let id = id.map_err(|error| LoadError::new(&app.path, error.to_string()))?;
            report.apps.push(id.as_str().to_owned());
        }
        self.follow_users()
            .map_err(|error| LoadError::new("", error.to_string()))?;
        self.0
            .org
            .save_loaded()
            .map_err(|error| LoadError::new("", error.to_string()))?;
        Ok(report)
    }
}

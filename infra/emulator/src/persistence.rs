//! A value in memory that, with `--data`, is also a file and survives restarts.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::start_error::StartError;

pub struct Persisted<T> {
    value: Mutex<T>,
    file: Option<PathBuf>,
}

impl<T: Serialize + DeserializeOwned + Default> Persisted<T> {
    pub fn open(folder: Option<&Path>, name: &str) -> Result<Self, StartError> {
        let file = folder.map(|folder| folder.join(name));
        let value = match &file {
            Some(file) if file.exists() => {
                let shown = file.display();
                let text = std::fs::read(file)
                    .map_err(|e| StartError::new(format!("{shown} cannot be read: {e}")))?;
                serde_json::from_slice(&text)
                    .map_err(|e| StartError::new(format!("{shown} is broken: {e}")))?
            }
            _ => T::default(),
        };
        Ok(Self { value: Mutex::new(value), file })
    }

    pub fn read<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.value.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let mut value = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut value);
        if let Some(file) = &self.file
            && let Err(error) = write(file, &*value)
        {
            tracing::error!(file = %file.display(), %error, "not written");
        }
        result
    }
}

/// Written beside and renamed: a crash leaves the old file or the new one.
fn write(file: &Path, value: &impl Serialize) -> std::io::Result<()> {
    let beside = file.with_extension("new");
    std::fs::write(&beside, serde_json::to_vec(value)?)?;
    std::fs::rename(beside, file)
}

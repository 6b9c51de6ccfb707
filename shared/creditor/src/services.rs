use domain::spontaneous::CatalogueService;
use include_dir::{Dir, include_dir};
use runtime::ConfigError;

/// One file for each service, compiled in: adding a service is adding a file.
static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../infra/creditor/services");
const FOLDER: &str = "infra/creditor/services";

/// The creditor's services, by code.
#[derive(Clone, Debug)]
pub struct ServiceCatalogue(Vec<CatalogueService>);

impl ServiceCatalogue {
    /// The services that the repository holds.
    pub fn of_the_repository() -> Result<Self, ConfigError> {
        let files = FILES.files().filter(|file| file.path().extension().is_some_and(|e| e == "toml"));
        let files = files.map(|file| {
            let name = file.path().display().to_string();
            (name, file.contents_utf8().unwrap_or_default())
        });
        Self::read(files)
    }

    fn read<'a>(files: impl Iterator<Item = (String, &'a str)>) -> Result<Self, ConfigError> {
        let mut services: Vec<CatalogueService> = Vec::new();
        for (name, text) in files {
            let refuse = |why: String| ConfigError::because(&format!("{FOLDER}/{name}"), why);
            let service: CatalogueService =
                toml::from_str(text).map_err(|e| refuse(e.message().to_owned()))?;
            if let Some((field, why)) = service.check().into_iter().next() {
                return Err(refuse(format!("{field}: {why}")));
            }
            if services.iter().any(|other| other.code == service.code) {
                return Err(refuse(format!("code: {} is another file's", service.code)));
            }
            services.push(service);
        }
        services.sort_by(|a, b| a.code.cmp(&b.code));
        Ok(Self(services))
    }

    /// The services open to spontaneous payments.
    pub fn open(&self) -> impl Iterator<Item = &CatalogueService> {
        self.0.iter().filter(|service| service.spontaneous)
    }

    /// A service by its code, open to spontaneous payments or not.
    pub fn get(&self, code: &str) -> Option<&CatalogueService> {
        self.0.iter().find(|service| service.code == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "code='A'\nname='A'\ntaxonomy='0101002IM'\n[amount]\nkind='fixed'\nfixed=100\n";

    #[test]
    fn the_repository_s_services_are_sound() {
        let services = ServiceCatalogue::of_the_repository().unwrap();
        for code in ["08.MENSA SCOLASTICA", "10.TRASPORTO SCOLASTICO", "14.TOSAP TEMPORANEA", "TEST1"] {
            assert!(services.get(code).is_some(), "{code}");
        }
    }

    #[test]
    fn a_mistake_names_the_file_and_the_field() {
        let read = |files: &[(&str, String)]| {
            let files = files.iter().map(|(name, text)| ((*name).to_owned(), text.as_str()));
            ServiceCatalogue::read(files).map(|_| ()).unwrap_err().to_string()
        };
        assert!(ServiceCatalogue::read([("a.toml".to_owned(), SOUND)].into_iter()).is_ok());
        let error = read(&[("a.toml", SOUND.replace("0101002IM", "nope"))]);
        assert!(error.contains("a.toml") && error.contains("taxonomy"), "{error}");
        let error = read(&[("a.toml", SOUND.to_owned()), ("b.toml", SOUND.to_owned())]);
        assert!(error.contains("b.toml") && error.contains("code"), "{error}");
        let error = read(&[("a.toml", format!("wrong=1\n{SOUND}"))]);
        assert!(error.contains("wrong"), "{error}");
        let error = read(&[("a.toml", SOUND.replace("fixed=100", "fixed=0"))]);
        assert!(error.contains("a.toml"), "{error}");
    }
}

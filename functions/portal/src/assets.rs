//! Style, scripts, fonts and icons, embedded and compressed when the portal is built.

use crate::compression::Encoding;

pub struct Asset {
    pub name: &'static str,
    pub content_type: &'static str,
    plain: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

impl Asset {
    /// The asset at `/assets/<version>/<name>`; another version's address is not ours to answer.
    pub fn at(path: &str) -> Option<&'static Asset> {
        let (version, name) = path.strip_prefix("/assets/")?.split_once('/')?;
        if version != VERSION {
            return None;
        }
        ASSETS.iter().find(|asset| asset.name == name)
    }

    /// The bytes in the best encoding that the browser accepts and we have.
    pub fn encoded(&self, accepted: Encoding) -> (Encoding, &'static [u8]) {
        match (accepted, self.brotli, self.gzip) {
            (Encoding::Brotli, Some(bytes), _) => (Encoding::Brotli, bytes),
            (Encoding::Gzip, _, Some(bytes)) => (Encoding::Gzip, bytes),
            _ => (Encoding::Plain, self.plain),
        }
    }
}

/// The address under which a browser may keep the asset for ever.
pub fn address(name: &str) -> String {
    format!("/assets/{VERSION}/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_found_only_under_its_version() {
        assert!(Asset::at(&address("app.css")).is_some());
        assert!(Asset::at("/assets/000000000000/app.css").is_none());
        assert!(Asset::at(&address("missing.css")).is_none());
    }
}

//! The one hash of the product: it chains movements, and makes ids of texts that must not be keys.

use sha2::{Digest, Sha256};

/// SHA-256 in hexadecimal of several parts, each ended by a zero byte so that no two lists of parts are one text.
pub fn sha256_hex(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
        hash.update([0]);
    }
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

//! The headers by which a browser keeps people safe: one set for every answer, one more for pages and their assets.

use crate::function::Site;
use crate::reply::Reply;

const EVERY_ANSWER: [(&str, &str); 3] = [
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
];

/// Scripts and styles only from our own files, nothing inline, no string ever parsed as HTML by a script.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'";

const PAGES: [(&str, &str); 4] = [
    ("content-security-policy", CONTENT_POLICY),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()"),
];

impl Reply {
    /// Adds what every answer carries, unless the function said otherwise.
    pub(crate) fn complete(&mut self, site: &Site, request_id: &str) {
        for (name, value) in EVERY_ANSWER {
            self.default_header(name, value);
        }
        self.default_header("x-request-id", request_id);
        if site.is_secure() {
            self.default_header("strict-transport-security", "max-age=63072000; includeSubDomains");
        }
    }

    /// Adds what a browser must know of a page before it shows it.
    pub fn as_page(mut self) -> Self {
        for (name, value) in PAGES {
            self.default_header(name, value);
        }
        self
    }
}

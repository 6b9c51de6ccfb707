//! The few pages of the local stack: plain HTML, no script, a yellow band on top.

use domain::Timestamp;

use crate::exchange::Response;

pub const STYLE: &str = include_str!("style.css");

/// The language of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageLanguage {
    It,
    En,
}

impl PageLanguage {
    /// From `Accept-Language`: Italian unless English comes first.
    pub fn accepted(header: Option<&str>) -> Self {
        let english = header.is_some_and(|value| value.trim_start().to_ascii_lowercase().starts_with("en"));
        if english { PageLanguage::En } else { PageLanguage::It }
    }

    pub fn pick<'a>(self, it: &'a str, en: &'a str) -> &'a str {
        match self {
            PageLanguage::It => it,
            PageLanguage::En => en,
        }
    }

    /// Day and time in Rome.
    pub fn instant(self, instant: Timestamp) -> String {
        domain::time::in_rome(instant).strftime("%d/%m/%Y %H:%M:%S").to_string()
    }

    /// `1.234,50 €` or `€1,234.50`.
    pub fn euros(self, cents: u64) -> String {
        let (whole, rest) = (cents / 100, cents % 100);
        let digits = whole.to_string();
        let mut grouped = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                grouped.push(if self == PageLanguage::It { '.' } else { ',' });
            }
            grouped.push(digit);
        }
        match self {
            PageLanguage::It => format!("{grouped},{rest:02} €"),
            PageLanguage::En => format!("€{grouped}.{rest:02}"),
        }
    }
}

/// Text that may stand in HTML, also inside an attribute.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

pub struct Page {
    language: PageLanguage,
    title: String,
    main: String,
    /// Where a form of this page may lead besides this handler.
    leads_to: Option<String>,
}

impl Page {
    pub fn new(language: PageLanguage, title: &str) -> Self {
        Self { language, title: title.to_owned(), main: String::new(), leads_to: None }
    }

    /// HTML as it is: what came from outside is [`escaped`] before.
    pub fn add(&mut self, html: &str) {
        self.main.push_str(html);
    }

    pub fn leads_to(&mut self, origin: &str) {
        self.leads_to = Some(origin.to_owned());
    }

    pub fn response(self, status: u16) -> Response {
        let Self { language, title, main, leads_to } = self;
        let title = escaped(&title);
        let tag = language.pick("it", "en");
        let band = language.pick("Simulatore: non si muove denaro vero", "Simulator: no real money moves");
        let html = format!(
            "<!doctype html><html lang=\"{tag}\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
             <link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"/_local/style.css\"></head><body>\
             <header><p class=\"band\">{band}</p></header><main><h1>{title}</h1>{main}</main></body></html>"
        );
        let leads_to = leads_to.unwrap_or_default();
        let policy = format!(
            "default-src 'none'; style-src 'self'; img-src data:; form-action 'self' {leads_to}; base-uri 'none'; \
             frame-ancestors 'none'"
        );
        let mut response = crate::exchange::response(status, "text/html; charset=utf-8", html);
        let headers = response.headers_mut();
        if let Ok(policy) = http::HeaderValue::from_str(&policy) {
            headers.insert("content-security-policy", policy);
        }
        headers.insert(
            "content-language",
            http::HeaderValue::from_static(if language == PageLanguage::It { "it" } else { "en" }),
        );
        headers.insert("referrer-policy", http::HeaderValue::from_static("same-origin"));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_the_language_has_them() {
        for (cents, it, en) in [
            (1, "0,01 €", "€0.01"),
            (4550, "45,50 €", "€45.50"),
            (123_456_780, "1.234.567,80 €", "€1,234,567.80"),
        ] {
            assert_eq!(
                (PageLanguage::It.euros(cents), PageLanguage::En.euros(cents)),
                (it.to_owned(), en.to_owned())
            );
        }
    }
}

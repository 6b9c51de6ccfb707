//! The browser portal: pages without personal data, drawn in the right language, and their assets.
//! The data come later, as JSON, to the scripts of each page; this function knows no session and no database.

pub mod answer;
mod assets;
mod catalogue;
mod compression;
pub mod language;
mod page;
mod places;
mod screens;
pub mod site;

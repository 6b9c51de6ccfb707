use creditor::ServiceCatalogue;
use domain::spontaneous::{AmountRule, CatalogueService, ServiceField};
use serde::Serialize;

#[derive(Serialize)]
pub struct ServiceList<'a> {
    items: Vec<CatalogueServiceView<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CatalogueServiceView<'a> {
    code: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<&'a str>,
    amount: AmountView,
    fields: Vec<FieldView<'a>>,
}

/// A field as the catalogue has it, with its mask as a regular expression beside it.
#[derive(Serialize)]
struct FieldView<'a> {
    #[serde(flatten)]
    field: &'a ServiceField,
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern: Option<String>,
}

#[derive(Serialize)]
struct AmountView {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fixed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<u64>,
}

impl<'a> ServiceList<'a> {
    pub fn of(services: &'a ServiceCatalogue) -> Self {
        Self { items: services.open().map(CatalogueServiceView::of).collect() }
    }

    /// A creditor that takes no payments but by notice.
    pub const fn empty() -> Self {
        Self { items: Vec::new() }
    }
}

impl<'a> CatalogueServiceView<'a> {
    fn of(service: &'a CatalogueService) -> Self {
        let amount = match &service.amount {
            AmountRule::Free { min, max } => {
                AmountView { kind: "free", fixed: None, min: Some(min.get()), max: Some(max.get()) }
            }
            AmountRule::Fixed { fixed } => {
                AmountView { kind: "fixed", fixed: Some(fixed.get()), min: None, max: None }
            }
            AmountRule::Tariff { .. } => AmountView { kind: "tariff", fixed: None, min: None, max: None },
        };
        Self {
            code: &service.code,
            name: &service.name,
            description: service.description.as_deref(),
            instructions: service.instructions.as_deref().map(str::trim),
            amount,
            fields: service
                .fields
                .iter()
                .map(|field| FieldView { field, pattern: field.pattern() })
                .collect(),
        }
    }
}

//! The complex types of `paForNode.xsd` that several messages share, each read and written in one place.

use domain::{Amount, Cents};

use crate::soap::{SoapError, SoapReader, SoapWriter};
use crate::values::{self, Base64, BoundedText, Country, Digits, EMail, TransferId};

/// Which of two generations of an operation: they differ in a few elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageVersion {
    V1,
    V2,
}

/// To whom a request goes: creditor, broker, station.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageAddress {
    pub body: BoundedText<35>,
    pub broker: BoundedText<35>,
    pub station: BoundedText<35>,
}

impl MessageAddress {
    pub(crate) fn read(xml: &mut SoapReader<'_>) -> Result<Self, SoapError> {
        Ok(Self {
            body: xml.value("idPA", BoundedText::parse)?,
            broker: xml.value("idBrokerPA", BoundedText::parse)?,
            station: xml.value("idStation", BoundedText::parse)?,
        })
    }

    pub(crate) fn write(&self, out: &mut SoapWriter) {
        out.put("idPA", self.body.as_str());
        out.put("idBrokerPA", self.broker.as_str());
        out.put("idStation", self.station.as_str());
    }
}

/// The creditor and the notice of a printed code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QrCode {
    pub fiscal_code: Digits<11>,
    pub notice: Digits<18>,
}

impl QrCode {
    pub(crate) fn read(xml: &mut SoapReader<'_>) -> Result<Self, SoapError> {
        xml.within("qrCode", |xml| {
            Ok(Self {
                fiscal_code: xml.value("fiscalCode", Digits::parse)?,
                notice: xml.value("noticeNumber", Digits::parse)?,
            })
        })
    }

    pub(crate) fn write(&self, out: &mut SoapWriter) {
        out.within("qrCode", |out| {
            out.put("fiscalCode", self.fiscal_code.as_str());
            out.put("noticeNumber", self.notice.as_str());
        });
    }
}

/// Natural or legal person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntityType {
    F,
    G,
}

impl EntityType {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "F" => Some(Self::F),
            "G" => Some(Self::G),
            _ => None,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            EntityType::F => "F",
            EntityType::G => "G",
        }
    }
}

/// Who owes, or who paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    pub entity: EntityType,
    /// A fiscal code, or `ANONIMO`.
    pub code: BoundedText<16, 2>,
    pub name: BoundedText<70>,
    pub street: Option<BoundedText<70>>,
    pub civic_number: Option<BoundedText<16>>,
    pub postal_code: Option<BoundedText<16>>,
    pub city: Option<BoundedText<35>>,
    pub province: Option<BoundedText<35>>,
    pub country: Option<Country>,
    pub email: Option<EMail>,
}

impl Subject {
    pub(crate) fn read(xml: &mut SoapReader<'_>) -> Result<Self, SoapError> {
        let (entity, code) = xml.within("uniqueIdentifier", |xml| {
            let entity = xml.value("entityUniqueIdentifierType", EntityType::parse)?;
            Ok((entity, xml.value("entityUniqueIdentifierValue", BoundedText::parse)?))
        })?;
        Ok(Self {
            entity,
            code,
            name: xml.value("fullName", BoundedText::parse)?,
            street: xml.optional("streetName", BoundedText::parse)?,
            civic_number: xml.optional("civicNumber", BoundedText::parse)?,
            postal_code: xml.optional("postalCode", BoundedText::parse)?,
            city: xml.optional("city", BoundedText::parse)?,
            province: xml.optional("stateProvinceRegion", BoundedText::parse)?,
            country: xml.optional("country", Country::parse)?,
            email: xml.optional("e-mail", EMail::parse)?,
        })
    }

    pub(crate) fn write(&self, name: &str, out: &mut SoapWriter) {
        out.within(name, |out| {
            out.within("uniqueIdentifier", |out| {
                out.put("entityUniqueIdentifierType", self.entity.as_str());
                out.put("entityUniqueIdentifierValue", self.code.as_str());
            });
            out.put("fullName", self.name.as_str());
            out.maybe("streetName", self.street.as_ref().map(BoundedText::as_str));
            out.maybe("civicNumber", self.civic_number.as_ref().map(BoundedText::as_str));
            out.maybe("postalCode", self.postal_code.as_ref().map(BoundedText::as_str));
            out.maybe("city", self.city.as_ref().map(BoundedText::as_str));
            out.maybe("stateProvinceRegion", self.province.as_ref().map(BoundedText::as_str));
            out.maybe("country", self.country.as_ref().map(Country::as_str));
            out.maybe("e-mail", self.email.as_ref().map(EMail::as_str));
        });
    }
}

/// One to fifteen keys with their values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata(Vec<(BoundedText<140>, BoundedText<140>)>);

impl Metadata {
    pub const MAX: usize = 15;

    pub fn new(entries: Vec<(BoundedText<140>, BoundedText<140>)>) -> Option<Self> {
        (1..=Self::MAX).contains(&entries.len()).then_some(Self(entries))
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name.as_str() == key).map(|(_, value)| value.as_str())
    }

    pub(crate) fn read(xml: &mut SoapReader<'_>) -> Result<Option<Self>, SoapError> {
        xml.optionally_within("metadata", |xml| {
            let mut entries = Vec::new();
            while entries.len() < Self::MAX && (entries.is_empty() || xml.next_is("mapEntry")?) {
                entries.push(xml.within("mapEntry", |xml| {
                    Ok((xml.value("key", BoundedText::parse)?, xml.value("value", BoundedText::parse)?))
                })?);
            }
            Ok(Self(entries))
        })
    }

    pub(crate) fn write(metadata: Option<&Self>, out: &mut SoapWriter) {
        let Some(Self(entries)) = metadata else { return };
        out.within("metadata", |out| {
            for (key, value) in entries {
                out.within("mapEntry", |out| {
                    out.put("key", key.as_str());
                    out.put("value", value.as_str());
                });
            }
        });
    }
}

/// Where the money of a transfer goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    Iban(BoundedText<35>),
    /// A digital stamp to be bought: only in answers of the second version.
    StampWanted {
        digest: Base64,
        province: Country,
    },
    /// The digital stamp that was bought: only in receipts of the second version.
    StampBought(Base64),
}

/// Where a list of transfers stands, which decides what may be in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Within {
    Answer(MessageVersion),
    Receipt(MessageVersion),
}

impl Within {
    fn second(self) -> bool {
        matches!(self, Within::Answer(MessageVersion::V2) | Within::Receipt(MessageVersion::V2))
    }
}

/// One beneficiary's part of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    pub id: TransferId,
    pub amount: Amount,
    pub fiscal_code: Digits<11>,
    /// The beneficiary's name: only in the second version.
    pub company: Option<BoundedText<140>>,
    pub to: Destination,
    pub remittance: BoundedText<140>,
    pub category: BoundedText<140>,
    pub metadata: Option<Metadata>,
}

impl Transfer {
    fn read(xml: &mut SoapReader<'_>, within: Within) -> Result<Self, SoapError> {
        xml.within("transfer", |xml| {
            Ok(Self {
                id: xml.value("idTransfer", TransferId::parse)?,
                amount: xml.value("transferAmount", values::amount)?,
                fiscal_code: xml.value("fiscalCodePA", Digits::parse)?,
                company: if within.second() {
                    xml.optional("companyName", BoundedText::parse)?
                } else {
                    None
                },
                to: Destination::read(xml, within)?,
                remittance: xml.value("remittanceInformation", BoundedText::parse)?,
                category: xml.value("transferCategory", BoundedText::parse)?,
                metadata: Metadata::read(xml)?,
            })
        })
    }

    fn write(&self, within: Within, out: &mut SoapWriter) {
        out.within("transfer", |out| {
            out.put("idTransfer", &self.id.get().to_string());
            out.put("transferAmount", &self.amount.cents().decimal());
            out.put("fiscalCodePA", self.fiscal_code.as_str());
            out.maybe(
                "companyName",
                self.company.as_ref().map(BoundedText::as_str).filter(|_| within.second()),
            );
            self.to.write(out);
            out.put("remittanceInformation", self.remittance.as_str());
            out.put("transferCategory", self.category.as_str());
            Metadata::write(self.metadata.as_ref(), out);
        });
    }
}

impl Destination {
    fn read(xml: &mut SoapReader<'_>, within: Within) -> Result<Self, SoapError> {
        if within == Within::Receipt(MessageVersion::V2) && xml.next_is("MBDAttachment")? {
            return xml.value("MBDAttachment", Base64::parse).map(Self::StampBought);
        }
        if within == Within::Answer(MessageVersion::V2) && xml.next_is("richiestaMarcaDaBollo")? {
            return xml.within("richiestaMarcaDaBollo", |xml| {
                let digest = xml.value("hashDocumento", Base64::parse_digest)?;
                xml.value("tipoBollo", |text| (text == "01").then_some(()))?;
                Ok(Self::StampWanted { digest, province: xml.value("provinciaResidenza", Country::parse)? })
            });
        }
        xml.value("IBAN", BoundedText::parse).map(Self::Iban)
    }

    fn fits(&self, within: Within) -> bool {
        match self {
            Destination::Iban(_) => true,
            Destination::StampWanted { digest, .. } => {
                within == Within::Answer(MessageVersion::V2)
                    && Base64::parse_digest(digest.as_str()).is_some()
            }
            Destination::StampBought(_) => within == Within::Receipt(MessageVersion::V2),
        }
    }

    fn write(&self, out: &mut SoapWriter) {
        match self {
            Destination::Iban(iban) => out.put("IBAN", iban.as_str()),
            Destination::StampBought(stamp) => out.put("MBDAttachment", stamp.as_str()),
            Destination::StampWanted { digest, province } => out.within("richiestaMarcaDaBollo", |out| {
                out.put("hashDocumento", digest.as_str());
                out.put("tipoBollo", "01");
                out.put("provinciaResidenza", province.as_str());
            }),
        }
    }
}

/// One to five transfers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfers(Vec<Transfer>);

impl Transfers {
    pub const MAX: usize = 5;

    pub fn new(transfers: Vec<Transfer>) -> Option<Self> {
        (1..=Self::MAX).contains(&transfers.len()).then_some(Self(transfers))
    }

    pub fn one(transfer: Transfer) -> Self {
        Self(vec![transfer])
    }

    pub fn as_slice(&self) -> &[Transfer] {
        &self.0
    }

    /// What they make together.
    pub fn sum(&self) -> Option<Cents> {
        Cents::sum(self.0.iter().map(|transfer| transfer.amount.cents()))
    }

    /// Returns whether a message may carry them: stamps have their place.
    pub(crate) fn fit(&self, within: Within) -> bool {
        self.0.iter().all(|transfer| transfer.to.fits(within))
    }

    pub(crate) fn read(xml: &mut SoapReader<'_>, within: Within) -> Result<Self, SoapError> {
        xml.within("transferList", |xml| {
            let mut transfers = Vec::new();
            while transfers.len() < Self::MAX && (transfers.is_empty() || xml.next_is("transfer")?) {
                transfers.push(Transfer::read(xml, within)?);
            }
            Ok(Self(transfers))
        })
    }

    pub(crate) fn write(&self, within: Within, out: &mut SoapWriter) {
        out.within("transferList", |out| {
            for transfer in &self.0 {
                transfer.write(within, out);
            }
        });
    }
}

//! What operators decide of accounts: whose a proven fiscal code is, and which account is none.

use std::io::Write;

use domain::FiscalCode;
use domain::account::{Account, AccountStatus};
use domain::proof::Holder;
use runtime::Env;
use store::{AccountReader, AccountWriter};

use crate::cli::{IdentityCommand, Signature};
use crate::operator::{Failure, Verdict, refused};

/// Carries a command out and writes what there is to say.
pub async fn run(env: &Env, command: IdentityCommand, out: &mut impl Write) -> Result<Verdict, Failure> {
    let accounts = AccountWriter::connect(env)?;
    match command {
        IdentityCommand::Holder { code } => holder(&accounts, &code, out).await?,
        IdentityCommand::Release { code, signature } => {
            if accounts.accounts().holder(&code).await?.is_none() {
                return Err(Failure::NotFound("account that has proven this fiscal code".to_owned()));
            }
            decide(&accounts, &code, None, &signature).await?;
            writeln!(out, "released: whoever holds a current notice can prove the fiscal code")?;
        }
        IdentityCommand::Assign { code, username, signature } => {
            let account = accounts.accounts().by_username(AccountReader::Operator, &username).await?;
            let account = account.map(|record| record.account);
            let account = account.filter(|account| account.status == AccountStatus::Active);
            let account =
                account.ok_or_else(|| Failure::NotFound("active account of this username".to_owned()))?;
            if account.profile.fiscal_code != code {
                return Err(refused("the account of this username names another fiscal code"));
            }
            decide(&accounts, &code, Some(&account), &signature).await?;
            writeln!(out, "assigned: the account sees every debt of the fiscal code, and no other does")?;
        }
        IdentityCommand::Close { username, signature } => {
            let reason = signature.reason().map_err(refused)?;
            if !accounts.close_by_operator(&username).await? {
                return Err(Failure::NotFound("active account of this username".to_owned()));
            }
            writeln!(out, "closed: {reason}")?;
        }
    }
    Ok(Verdict::Well)
}

async fn decide(
    accounts: &AccountWriter,
    code: &FiscalCode,
    to: Option<&Account>,
    signature: &Signature,
) -> Result<(), Failure> {
    let reason = signature.reason().map_err(refused)?;
    Ok(accounts.decide_proof(code, to, &reason).await?)
}

async fn holder(accounts: &AccountWriter, code: &FiscalCode, out: &mut impl Write) -> Result<(), Failure> {
    let reader = AccountReader::Operator;
    let naming = accounts.accounts().naming(reader, code).await?;
    let holder = accounts.accounts().holder(code).await?;
    for account in &naming {
        let Account { profile, created_at, identity_proven, .. } = account;
        let proven = if *identity_proven { ", has proven it" } else { "" };
        writeln!(out, "{}: registered {created_at}{proven}", profile.username.as_str())?;
    }
    match holder {
        Some(Holder { dispute: Some(dispute), .. }) if dispute.second.is_some() => {
            writeln!(out, "disputed since {}: a second account has proven it", dispute.since)?;
        }
        Some(Holder { dispute: Some(dispute), .. }) => {
            writeln!(out, "disputed since {}: the proof was contested", dispute.since)?;
        }
        Some(Holder { decided: Some(decided), .. }) => writeln!(out, "decided by {decided}")?,
        Some(_) => {}
        None => writeln!(out, "nobody has proven it")?,
    }
    Ok(())
}

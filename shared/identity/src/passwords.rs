use std::sync::{Arc, Mutex, TryLockError};

use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use domain::Fault;
use domain::password::{Password, Policy};
use runtime::{ConfigError, Env, Random, Secret};
use subtle::ConstantTimeEq;

use crate::Pepper;

/// Password hashing: Argon2id at OWASP's parameters or above, with a pepper from the secret store.
#[derive(Clone)]
pub struct Passwords {
    secret: Secret<Pepper>,
    random: Random,
    params: Params,
    /// The memory of one hash, used again by the next: handing 19 MiB back and forth costs more than it saves. It is asked
    /// for in the start phase, so that the first person to log in does not wait for the system to find it.
    memory: Arc<Mutex<Vec<Block>>>,
    pub policy: Policy,
}

/// The outcome of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    Wrong,
    Right,
    /// Right, and not stored as it is today: under weaker parameters, or as it was typed.
    RightButWeak,
}

const SALT: usize = 16;
const HASH: usize = 32;

impl Passwords {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        let config = env.config();
        let (memory, passes) = (*config.argon2_memory_kib.get()?, *config.argon2_passes.get()?);
        let params = Params::new(memory, passes, 1, Some(HASH))
            .map_err(|e| ConfigError::because("ARGON2_MEMORY_KIB", e))?;
        let memory = env.shared(|| Arc::new(Mutex::new(vec![Block::default(); params.block_count()])));
        Ok(Self {
            secret: env.secret(&config.pepper_secret)?,
            random: env.random().clone(),
            params,
            memory,
            policy: *config.password_policy.get()?,
        })
    }

    /// The hash string (PHC) of a password under a new salt.
    pub async fn hash(&self, password: &Password) -> Result<String, Fault> {
        const DOING: &str = "hashing a password";
        let salt = self.random.bytes::<SALT>()?;
        let output = self.compute(&self.params, password.as_bytes(), &salt).await?;
        let hash = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: (&self.params).try_into().map_err(|e| Fault::new(DOING, format!("{e:?}")))?,
            salt: Some(Salt::new(&salt).map_err(|e| Fault::new(DOING, format!("{e:?}")))?),
            hash: Some(Output::new(&output).map_err(|e| Fault::new(DOING, format!("{e:?}")))?),
        };
        Ok(hash.to_string())
    }

    /// Compares a password with a stored hash. Without one the same work is done and the answer is no, so that
    /// time tells nothing (INV-I13).
    pub async fn verify(&self, password: Option<&Password>, stored: Option<&str>) -> Result<Verified, Fault> {
        const DOING: &str = "reading a password hash";
        let nobody = Password::offered("").ok_or_else(|| Fault::new(DOING, "an empty password"))?;
        let offered = password.unwrap_or(&nobody);
        let Some(stored) = stored else {
            for form in forms(offered) {
                let output = self.compute(&self.params, form, &[0; SALT]).await?;
                // Compared as well, so that the optimiser cannot leave the work out.
                std::hint::black_box(bool::from(output.ct_eq(&[0; HASH])));
            }
            return Ok(Verified::Wrong);
        };
        let stored = PasswordHash::new(stored).map_err(|e| Fault::new(DOING, format!("{e:?}")))?;
        let (Some(salt), Some(hash)) = (stored.salt, stored.hash) else {
            return Err(Fault::new(DOING, "salt or hash is missing"));
        };
        let params = Params::try_from(&stored).map_err(|e| Fault::new(DOING, format!("{e:?}")))?;
        let mut same = false;
        let mut weak = params.m_cost() < self.params.m_cost() || params.t_cost() < self.params.t_cost();
        for (later, form) in forms(offered).enumerate() {
            let output = self.compute(&params, form, salt.as_ref()).await?;
            if bool::from(output.ct_eq(hash.as_bytes())) {
                same = true;
                // Stored as it was typed, before passwords were composed: to be written anew.
                weak |= later > 0;
            }
        }
        Ok(match (same && password.is_some(), weak) {
            (false, _) => Verified::Wrong,
            (true, false) => Verified::Right,
            (true, true) => Verified::RightButWeak,
        })
    }

    async fn compute(&self, params: &Params, password: &[u8], salt: &[u8]) -> Result<[u8; HASH], Fault> {
        const DOING: &str = "hashing a password";
        let keys = self.secret.get().await?;
        let argon2 = Argon2::new_with_secret(
            keys.pepper.as_bytes(),
            Algorithm::Argon2id,
            Version::V0x13,
            params.clone(),
        )
        .map_err(|e| Fault::new(DOING, e))?;
        let mut output = [0; HASH];
        let mut hash = |memory: &mut Vec<Block>| {
            memory.resize(params.block_count(), Block::default());
            argon2
                .hash_password_into_with_memory(password, salt, &mut output, &mut *memory)
                .map_err(|e| Fault::new(DOING, e))
        };
        // For whoever listens closely (INV-I13): no level that production writes.
        tracing::trace!(event = "hash", memory_kib = params.m_cost(), passes = params.t_cost());
        match self.memory.try_lock() {
            Ok(mut memory) => hash(&mut memory),
            Err(TryLockError::Poisoned(poisoned)) => hash(&mut poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => hash(&mut Vec::new()),
        }?;
        Ok(output)
    }
}

/// What an offered password may have been stored as: one form, or two where it was typed otherwise. That depends on what
/// was typed alone, so that the work tells nothing of the account.
fn forms(password: &Password) -> impl Iterator<Item = &[u8]> {
    std::iter::once(password.as_bytes()).chain(password.as_typed())
}

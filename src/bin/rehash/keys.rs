//! From arguments to the library's types: policy, limits, keyring, rules.

use std::fs;

use rehash::import::{Export, HashConfig, Rules, UnknownVendor, Vendor};
use rehash::{Argon2Target, Engine, KeyId, Keyring, Limits, Method, Policy, PolicyBuilder, Tag, UpgradeMode};
use zeroize::Zeroizing;

use crate::args;
use crate::output::{Exit, Failure, printable, say};
use crate::units::show_kib;

impl args::Target {
    pub fn target(&self) -> Argon2Target {
        let preset = match self.preset {
            args::Preset::Owasp19Mib => Argon2Target::OWASP_19_MIB,
            args::Preset::Owasp46Mib => Argon2Target::OWASP_46_MIB,
            args::Preset::Rfc9106LowMemory => Argon2Target::RFC_9106_LOW_MEMORY,
        };
        Argon2Target {
            memory_kib: self.memory.unwrap_or(preset.memory_kib),
            passes: self.passes.unwrap_or(preset.passes),
            lanes: self.lanes.unwrap_or(preset.lanes),
        }
    }
}

impl args::Limits {
    pub fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        if let Some(max) = self.max_memory {
            limits = limits.argon2_memory_kib(max);
        }
        if let Some(max) = self.max_passes {
            limits = limits.argon2_passes(max);
        }
        if let Some(max) = self.max_bcrypt_cost {
            limits = limits.bcrypt_cost(max);
        }
        if let Some(max) = self.max_lanes {
            limits = limits.argon2_lanes(max);
        }
        let four_passes = 4 * u64::from(limits.argon2_memory_kib);
        let work = self.max_work.map_or(four_passes.max(Limits::default().argon2_work_kib), u64::from);
        limits = limits.argon2_work_kib(work);
        limits = limits.pbkdf2_iterations(self.max_pbkdf2_iterations.unwrap_or(limits.pbkdf2_iterations));
        limits = limits.scrypt_memory_kib(self.max_scrypt_memory.unwrap_or(limits.scrypt_memory_kib));
        let four = 4 * u64::from(limits.scrypt_memory_kib);
        let work = self.max_scrypt_work.map_or(four.max(limits.scrypt_work_kib), u64::from);
        limits = limits.scrypt_work_kib(work);
        limits = limits.crypt_rounds(self.max_crypt_rounds.unwrap_or(limits.crypt_rounds));
        limits = limits.phpass_cost(self.max_phpass_cost.unwrap_or(limits.phpass_cost));
        limits.digest_rounds(self.max_digest_rounds.unwrap_or(limits.digest_rounds))
    }
}

impl args::Keys {
    pub fn keyring(&self) -> Result<Keyring, Failure> {
        let mut keys = Keyring::new();
        for pair in &self.key_files {
            let (id, path) = pair.split_once('=').ok_or_else(|| Failure::usage("--key-file takes ID=PATH"))?;
            let id = KeyId::new(id).map_err(|error| Failure::usage(error.to_string()))?;
            let mut secret = Zeroizing::new(
                fs::read(path).map_err(|error| Failure::usage(format!("the file of the key `{id}`: {error}")))?,
            );
            let length = secret.strip_suffix(b"\r\n").or_else(|| secret.strip_suffix(b"\n")).unwrap_or(&secret).len();
            secret.truncate(length);
            keys.register(id, secret.to_vec()).map_err(|error| Failure::usage(error.to_string()))?;
        }
        if let Some((id, key)) = hash_config(self)?.as_ref().and_then(HashConfig::key) {
            keys.register(id, key.to_vec()).map_err(|error| Failure::usage(format!("--hash-config: {error}")))?;
        }
        if let Some(id) = &self.current_key {
            KeyId::new(id)
                .and_then(|id| keys.set_current(&id))
                .map_err(|error| Failure::usage(format!("--current-key: {error}")))?;
        }
        Ok(keys)
    }
}

impl From<args::Upgrade> for UpgradeMode {
    fn from(mode: args::Upgrade) -> Self {
        match mode {
            args::Upgrade::Off => Self::Off,
            args::Upgrade::Count => Self::Count,
            args::Upgrade::On => Self::On,
        }
    }
}

pub fn engine(target: &args::Target, limits: Limits, keys: Keyring, upgrade: UpgradeMode) -> Result<Engine, Failure> {
    start(Policy::builder(target.target()).limits(limits).keys(keys).upgrade(upgrade))
}

/// The engine of sign-ins.
pub fn sign_in_engine(
    target: &args::Target,
    limits: &args::Limits,
    keys: &args::Keys,
    upgrading: &args::Upgrading,
) -> Result<Engine, Failure> {
    let method = |name: &String| name.parse::<Method>().map_err(|error| Failure::usage(error.to_string()));
    let retired: Vec<Method> = upgrading.retired_method.iter().map(method).collect::<Result<_, _>>()?;
    let policy = Policy::builder(target.target()).limits(limits.limits()).keys(keys.keyring()?);
    start(policy.upgrade(upgrading.upgrade.into()).retired(retired))
}

fn start(policy: PolicyBuilder) -> Result<Engine, Failure> {
    let policy = policy.build().map_err(|error| Failure::usage(error.to_string()))?;
    Engine::new(policy).map_err(|error| Failure::new(Exit::Fault, error.to_string()))
}

/// Firebase's hash parameters, where they are given.
pub fn hash_config(keys: &args::Keys) -> Result<Option<HashConfig>, Failure> {
    let Some(path) = &keys.hash_config else { return Ok(None) };
    let shown = printable(&path.display().to_string());
    let text = fs::read_to_string(path).map_err(|error| Failure::usage(format!("--hash-config {shown}: {error}")))?;
    let config = HashConfig::parse(&Zeroizing::new(text));
    config.map(Some).map_err(|error| Failure::usage(format!("--hash-config {shown}: {error}")))
}

/// Whose export the files are.
pub fn export(input: &args::Input) -> Result<Option<Export>, Failure> {
    let Some(name) = &input.from else { return Ok(None) };
    let vendor = name.parse().map_err(|error: UnknownVendor| Failure::usage(format!("--from: {error}")))?;
    let export = Export::new(vendor);
    Ok(Some(match hash_config(&input.keys)? {
        Some(config) => export.hash_config(config),
        None => export,
    }))
}

/// What an operator must know of an export beside its records.
pub fn say_what_is_missing(input: &args::Input) -> Result<(), Failure> {
    match export(input)?.map(|export| export.vendor()) {
        Some(Vendor::Cognito) => say("Cognito exports no passwords: these users have none until they set one"),
        Some(Vendor::Firebase) if hash_config(&input.keys)?.is_some_and(|config| config.key().is_some()) => {
            say("verifying and signing in need --hash-config too: the signer key is not kept with the hashes");
        }
        _ => {}
    }
    Ok(())
}

/// Says sizes that were given as they were taken.
pub fn say_sizes(limits: &args::Limits, target: Option<&args::Target>) {
    let sizes = [
        ("--max-memory", limits.max_memory),
        ("--max-work", limits.max_work),
        ("--max-scrypt-memory", limits.max_scrypt_memory),
        ("--max-scrypt-work", limits.max_scrypt_work),
        ("--memory", target.and_then(|target| target.memory)),
    ];
    for (name, kib) in sizes {
        if let Some(kib) = kib {
            say(&format!("{name} is {}", show_kib(kib)));
        }
    }
}

/// A tag: a method by its name or alias, a vendor, an expression.
pub fn tag(name: &str) -> Result<Tag, Failure> {
    name.parse().map_err(|error: rehash::UnknownTag| Failure::usage(format!("--method {error}")))
}

pub fn rules(input: &args::Input) -> Result<Rules, Failure> {
    let mut rules = Rules::default();
    rules.default_method = input.method.as_deref().map(tag).transpose()?;
    rules.limits = input.limits.limits();
    rules.keys = input.keys.keyring()?;
    rules.allow_plaintext = input.allow_plaintext;
    Ok(rules)
}

#![deny(unused_must_use)]

fn sign_in(
    engine: &rehash::Engine,
    stored: &rehash::StoredHash,
    password: &rehash::Password,
) -> Result<(), rehash::Denied> {
    engine.verify(stored, password)?;
    Ok(())
}

fn main() {}

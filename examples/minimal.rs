//! The smallest embedding: a row in, a verdict out, and what to write back.

use std::error::Error;

use rehash::{Engine, Method, Password, Policy, StoredHash, Upgrade};

fn main() -> Result<(), Box<dyn Error>> {
    let engine = Engine::new(Policy::default())?;

    // What the user table holds for this user.
    let stored = StoredHash::parse(Method::Md5, "5f4dcc3b5aa765d61d8327deb882cf99", engine.policy().limits())?;

    // What the visitor typed.
    match engine.verify(&stored, &Password::new("password")) {
        Ok(accepted) => {
            println!("welcome");
            if let Upgrade::Ready(replacement) = accepted.upgrade {
                println!("UPDATE users SET method = 'argon2id', hash = '{}'", replacement.new_hash().text());
                println!("WHERE id = 1 AND hash = '{}'", replacement.expected().text());
            }
        }
        // One answer for every refusal; the reason is for the operator's log.
        Err(reason) => {
            println!("wrong name or password");
            eprintln!("sign-in refused: {reason}");
        }
    }

    // For a user who does not exist, the same work and the same answer.
    let reason = engine.verify_unknown_user(&Password::new("password"));
    println!("wrong name or password");
    eprintln!("sign-in refused: {reason}");
    Ok(())
}

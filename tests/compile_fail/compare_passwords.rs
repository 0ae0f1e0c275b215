fn main() {
    let _same = rehash::Password::new("secret") == rehash::Password::new("secret");
}

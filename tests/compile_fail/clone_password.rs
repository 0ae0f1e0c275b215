fn main() {
    let password = rehash::Password::new("secret");
    let _copy: rehash::Password = Clone::clone(&password);
}

fn main() {
    let password = rehash::Password::new("secret");
    println!("{password:?}");
}

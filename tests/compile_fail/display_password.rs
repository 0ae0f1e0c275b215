fn main() {
    println!("{}", rehash::Password::new("secret"));
}

fn show(stored: &rehash::StoredHash) -> String {
    format!("{stored}")
}

fn main() {}

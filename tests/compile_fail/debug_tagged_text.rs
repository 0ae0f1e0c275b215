fn show(row: &rehash::store::TaggedText) -> String {
    format!("{row:?}")
}

fn main() {}

fn blind_write(expected: rehash::StoredHash, new: rehash::StoredHash) -> rehash::Replacement {
    rehash::Replacement::new(expected, new)
}

fn main() {}

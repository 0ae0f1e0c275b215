fn blind_write(expected: rehash::StoredHash, new: rehash::StoredHash) -> rehash::Replacement {
    rehash::Replacement { expected, new }
}

fn main() {}

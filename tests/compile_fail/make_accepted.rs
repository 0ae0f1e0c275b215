fn accept_anybody() -> rehash::Accepted {
    rehash::Accepted { upgrade: rehash::Upgrade::NotNeeded }
}

fn main() {}

//! Whom an identifier names. Who has it as it is written comes first, whatever others are called; where nobody has it so, capitals
//! of ASCII are not looked at, as most systems that users come from did not, and whoever is then the only one has it.

use super::Found;

/// What a search finds, in the order in which it is to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// One of the three identifiers, as it is written.
    Written,
    /// A username in another spelling.
    Username,
    /// An email in another spelling.
    Email,
}

impl Place {
    /// As statements number them.
    pub(super) const fn of(number: i64) -> Self {
        match number {
            0 => Self::Written,
            1 => Self::Username,
            _ => Self::Email,
        }
    }
}

/// The spelling that all others are compared in: as `lower` of both databases makes it for the columns of the store.
pub(super) fn folded(identifier: &str) -> String {
    identifier.to_ascii_lowercase()
}

/// The one whom the identifier names, of all that were found, in their order. The same user may be found several times.
pub(super) fn choose(found: Vec<(Place, Found<i64>)>) -> Option<Found<i64>> {
    let mut found = found.into_iter();
    let (place, mut first) = found.next()?;
    let others: Vec<Place> = found.filter(|(_, other)| other.id != first.id).map(|(place, _)| place).collect();
    // Of two who would both be meant, neither is.
    if place != Place::Written && others.contains(&place) {
        return None;
    }
    first.is_only_match = others.is_empty();
    Some(first)
}

#[cfg(test)]
mod tests {
    use super::Place::{Email, Username, Written};
    use super::*;

    fn chosen(found: &[(Place, i64)]) -> Option<(i64, bool)> {
        let found = found.iter().map(|(place, id)| (*place, Found::new(*id, None))).collect();
        choose(found).map(|found| (found.id, found.is_only_match))
    }

    #[test]
    fn who_has_it_as_written_comes_first_and_of_others_the_only_one() {
        assert_eq!(chosen(&[]), None);
        assert_eq!(chosen(&[(Written, 1)]), Some((1, true)));
        assert_eq!(chosen(&[(Written, 1), (Username, 1), (Email, 1)]), Some((1, true)));
        assert_eq!(chosen(&[(Written, 1), (Username, 1), (Username, 2)]), Some((1, false)));
        assert_eq!(chosen(&[(Username, 2), (Username, 2)]), Some((2, true)));
        assert_eq!(chosen(&[(Username, 2), (Username, 3)]), None);
        assert_eq!(chosen(&[(Username, 2), (Email, 3)]), Some((2, false)));
        assert_eq!(chosen(&[(Email, 2), (Email, 3)]), None);
    }

    #[test]
    fn only_letters_of_ascii_are_folded() {
        assert_eq!(folded("Ada.Ünal@Example.COM"), "ada.Ünal@example.com");
    }
}

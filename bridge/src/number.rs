//! The one number that a value feeds to a hasher, without hashing it: what `Hash` tells of types and variants that nothing
//! else tells.

use std::hash::{Hash, Hasher};

/// The number that `value` hashes, where it hashes one.
#[inline]
pub(crate) fn of<T: Hash + ?Sized>(value: &T) -> u64 {
    let mut number = Number(0);
    value.hash(&mut number);
    number.0
}

struct Number(u64);

impl Hasher for Number {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }

    #[inline]
    fn write_isize(&mut self, number: isize) {
        self.0 = number.unsigned_abs() as u64;
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::any::TypeId;
    use std::mem::discriminant;

    #[test]
    fn one_number_is_the_same_for_the_same_and_another_for_another() {
        assert_eq!(super::of(&7_u64), 7);
        assert_eq!(super::of(&7_isize), 7);
        assert_eq!(
            super::of(&discriminant(&Some(1))),
            super::of(&discriminant(&Some(2)))
        );
        assert_ne!(
            super::of(&discriminant(&Some(1))),
            super::of(&discriminant(&None::<i32>))
        );
        assert_eq!(super::of(&TypeId::of::<u8>()), super::of(&TypeId::of::<u8>()));
        assert_ne!(super::of(&TypeId::of::<u8>()), super::of(&TypeId::of::<u16>()));
    }
}

//! A seeded generator of numbers, so that a failing run can be had again.
//!
//! Owns xorshift64* and the ways to draw from it. No clock, no system entropy.

/// xorshift64*.
#[derive(Debug)]
pub(crate) struct Random {
    state: u64,
}

impl Random {
    /// Starts from a seed; zero, which would stay zero, is moved away from.
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Self { state: seed ^ 0x9E37_79B9_7F4A_7C15 };
        if random.state == 0 {
            random.state = 1;
        }
        for _ in 0..8 {
            random.next();
        }
        random
    }

    fn next(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// Draws from `low..=high`.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span =
            high.checked_sub(low).and_then(|span| span.checked_add(1)).expect("a small span");
        let span = u64::try_from(span).expect("low is not above high");
        low + i64::try_from((self.next() >> 16) % span).expect("it fits")
    }

    /// Says yes so many times in a hundred.
    pub(crate) fn chance(&mut self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }

    /// Draws a place in a list of that length.
    pub(crate) fn place(&mut self, length: usize) -> usize {
        let last = i64::try_from(length).expect("a short list") - 1;
        usize::try_from(self.between(0, last)).expect("not negative")
    }

    /// Draws one of a list.
    pub(crate) fn pick<'l, T>(&mut self, list: &'l [T]) -> &'l T {
        &list[self.place(list.len())]
    }

    /// Draws one of a list of texts.
    pub(crate) fn text(&mut self, list: &[&str]) -> String {
        (*self.pick(list)).to_owned()
    }

    /// Shuffles a list.
    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            list.swap(at, self.place(at + 1));
        }
    }
}

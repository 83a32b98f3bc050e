//! The weights of one convolution, in every layout that its inputs want.
//!
//! Which layout oneDNN reads fastest depends on the size of the input and on the number of threads, and going from one
//! packed layout to another may take a hundred times as long as the convolution itself. So weights are packed for a size when
//! it first comes, and kept: sizes that want the same layout share it, and mostly there is one for all.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use tch::{TchError, Tensor};

use crate::frozen::shared::Shared;

/// For so many sizes weights are packed. For those that come later oneDNN packs them in each call, from dense ones.
const SIZES: usize = 6;

/// More dimensions no convolution has.
const DIMS: usize = 5;

/// Weights that are packed when they are needed.
pub(super) struct Packs {
    /// As they were before; none after the first packing, from which they can be had again.
    dense: Mutex<Option<Tensor>>,
    size: Vec<i64>,
    by_size: [OnceLock<Pack>; SIZES],
    rest: OnceLock<Shared<Tensor>>,
}

struct Pack {
    call: Call,
    weight: Shared<Tensor>,
}

/// What decides the layout.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Call {
    input: [i64; DIMS],
    threads: i32,
}

/// What packs weights.
pub(super) trait Packing {
    /// Dense weights in the layout for an input of this size.
    fn pack(&self, dense: &Tensor, input: &[i64]) -> Result<Tensor, TchError>;

    /// What tells layouts apart.
    fn layout(&self, packed: &Tensor) -> Option<Vec<u8>>;
}

impl Packs {
    pub(super) fn new(dense: Tensor) -> Self {
        Self {
            size: dense.size(),
            dense: Mutex::new(Some(dense)),
            by_size: Default::default(),
            rest: OnceLock::new(),
        }
    }

    /// The weights for an input of this size.
    #[inline]
    pub(super) fn for_input(
        &self,
        input: &[i64],
        packing: &impl Packing,
    ) -> Result<&Tensor, TchError> {
        let call = Call::new(input);
        let found = self.find(&call).or_else(|| self.rest.get());
        match found {
            Some(weight) => Ok(weight),
            None => self.add(call, input, packing),
        }
    }

    #[inline]
    fn find(&self, call: &Call) -> Option<&Shared<Tensor>> {
        let mut known = self.by_size.iter().map_while(OnceLock::get);
        Some(&known.find(|it| it.call == *call)?.weight)
    }

    #[cold]
    fn add(&self, call: Call, input: &[i64], packing: &impl Packing) -> Result<&Tensor, TchError> {
        let mut dense = self.lock();
        // Another thread may have been here first.
        if let Some(weight) = self.find(&call) {
            return Ok(weight);
        }
        let known = || self.by_size.iter().map_while(OnceLock::get);
        let source = match (&*dense, known().next()) {
            (Some(dense), _) => dense.shallow_clone(),
            (None, Some(first)) => first
                .weight
                .f_to_dense(None, false)?
                .f_view(&self.size[..])?,
            (None, None) => return Err(TchError::Shape("the weights are gone".to_owned())),
        };
        let Some(free) = self.by_size.get(known().count()) else {
            let rest = channels_last(&source)?;
            return Ok(self.rest.get_or_init(|| Shared(rest)));
        };
        let weight = packing.pack(&source, input)?;
        let layout = packing.layout(&weight);
        let same = known().find(|it| layout.is_some() && packing.layout(&it.weight) == layout);
        let weight = Shared(same.map_or(weight, |it| it.weight.shallow_clone()));
        *dense = None;
        Ok(&free.get_or_init(|| Pack { call, weight }).weight)
    }

    /// What a panic interrupted left nothing half done.
    fn lock(&self) -> MutexGuard<'_, Option<Tensor>> {
        self.dense.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Call {
    #[inline]
    fn new(input: &[i64]) -> Self {
        let mut size = [0; DIMS];
        for (to, from) in size.iter_mut().zip(input) {
            *to = *from;
        }
        Self {
            input: size,
            threads: tch::get_num_threads(),
        }
    }
}

/// In the order by which the kernels know that the output is to be channels-last, too.
fn channels_last(dense: &Tensor) -> Result<Tensor, TchError> {
    let dims = dense.dim().cast_signed() as i64;
    let last: Vec<i64> = [0].into_iter().chain(2..dims).chain([1]).collect();
    let first: Vec<i64> = [0, dims - 1].into_iter().chain(1..dims - 1).collect();
    dense.f_permute(last)?.f_contiguous()?.f_permute(first)
}

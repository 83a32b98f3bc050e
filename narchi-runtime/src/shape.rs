//! Kind and shape of a tensor, read without an allocation: [`Tensor::size`] makes a vector, and that is most of what the
//! check of a small model's inputs would cost.

use tch::{Kind, TchError, Tensor};

/// Room for the sizes of most tensors.
pub(crate) type Room = [i64; 8];

/// No tensor has such a size.
const UNREAD: i64 = -1;

/// The kind, and the number of dimensions. If there is room for them, their sizes are at the front of `room`.
///
/// # Errors
///
/// If the tensor is not defined, or is one that has no such thing.
pub(crate) fn read(tensor: &Tensor, room: &mut Room) -> Result<(Kind, usize), TchError> {
    room.fill(UNREAD);
    let pointer = tensor.as_ptr().cast_mut();
    #[expect(unsafe_code, reason = "tch has no other way to sizes than a vector")]
    // SAFETY: the pointer is that of a tensor that lives, and nothing is written through it. `at_shape` writes as many
    // sizes as `at_dim` says, for which there is room.
    let rank = unsafe {
        let rank = torch_sys::at_dim(pointer);
        if rank <= room.len() {
            torch_sys::at_shape(pointer, room.as_mut_ptr());
        }
        rank
    };
    let has_failed = match room.get(..rank) {
        Some(sizes) => sizes.contains(&UNREAD),
        None => rank == usize::MAX,
    };
    if has_failed {
        return Err(last_error());
    }
    Ok((tensor.f_kind()?, rank))
}

/// What has failed, and is forgotten then. torch-sys keeps an error until somebody asks for it. What can fail in tch asks, whatever it is for.
#[cold]
pub(crate) fn last_error() -> TchError {
    match Tensor::f_can_cast(Kind::Float, Kind::Float) {
        Err(error) => error,
        Ok(_) => TchError::Shape("the tensor has no shape".to_owned()),
    }
}

#[cfg(test)]
mod tests {

    use tch::Device;

    use super::*;

    fn check(size: &[i64]) {
        let mut room = Room::default();
        let tensor = Tensor::zeros(size, (Kind::Bool, Device::Cpu));
        let (kind, rank) = read(&tensor, &mut room).unwrap();
        assert_eq!((kind, rank), (Kind::Bool, size.len()));
        assert_eq!(&room[..rank], size);
    }

    #[test]
    fn sizes_are_those_of_the_tensor() {
        check(&[]);
        check(&[3, 0]);
        check(&[1, 2, 3, 1, 2, 3, 1, 2]);
    }

    #[test]
    fn there_may_be_no_room() {
        let mut room = Room::default();
        let tensor = Tensor::zeros([2; 9], (Kind::Bool, Device::Cpu));
        assert_eq!(read(&tensor, &mut room).unwrap(), (Kind::Bool, 9));
    }

    #[test]
    fn errors_are_returned_and_do_not_stay() {
        let mut room = Room::default();
        assert!(read(&Tensor::new(), &mut room).is_err());
        let padded = Tensor::zeros([2, 2, 3], (Kind::Float, Device::Cpu));
        let sizes = Tensor::from_slice(&[1_i64, 3, 2, 3]).view([2, 2]);
        let nested = Tensor::internal_nested_from_padded(&padded, &sizes, false);
        let error = read(&nested, &mut room).unwrap_err().to_string();
        assert!(error.contains("doesn't support sizes"), "{error}");
        check(&[2, 3]);
    }
}

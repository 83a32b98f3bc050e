//! Conditional random fields.

use tch::nn::Path;
use tch::{Tensor, no_grad};

use super::name::{Name, Of};
use super::variable::{Fill, parameter};
use crate::{Error, Result};

/// A linear-chain conditional random field: finds the most likely sequence of tags, given how likely each tag
/// is at each step.
///
/// Names, shapes and first values of the parameters are those of the package `pytorch-crf`.
#[derive(Debug)]
pub struct Crf {
    /// `[tags]`: what it adds to the score of a sequence to start with a tag.
    pub start_transitions: Tensor,
    /// `[tags]`: what it adds to end with a tag.
    pub end_transitions: Tensor,
    /// `[tags, tags]`: what it adds to go from one tag to the next.
    pub transitions: Tensor,
    pub(crate) name: Name,
}

impl Crf {
    /// Registers `start_transitions`, `end_transitions` and `transitions` under the path, all uniform within
    /// 0.1 of zero.
    ///
    /// # Panics
    ///
    /// If libtorch cannot create the tensors, as for a negative number of tags.
    #[track_caller]
    pub fn new(vs: Path<'_>, tags: i64) -> Self {
        let parameter =
            |name, size: &[i64]| parameter(&vs, name, size, Fill::Uniform { bound: 0.1 });
        Self {
            start_transitions: parameter("start_transitions", &[tags]),
            end_transitions: parameter("end_transitions", &[tags]),
            transitions: parameter("transitions", &[tags, tags]),
            name: Name::of(&vs),
        }
    }

    /// `[N, …, length, tags]` → `[N, …, length]`: of each sequence the tags with the highest sum of emissions
    /// and transitions, by the algorithm of Viterbi. Whole numbers, without gradients.
    ///
    /// # Errors
    ///
    /// [`Error::Module`] if there are fewer than two dimensions or no steps; otherwise what libtorch refuses:
    /// another number of tags, kind or device.
    #[track_caller]
    pub fn forward(&self, emissions: &Tensor) -> Result<Tensor> {
        self.tags(emissions).of(&self.name)
    }

    #[track_caller]
    fn tags(&self, emissions: &Tensor) -> Result<Tensor> {
        let size = emissions.size();
        let [batch @ .., length, tags] = size.as_slice() else {
            return Err(Error::module(format!(
                "a CRF takes at least 2 dimensions, not {size:?}"
            )));
        };
        if *length < 1 {
            return Err(Error::module(format!(
                "a CRF needs at least one step, not {size:?}"
            )));
        }
        let own = self.start_transitions.size();
        // One emission for all tags would be taken for as many as there are.
        if own != [*tags] {
            return Err(Error::module(format!(
                "this CRF takes emissions for {} tags, not {size:?}",
                own[0]
            )));
        }
        let sequences = emissions.f_reshape([batch.iter().product(), *length, *tags])?;
        let path = no_grad(|| self.best(&sequences))?;
        Ok(path.f_reshape(&size[..size.len() - 1])?)
    }

    /// `[N, length, tags]` → `[N, length]`
    #[track_caller]
    fn best(&self, emissions: &Tensor) -> Result<Tensor> {
        let steps = emissions.f_unbind(1)?;
        // The highest score of all sequences that end with each tag; and for all steps but the first, the tag
        // before it in that sequence.
        let mut score = steps[0].f_add(&self.start_transitions)?;
        let mut before: Vec<Tensor> = Vec::new();
        for step in &steps[1..] {
            let (best, from) = score
                .f_unsqueeze(2)?
                .f_add(&self.transitions)?
                .f_max_dim(1, false)?;
            score = best.f_add(step)?;
            before.push(from);
        }
        score = score.f_add(&self.end_transitions)?;
        let mut tag = score.f_argmax(1, true)?;
        let mut path = Vec::from([tag.shallow_clone()]);
        for from in before.iter().rev() {
            tag = from.f_gather(1, &tag, false)?;
            path.push(tag.shallow_clone());
        }
        path.reverse();
        Ok(Tensor::f_cat(&path, 1)?)
    }
}

#[cfg(test)]
mod tests {
    use tch::nn::VarStore;
    use tch::{Device, Kind};

    use super::*;

    const DOUBLE: (Kind, Device) = (Kind::Double, Device::Cpu);

    /// A field with large scores, so that they matter.
    fn crf(tags: i64) -> Crf {
        let mut vs = VarStore::new(Device::Cpu);
        vs.set_kind(Kind::Double);
        let crf = Crf::new(vs.root(), tags);
        no_grad(|| {
            for mut it in [
                &crf.start_transitions,
                &crf.end_transitions,
                &crf.transitions,
            ]
            .map(Tensor::shallow_clone)
            {
                _ = it.f_normal_(0., 1.).unwrap();
            }
        });
        crf
    }

    fn values(tensor: &Tensor) -> Vec<f64> {
        tensor.detach().reshape(-1).try_into().unwrap()
    }

    /// The best of all sequences of tags, each of which is tried.
    fn by_force(crf: &Crf, emissions: &Tensor) -> Vec<i64> {
        let (length, tags) = emissions.size2().unwrap();
        let [start, end, transitions, emissions] = [
            &crf.start_transitions,
            &crf.end_transitions,
            &crf.transitions,
            emissions,
        ]
        .map(values);
        let at = |it: i64| usize::try_from(it).unwrap();
        let score = |path: &[i64]| {
            let steps = path.iter().enumerate();
            let own = steps.map(|(step, tag)| emissions[step * at(tags) + at(*tag)]);
            let pairs = path.windows(2);
            let between = pairs.map(|it| transitions[at(it[0] * tags + it[1])]);
            let ends = start[at(path[0])] + end[at(path[path.len() - 1])];
            own.chain(between).sum::<f64>() + ends
        };
        let mut paths = vec![Vec::new()];
        for _ in 0..length {
            let longer = |path: &Vec<i64>| {
                let path = path.clone();
                (0..tags).map(move |tag| [&path[..], &[tag]].concat())
            };
            paths = paths.iter().flat_map(longer).collect();
        }
        let best = paths
            .into_iter()
            .max_by(|a, b| score(a).total_cmp(&score(b)));
        best.unwrap()
    }

    #[test]
    fn no_sequence_is_better() {
        let mut met = std::collections::BTreeSet::new();
        for tags in 1..=4 {
            for length in 1..=6 {
                for _ in 0..5 {
                    let crf = crf(tags);
                    let emissions = Tensor::randn([3, length, tags], DOUBLE);
                    let found = crf.forward(&emissions).unwrap();
                    assert_eq!((found.size(), found.kind()), (vec![3, length], Kind::Int64));
                    for (found, emissions) in found.unbind(0).iter().zip(emissions.unbind(0)) {
                        let found = Vec::<i64>::try_from(found).unwrap();
                        assert_eq!(found, by_force(&crf, &emissions));
                        met.insert(found);
                    }
                }
            }
        }
        assert!(met.len() > 100, "{} different sequences", met.len());
    }

    #[test]
    fn transitions_may_outweigh_emissions() {
        let crf = crf(2);
        let set = |tensor: &Tensor, values: &[f64]| {
            no_grad(|| {
                let values = Tensor::from_slice(values).view_as(tensor);
                tensor.shallow_clone().copy_(&values);
            });
        };
        set(&crf.start_transitions, &[0., 0.]);
        set(&crf.end_transitions, &[0., 0.]);
        let emissions = Tensor::from_slice(&[1., 0., 0., 1., 1., 0.]).view([1, 3, 2]);
        let path = || Vec::<i64>::try_from(crf.forward(&emissions).unwrap().view(-1)).unwrap();
        set(&crf.transitions, &[0., 0., 0., 0.]);
        assert_eq!(path(), [0, 1, 0]);
        // From the first tag to the second is no way.
        set(&crf.transitions, &[0., -9., 0., 0.]);
        assert_eq!(path(), [0, 0, 0]);
        set(&crf.end_transitions, &[0., 3.]);
        assert_eq!(path(), [1, 1, 1]);
    }

    #[test]
    fn leading_dimensions_are_all_batch() {
        let crf = crf(3);
        let emissions = Tensor::randn([2, 4, 5, 3], DOUBLE);
        let found = crf.forward(&emissions).unwrap();
        let flat = crf.forward(&emissions.view([8, 5, 3])).unwrap();
        assert_eq!(found, flat.view([2, 4, 5]));
        let one = crf.forward(&emissions.get(0).get(0)).unwrap();
        assert_eq!(one, flat.get(0));
        // What is no view of memory in order works too.
        let turned = emissions.transpose(0, 1);
        assert_eq!(crf.forward(&turned).unwrap(), found.transpose(0, 1));
    }

    #[test]
    fn parameters_are_near_zero_at_first() {
        let vs = VarStore::new(Device::Cpu);
        let crf = Crf::new(vs.root() / "crf", 50);
        let mut names: Vec<String> = vs.variables().into_keys().collect();
        names.sort();
        assert_eq!(
            names,
            [
                "crf.end_transitions",
                "crf.start_transitions",
                "crf.transitions"
            ]
        );
        let largest = crf.transitions.abs().max().double_value(&[]);
        assert!((0.09..=0.1 + 1e-7).contains(&largest), "{largest}");
        assert!(crf.transitions.requires_grad());
    }

    #[test]
    fn wrong_inputs_are_errors() {
        let crf = crf(3);
        let check = |size: &[i64], expected: &str| {
            let error = crf.forward(&Tensor::zeros(size, DOUBLE)).unwrap_err();
            let text = error.to_string();
            assert!(text.starts_with(expected), "{text}");
        };
        check(&[3], "a CRF takes at least 2 dimensions, not [3], at ");
        check(
            &[2, 0, 3],
            "a CRF needs at least one step, not [2, 0, 3], at ",
        );
        check(
            &[2, 4, 1],
            "this CRF takes emissions for 3 tags, not [2, 4, 1], at ",
        );
    }
}

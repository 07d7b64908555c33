//! Something for each scope: a run knows a handful, so that looking through a list beats any tree.

use highwater_core::scope::Scope;

/// What is known of each scope, in the order of scopes.
#[derive(Clone, Debug)]
pub(crate) struct Scopes<T>(Vec<(Scope, T)>);

impl<T> Scopes<T> {
    /// What is known of this scope.
    #[inline]
    pub(crate) fn get(&self, scope: Scope) -> Option<&T> {
        self.0.iter().find(|(known, _)| *known == scope).map(|(_, value)| value)
    }

    /// From now on this is known of the scope.
    #[inline]
    pub(crate) fn set(&mut self, scope: Scope, value: T) {
        if let Some((_, known)) = self.0.iter_mut().find(|(known, _)| *known == scope) {
            *known = value;
        } else {
            let place = self.0.partition_point(|(known, _)| *known < scope);
            self.0.insert(place, (scope, value));
        }
    }

    /// All that is known, in the order of scopes.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(Scope, T)> {
        self.0.iter()
    }
}

impl<T> Default for Scopes<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use highwater_core::cursor::CursorKind;
    use highwater_core::scope::SourceId;

    #[test]
    fn each_scope_is_known_once_and_in_order() {
        let scope =
            |source, incarnation| Scope { source: SourceId(source), kind: CursorKind::Seq, incarnation };
        let mut scopes = Scopes::default();
        for (index, at) in [scope(1, 0), scope(0, 2), scope(1, 0), scope(0, 1)].into_iter().enumerate() {
            scopes.set(at, index);
        }
        let known: Vec<_> = scopes.iter().copied().collect();
        assert_eq!(known, [(scope(0, 1), 3), (scope(0, 2), 1), (scope(1, 0), 2)]);
        assert_eq!((scopes.get(scope(0, 2)), scopes.get(scope(2, 0))), (Some(&1), None));
    }
}

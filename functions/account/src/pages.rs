//! Lists that are read page by page.

/// The items of a list, from its beginning until it ends or `most` are there.
///
/// `page` is given the cursor after which it begins, and gives the next one.
pub async fn all<T, E, P>(most: usize, page: impl Fn(Option<String>) -> P) -> Result<Vec<T>, E>
where
    P: Future<Output = Result<(Vec<T>, Option<String>), E>>,
{
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let (items, next) = page(after).await?;
        all.extend(items);
        if next.is_none() || all.len() >= most {
            return Ok(all);
        }
        after = next;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::convert::Infallible;
    use std::future::ready;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    /// Reads a list of three pages; what was read, and the cursors it was asked for.
    fn read(most: usize) -> (Vec<u8>, Vec<Option<String>>) {
        let asked = RefCell::new(Vec::new());
        let page = |after: Option<String>| {
            let (items, next) = match after.as_deref() {
                None => (vec![1, 2], Some("b")),
                Some("b") => (vec![3, 4], Some("c")),
                _ => (vec![5], None),
            };
            asked.borrow_mut().push(after);
            ready(Ok::<_, Infallible>((items, next.map(str::to_owned))))
        };
        let Poll::Ready(Ok(all)) = pin!(super::all(most, page)).poll(&mut Context::from_waker(Waker::noop()))
        else {
            panic!("nothing here waits")
        };
        (all, asked.into_inner())
    }

    #[test]
    fn every_list_begins_at_its_own_beginning_even_after_one_that_was_cut_short() {
        let cursor = |name: &str| Some(name.to_owned());
        assert_eq!(read(3), (vec![1, 2, 3, 4], vec![None, cursor("b")]));
        assert_eq!(read(100), (vec![1, 2, 3, 4, 5], vec![None, cursor("b"), cursor("c")]));
    }
}
